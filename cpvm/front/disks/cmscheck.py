"""Damage of a CMS file system: directory, chains, blocks that two files claim, and the map of allocated blocks.

Source: VM/370 Data Areas and Control Block Logic (SY20-0884), MFD, FST.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cms.cmsblocks import BLOCK, CMSDiskError, TrackBlocks
from cms.cmsdisk import BITMAP_IN_MFD, FST_SIZE, MFD_BLOCK
from cpvm.front.disks.place import Part
from cpvm.machine.device import MediaError
from cpvm.s370.ebcdic import from_ebcdic

_MOST_TOLD = 20


class _Blocks:
    """The 800-byte blocks of a CMS disk, and which files they are claimed by."""

    def __init__(self, part: Part) -> None:
        self._blocks = TrackBlocks(part.tracks.read, part.cylinders, part.geometry)
        self.number = self._blocks.number
        self.owners: dict[int, str] = {number: "the system" for number in range(1, MFD_BLOCK + 1)}
        self.wrong: list[str] = []

    def claim(self, number: int, owner: str) -> bytes:
        """A block, now marked as used. Damage is noted; a block that is not there is zeros."""
        if not 1 <= number <= self.number:
            self.wrong.append(f"{owner}: block {number} is not on the disk")
            return bytes(BLOCK)
        other = self.owners.setdefault(number, owner)
        if other != owner or number <= MFD_BLOCK:
            self.wrong.append(f"block {number} belongs to both {other} and {owner}")
        return self.read(number)

    def first_link(self, number: int, owner: str) -> bytes:
        """The first chain link of a file, 200 bytes, its block marked as used: a quarter of one on CP-67's disks."""
        if not self._blocks.of_cp67:
            return self.claim(number, owner)[:200]
        quarter, number = divmod(number, 1 << 14)
        return self.claim(number, "first chain links")[quarter * 200 : (quarter + 1) * 200]

    def read(self, number: int) -> bytes:
        """A block, zeros if it cannot be read, which is noted."""
        try:
            return self._blocks.read(number)
        except (MediaError, CMSDiskError) as error:
            self.wrong.append(str(error))
            return bytes(BLOCK)


def cms_damage(part: Part) -> Iterator[str]:
    """Damage of the CMS disk on these tracks, a line for each; at most some twenty of a kind."""
    blocks = _Blocks(part)
    mfd = blocks.read(MFD_BLOCK)
    total, used = struct.unpack_from(">2i", mfd, 0x16C)
    if not MFD_BLOCK < total <= blocks.number:
        yield f"the directory says that there are {total} blocks"
        return
    hyperblocks, bitmaps = _directory(mfd)
    for number in hyperblocks:
        data = blocks.claim(number, "the directory")
        for at in range(0, BLOCK, FST_SIZE):
            fst = data[at : at + FST_SIZE]
            if len(fst) == FST_SIZE and any(fst[:8]):
                _file(fst, blocks)
    bitmap = mfd[0x180 : 0x180 + BITMAP_IN_MFD]
    bitmap += b"".join(blocks.claim(number, "the map of blocks") for number in bitmaps)
    yield from _first(blocks.wrong)
    yield from _first(list(_unlike(blocks, bitmap, total)))
    if used != len(blocks.owners):
        yield f"the directory says that {used} blocks are in use, {len(blocks.owners)} are"


def _first(lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_TOLD]
    if len(lines) > _MOST_TOLD:
        yield f"... and {len(lines) - _MOST_TOLD} more like these"


def _directory(mfd: bytes) -> tuple[list[int], list[int]]:
    """The numbers of the blocks of file status tables, and of those with the rest of the map of blocks."""
    hyperblocks: list[int] = []
    bitmaps: list[int] = []
    into = hyperblocks
    for number in struct.unpack(">182H", mfd[:364]):
        if number in {0, 0xFFFF}:  # zeros end a list with a map of blocks
            break
        if number == 0xFFFD:
            into = bitmaps
        else:
            into.append(number)
    return hyperblocks, bitmaps


def _file(fst: bytes, blocks: _Blocks) -> None:
    """Claim the blocks of a file."""
    name = " ".join(from_ebcdic(fst[at : at + 8]).rstrip() for at in (0, 8))
    chain, count = fst[28] << 8 | fst[29], fst[36] << 8 | fst[37]
    recfm, lrecl = from_ebcdic(fst[30:31]), int.from_bytes(fst[32:36], "big")
    if recfm not in ("F", "V") or not 1 <= lrecl <= 65535:
        blocks.wrong.append(f"{name}: records of format {recfm} {lrecl} cannot be")
    first = struct.unpack(">100H", blocks.first_link(chain, name))
    numbers = list(first[40:])
    for link in first[: max(0, -(-(count - 60) // 400))]:
        numbers += struct.unpack(">400H", blocks.claim(link, name)) if link else [0] * 400
    if count > len(numbers):
        blocks.wrong.append(f"{name}: it cannot have {count} blocks")
    for number in numbers[:count]:
        if number:  # a block of zeros that was never written has none
            blocks.claim(number, name)


def _unlike(blocks: _Blocks, bitmap: bytes, total: int) -> Iterator[str]:
    """Where the map of blocks and what files claim differ."""
    lost = 0
    for number in range(1, min(total, 8 * len(bitmap)) + 1):
        marked = bool(bitmap[(number - 1) // 8] & 0x80 >> (number - 1) % 8)
        owner = blocks.owners.get(number)
        if owner is not None and not marked:
            yield f"block {number} belongs to {owner}, but is marked as free"
        lost += marked and owner is None
    if lost:
        yield f"{lost} blocks are marked as in use, but belong to nothing"
