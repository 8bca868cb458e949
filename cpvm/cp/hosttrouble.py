"""What the host refuses to do for CP: its disk is full, cannot be written or read, or it has no more of something.

Such a failure is no error of CP's own. The user whose command it ended is told in a few words, the operator once for
each kind, and nothing is half done: whatever was to be kept was either committed or is as it was before.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cpvm.cp.message import Message, message

FAILED = message("DMKCFM910E", "COMMAND FAILED; {}, TOLD TO THE OPERATOR")
TROUBLE = message("DMKPSA910W", "{}; {}")
MORE = message("DMKPSA910W", "{}; {}, {} TIMES MORE")

QUIET_SECONDS: Final = 60.0
"""So long the same trouble of the same place is not told again."""
MOST_PLACES: Final = 200
"""Troubles that are remembered for that at the same time."""

FULL: Final = "THE HOST'S DISK IS FULL"
READ_ONLY: Final = "THE HOST'S DISK IS READ-ONLY"
IO_ERROR: Final = "I/O ERROR OF THE HOST'S DISK"
DAMAGED: Final = "THE SYSTEM'S DATABASE CANNOT BE READ"
BUSY: Final = "THE SYSTEM'S DATABASE IS IN USE BY ANOTHER PROCESS"
NO_FILES: Final = "THE HOST HAS TOO MANY OPEN FILES"
NOT_PERMITTED: Final = "THE HOST DOES NOT PERMIT IT"
NO_MEMORY: Final = "THE HOST HAS NO MEMORY LEFT"
NO_THREADS: Final = "THE HOST HAS NO THREADS LEFT"

_OF_ERRNO: Final = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: NOT_PERMITTED,
    errno.EPERM: NOT_PERMITTED,
    errno.EIO: IO_ERROR,
    errno.EMFILE: NO_FILES,
    errno.ENFILE: NO_FILES,
    errno.ENOMEM: NO_MEMORY,
}
_OF_SQLITE: Final = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: IO_ERROR,
    sqlite3.SQLITE_CANTOPEN: IO_ERROR,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_NOMEM: NO_MEMORY,
}
_NO_THREAD: Final = "can't start new thread"


def words(error: BaseException) -> str:
    """What the host refuses, in capital letters; "" if ERROR is not of the host's making."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return _OF_SQLITE.get(code & 0xFF, "") if isinstance(code, int) else ""
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, OSError):
        return _OF_ERRNO.get(error.errno or 0, "")
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        return NO_THREADS
    return ""


def failed(refused: str) -> Message:
    """What a user is told whose command the host has made fail."""
    return replace(FAILED, text=FAILED.text.format(refused))


class Troubles:
    """Tells of the same trouble at the same place no more than once a minute, and then how often it was."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._now = now
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def of_media(self, post: Callable[[Callable[[], None]], None]) -> Callable[[str, Exception], None]:
        """What is to be called from any thread when the host fails a disk or a tape; POST brings it to CP's thread."""

        def failed(name: str, error: Exception) -> None:
            what = words(error)
            if what:
                post(lambda: self.tell(name.upper(), what))

        return failed

    def tell(self, where: str, what: str) -> None:
        """At WHERE the host refuses WHAT."""
        now = self._now()
        key = (where, what)
        since, more = self._told.get(key, (-QUIET_SECONDS, 0))
        if now - since < QUIET_SECONDS:
            self._told[key] = (since, more + 1)
            return
        if len(self._told) >= MOST_PLACES:
            self._told = {key: told for key, told in self._told.items() if now - told[0] < QUIET_SECONDS}
        if len(self._told) < MOST_PLACES:
            self._told[key] = (now, 0)
        self._write(MORE.full(where, what, more) if more else TROUBLE.full(where, what))
