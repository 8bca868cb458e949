"""Spool files as VM/370 keeps them on DASD: pages of records with their CCWs (SPLINK), and SFBLOKs.

A page begins with 16 bytes: the pages after and before this one, a word of no use here, the number of records in the
page. Then each record: a CCW with its data address relative to the page, a TIC to the CCW of the next record, and the
data, filled up to a doubleword; a carriage command without data is a CCW alone. The first record of a file is its tag,
behind a no-operation. At the end of the first page, 48 bytes are taken up otherwise: the spoolid is in them.
Source: SY20-0884-3, *VM/370 Data Areas and Control Block Logic*, "SPLINK", "SFBLOK".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from cpvm.cp import clock
from cpvm.cp.spoolfile import SpoolFile, SpoolRecord
from cpvm.s370.ebcdic import to_ebcdic

PAGE: Final = 4096
SFBLOK_LENGTH: Final = 104
DESCRIPTOR_LENGTH: Final = 252
"""An SFBLOK with the first record behind it."""
TAG_LENGTH: Final = 136
_LINK: Final = struct.Struct(">IIII")
_CCW: Final = struct.Struct(">IHH")
_TRAILER: Final = 48
_FILID: Final = 40  # in the trailer
_NOP, _TIC = 0x03, 0x08
_CHAINED: Final = 0x6000  # command chaining, suppress length indication
_IN_USE, _RECORDS_OK, _USER_HOLD, _SYSTEM_HOLD = 0x80, 0x40, 0x20, 0x04
_KEEP, _DO_NOT_HOLD = 0x80, 0x40
_TYPES: Final = {"PRT": 0x40, "CON": 0x60, "PUN": 0x80, "RDR": 0x80}
_SFBLOK: Final = struct.Struct(">II8s8sIHHBBHI12s12s8s8sIHBB8s4sB3s")
_LONGEST: Final = 255  # bytes of a record that a page is sure to hold; longer ones are cut off


def pages(file: SpoolFile, records: Iterable[SpoolRecord]) -> Iterator[bytes]:
    """The pages of a file."""
    number, room = 0, PAGE - _TRAILER
    body, count = bytearray(), 0
    tag = SpoolRecord(_NOP, to_ebcdic(file.tag[:TAG_LENGTH]).ljust(TAG_LENGTH, b"\x40"))
    for record in chain((tag,), records):
        piece = _record(record, _LINK.size + len(body))
        if _LINK.size + len(body) + len(piece) > room:
            yield _page(file, number, count, body)
            number, room = number + 1, PAGE
            body, count = bytearray(), 0
            piece = _record(record, _LINK.size)
        body += piece
        count += 1
    yield _page(file, number, count, body)


def _record(record: SpoolRecord, at: int) -> bytes:
    """A record that begins AT in the page."""
    data = record.data[:_LONGEST]
    if not data:
        return _CCW.pack(record.opcode << 24, _CHAINED, 1)
    padded = data + bytes(-len(data) % 8)
    after = at + 2 * _CCW.size + len(padded)
    ccw = _CCW.pack(record.opcode << 24 | at + 2 * _CCW.size, _CHAINED, len(data))
    return ccw + _CCW.pack(_TIC << 24 | after & 0xFFF, 0, 0) + padded


def _page(file: SpoolFile, number: int, count: int, body: bytearray) -> bytes:
    """A page; a page's place on DASD is its number, from 1."""
    page = bytearray(_LINK.pack(number + 2, number, 0, count)) + body
    page = page.ljust(PAGE, b"\0")
    if number == 0:
        struct.pack_into(">H", page, PAGE - _TRAILER + _FILID, file.spoolid)
    return bytes(page)


def sfblok(file: SpoolFile, *, in_use: bool = False) -> bytes:
    """The description of a file."""
    flags = (
        (_IN_USE if in_use else 0)
        | _RECORDS_OK
        | (_USER_HOLD if file.hold else 0)
        | (_SYSTEM_HOLD if file.system_hold else 0)
    )
    name = file.name.ljust(24) if not file.type else f"{file.name[:12]:<12}{file.type[:12]:<12}"
    text = to_ebcdic(name[:24])
    return _SFBLOK.pack(
        0,
        1,
        _eight(file.owner),
        _eight(file.origin),
        file.records,
        132 if _TYPES.get(file.kind, 0x40) < 0x80 else 80,
        file.spoolid,
        flags,
        _TYPES.get(file.kind, 0x40),
        0,
        0,
        text[:12],
        text[12:],
        _eight(clock.mmddyy(file.created)),
        _eight(clock.hhmmss(file.created)),
        1,
        file.copies,
        to_ebcdic(file.spool_class)[0],
        _KEEP if file.keep else _DO_NOT_HOLD,
        _eight(file.dist),
        bytes(4),
        1,
        bytes(3),
    )


def descriptor(file: SpoolFile, *, in_use: bool = False) -> bytes:
    """The SFBLOK with the tag behind it: its CCWs, and as much of it as there is room for."""
    tag = to_ebcdic(file.tag[:TAG_LENGTH]).ljust(TAG_LENGTH, b"\x40")
    ccws = _record(SpoolRecord(_NOP, tag), _LINK.size)[: 2 * _CCW.size]
    return (sfblok(file, in_use=in_use) + ccws + tag)[:DESCRIPTOR_LENGTH]


def _eight(text: str) -> bytes:
    return to_ebcdic(f"{text[:8]:<8}")
