"""What a spool file is: its description (SFBLOK) and its records."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import Final

QUEUES = ("RDR", "PRT", "PUN")
CARD: Final = 0x41
"""Operation code of a record that is a card; any other is the carriage control of a printer line."""
LOAD_FORMS: Final = 0x63
"""Operation code of a record whose data is an image for the forms control buffer of the printer (3211)."""
STANDARD_FORM: Final = "STANDARD"
_HEAD: Final = struct.Struct(">HB")
Query = Callable[..., list[tuple[object, ...]]]

COLUMNS = (
    "spoolid, queue, owner, origin, kind, class, copies, hold, dist, name, type, records, created, tag, position,"
    " system_hold, keep, form, payer, bytes"
)
ADDED = (
    ("system_hold", "INTEGER NOT NULL DEFAULT 0"),
    ("keep", "INTEGER NOT NULL DEFAULT 0"),
    ("form", f"TEXT NOT NULL DEFAULT '{STANDARD_FORM}'"),
    ("payer", "TEXT NOT NULL DEFAULT ''"),
    ("bytes", "INTEGER NOT NULL DEFAULT 0"),
)
"""Columns that systems made by the first versions do not have."""


@dataclass(frozen=True)
class SpoolFile:
    """What is known of one closed file (VM/370's SFBLOK)."""

    spoolid: int
    queue: str  # RDR PRT PUN: where it waits
    owner: str  # whose queue
    origin: str  # who made it
    kind: str  # PUN PRT CON RDR: what made it
    spool_class: str
    copies: int
    hold: bool  # user hold
    dist: str
    name: str
    type: str
    records: int
    created: float
    tag: str
    position: int
    system_hold: bool = False
    keep: bool = False  # is held, not removed, when it has been printed or read
    form: str = STANDARD_FORM
    payer: str = ""  # the user whose limits it counts for, wherever it goes; "": nobody's
    bytes: int = 0  # what its data take in the spool

    @property
    def held(self) -> bool:
        """True if nobody may process it now."""
        return self.hold or self.system_hold

    @property
    def holds(self) -> str:
        """The holds as QUERY shows them: NONE, USER, SYS, or USYS for both."""
        if self.system_hold:
            return "USYS" if self.hold else "SYS"
        return "USER" if self.hold else "NONE"

    def described(self) -> str:
        """`userid FILE = file RECDS = norecs COPY = nn a typ`, as the operator sees it (GC20-1806, BACKSPAC)."""
        return (
            f"{self.owner:<8} FILE = {self.spoolid:04} RECDS = {self.records:06} COPY = {self.copies:02}"
            f" {self.spool_class} {self.kind}"
        )


@dataclass(frozen=True)
class SpoolRecord:
    """One card or line: the CCW's operation code and its data (EBCDIC)."""

    opcode: int
    data: bytes


def pack(opcode: int, data: bytes) -> bytes:
    """A record as it is kept, for data of up to 65,535 bytes."""
    return _HEAD.pack(len(data), opcode) + data


def unpack(data: bytes) -> Iterator[SpoolRecord]:
    """The records in a chunk."""
    at = 0
    while at < len(data):
        length, opcode = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield SpoolRecord(opcode, data[at : at + length])
        at += length


def read_records(query: Query, spoolid: int) -> Iterator[SpoolRecord]:
    """The records of a file, a chunk in storage at a time. QUERY executes a SELECT (of whatever connection).

    Raises sqlite3.Error, zlib.error or struct.error if the file is damaged.
    """
    chunk = 0
    while True:
        rows = query("SELECT data FROM spool_data WHERE spoolid=? AND chunk=?", spoolid, chunk)
        if not rows:
            return
        data = rows[0][0]
        if not isinstance(data, bytes):
            raise zlib.error("a chunk is not bytes")
        yield from unpack(zlib.decompress(data))
        chunk += 1


def values(file: SpoolFile) -> tuple[object, ...]:
    """The row of a file, in the order of COLUMNS."""
    return astuple(file)


def from_row(row: tuple[object, ...]) -> SpoolFile:
    """The file of a row with COLUMNS."""
    row_of = dict(zip(COLUMNS.split(", "), row, strict=True))
    text = {name: str(value) for name, value in row_of.items()}
    return SpoolFile(
        spoolid=int(text["spoolid"]),
        queue=text["queue"],
        owner=text["owner"],
        origin=text["origin"],
        kind=text["kind"],
        spool_class=text["class"],
        copies=int(text["copies"]),
        hold=bool(row_of["hold"]),
        dist=text["dist"],
        name=text["name"],
        type=text["type"],
        records=int(text["records"]),
        created=float(text["created"]),
        tag=text["tag"],
        position=int(text["position"]),
        system_hold=bool(row_of["system_hold"]),
        keep=bool(row_of["keep"]),
        form=text["form"],
        payer=text["payer"],
        bytes=int(text["bytes"]),
    )


ERRORS = (zlib.error, struct.error)
"""What `read_records` raises of a damaged file, beside sqlite3.Error."""
