"""What must not be lost because the host's disk is full for a while: accounting, and what was open at LOGOFF."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cpvm.cp.message import message

if TYPE_CHECKING:
    from cpvm.cp.system import System

RETRY_SECONDS: Final = 10.0
"""After which it is tried again to write what is owed."""
MOST: Final = 10_000
"""Records that wait at most; the oldest ones go then."""
LOST = message("DMKACO910W", "{} ACCOUNTING RECORDS OR SPOOL FILES LOST; THE HOST'S DISK DID NOT TAKE THEM")


class Owed:
    """Writes records, and keeps in storage, in order, those that the database does not take. For CP's thread."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._waiting: deque[tuple[str, Callable[[], None]]] = deque()
        self._timed = False
        self._lost = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, write: Callable[[], None], what: str = "ACCOUNTING") -> None:
        """Have a record written: now, or as soon as the database takes it. WRITE raises sqlite3.Error until then."""
        self._waiting.append((what, write))
        if len(self._waiting) > MOST:
            self._waiting.popleft()
            self._lost += 1
        self._flush()

    def _flush(self) -> None:
        while self._waiting:
            what, write = self._waiting[0]
            try:
                write()
            except sqlite3.Error as error:
                self._system.log.failure(what, error)
                if not self._timed:
                    self._timed = True
                    self._system.timers.after(RETRY_SECONDS, self._again)
                return
            self._waiting.popleft()
        if self._lost:
            self._system.log.write(LOST.full(self._lost))
            self._lost = 0

    def _again(self) -> None:
        self._timed = False
        self._flush()

    def stop(self) -> None:
        """The system stops: the last attempt."""
        self._flush()
        if self._waiting:
            self._system.log.write(LOST.full(len(self._waiting) + self._lost))
