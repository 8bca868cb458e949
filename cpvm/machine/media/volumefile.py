"""The SQLite file of a volume: numbered pieces (tracks, or groups of blocks), compressed, over an optional base.

Only pieces that were ever written are in the file. What was written is lasting once `commit` has returned, even if the
process is killed at that moment: SQLite writes ahead to a log, and takes up the log when the volume is opened next.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cpvm.machine.device import MediaError
from cpvm.machine.media import redo, trouble
from cpvm.machine.media.hostfile import ordinary
from cpvm.machine.media.images.compressed import ZLIB, decompress
from cpvm.machine.media.newfile import temporary_for

if TYPE_CHECKING:
    from cpvm.machine.media.resident import Resident

APPLICATION_ID: Final = 0x43504456  # "CPDV" in the file's header
CACHE: Final = 64  # pieces kept uncompressed
LARGEST: Final = 1 << 17  # bytes of a piece
FAILURES: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; its messages quote damaged files, which need not be text."""

Fact = str | int
Facts = dict[str, Fact]

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE volume (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE track (number INTEGER PRIMARY KEY, image BLOB NOT NULL);
"""


class VolumeFile(ABC):
    """Pieces by number. Methods may be called from any thread; all raise MediaError if the file fails them."""

    def __init__(self, path: Path, database: sqlite3.Connection, facts: Facts, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.facts = facts
        self._database = database
        self._lock = threading.RLock()
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._written = False
        self._deferred = 0
        self.resident: Resident | None = None
        """What of it native code reads and writes; None if nothing."""
        self._unsettled: dict[int, bytes] = {}  # pieces of which the file has an older state than its log
        self._settling = False  # the transaction under way makes the log superfluous
        self.name = str(facts.get("volid") or path.name)
        """What messages call it."""
        self.only_if_changed = False
        """Whether the file goes when it is closed and holds nothing."""

    @property
    def files(self) -> list[Path]:
        """The volume's own file."""
        return [self.path]

    # ---- pieces

    @abstractmethod
    def _below(self, number: int) -> bytes:
        """A piece that was never written. Raises MediaError."""

    def _piece(self, number: int) -> bytes:
        """A piece; the same object as long as it does not change and is in the cache."""
        with self._lock:
            written = self.resident.image(number) if self.resident is not None else None
            piece = written or self._cache.get(number) or self._unsettled.get(number)
            if piece is None:
                try:
                    row = self._database.execute("SELECT image FROM track WHERE number = ?", (number,)).fetchone()
                    piece = _unpacked(row[0]) if row else self._below(number)
                except (sqlite3.Error, ValueError, TypeError) as error:
                    trouble.tell(f"volume {self.name}", error)
                    raise MediaError(f"{self.name}, {self._describe(number)}: {error}") from error
            self._keep(number, piece)
            return piece

    @abstractmethod
    def _describe(self, number: int) -> str:
        """For messages: track 3/14."""

    def _put(self, number: int, piece: bytes) -> None:
        if self.read_only:
            raise MediaError(f"{self.name} is read-only")
        with self._lock:
            try:
                self._begin()
                self._insert(number, piece)
            except FAILURES as error:
                raise self._failed(error) from error
            if self.resident is not None:
                self.resident.drop(number)
            self._keep(number, piece)

    def _begin(self) -> None:
        """Begin a transaction unless there is one. What is in the log is part of it. Raises sqlite3.Error."""
        if self._written:
            return
        self._database.execute("BEGIN")
        self._written = True
        pieces = dict(self._unsettled)
        if self.resident is not None:
            pieces |= self.resident.written()
        for number, piece in pieces.items():
            self._insert(number, piece)
            self._keep(number, piece)
        if pieces:
            self._database.execute("INSERT OR REPLACE INTO volume VALUES (?, ?)", (redo.FACT, self._generation))
            self._settling = True

    def _insert(self, number: int, piece: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO track VALUES (?, ?)", (number, zlib.compress(piece, 1)))

    def _keep(self, number: int, piece: bytes) -> None:
        self._cache[number] = piece
        self._cache.move_to_end(number)
        if len(self._cache) > CACHE:
            self._cache.popitem(last=False)

    def settle(self) -> None:
        """Have all in the file that is only in its log. Raises MediaError."""
        with self._lock:
            behind = self._unsettled or (self.resident is not None and self.resident.dirty)
            if behind and self.at_rest and not self.read_only:
                self._begin_or_fail()
                self._commit()

    def _begin_or_fail(self) -> None:
        try:
            self._begin()
        except FAILURES as error:
            raise self._failed(error) from error

    @property
    def at_rest(self) -> bool:
        """Whether nothing was written that is not lasting yet."""
        return not self._written and not self._deferred

    def changed(self) -> list[int]:
        """Numbers of the pieces that this file holds, in order. Raises MediaError."""
        self.settle()
        try:
            with self._lock:
                rows = self._database.execute("SELECT number FROM track")
                return sorted({row[0] for row in rows} | self._unsettled.keys())
        except FAILURES as error:
            raise MediaError(f"{self.name}: {error}") from error

    def _failed(self, error: Exception) -> MediaError:
        """A write failed: the file goes back to the last commit, and so does what is remembered of it."""
        trouble.tell(f"volume {self.name}", error)
        self._cache.clear()
        self._written = self._settling = False
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        if self.resident is not None:
            self.resident.clear()
            self._read_log()
        return MediaError(f"{self.name}: {error}")

    # ---- what lasts

    def commit(self) -> None:
        """Make all writes lasting (not while `deferred`)."""
        with self._lock:
            if self._deferred:
                return
            if self.resident is not None and self.resident.unsaved:
                self._begin_or_fail()
            if self._written:
                self._commit()

    def _commit(self) -> None:
        try:
            self._database.execute("COMMIT")
            self._written = False
        except FAILURES as error:
            raise self._failed(error) from error
        if self._settling:
            self.facts[redo.FACT] = self._generation
            self._unsettled.clear()
            if self.resident is not None:
                self.resident.settled()
        self._settling = False

    # ---- the log

    @property
    def _generation(self) -> int:
        """That of the log."""
        return int(self.facts.get(redo.FACT, 0)) + 1

    def _read_log(self) -> None:
        """Apply to the pieces what the log has. Raises MediaError."""
        self._unsettled.clear()
        if redo.FACT in self.facts:
            for number, offset, data in redo.read(self.path, self._generation):
                piece = self._piece(number)
                self._unsettled[number] = piece[:offset] + data + piece[offset + len(data) :]
                self._cache.pop(number, None)

    def recover(self) -> None:
        """Take up what a killed process left in the log. Raises MediaError."""
        with self._lock:
            self._read_log()
            if not self.read_only:
                self.settle()
                redo.remove(self.path)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Group commit: `commit` does nothing within; all is committed at the end, nothing if an exception leaves."""
        with self._lock:
            self._deferred += 1
            try:
                yield
            except BaseException:
                self._deferred -= 1
                if not self._deferred and self._written:
                    self._failed(sqlite3.Error("given up"))
                raise
            self._deferred -= 1
            self.commit()

    def note(self, facts: Mapping[str, Fact]) -> None:
        """Change what the file says of itself, at once and lasting; everything written is committed, too."""
        if self.read_only:
            raise MediaError(f"{self.name} is read-only")
        with self._lock:
            try:
                self._begin()
                self._database.executemany("INSERT OR REPLACE INTO volume VALUES (?, ?)", facts.items())
            except FAILURES as error:
                raise self._failed(error) from error
            self.commit()
            self.facts.update(facts)

    def damage(self) -> list[str]:
        """What SQLite's own check finds wrong with the file: lines of text, none if it is sound."""
        try:
            with self._lock:
                lines = [str(row[0]) for row in self._database.execute("PRAGMA integrity_check(20)")]
        except FAILURES as error:
            lines = [str(error)]
        return [] if lines == ["ok"] else lines

    def close(self) -> None:
        """Commit and close; the volume cannot be used any more, also if that fails (MediaError).

        What was committed before is in the file or its log then, and is taken up when the volume is opened next.
        """
        with self._lock:
            empty = False
            try:
                self.commit()
                self.settle()
                empty = self.only_if_changed and not self.changed()
            finally:
                if self.resident is not None:
                    self.resident.close()
                    self.resident = None
                disconnect(self._database)
            if empty:
                with suppress(OSError):
                    self.path.unlink()


def _unpacked(data: bytes) -> bytes:
    """A piece as it was written. Raises ValueError, TypeError: what is in the file is none."""
    try:
        return decompress(ZLIB, data, LARGEST)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def create_file(path: Path, facts: Mapping[str, Fact], pieces: Mapping[int, bytes]) -> None:
    """Make the file of a volume: wholly or, if the process is killed, not at all.

    Raises:
        MediaError: the file exists already or cannot be written.
    """
    if path.exists():
        raise MediaError(f"{path} exists already")
    new = temporary_for(path)
    try:
        database = connect(new)
        try:
            database.executescript(_SCHEMA)
            database.execute("BEGIN")
            database.executemany("INSERT INTO volume VALUES (?, ?)", facts.items())
            packed = ((number, zlib.compress(piece, 1)) for number, piece in pieces.items())
            database.executemany("INSERT INTO track VALUES (?, ?)", packed)
            database.execute("COMMIT")
        finally:
            disconnect(database)
        put_in_place(new, path)
    except FAILURES as error:
        raise MediaError(f"{path}: {error}") from error
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror}") from error
    finally:
        for left in (new, *(new.with_name(new.name + end) for end in ("-journal", "-wal"))):
            with suppress(OSError):
                left.unlink()


def put_in_place(new: Path, path: Path) -> None:
    """Give a file its name, unless that name is taken. Raises MediaError, OSError."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise MediaError(f"{path} exists already") from None
    except OSError:  # a file system without links
        new.rename(path)


def is_volume(path: Path) -> bool:
    """Whether the file says that it is a volume. Raises MediaError if it cannot be read."""
    try:
        with open(path, "rb", opener=ordinary) as file:
            head = file.read(72)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror}") from error
    return head.startswith(b"SQLite format 3\0") and head[68:] == APPLICATION_ID.to_bytes(4, "big")


def open_file(path: Path, read_only: bool) -> tuple[sqlite3.Connection, Facts]:
    """Open the file of a volume, and read what it says of itself.

    Raises:
        MediaError: no such file, not a volume, or in use by another process.
    """
    if not path.is_file():
        raise MediaError(f"{path} does not exist")
    if not is_volume(path):  # which another program's database must not be opened to find out
        raise MediaError(f"{path} is not a volume")
    database = _connect_for_reading(path) if read_only else connect(path)
    try:
        facts = {str(name): value for name, value in database.execute("SELECT name, value FROM volume")}
    except FAILURES as error:
        disconnect(database)
        raise MediaError(f"{path} is not a volume: {error}") from error
    return database, facts


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes; no other process can open the file meanwhile. Raises MediaError."""
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        # One process writes a volume. The log is written through to the operating system at each commit, and to the
        # medium at each checkpoint: a killed process loses nothing, a failing host at most the last moments, whole.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        database.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise MediaError(f"{path} is in use or cannot be opened: {error}") from error
    except FAILURES as error:
        raise MediaError(f"{path} is not a volume: {error}") from error
    return database


def disconnect(database: sqlite3.Connection) -> None:
    """Close a connection; one that wrote leaves the file without a log, so that it can be read from anywhere."""
    with suppress(sqlite3.Error):  # with the log it is as good
        if database.in_transaction:
            database.execute("ROLLBACK")
        else:
            database.execute("PRAGMA journal_mode = DELETE")
    database.close()


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that reads, as others may at the same time. Raises MediaError."""
    left = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    if left and writable:
        with suppress(MediaError):  # somebody has it
            disconnect(connect(path))  # what a killed process left; one that only reads cannot tidy up
    name = "file:" + quote(str(path.absolute()))
    ways = ["?mode=ro"]
    if not left and not writable:
        ways.append("?mode=ro&immutable=1")  # no file can be made there, and nobody can write the volume
    for way in ways:
        try:
            database = sqlite3.connect(name + way, uri=True, isolation_level=None, check_same_thread=False, timeout=0)
            database.execute("BEGIN")  # no process can begin to write while this one reads
            database.execute("SELECT count(*) FROM sqlite_master")
            return database
        except sqlite3.OperationalError as error:
            failure = MediaError(f"{path} is in use or cannot be opened: {error}")
        except FAILURES as error:
            raise MediaError(f"{path} is not a volume: {error}") from error
    raise failure
