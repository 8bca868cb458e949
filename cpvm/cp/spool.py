"""Spool files: the store behind readers, punches and printers (DMKSPL, DMKCKS).

A file is made of records: a CCW operation code (the carriage control of a printer line; X'41' for a card) and data.
It is committed to the database before its close is acknowledged. What a file holds while it is open goes to the
database in chunks too, but an open file does not exist for anybody, and its chunks are swept away at the next start.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from cpvm.cp.database import Database
from cpvm.cp.spoolfile import (
    ADDED,
    COLUMNS,
    QUEUES,
    SpoolFile,
    SpoolRecord,
    from_row,
    read_records,
    values,
)
from cpvm.cp.spoolwriter import QuotaError, SpoolError, SpoolWriter

__all__ = [
    "MAX_SPOOLID",
    "QUEUES",
    "SCHEMA",
    "QuotaError",
    "Spool",
    "SpoolError",
    "SpoolFile",
    "SpoolRecord",
    "SpoolWriter",
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS spool_file (
    spoolid INTEGER PRIMARY KEY, queue TEXT NOT NULL, owner TEXT NOT NULL, origin TEXT NOT NULL, kind TEXT NOT NULL,
    class TEXT NOT NULL, copies INTEGER NOT NULL, hold INTEGER NOT NULL, dist TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, records INTEGER NOT NULL, created REAL NOT NULL, tag TEXT NOT NULL, position INTEGER NOT NULL,
    system_hold INTEGER NOT NULL DEFAULT 0, keep INTEGER NOT NULL DEFAULT 0, form TEXT NOT NULL DEFAULT 'STANDARD');
CREATE INDEX IF NOT EXISTS spool_queue ON spool_file (owner, queue, position);
CREATE INDEX IF NOT EXISTS spool_order ON spool_file (queue, position);
CREATE TABLE IF NOT EXISTS spool_data (
    spoolid INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (spoolid, chunk)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool_hold (owner TEXT NOT NULL, queue TEXT NOT NULL, PRIMARY KEY (owner, queue));
CREATE TABLE IF NOT EXISTS spool_state (word TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_BYTES_OF_OLD = """
UPDATE spool_file SET payer = origin, bytes =
    coalesce((SELECT sum(length(data)) FROM spool_data WHERE spool_data.spoolid = spool_file.spoolid), 0)
"""

MAX_SPOOLID: Final = 9900
MAX_BYTES: Final = 8 * 1024**3  # of the database; a guest that punches without end must not fill the host's disk
RESERVE: Final = 64 * 1024**2
"""Bytes that are left free on the host's disk, if nothing else is said, for what is not the spool's."""
_HOST_AGAIN: Final = 1.0  # seconds that CP's knowledge of the host's disk is good for


class Spool:
    """All spool files of the system."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.limit = MAX_BYTES
        self.reserve = RESERVE
        """Bytes that are to be free on the host's disk."""
        self.quota: Callable[[str], tuple[int | None, int | None]] = lambda userid: (None, None)
        """How many files a user may make, and how many bytes they may take."""
        self.changed: Callable[[], None] = lambda: None
        """Told whenever there are other files than before, or files are other than before."""
        self.touched: set[tuple[str, str]] = set()
        """Queues and owners with new or changed files since whoever looks has cleared it."""
        self._open: dict[int, SpoolWriter] = {}
        self.gathered: Counter[str] = Counter()
        """Bytes that the open files of users have in storage."""
        self._folder = Path(str(database.query("PRAGMA database_list")[0][2])).parent
        self._looked = 0.0
        self._host_full = False
        self._last = 0
        with database.transaction() as db:
            there = {str(row[1]) for row in db.execute("PRAGMA table_info(spool_file)")}
            for name, declaration in ADDED:
                if name not in there:
                    db.execute(f"ALTER TABLE spool_file ADD COLUMN {name} {declaration}")
            if "bytes" not in there:
                db.execute(_BYTES_OF_OLD)
            db.execute("CREATE INDEX IF NOT EXISTS spool_payer ON spool_file (payer, bytes)")
            # what a killed system left open
            db.execute("DELETE FROM spool_data WHERE spoolid NOT IN (SELECT spoolid FROM spool_file)")
            row = db.execute("SELECT spoolid FROM spool_file ORDER BY created DESC, spoolid DESC LIMIT 1").fetchone()
            self._last = row[0] if row else 0

    @property
    def full(self) -> bool:
        """True if the database has grown to the limit and no space in it is free, or the host's disk is full."""
        return self.size() >= self.limit or self._host_is_full()

    def size(self) -> int:
        """Bytes of the database that are in use."""
        return self._database.size()

    def _host_is_full(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= _HOST_AGAIN:
            self._looked = now
            try:
                self._host_full = shutil.disk_usage(self._folder).free < self.reserve
            except OSError:
                self._host_full = False  # then the write itself will tell
        return self._host_full

    def paid(self, userid: str) -> tuple[int, int]:
        """How many files of a user's making there are, the open ones too, and how many bytes they take."""
        row = self._database.query("SELECT count(*), total(bytes) FROM spool_file WHERE payer = ?", userid)[0]
        mine = [writer for writer in self._open.values() if writer.payer == userid]
        return int(str(row[0])) + len(mine), int(float(str(row[1]))) + sum(writer.bytes for writer in mine)

    def room(self, userid: str) -> bool:
        """Whether a user may make another file, or go on with one that is open."""
        files, size = self.quota(userid)
        used, taken = self.paid(userid)
        return (files is None or used < files) and (size is None or taken < size)

    def open(self, payer: str = "", *, insist: bool = False) -> SpoolWriter:
        """Start a new file, for which PAYER's limits hold ("": nobody's).

        Raises SpoolError if all spoolids are taken, or, unless with INSIST, there is no room for another file. A file
        that INSISTs may begin in storage, and finds out when it has to be written.
        """
        if not insist:
            if self.full:
                raise SpoolError("the spool is full")
            if payer and not self.room(payer):
                raise QuotaError(f"{payer} has as much in the spool as is permitted")
        spoolid = self._free_spoolid()
        writer = self._open[spoolid] = SpoolWriter(self, self._database, spoolid, payer)
        return writer

    def _free_spoolid(self) -> int:
        taken = {int(str(row[0])) for row in self._database.query("SELECT spoolid FROM spool_file")} | self._open.keys()
        for offset in range(1, MAX_SPOOLID + 1):
            candidate = (self._last + offset - 1) % MAX_SPOOLID + 1
            if candidate not in taken:
                self._last = candidate
                return candidate
        raise SpoolError("all spool file numbers are in use")

    def forget(self, spoolid: int) -> None:
        """The writer of SPOOLID is done with it."""
        self._open.pop(spoolid, None)

    def relieve(self, payer: str) -> None:
        """Write what the largest of a user's open files has gathered. Raises SpoolError, sqlite3.Error."""
        mine = [writer for writer in self._open.values() if writer.payer == payer]
        max(mine, key=lambda writer: writer.gathered).write()

    def files(self, queue: str, owner: str | None = None) -> list[SpoolFile]:
        """The files of a queue in the order in which they will be taken; of one user, or of all."""
        condition, fill = ("AND owner = ?", [owner]) if owner is not None else ("", [])
        rows = self._database.query(
            f"SELECT {COLUMNS} FROM spool_file WHERE queue = ? {condition} ORDER BY position, spoolid", queue, *fill
        )
        return [from_row(row) for row in rows]

    def file(self, spoolid: int) -> SpoolFile | None:
        """The file with this number."""
        rows = self._database.query(f"SELECT {COLUMNS} FROM spool_file WHERE spoolid = ?", spoolid)
        return from_row(rows[0]) if rows else None

    def count(self, queue: str, owner: str) -> int:
        """How many files OWNER has in QUEUE."""
        statement = "SELECT count(*) FROM spool_file WHERE queue = ? AND owner = ?"
        return int(str(self._database.query(statement, queue, owner)[0][0]))

    def update(self, *files: SpoolFile) -> None:
        """Write changed descriptions back, all at once."""
        names = COLUMNS.split(", ")[1:]
        assignments = ", ".join(f"{name}=?" for name in names)
        with self._database.transaction() as db:
            for file in files:
                db.execute(f"UPDATE spool_file SET {assignments} WHERE spoolid=?", (*values(file)[1:], file.spoolid))
        self.touch(*files)

    def purge(self, *files: SpoolFile) -> None:
        """Remove files, all at once."""
        with self._database.transaction() as db:
            for file in files:
                db.execute("DELETE FROM spool_file WHERE spoolid = ?", (file.spoolid,))
                db.execute("DELETE FROM spool_data WHERE spoolid = ?", (file.spoolid,))
        self.changed()

    def touch(self, *files: SpoolFile) -> None:
        """These are new, or other than before."""
        self.touched.update((file.queue, file.owner) for file in files)
        self.changed()

    def first(self, queue: str, spool_class: str, form: str, but: Callable[[SpoolFile], bool]) -> SpoolFile | None:
        """The first file of a queue that is not held, of a class (`*`: any) and a form ("": any); not one that BUT
        is true for."""
        condition, fill = "", [queue]
        for column, value, any_value in (("class", spool_class, "*"), ("form", form, "")):
            if value != any_value:
                condition += f" AND {column} = ?"
                fill.append(value)
        rows = self._database.iterate(
            f"SELECT {COLUMNS} FROM spool_file WHERE queue = ? AND hold = 0 AND system_hold = 0 {condition}"
            " ORDER BY position, spoolid",
            *fill,
        )
        return next((file for file in map(from_row, rows) if not but(file)), None)

    def hold(self, spoolid: int) -> None:
        """Put a file into user hold."""
        with self._database.transaction() as db:
            db.execute("UPDATE spool_file SET hold = 1 WHERE spoolid = ?", (spoolid,))

    def move(self, file: SpoolFile, owner: str, queue: str = "RDR") -> SpoolFile:
        """Put FILE at the end of a queue of OWNER's."""
        return self.move_all([file], owner, queue)[0]

    def move_all(self, files: Iterable[SpoolFile], owner: str, queue: str = "RDR") -> list[SpoolFile]:
        """Put FILES at the end of a queue of OWNER's in their order, all at once."""
        first = self.next_position()
        moved = [replace(file, owner=owner, queue=queue, position=at) for at, file in enumerate(files, first)]
        self.update(*moved)
        return moved

    def next_position(self) -> int:
        """A position behind all others."""
        found = self._database.query("SELECT max(position) FROM spool_file")[0][0]
        return int(str(found or 0)) + 1

    def first_position(self) -> int:
        """A position in front of all others."""
        found = self._database.query("SELECT min(position) FROM spool_file")[0][0]
        return int(str(found or 0)) - 1

    def records(self, spoolid: int) -> Iterator[SpoolRecord]:
        """The records of a file, a chunk in storage at a time."""
        return read_records(self._database.query, spoolid)

    # The operator's holds: all files of a user, present and to come, for printers or punches (SHQBLOK)

    def queue_holds(self) -> list[tuple[str, str]]:
        """Users (or ALL) and queues that HOLD keeps from the real devices."""
        rows = self._database.query("SELECT owner, queue FROM spool_hold ORDER BY owner, queue")
        return [(str(owner), str(queue)) for owner, queue in rows]

    def set_queue_hold(self, owner: str, queue: str, *, on: bool) -> bool:
        """HOLD, or FREE if not ON. False if it was so already."""
        if ((owner, queue) in self.queue_holds()) == on:
            return False
        statement = "INSERT INTO spool_hold VALUES (?, ?)" if on else "DELETE FROM spool_hold WHERE owner=? AND queue=?"
        with self._database.transaction() as db:
            db.execute(statement, (owner, queue))
        self.touched.add((queue, owner))
        self.changed()
        return True

    # For the starts of the system

    def state(self, word: str) -> str:
        """What was noted under WORD; "" if nothing was."""
        rows = self._database.query("SELECT value FROM spool_state WHERE word = ?", word)
        return str(rows[0][0]) if rows else ""

    def note(self, word: str, value: str) -> None:
        """Note something that the next start wants to know."""
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO spool_state VALUES (?, ?)", (word, value))

    def erase(self) -> None:
        """Cold start: no files, no holds; numbers begin at 1."""
        with self._database.transaction() as db:
            for table in ("spool_file", "spool_data", "spool_hold"):
                db.execute(f"DELETE FROM {table}")
        self._last = 0
        self.changed()
