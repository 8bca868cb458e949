"""Reads CMS disks of the enhanced disk format (EDF): blocks of 512, 1024, 2048 or 4096 bytes.

Blocks are numbered from 1 on. The label is the third record of a count-key-data disk, or the third 512 bytes of a
fixed-block one, and says where the directory begins. The directory is a file of 64-byte file status tables, the first
of which is its own. A file has its data in one block, or in a tree of pointer blocks as many levels deep as its table
says: pointers of four bytes for fixed records, of twelve (block, highest record behind it, where its first record
begins) for variable ones. A pointer of 0 stands for zeros that were never written.

Source: VM/SP CMS Data Areas and Control Block Logic (LY24-5221), ADT and FST.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cpvm.s370.ckd import CKDError, Geometry, decode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

SIZES: Final = (512, 1024, 2048, 4096)
MARK: Final = to_ebcdic("CMS1")
LABEL_AT: Final = 1024
"""Where the label of a fixed-block disk is, in bytes."""
_LABEL: Final = struct.Struct(">4s6s2s8I")
_FST: Final = struct.Struct(">8s8s8s2s4xcBI4xIIIBB6s4x")
CENTURY: Final = 0x08
_DEEPEST: Final = 8
_MOST_BYTES: Final = 1 << 31

Reader = Callable[[int], bytes]
"""Gives a block by its number, from 1 on. Raises EDFError."""


class EDFError(ValueError):
    """The disk is not of this format, or is damaged; the text says where."""


@dataclass(frozen=True)
class EDFFile:
    """One file: what its file status table says, and its records when they are asked for."""

    fn: str
    ft: str
    fm: str
    recfm: str
    lrecl: int
    count: int
    """Records."""
    data_blocks: int
    written: datetime
    _origin: tuple[int, int] = field(repr=False)
    _disk: EDFDisk = field(repr=False)

    @property
    def records(self) -> tuple[bytes, ...]:
        """All records. Raises EDFError: the file is damaged."""
        return self._disk.records(self)


class EDFDisk:
    """A disk of this format: label, sizes in blocks, and its files by name and type."""

    def __init__(self, label: bytes, read: Reader) -> None:
        """Read the directory.

        Args:
            label: the label, 80 bytes.
            read: gives the blocks.

        Raises:
            EDFError: it is not of this format, or is damaged.
        """
        mark, name, _, size, origin, self.file_cylinders, _, self.total, self.used, fst_size, per_block = (
            _LABEL.unpack_from(label)
        )
        if mark != MARK or size not in SIZES or fst_size != _FST.size or per_block != size // fst_size:
            raise EDFError("the label is not that of a CMS disk of the enhanced format")
        self.label = from_ebcdic(name).rstrip(" \0")
        self.block = size
        self.origin = origin
        """The block that begins the directory."""
        self._read = read
        self.files: dict[tuple[str, str], EDFFile] = {}
        fields = _FST.unpack_from(self._block(origin))
        if fields[1] != to_ebcdic("DIRECTOR"):
            raise EDFError(f"block {origin} does not begin the directory")
        count, depth, first = fields[9], fields[10], fields[7]
        size_needed = count * _FST.size
        data = self._fixed(first or origin, depth, size_needed)
        for at in range(0, size_needed, _FST.size):
            fst = data[at : at + _FST.size]
            if fst[0]:  # the first two are the directory's own and the map's; free ones are zeros
                file = self._file(fst)
                self.files[file.fn, file.ft] = file

    def _block(self, number: int) -> bytes:
        if not 1 <= number <= self.total:
            raise EDFError(f"block {number} is not on the disk")
        data = self._read(number)
        if len(data) != self.block:
            raise EDFError(f"block {number} has {len(data)} bytes, not {self.block}")
        return data

    def trees(self) -> Iterator[tuple[str, int, int, int]]:
        """All that has blocks: its name, the block at the top, levels of pointers, bytes of a pointer."""
        own = _FST.unpack_from(self._block(self.origin))
        yield "the directory", own[7] or self.origin, own[10], 4
        yield "the map of blocks", *self._map, 4
        for file in self.files.values():
            origin, depth = file._origin
            yield f"{file.fn} {file.ft}", origin, depth, 4 if file.recfm == "F" else 12

    @property
    def _map(self) -> tuple[int, int]:
        """Block at the top, and levels of pointers, of the map of blocks."""
        fields = _FST.unpack_from(self._block(self.origin), _FST.size)
        return fields[7], fields[10]

    def map(self) -> bytes:
        """A bit for each block, on for one in use; empty if the disk has no map. Raises EDFError."""
        origin, depth = self._map
        return self._fixed(origin, depth, -(-self.total // 8)) if origin else b""

    def _file(self, raw: bytes) -> EDFFile:
        name, kind, _, mode, recfm, flag, lrecl, origin, blocks, count, depth, width, stamp = _FST.unpack(raw)
        fn, ft, fm, form = (from_ebcdic(text).rstrip() for text in (name, kind, mode, recfm))
        if form not in ("F", "V") or depth > _DEEPEST or (depth and width != (4 if form == "F" else 12)):
            raise EDFError(f"file {fn} {ft} is damaged: format {form}, {depth} levels of pointers of {width} bytes")
        when = _time(stamp, flag)
        return EDFFile(fn, ft, fm, form, lrecl, count, blocks, when, (origin, depth), self)

    def records(self, file: EDFFile) -> tuple[bytes, ...]:
        """The records of a file. Raises EDFError."""
        origin, depth = file._origin
        if file.recfm == "F":
            data = self._fixed(origin, depth, file.count * file.lrecl)
            return tuple(data[at : at + file.lrecl] for at in range(0, len(data), file.lrecl or 1))
        data = b"".join(self._variable(origin, depth))
        records, at = [], 0
        for number in range(1, file.count + 1):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if end > len(data):
                raise EDFError(f"file {file.fn} {file.ft}: record {number} runs beyond its blocks")
            records.append(data[at + 2 : end])
            at = end
        return tuple(records)

    def blocks_of(self, origin: int, depth: int, width: int) -> Iterator[int]:
        """The numbers of the blocks of a tree, pointer blocks among them. Raises EDFError."""
        if not origin:
            return
        data = self._block(origin)
        yield origin
        if depth:
            for at in range(0, self.block - self.block % width, width):
                number = int.from_bytes(data[at : at + 4], "big")
                if width == 12 and at + 12 > self.block - 4:
                    break  # the last word says where the last pointer is
                if number:
                    yield from self.blocks_of(number, depth - 1, width)

    def _fixed(self, origin: int, depth: int, size: int) -> bytes:
        """The first SIZE bytes below a pointer."""
        if size > _MOST_BYTES:
            raise EDFError(f"a file of {size} bytes cannot be")
        parts: list[bytes] = []
        left = [size]

        def walk(number: int, level: int) -> None:
            if left[0] <= 0:
                return
            if not number:
                zeros = min(left[0], self.block * (self.block // 4) ** level)
                parts.append(bytes(zeros))
                left[0] -= zeros
            elif not level:
                data = self._block(number)[: left[0]]
                parts.append(data)
                left[0] -= len(data)
            else:
                for pointer in struct.unpack(f">{self.block // 4}I", self._block(number)):
                    walk(pointer, level - 1)

        walk(origin, depth)
        if left[0] > 0:
            raise EDFError(f"{left[0]} bytes are missing below block {origin}")
        return b"".join(parts)

    def _variable(self, origin: int, depth: int, seen: set[int] | None = None) -> Iterator[bytes]:
        """The data blocks below a pointer."""
        seen = set() if seen is None else seen
        if origin in seen:
            raise EDFError(f"block {origin} is in a file twice")
        if origin:
            seen.add(origin)
        if not depth:
            yield self._block(origin) if origin else bytes(self.block)
            return
        data = self._block(origin)
        for at in range(0, self.block - self.block % 12, 12):
            number, highest, _ = struct.unpack_from(">III", data, at)
            if not number and not highest:
                return
            if number:
                yield from self._variable(number, depth - 1, seen)
            else:
                yield bytes(self.block * (self.block // 12) ** (depth - 1))


def _time(stamp: bytes, flag: int) -> datetime:
    """When a file was written: YYMMDDHHMMSS in packed digits; 1 January 1970 if that is no time."""
    try:
        year, month, day, hour, minute, second = (int(f"{byte:02x}") for byte in stamp)
        return datetime((2000 if flag & CENTURY else 1900) + year, month, day, hour, minute, second)
    except ValueError:
        return datetime(1970, 1, 1)


def of_tracks(track: Callable[[int, int], bytes], geometry: Geometry, label: bytes) -> EDFDisk:
    """The disk on the tracks (cylinder, head) of a device. Raises EDFError, and what TRACK raises."""
    size = _LABEL.unpack_from(label)[3]
    if size not in SIZES:
        raise EDFError(f"the label says blocks of {size} bytes")
    per_track = geometry.records_per_track(size)

    def read(number: int) -> bytes:
        index, record = divmod(number - 1, per_track)
        cyl, head = divmod(index, geometry.heads)
        try:
            records = decode_track(track(cyl, head))
        except CKDError as error:
            raise EDFError(str(error)) from None
        found = next((item.data for item in records if item.rec == record + 1), None)
        if found is None:
            raise EDFError(f"block {number} is not formatted")
        return found

    return EDFDisk(label, read)


def of_blocks(block: Callable[[int], bytes], label: bytes) -> EDFDisk:
    """The disk on 512-byte blocks, counted from 0. Raises EDFError, and what BLOCK raises."""
    size = _LABEL.unpack_from(label)[3]
    if size not in SIZES:
        raise EDFError(f"the label says blocks of {size} bytes")
    each = size // SIZES[0]

    def read(number: int) -> bytes:
        return b"".join(block((number - 1) * each + at) for at in range(each))

    return EDFDisk(label, read)
