"""Spool files: the store behind readers, punches and printers (DMKSPL, DMKCKS).

A file is made of records: a CCW operation code (the carriage control of a printer line; X'41' for a card) and data.
It is committed to the database before its close is acknowledged. What a file holds while it is open goes to the
database in chunks too, but an open file does not exist for anybody, and its chunks are swept away at the next start.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from typing import Final

from cpvm.cp.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS spool_file (
    spoolid INTEGER PRIMARY KEY, queue TEXT NOT NULL, owner TEXT NOT NULL, origin TEXT NOT NULL, kind TEXT NOT NULL,
    class TEXT NOT NULL, copies INTEGER NOT NULL, hold INTEGER NOT NULL, dist TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, records INTEGER NOT NULL, created REAL NOT NULL, tag TEXT NOT NULL, position INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS spool_queue ON spool_file (owner, queue, position);
CREATE TABLE IF NOT EXISTS spool_data (
    spoolid INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (spoolid, chunk)) WITHOUT ROWID;
"""

MAX_SPOOLID: Final = 9900
QUEUES = ("RDR", "PRT", "PUN")
MAX_BYTES: Final = 8 * 1024**3  # of the database; a guest that punches without end must not fill the host's disk
_CHUNK: Final = 256 * 1024  # bytes of records gathered before they are compressed and written
_HEAD: Final = struct.Struct(">HB")
_COLUMNS = "spoolid, queue, owner, origin, kind, class, copies, hold, dist, name, type, records, created, tag, position"


class SpoolError(Exception):
    """All spoolids are in use, or the spool has grown to its limit."""


@dataclass(frozen=True)
class SpoolFile:
    """What is known of one closed file (VM/370's SFBLOK)."""

    spoolid: int
    queue: str  # RDR PRT PUN: where it waits
    owner: str  # whose queue
    origin: str  # who made it
    kind: str  # PUN PRT CON: what made it
    spool_class: str
    copies: int
    hold: bool
    dist: str
    name: str
    type: str
    records: int
    created: float
    tag: str
    position: int


@dataclass(frozen=True)
class SpoolRecord:
    """One card or line: the CCW's operation code and its data (EBCDIC)."""

    opcode: int
    data: bytes


class Spool:
    """All spool files of the system."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.limit = MAX_BYTES
        self._open: set[int] = set()
        self._last = 0
        with database.transaction() as db:  # what a killed system left open
            db.execute("DELETE FROM spool_data WHERE spoolid NOT IN (SELECT spoolid FROM spool_file)")
            row = db.execute("SELECT spoolid FROM spool_file ORDER BY created DESC, spoolid DESC LIMIT 1").fetchone()
            self._last = row[0] if row else 0

    @property
    def full(self) -> bool:
        """True if the database has grown to the limit and no space in it is free."""
        return self._database.size() >= self.limit

    def open(self) -> SpoolWriter:
        """Start a new file. Raises SpoolError when all spoolids are taken."""
        spoolid = self._free_spoolid()
        self._open.add(spoolid)
        return SpoolWriter(self, self._database, spoolid)

    def _free_spoolid(self) -> int:
        taken = {int(str(row[0])) for row in self._database.query("SELECT spoolid FROM spool_file")} | self._open
        for offset in range(1, MAX_SPOOLID + 1):
            candidate = (self._last + offset - 1) % MAX_SPOOLID + 1
            if candidate not in taken:
                self._last = candidate
                return candidate
        raise SpoolError("all spool file numbers are in use")

    def forget(self, spoolid: int) -> None:
        """The writer of SPOOLID is done with it."""
        self._open.discard(spoolid)

    def files(self, queue: str, owner: str | None = None) -> list[SpoolFile]:
        """The files of a queue in the order in which they will be taken; of one user, or of all."""
        condition, values = ("AND owner = ?", [owner]) if owner is not None else ("", [])
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM spool_file WHERE queue = ? {condition} ORDER BY position, spoolid", queue, *values
        )
        return [_file(row) for row in rows]

    def file(self, spoolid: int) -> SpoolFile | None:
        """The file with this number."""
        rows = self._database.query(f"SELECT {_COLUMNS} FROM spool_file WHERE spoolid = ?", spoolid)
        return _file(rows[0]) if rows else None

    def count(self, queue: str, owner: str) -> int:
        """How many files OWNER has in QUEUE."""
        statement = "SELECT count(*) FROM spool_file WHERE queue = ? AND owner = ?"
        return int(str(self._database.query(statement, queue, owner)[0][0]))

    def update(self, *files: SpoolFile) -> None:
        """Write changed descriptions back, all at once."""
        with self._database.transaction() as db:
            for file in files:
                db.execute(
                    "UPDATE spool_file SET queue=?, owner=?, origin=?, kind=?, class=?, copies=?, hold=?, dist=?,"
                    " name=?, type=?, records=?, created=?, tag=?, position=? WHERE spoolid=?",
                    (*_values(file)[1:], file.spoolid),
                )

    def purge(self, *files: SpoolFile) -> None:
        """Remove files, all at once."""
        with self._database.transaction() as db:
            for file in files:
                db.execute("DELETE FROM spool_file WHERE spoolid = ?", (file.spoolid,))
                db.execute("DELETE FROM spool_data WHERE spoolid = ?", (file.spoolid,))

    def hold(self, spoolid: int) -> None:
        """Put a file into user hold."""
        with self._database.transaction() as db:
            db.execute("UPDATE spool_file SET hold = 1 WHERE spoolid = ?", (spoolid,))

    def move(self, file: SpoolFile, owner: str, queue: str = "RDR") -> SpoolFile:
        """Put FILE at the end of a queue of OWNER's."""
        moved = replace(file, owner=owner, queue=queue, position=self.next_position())
        self.update(moved)
        return moved

    def next_position(self) -> int:
        """A position behind all others."""
        found = self._database.query("SELECT max(position) FROM spool_file")[0][0]
        return int(str(found or 0)) + 1

    def records(self, spoolid: int) -> Iterator[SpoolRecord]:
        """The records of a file, a chunk in storage at a time."""
        chunk = 0
        while True:
            rows = self._database.query("SELECT data FROM spool_data WHERE spoolid=? AND chunk=?", spoolid, chunk)
            if not rows:
                return
            data = rows[0][0]
            assert isinstance(data, bytes)
            yield from _unpack(zlib.decompress(data))
            chunk += 1


class SpoolWriter:
    """A file being written."""

    def __init__(self, spool: Spool, database: Database, spoolid: int) -> None:
        self.spoolid = spoolid
        self.count = 0
        self._spool = spool
        self._database = database
        self._buffer = bytearray()
        self._chunks = 0

    def put(self, opcode: int, data: bytes) -> None:
        """Add a record of up to 65,535 bytes. Raises SpoolError or sqlite3.Error if there is no space for it."""
        if len(self._buffer) >= _CHUNK:
            if self._spool.full:
                raise SpoolError("the spool is full")
            with self._database.transaction() as db:
                db.execute(*self._chunk())
            self._next_chunk()
        self._buffer += _HEAD.pack(len(data), opcode) + data
        self.count += 1

    def close(
        self,
        *,
        queue: str,
        owner: str,
        origin: str,
        kind: str,
        spool_class: str,
        copies: int,
        hold: bool,
        dist: str,
        name: str = "",
        filetype: str = "",
        tag: str = "",
    ) -> SpoolFile:
        """The file is complete: it is committed, with its description, when this returns."""
        position = self._spool.next_position()
        file = SpoolFile(
            self.spoolid, queue, owner, origin, kind, spool_class, copies, hold, dist, name, filetype, self.count,
            time.time(), tag, position,
        )  # fmt: skip
        with self._database.transaction() as db:
            if self._buffer:
                db.execute(*self._chunk())
            marks = ",".join("?" * len(_values(file)))
            db.execute(f"INSERT INTO spool_file ({_COLUMNS}) VALUES ({marks})", _values(file))
        self._spool.forget(self.spoolid)
        return file

    def discard(self) -> None:
        """The file is not wanted."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM spool_data WHERE spoolid = ?", (self.spoolid,))
        self._spool.forget(self.spoolid)

    def _chunk(self) -> tuple[str, tuple[int, int, bytes]]:
        data = zlib.compress(bytes(self._buffer), 1)
        return "INSERT INTO spool_data VALUES (?, ?, ?)", (self.spoolid, self._chunks, data)

    def _next_chunk(self) -> None:
        self._buffer.clear()
        self._chunks += 1


def _unpack(data: bytes) -> Iterator[SpoolRecord]:
    at = 0
    while at < len(data):
        length, opcode = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield SpoolRecord(opcode, data[at : at + length])
        at += length


def _values(file: SpoolFile) -> tuple[object, ...]:
    return astuple(file)


def _file(row: tuple[object, ...]) -> SpoolFile:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    text = {name: str(values[name]) for name in values}
    return SpoolFile(
        spoolid=int(text["spoolid"]),
        queue=text["queue"],
        owner=text["owner"],
        origin=text["origin"],
        kind=text["kind"],
        spool_class=text["class"],
        copies=int(text["copies"]),
        hold=bool(values["hold"]),
        dist=text["dist"],
        name=text["name"],
        type=text["type"],
        records=int(text["records"]),
        created=float(text["created"]),
        tag=text["tag"],
        position=int(text["position"]),
    )
