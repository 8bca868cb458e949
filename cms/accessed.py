"""The files of the disks that a running CMS has accessed, read from its storage while it runs.

Layout: the macros NUCON, ADT, HBK and FSTD. What is not as it should be ends the search: another system may run in the
machine, or CMS may be changing its tables right now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

MOST_FILES: Final = 5000
"""Files that are looked for."""

_SYSTEMID, _IADT = 0x200, 0x560
_ADT_NEXT, _ADT_FILES, _ADT_MODE, _ADT_FLAGS, _ADT_LENGTH = 0x08, 0x10, 0x44, 0x46, 0x48
_ACCESSED: Final = 0x80
_HEAD: Final = 0x10
_ENTRY: Final = 64
_MOST_DISKS, _MOST_BLOCKS, _MOST_ENTRIES = 26, 1000, 256
_CMS: Final = to_ebcdic("CMS")

Read = Callable[[int, int], bytes]
"""Gives bytes of storage by address and length; raises LookupError or ValueError where there are none."""


class File(NamedTuple):
    """Name, type and mode (letter and number)."""

    name: str
    type: str
    mode: str


def accessed_files(read: Read) -> list[File] | None:
    """All files in the search order of the disks; None if no CMS runs there."""
    try:
        if _CMS not in read(_SYSTEMID, 32):
            return None
        found: list[File] = []
        for file in _files(read):
            found.append(file)
            if len(found) >= MOST_FILES:
                break
    except (LookupError, ValueError):
        return None
    return found


def _files(read: Read) -> Iterator[File]:
    at = _word(read(_IADT, 4))
    for _ in range(_MOST_DISKS):
        if not at:
            return
        table = read(at, _ADT_LENGTH)
        letter = from_ebcdic(table[_ADT_MODE : _ADT_MODE + 1])
        if not letter.isalpha():
            return
        if table[_ADT_FLAGS] & _ACCESSED:
            yield from _disk(read, _word(table[_ADT_FILES:]), letter)
        at = _word(table[_ADT_NEXT:])


def _disk(read: Read, block: int, letter: str) -> Iterator[File]:
    for _ in range(_MOST_BLOCKS):
        if not block:
            return
        head = read(block, _HEAD)
        count = int.from_bytes(head[0x0A:0x0C], "big")
        if count > _MOST_ENTRIES:
            return
        entries = read(block + _HEAD, count * _ENTRY)
        for start in range(0, len(entries), _ENTRY):
            if entries[start]:
                fields = from_ebcdic(entries[start : start + 16]), from_ebcdic(entries[start + 0x18 : start + 0x1A])
                name, type, mode = fields[0][:8].rstrip(), fields[0][8:].rstrip(), letter + fields[1][1:]
                if name.isprintable() and type.isprintable() and mode.isprintable():
                    yield File(name, type, mode)
        block = _word(head)


def _word(data: bytes) -> int:
    return int.from_bytes(data[:4], "big") & 0xFFFFFF
