"""Spool files while they are written (DMKVSP, DMKSPL)."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cpvm.cp.spoolfile import COLUMNS, LOAD_FORMS, STANDARD_FORM, SpoolFile, pack, values

if TYPE_CHECKING:
    from cpvm.cp.database import Database
    from cpvm.cp.spool import Spool

_CHUNK: Final = 256 * 1024  # bytes of records gathered before they are compressed and written
MOST_GATHERED: Final = 4 * _CHUNK
"""Bytes that all open files of a user gather together: a user may have many devices, each with a file."""
_RESERVE: Final = 16 * _CHUNK  # bytes that a file whose chunks cannot be written may gather, if it must not stop


class SpoolError(Exception):
    """All spoolids are in use, or the spool has grown to its limit."""


class QuotaError(SpoolError):
    """The user may not have more in the spool."""


class SpoolWriter:
    """A file being written."""

    def __init__(self, spool: Spool, database: Database, spoolid: int, payer: str) -> None:
        self.spoolid = spoolid
        self.payer = payer
        self.bytes = 0
        """What is in the spool of it."""
        self.count = 0
        self._spool = spool
        self._database = database
        self._buffer = bytearray()
        self._chunks = 0

    def put(self, opcode: int, data: bytes, *, insist: bool = False) -> None:
        """Add a record of up to 65,535 bytes.

        Raises SpoolError or sqlite3.Error if there is no space: then the record is not in the file, and can be put
        again later. With INSIST some more are kept in storage before that happens.
        """
        much = self.payer and self._spool.gathered[self.payer] >= MOST_GATHERED
        if much or len(self._buffer) >= _CHUNK:
            try:
                if len(self._buffer) >= _CHUNK:
                    self._write()
                else:
                    self._spool.relieve(self.payer)
            except Exception:
                if not insist or len(self._buffer) >= _RESERVE:
                    raise
        record = pack(opcode, data)
        self._buffer += record
        self._spool.gathered[self.payer] += len(record)
        if opcode != LOAD_FORMS:
            self.count += 1

    @property
    def gathered(self) -> int:
        """Bytes that are not in the spool yet."""
        return len(self._buffer)

    def write(self) -> None:
        """Put what was gathered into the spool. Raises SpoolError, sqlite3.Error; then it stays in storage."""
        self._write()

    def _write(self) -> None:
        if self._spool.full:
            raise SpoolError("the spool is full")
        data = self._compressed()
        size = self._spool.quota(self.payer)[1] if self.payer else None
        if size is not None and self._spool.paid(self.payer)[1] + len(data) > size:
            raise QuotaError(f"{self.payer} has as much in the spool as is permitted")
        with self._database.transaction() as db:
            self._insert(db, data)
        self._let_go()
        self._chunks += 1
        self.bytes += len(data)

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
        keep: bool = False,
        form: str = STANDARD_FORM,
        created: float | None = None,
        also: Callable[[object], None] | None = None,
    ) -> SpoolFile:
        """The file is complete: it is committed, with its description, when this returns.

        ALSO is called with the connection, in the same transaction.
        """
        position = self._spool.next_position()
        data = self._compressed() if self._buffer else b""
        file = SpoolFile(
            self.spoolid, queue, owner, origin, kind, spool_class, copies, hold, dist, name, filetype, self.count,
            time.time() if created is None else created, tag, position, False, keep, form, self.payer,
            self.bytes + len(data),
        )  # fmt: skip
        with self._database.transaction() as db:
            if self._buffer:
                self._insert(db, data)
            marks = ",".join("?" * len(values(file)))
            db.execute(f"INSERT INTO spool_file ({COLUMNS}) VALUES ({marks})", values(file))
            if also is not None:
                also(db)
        self._let_go()
        self._spool.forget(self.spoolid)
        self._spool.touch(file)
        return file

    def discard(self) -> None:
        """The file is not wanted. If the host's disk does not let it go now, the next start does."""
        self._let_go()
        try:
            with self._database.transaction() as db:
                db.execute("DELETE FROM spool_data WHERE spoolid = ?", (self.spoolid,))
        except sqlite3.Error:
            return  # its number stays taken
        self._spool.forget(self.spoolid)
        self._spool.changed()

    def _let_go(self) -> None:
        self._spool.gathered[self.payer] -= len(self._buffer)
        self._buffer.clear()

    def _compressed(self) -> bytes:
        return zlib.compress(bytes(self._buffer), 1)

    def _insert(self, db: sqlite3.Connection, data: bytes) -> None:
        db.execute("INSERT INTO spool_data VALUES (?, ?, ?)", (self.spoolid, self._chunks, data))
