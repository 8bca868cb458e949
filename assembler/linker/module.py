"""The MODULE file of CMS: what GENMOD would write of the program that is loaded.

Records of variable length: a header of 80 bytes, the text, and the map, which is the table of names.  Source: modules
of VM/370's CMS and its GENMOD, looked at; `cms/nucleus/dmsmod.assemble`.
"""

from __future__ import annotations

from collections.abc import Sequence

from assembler.linker.loader import Loader

USER_AREA = 0x20000
"""Where CMS runs programs."""
TRANSIENT_AREA = 0xE000
"""Where CMS runs small commands of its own; 8K."""
TYPE_AT = 43
NOMAP = 0x80
"""In byte `TYPE_AT` of the header: the module has no map."""
TEXT_RECORD = 65520
"""Longest text record."""


def header(entry: int, begin: int, end: int, table: int, mapped: int) -> bytes:
    """The first record: entry point, first address and end (twice), names in the table and in the map record."""
    record = bytearray(80)
    for at, value in ((0, entry), (4, begin), (8, end), (12, end)):
        record[at : at + 4] = value.to_bytes(4, "big")
    record[32] = 0x44
    if begin >= USER_AREA:
        record[33] = 0x80  # STR: START initialises storage
    record[34:36] = table.to_bytes(2, "big")
    record[40:42] = mapped.to_bytes(2, "big")
    record[56] = 0xE9
    return bytes(record)


def records(loader: Loader, *, with_map: bool = True) -> list[bytes]:
    """The records of the MODULE file of a finished program; one below the user area has no map."""
    begin, end, data = loader.storage.origin, loader.end, loader.data
    entry = loader.entry if begin <= loader.entry < end else begin
    mapped = len(loader.names) if with_map and begin >= USER_AREA else 0
    first = bytearray(header(entry, begin, end, len(loader.names), mapped))
    if not with_map:
        first[TYPE_AT] = NOMAP
    out = [bytes(first), *(data[at : at + TEXT_RECORD] for at in range(0, len(data), TEXT_RECORD))]
    return [*out, loader.names.records()] if mapped else out


def with_lengths(module: Sequence[bytes]) -> bytes:
    """Records of variable length as a host file: each with its length in front, a halfword."""
    return b"".join(len(record).to_bytes(2, "big") + record for record in module)
