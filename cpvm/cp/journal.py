"""The journal: who came and went, who tried to, and who used what is not everybody's.

It is a file of the system's folder, one JSON object a line, which only its owner can read. A record is given to the
host's kernel before whatever it tells of is acknowledged, so a kill of this process loses none; a thread that is not
CP's has it written to the disk at once after that, so a power failure takes the records of the last moment at most.
When the file is full it becomes `journal.1.jsonl`, that one `journal.2.jsonl`, and the oldest goes.

No password is ever given to it, right or wrong, nor a name that is no user's, which may be a password typed in the
wrong place. (VM/370 Release 6 kept records of types 04 to 06 among its accounting, `cpvm.cp.journaling`; they had the
wrong password in them.)
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

FILE: Final = "journal.jsonl"
KEPT: Final = 8
"""Files that are kept, the present one among them."""
MOST_FILES: Final = 1000
"""Files that are read."""
FILE_BYTES: Final = 8 * 1024 * 1024
"""Length from which on the file is full."""
MOST_ALIKE: Final = 10
"""Records with the same contents that are written in each minute; of those after them only the number is."""
ALIKE_SECONDS: Final = 60.0
"""How long records with the same contents are counted together."""
MOST_COUNTED: Final = 1000
"""Different contents that are counted at the same time."""
LONGEST: Final = 128
"""Characters of a field; what is behind them is left out."""

_MODE = 0o600
_TRIES, _NEXT_TRY = 20, 0.002  # for the lock, and the seconds in between
OK: Final = "OK"


class What(StrEnum):
    """What a record tells of."""

    SYSTEM = "SYSTEM"  # start and end of the system
    LOGON = "LOGON"
    RECONNECT = "RECONNECT"
    DISCONNECT = "DISCONNECT"
    LOGOFF = "LOGOFF"
    FORCE = "FORCE"
    AUTOLOG = "AUTOLOG"
    SIGNON = "SIGNON"  # by ssh or at a web page: the password or key was looked at, nobody is logged on by it
    DIAL = "DIAL"
    LINK = "LINK"
    DIRECTORY = "DIRECTORY"  # it was changed, or a password of it
    KEY = "KEY"  # of ssh
    SHARE = "SHARE"
    TRANSFER = "TRANSFER"  # of a file between a terminal or host and a machine
    COMMAND = "COMMAND"  # of a privilege class other than G
    DIAGNOSE = "DIAGNOSE"  # likewise


@dataclass(frozen=True)
class Entry:
    """One record. USER did something, at PLACE, ABOUT something or somebody; RESULT is OK or a message's code.

    TIME is in seconds since 1970. TIMES more than 1: so many records alike were not written one by one.
    """

    time: float
    what: str
    user: str = ""
    place: str = ""
    about: str = ""
    result: str = OK
    times: int = 1

    @property
    def failed(self) -> bool:
        """Whether it was refused."""
        return self.result != OK


class Journal:
    """The journal of the system in a folder; more than one process may write to it."""

    def __init__(
        self,
        folder: Path,
        *,
        file_bytes: int = FILE_BYTES,
        kept: int = KEPT,
        now: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened before the first record."""
        self._path = folder / FILE
        self.file_bytes = file_bytes
        self._kept = max(kept, 1)
        self._now = now
        self._ticks = ticks
        self._file: int | None = None
        self._alike: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()
        self._lost = 0
        self._end = 0  # of the file, when this one last wrote to it
        self.trouble: Callable[[str], None] = lambda text: None
        """Told, once until it is over, that a record could not be written."""
        self.written: Callable[[], None] = self._sync
        """Called after a record was written; by default it waits until the record is on the disk."""

    def write(self, what: What, user: str = "", *, place: str = "", about: str = "", result: str = OK) -> None:
        """Record something. Raises nothing: what cannot be written is counted, and told when there is room again."""
        key = (what, *(_short(text) for text in (user, place, about, result)))
        self.count_out()
        since, count = self._alike.get(key, (self._ticks(), 0))
        self._alike[key] = since, count + 1
        if len(self._alike) > MOST_COUNTED:
            self._tell(*self._alike.popitem(last=False))
        if count < MOST_ALIKE:
            self._put(_entry(self._now(), key))

    def count_out(self, *, everything: bool = False) -> None:
        """Write of those records how many they were, whose time of being counted is over, or of all."""
        while self._alike:
            key, (since, count) = next(iter(self._alike.items()))
            if not everything and self._ticks() - since < ALIKE_SECONDS:
                return
            del self._alike[key]
            self._tell(key, (since, count))

    @property
    def counting(self) -> bool:
        """Whether there are records that may have to be counted out."""
        return bool(self._alike)

    def _tell(self, key: tuple[str, ...], seen: tuple[float, int]) -> None:
        if seen[1] > MOST_ALIKE:
            self._put(_entry(self._now(), key, seen[1] - MOST_ALIKE))

    def _put(self, entry: Entry) -> None:
        try:
            if self._lost:
                lost = Entry(self._now(), What.SYSTEM, about="RECORDS LOST", result="ERROR", times=self._lost)
                self._append(lost)
                self._lost = 0
            self._append(entry)
        except OSError as error:
            if not self._lost:
                with contextlib.suppress(Exception):
                    self.trouble(str(error.strerror or error).upper())
            self._lost += 1
            self._release()
        else:
            self.written()

    def _append(self, entry: Entry) -> None:
        plain = {name: value for name, value in asdict(entry).items() if value not in ("", 1) or name == "time"}
        data = json.dumps(plain, separators=(",", ":")).encode("ascii") + b"\n"
        file, locked = self._locked()
        try:
            size = os.fstat(file).st_size
            if size != self._end and size and _last(file, size) != b"\n":
                data = b"\n" + data  # the end of a record is missing since a failure of the host
            done = os.write(file, data)
            self._end = size + done
            if done != len(data):
                os.ftruncate(file, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if locked and size + done >= self.file_bytes:
                os.fsync(file)
                self._turn_over()
        finally:
            if locked:
                _unlock(file)

    def _locked(self) -> tuple[int, bool]:
        """The file, and whether it is locked against the other processes that write to it.

        If another one keeps the lock, which it may do for ever when it has been halted, this goes on without: a record
        is appended as a whole in any case, and the file may become longer than it should.
        """
        for _ in range(_TRIES):
            file = self._opened()
            if _lock(file):
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file), os.stat(self._path)):
                        return file, True
                self._release()  # another process has put it aside; closing unlocks
            else:
                time.sleep(_NEXT_TRY)
        return self._opened(), False

    def _opened(self) -> int:
        """The file, which another process may have put aside since."""
        if self._file is not None:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._file), os.stat(self._path)):
                    return self._file
            self._release()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY", "O_NOINHERIT"):
            flags |= getattr(os, name, 0)
        self._file = os.open(self._path, flags, _MODE)
        return self._file

    def _turn_over(self) -> None:
        """The file is full; the lock on it is held."""
        for number in range(self._kept - 1, 0, -1):
            before = numbered(self._path, number - 1)
            if number == self._kept - 1 or before.exists():
                with contextlib.suppress(FileNotFoundError):
                    before.replace(numbered(self._path, number))
        if self._kept == 1:
            self._path.unlink()

    def sync(self) -> None:
        """Return when all that was written is on the disk. May be called from any thread. Raises OSError."""
        file = self._file
        if file is not None:
            try:
                os.fsync(file)
            except OSError as error:
                if error.errno != errno.EBADF:  # it was closed meanwhile, when it was full: that was after a sync
                    raise

    def _sync(self) -> None:
        with contextlib.suppress(OSError):
            self.sync()

    def close(self) -> None:
        """Write what was only counted, and close the file."""
        self.count_out(everything=True)
        self._sync()
        self._release()

    def _release(self) -> None:
        self._end = 0
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None


def _entry(when: float, key: tuple[str, ...], times: int = 1) -> Entry:
    what, user, place, about, result = key
    return Entry(when, what, user, place, about, result, times)


def _last(file: int, size: int) -> bytes:
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1)


if os.name == "nt":  # pragma: no cover

    def _lock(file: int) -> bool:
        """There one process writes at a time."""
        return True

    def _unlock(file: int) -> None:
        """Nothing was locked."""

else:
    import fcntl

    def _lock(file: int) -> bool:
        """False if another process has the lock."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def numbered(path: Path, number: int) -> Path:
    """The journal's file that was full so many files ago; 0: the present one."""
    return path.with_name(f"{path.stem}.{number}{path.suffix}") if number else path


def read(folder: Path) -> Iterator[Entry | None]:
    """All records of the system in FOLDER, oldest first; None for a line that cannot be read. Raises OSError.

    The newest file is opened first: one that is put aside meanwhile is met again under its other name, and left out.
    """
    with ExitStack() as stack:
        files: dict[tuple[int, int], IO[bytes]] = {}
        for number in range(MOST_FILES):
            try:
                file = stack.enter_context(numbered(folder / FILE, number).open("rb"))
            except FileNotFoundError:
                if number:
                    break
                continue
            found = os.fstat(file.fileno())
            files.setdefault((found.st_dev, found.st_ino), file)
        for opened in reversed(files.values()):
            for line in opened:
                if line.strip():
                    yield parse(line)


def parse(line: bytes) -> Entry | None:
    """The record in a line, None if it is none."""
    try:
        plain: dict[str, Any] = json.loads(line)
        entry = Entry(**plain)
        texts = (entry.what, entry.user, entry.place, entry.about, entry.result)
        right = isinstance(entry.time, int | float) and isinstance(entry.times, int)
        return entry if right and all(isinstance(text, str) for text in texts) else None
    except (ValueError, TypeError):
        return None


def _short(text: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in text)
    return clean if len(clean) <= LONGEST else clean[:LONGEST]
