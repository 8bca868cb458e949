"""The blocks of a CMS disk in storage: files are placed in them and found in them.

Written from the format (VM/370 Data Areas and Control Block Logic, SY20-0884: MFD, FST). What is placed anew goes to
blocks that were free for longest, so that a reader who still has the directory of before finds its files for a while.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cpvm.front.folders.contents import Contents
from cpvm.front.folders.names import Name
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

BLOCK: Final = 800
MFD: Final = 4
MOST_BLOCKS: Final = 65_531
MOST_DATA: Final = 60 + 40 * 400
FST: Final = struct.Struct(">8s8s4sHH2sHHcBiH2s")
_FST_SIZE: Final = 40
_PER_BLOCK: Final = 20
_POINTERS: Final = 20  # halfwords where writing and reading go on: no part of what the file is
_TOTALS: Final = struct.Struct(">5i")
_TOTALS_AT, _MAP_AT, _DEVICE_AT = 0x16C, 0x180, 0x257
_MAP_HERE: Final = 215
_MOST_MARKS: Final = 182
_END, _MAPS = 0xFFFF, 0xFFFD


class LayoutError(ValueError):
    """A directory is damaged, or what is to be placed does not fit; the text says why."""


@dataclass(frozen=True)
class Placed:
    """A file on the disk: its file status table without the pointers, and the blocks that are its own."""

    fst: bytes
    blocks: frozenset[int]

    @property
    def chain(self) -> bytes:
        """What says what is in the file: where its chain begins, number, format and length of its records."""
        return chain_of(self.fst)

    @property
    def remark(self) -> bytes:
        """What is said of it besides: name, time and mode number; the mode letter is the user's of the disk."""
        return self.fst[:_POINTERS] + self.fst[25:26] + self.fst[38:]

    @property
    def name(self) -> Name:
        """Name and type."""
        return self.fst[:8], self.fst[8:16]

    @property
    def mode(self) -> str:
        """A and the mode number, 1 if there is none."""
        number = from_ebcdic(self.fst[25:26])
        return f"A{number if number in '0123456' else '1'}"

    @property
    def written(self) -> datetime:
        """When; 1 January 1970 if what stands there is no time."""
        _, _, stamp, *_, year = FST.unpack(self.fst)
        digits = from_ebcdic(year) + stamp.hex()
        try:
            short = int(digits[:2])
            month, day, hour, minute = (int(digits[n : n + 2]) for n in (2, 4, 6, 8))
            return datetime(1900 + short + (100 if short < 70 else 0), month, day, hour, minute)
        except ValueError:
            return datetime(1970, 1, 1)


def chain_of(fst: bytes) -> bytes:
    """The part of a file status table that says what is in the file."""
    return fst[26:31] + fst[32:38]


def chained(data_blocks: int) -> int:
    """Blocks of a file beside its data."""
    return 1 + max(0, -(-(data_blocks - 60) // 400))


class Blocks:
    """The blocks of one disk. What is not there is zeros."""

    def __init__(self, total: int, cylinders: int, code: int, first_free: int) -> None:
        """A disk of `total` blocks, without files; those below `first_free` are for the directory alone."""
        self.total = total
        self.cylinders = cylinders
        self.code = code
        self.data: dict[int, bytes] = {}
        self._first = self._next = first_free
        self._used: set[int] = {1, 2, 3, 4}
        self._directory: list[int] = []

    def get(self, number: int) -> bytes:
        """A block."""
        return self.data.get(number) or bytes(BLOCK)

    @property
    def room(self) -> int:
        """Blocks that are free."""
        return self.total - self._first + 1 - len(self._used) + MFD

    # ---- placing

    def _take(self, data: bytes) -> int:
        for _ in range(self.total):
            number = self._next
            self._next = number + 1 if number < self.total else self._first
            if number not in self._used:
                self._used.add(number)
                self.data[number] = data.ljust(BLOCK, b"\0")
                return number
        raise LayoutError("there is no room left on the disk")

    def place(self, name: Name, mode: str, contents: Contents, written: datetime) -> Placed:
        """Put a file on the disk. Raises LayoutError: it is too large, or there is no room; nothing is changed."""
        if contents.recfm == "F":
            stream = b"".join(contents.records)
        else:
            stream = b"".join(len(record).to_bytes(2, "big") + record for record in contents.records)
        count = -(-len(stream) // BLOCK)
        if count > MOST_DATA:
            raise LayoutError(f"it has {count} blocks, a CMS file {MOST_DATA} at most")
        if count + chained(count) > self.room:
            raise LayoutError("there is no room left on the disk")
        numbers = [self._take(stream[at : at + BLOCK]) for at in range(0, len(stream), BLOCK)]
        links = [self._take(_halfwords(numbers[at : at + 400])) for at in range(60, count, 400)]
        first = self._take(_halfwords(links + [0] * (40 - len(links)) + numbers[:60]))
        records = len(contents.records)
        fst = FST.pack(
            *name,
            bytes.fromhex(f"{written:%m%d%H%M}"),
            *(0, 0, to_ebcdic(mode), records, first),
            *(to_ebcdic(contents.recfm), 0, contents.lrecl, count, to_ebcdic(f"{written:%y}")),
        )
        return Placed(fst, frozenset((*numbers, *links, first)))

    def free(self, placed: Placed) -> None:
        """A file is no more; what is in its blocks stays until they are wanted."""
        self._used -= placed.blocks

    def write_directory(self, label: str, files: Iterable[Placed]) -> None:
        """Write the directory, in new blocks, and the label. Raises LayoutError: there is no room."""
        old = self._directory
        fsts = [_with_pointers(placed.fst) for placed in files]
        groups = [fsts[at : at + _PER_BLOCK] for at in range(0, len(fsts), _PER_BLOCK)] or [[]]
        maps = max(0, -(-(-(-self.total // 8) - _MAP_HERE) // BLOCK))
        if len(groups) + maps + 2 > _MOST_MARKS or len(groups) + maps > self.room:
            raise LayoutError(f"there is no room for a directory of {len(fsts)} files")
        hyperblocks = [self._take(b"".join(group)) for group in groups]
        places = [self._take(b"") for _ in range(maps)]
        self._used -= set(old)
        self._directory = [*hyperblocks, *places]
        bitmap = bytearray(_MAP_HERE + maps * BLOCK)
        for number in self._used:
            bitmap[(number - 1) // 8] |= 0x80 >> (number - 1) % 8
        for at, number in enumerate(places):
            start = _MAP_HERE + at * BLOCK
            self.data[number] = bytes(bitmap[start : start + BLOCK])
        marks = [*hyperblocks, _MAPS, *places] if places else [*hyperblocks, _END]
        mfd = bytearray(BLOCK)
        mfd[: 2 * len(marks)] = _halfwords(marks)
        used, last = len(self._used), (max(self._used) - 1) // 8
        _TOTALS.pack_into(mfd, _TOTALS_AT, self.total, used, self.total - used, last, self.cylinders)
        mfd[_MAP_AT : _MAP_AT + _MAP_HERE] = bitmap[:_MAP_HERE]
        mfd[_DEVICE_AT] = self.code
        self.data[3] = to_ebcdic("CMS=" + label.ljust(6)).ljust(BLOCK, b"\0")
        self.data[MFD] = bytes(mfd)

    # ---- finding

    @property
    def label(self) -> str:
        """The name in the label."""
        return from_ebcdic(self.get(3)[4:10]).rstrip(" \0")

    def whole(self) -> bool:
        """Whether label and directory are still those of this disk: not of one that is being formatted."""
        total, _, _, _, cylinders = _TOTALS.unpack_from(self.get(MFD), _TOTALS_AT)
        return from_ebcdic(self.get(3)[:4]) == "CMS=" and (total, cylinders) == (self.total, self.cylinders)

    def hyperblocks(self) -> tuple[list[int], list[int]]:
        """The blocks of file status tables, and those of the map, as the directory names them."""
        found: tuple[list[int], list[int]] = ([], [])
        into = found[0]
        for number in struct.unpack(f">{_MOST_MARKS}H", self.get(MFD)[: 2 * _MOST_MARKS]):
            if number in {0, _END}:  # zeros end a list with a map
                break
            if number == _MAPS:
                into = found[1]
            else:
                into.append(number)
        return found

    def directory(self, known: Callable[[bytes], frozenset[int] | None]) -> dict[Name, Placed]:
        """The files that the directory on the disk names, as it stands.

        Args:
            known: the blocks of a file that is as it was, by its chain (`chain_of`), so that it is not followed again.

        Raises:
            LayoutError: the directory is damaged: a block is not on the disk, or belongs to two files.
        """
        hyperblocks, maps = self.hyperblocks()
        owned: set[int] = {1, 2, 3, 4}
        self._own(owned, [*hyperblocks, *maps], "the directory")
        files: dict[Name, Placed] = {}
        for number in hyperblocks:
            data = self.get(number)
            for at in range(0, BLOCK, _FST_SIZE):
                raw = data[at : at + _FST_SIZE]
                if not any(raw[:8]):
                    continue
                fst = raw[:_POINTERS] + bytes(4) + raw[_POINTERS + 4 :]
                placed = Placed(fst, known(chain_of(fst)) or frozenset(self._chain(fst)))
                self._own(owned, placed.blocks, from_ebcdic(fst[:16]))
                if placed.name in files:
                    raise LayoutError(f"{from_ebcdic(fst[:16])} is there twice")
                files[placed.name] = placed
        self._used, self._directory = owned, [*hyperblocks, *maps]
        return files

    def _own(self, owned: set[int], numbers: Iterable[int], who: str) -> None:
        for number in numbers:
            if not 1 <= number <= self.total or number in owned:
                raise LayoutError(f"{who}: block {number} is not on the disk, or belongs to another file, too")
            owned.add(number)

    def _numbers(self, fst: bytes) -> tuple[list[int], list[int]]:
        """Numbers of a file's data blocks, 0 for one that was never written, and of the blocks beside."""
        fields = FST.unpack(fst)
        first, count = fields[7], fields[11]
        if count > MOST_DATA:
            raise LayoutError(f"{from_ebcdic(fst[:16])}: it cannot have {count} blocks")
        found = struct.unpack(">100H", self.get(first)[:200])
        links = list(found[: max(0, -(-(count - 60) // 400))])
        numbers = list(found[40:])
        for link in links:
            numbers += struct.unpack(">400H", self.get(link)) if link else [0] * 400
        return numbers[:count], [first, *filter(None, links)]

    def _chain(self, fst: bytes) -> Iterable[int]:
        numbers, beside = self._numbers(fst)
        own = [number for number in (*numbers, *beside) if number]
        if len(set(own)) != len(own):
            raise LayoutError(f"{from_ebcdic(fst[:16])}: a block is in its chain twice")
        return own

    def records(self, placed: Placed) -> tuple[str, int, tuple[bytes, ...]]:
        """Format, length and records of a file. Raises LayoutError: it is damaged."""
        name = from_ebcdic(placed.fst[:16])
        fields = FST.unpack(placed.fst)
        count, recfm, lrecl = fields[6], from_ebcdic(fields[8]), fields[10]
        if recfm not in ("F", "V") or not 1 <= lrecl <= 65_535:
            raise LayoutError(f"{name}: records of format {recfm} {lrecl} cannot be")
        numbers, _ = self._numbers(placed.fst)
        stream = b"".join(self.get(number) if number else bytes(BLOCK) for number in numbers)
        records: list[bytes] = []
        at = 0
        for _ in range(count):
            length = lrecl
            if recfm == "V":
                length = int.from_bytes(stream[at : at + 2], "big")
                at += 2
            record = stream[at : at + length]
            if len(record) != length or not length:
                raise LayoutError(f"{name}: record {len(records) + 1} runs beyond the blocks of the file")
            records.append(record)
            at += length
        return recfm, lrecl, tuple(records)


def _halfwords(numbers: list[int]) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)


def _with_pointers(fst: bytes) -> bytes:
    """Writing goes on behind the last record, reading at the first."""
    count = int.from_bytes(fst[26:28], "big")
    return fst[:_POINTERS] + struct.pack(">HH", (count + 1) & 0xFFFF, 1) + fst[_POINTERS + 4 :]
