"""Writes CMS disks of the enhanced format: all files are laid out anew, one behind another, and the directory last.

Blocks 1 and 2 are for IPL, 3 for the label, 4 begins the directory, and 5 is kept for its next place. The allocation
map has a bit for each block, on for one in use. The format is that of `edf`; sparse blocks are written out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from cms.cmsdisk import CMSFile
from cpvm.front.disks.edf import CENTURY, MARK, SIZES, EDFError
from cpvm.s370.ebcdic import to_ebcdic

_FST: Final = 64
_ORIGIN: Final = 4
_FIRST: Final = 6
_SPANNED: Final = 0xFFFFFFFF
_DIRECTORY: Final = (bytes((0, 0, 0, 1, 0, 0, 0, 0)), to_ebcdic("DIRECTOR"))
_MAP: Final = (bytes((0, 0, 0, 2, 0, 0, 0, 0)), to_ebcdic("ALLOCMAP"))

_Leaf = tuple[int, int, int]
"""Number of a data block, number of the last record in it, where its first record begins."""


class Layout:
    """The blocks of a disk, by number."""

    def __init__(self, size: int, total: int, cylinders: int, label: str, files: Iterable[CMSFile]) -> None:
        """Lay files out.

        Args:
            size: bytes of a block, one of `SIZES`.
            total: blocks of the disk.
            cylinders: cylinders of the disk.
            label: its name, six characters at most.
            files: what is on it.

        Raises:
            EDFError: there is no room for them.
        """
        if size not in SIZES:
            raise EDFError(f"blocks have {', '.join(map(str, SIZES))} bytes, not {size}")
        self._size = size
        self._total = total
        self.blocks: dict[int, bytes] = {1: bytes(size), 2: bytes(size)}
        self._next = _FIRST
        fsts = [self._file(file) for file in files]
        self._directory(fsts, cylinders, label)

    def _put(self, data: bytes) -> int:
        number = self._next
        if number > self._total:
            raise EDFError("there is no room for the files on the disk")
        self._next += 1
        self.blocks[number] = data.ljust(self._size, b"\0")
        return number

    def _file(self, file: CMSFile) -> bytes:
        """Place a file; returns its file status table."""
        data = file.data()
        numbers = [self._put(data[at : at + self._size]) for at in range(0, len(data), self._size)]
        if file.recfm == "F":
            leaves = [(number, 0, 0) for number in numbers]
        else:
            leaves = [(number, *where) for number, where in zip(numbers, self._starts(file.records), strict=True)]
        root, depth = self._tree(leaves, 12 if file.recfm == "V" else 4)
        name = to_ebcdic(file.fn.ljust(8)), to_ebcdic(file.ft.ljust(8))
        shape = (len(file.records), len(numbers), root, depth)
        return _fst(name, file.fm, file.recfm, file.lrecl, shape, file.written)

    def _starts(self, records: Sequence[bytes]) -> list[tuple[int, int]]:
        """For each block the last record that has begun, and where the first one begins in it."""
        found: list[tuple[int, int]] = []
        at = 0
        for number, record in enumerate(records, 1):
            block, offset = divmod(at, self._size)
            while len(found) <= block:
                found.append((number - 1, _SPANNED))
            first = found[block][1]
            found[block] = (number, offset if first == _SPANNED else first)
            at += 2 + len(record)
        while len(found) < -(-at // self._size):
            found.append((len(records), _SPANNED))
        end = at - (len(found) - 1) * self._size
        if found[-1][1] == _SPANNED and end < self._size:  # the next record would begin there
            found[-1] = (len(records), end)
        return found

    def _tree(self, leaves: list[_Leaf], width: int) -> tuple[int, int]:
        """Pointer blocks over data blocks: the one at the top, and how many levels there are."""
        each = self._size // width
        depth = 0
        while len(leaves) > 1:
            above = []
            for at in range(0, len(leaves), each):
                part = leaves[at : at + each]
                raw = b"".join(struct.pack(">III", *leaf)[:width] for leaf in part)
                if width == 12:  # its last word says where its last pointer is
                    raw = raw.ljust(self._size - 4, b"\0")[: self._size - 4] + (12 * (len(part) - 1)).to_bytes(4, "big")
                above.append((self._put(raw), part[-1][1], part[0][2]))
            leaves, depth = above, depth + 1
        return leaves[0][0], depth

    def _directory(self, fsts: list[bytes], cylinders: int, label: str) -> None:
        per_block = self._size // _FST
        count = len(fsts) + 2
        leaves = [(_ORIGIN, 0, 0)] + [(self._put(b""), 0, 0) for _ in range(per_block, count, per_block)]
        root, depth = self._tree(leaves, 4)
        maps = [(self._put(b""), 0, 0) for _ in range(0, -(-self._total // 8), self._size)]
        map_root, map_depth = self._tree(maps, 4)
        now = datetime.now()
        own = _fst(_DIRECTORY, "A1", "F", _FST, (count, len(leaves), root, depth), now)
        ours = _fst(_MAP, "A1", "F", self._size, (len(maps), len(maps), map_root, map_depth), now)
        table = b"".join([own, ours, *fsts])
        for at, (number, _, _) in enumerate(leaves):
            self.blocks[number] = table[at * self._size : (at + 1) * self._size].ljust(self._size, b"\0")
        used = {1, 2, 3, 5, *self.blocks}
        bits = bytearray(len(maps) * self._size)
        for number in used:
            bits[(number - 1) // 8] |= 0x80 >> (number - 1) % 8
        for at, (number, _, _) in enumerate(maps):
            self.blocks[number] = bytes(bits[at * self._size : (at + 1) * self._size])
        text = MARK + to_ebcdic(label.ljust(6)[:6]) + bytes(2)
        numbers = (self._size, _ORIGIN, cylinders, cylinders, self._total, len(used), _FST, per_block)
        text += struct.pack(">8I", *numbers) + bytes.fromhex(f"{now:%y%m%d%H%M%S}")
        self.label = text.ljust(80, b"\0")
        """What the label's block begins with."""


def _fst(  # noqa: PLR0917
    name: tuple[bytes, bytes], mode: str, recfm: str, lrecl: int, shape: tuple[int, int, int, int], when: datetime
) -> bytes:
    """A file status table; `shape`: records, data blocks, the block at the top, levels of pointers."""
    records, blocks, root, depth = shape
    short = bytes.fromhex(f"{when:%m%d%H%M}") + struct.pack(">HH", min(records + 1, 0xFFFF), 1)
    flag = CENTURY if when.year >= 2000 else 0
    return b"".join(
        (
            *name,
            short,
            to_ebcdic(mode),
            struct.pack(">HH", min(records, 0xFFFF), 0),
            to_ebcdic(recfm),
            bytes((flag,)),
            struct.pack(">IH", lrecl, min(blocks, 0xFFFF)),
            to_ebcdic(f"{when:%y}"),
            struct.pack(">III", root, blocks, records),
            bytes((depth, 12 if recfm == "V" else 4)),
            bytes.fromhex(f"{when:%y%m%d%H%M%S}"),
            bytes(4),
        )
    )
