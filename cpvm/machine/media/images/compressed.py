"""Compressed Hercules images: .cckd, .cckd64 and their fixed-block kin, with shadow files.

A track, or a group of 120 blocks, is found through two tables: the first holds the offsets of second tables, each of
which holds offset, length and room of 256 tracks. An image begins with five bytes: what it is compressed with, then
cylinder and head, or the number of the group. A track without an image (offset 0) has one of three forms, of which the
length field gives the number. In a shadow file an offset of all ones sends on to the file below.
Source: "Compressed Dasd Emulation" in the documentation of Hercules 3.13; cckd.h and cckd64.h of SDL Hyperion.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.header import (
    HEADER,
    SHADOW,
    CompressedHeader,
    DeviceHeader,
    geometry_of,
)
from cpvm.machine.media.images.image import BLOCK, HostFile, ReadOnlyBlocks, ReadOnlyTracks
from cpvm.s370.ckd import HOME_ADDRESS_LENGTH, Record, encode_track

NONE, ZLIB, BZIP2 = 0, 1, 2
"""What an image is compressed with: its first byte."""
GROUP: Final = 120
"""Blocks of a group."""
TABLE: Final = 256
"""Entries of a second table."""
PREFIX: Final = HOME_ADDRESS_LENGTH
"""Bytes in front of the compressed data."""
EOF_TRACK, EMPTY_TRACK, LINUX_TRACK = 0, 1, 2
"""Forms of a track without an image: an end-of-file record 1, nothing, 12 records of 4096 zeros."""
MAX_SHADOWS: Final = 8
LARGEST_GROUP: Final = GROUP * BLOCK

_TABLES_KEPT = 32


def null_track(cyl: int, head: int, form: int) -> bytes:
    """The image of a track that has none in the file."""
    records: list[Record] = []
    if form == EOF_TRACK:
        records = [Record(cyl, head, 1, b"", b"")]
    elif form == LINUX_TRACK:
        records = [Record(cyl, head, number, b"", bytes(4096)) for number in range(1, 13)]
    return encode_track(cyl, head, records)


def decompress(codec: int, data: bytes, limit: int) -> bytes:
    """What was compressed. Raises ValueError: it is damaged, or longer than `limit` bytes."""
    if codec == NONE:
        out = data
    elif codec == ZLIB:
        stream = zlib.decompressobj()
        try:
            out = stream.decompress(data, limit + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if len(out) <= limit and not stream.eof:
            raise ValueError("zlib data is cut off")
    elif codec == BZIP2:
        machine = bz2.BZ2Decompressor()
        try:
            out = machine.decompress(data, limit + 1)
        except (OSError, ValueError, EOFError) as error:
            raise ValueError(str(error)) from None
        if len(out) <= limit and not machine.eof:
            raise ValueError("bzip2 data is cut off")
    else:
        raise ValueError(f"compression {codec} is unknown")
    if len(out) > limit:
        raise ValueError(f"it is longer than {limit} bytes")
    return out


class Entry(NamedTuple):
    """Of a second table: where an image is, the bytes it has, the bytes of room it takes."""

    offset: int
    length: int
    room: int


class CompressedFile:
    """One file, base or shadow, of either kind of disk: its headers, its tables and the bytes of its images."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises MediaError: it cannot be read, or a header cannot be right."""
        self.file = HostFile(path)
        self.path = path
        try:
            self._open()
        except MediaError:
            self.file.close()
            raise

    def _open(self) -> None:
        self.device = DeviceHeader.from_bytes(self.file.read(0, HEADER))
        self.tracks_are_ckd = self.device.identifier.startswith(b"CKD")
        self.is_shadow = self.device.identifier in SHADOW
        wide = self.device.identifier.endswith(b"064")
        self.header = header = CompressedHeader.from_bytes(self.file.read(HEADER, HEADER), wide)
        self._level1 = struct.Struct(f"{header.order}{'Q' if wide else 'I'}")
        self._entry = struct.Struct(f"{header.order}{'QHHI' if wide else 'IHH'}")
        self._absent = {(1 << 64) - 1, (1 << 63) - 1} if wide else {(1 << 32) - 1}
        self._tables: OrderedDict[int, tuple[Entry, ...] | None] = OrderedDict()
        if header.level2 != TABLE or header.level1 < 1 or header.size < 1:
            raise MediaError(f"{self.path} has a damaged header: its tables cannot be of that size")
        images = self.number_of_images
        if header.level1 * TABLE < images:
            raise MediaError(f"{self.path} has a damaged header: {header.level1} tables are too few for its size")
        self.limit = self._limit()
        used = -(-images // TABLE)
        size = self._level1.size
        data = self.file.read(2 * HEADER, used * size)
        self.offsets = [offset for (offset,) in self._level1.iter_unpack(data)]

    def _limit(self) -> int:
        if not self.tracks_are_ckd:
            return LARGEST_GROUP
        size = self.device.track_size
        if not (0 < self.device.heads < 1 << 16 and PREFIX < size <= 1 << 17):
            raise MediaError(f"{self.path}: {self.device.heads} heads with tracks of {size} bytes cannot be")
        return size

    @property
    def number_of_images(self) -> int:
        """Tracks, or groups, of the disk."""
        if self.tracks_are_ckd:
            return self.header.size * self.device.heads
        return -(-self.header.size // GROUP)

    def table(self, number: int) -> tuple[Entry, ...] | None:
        """A second table; None if the file below has it. Raises MediaError."""
        if number in self._tables:
            self._tables.move_to_end(number)
            return self._tables[number]
        offset = self.offsets[number]
        table: tuple[Entry, ...] | None
        if offset in self._absent:
            table = None
        elif not offset:
            form = self.header.null_format
            table = (Entry(0, form, form),) * TABLE
        else:
            data = self.file.read(offset, TABLE * self._entry.size)
            table = tuple(Entry(*fields[:3]) for fields in self._entry.iter_unpack(data))
        self._tables[number] = table
        if len(self._tables) > _TABLES_KEPT:
            self._tables.popitem(last=False)
        return table

    def entry(self, number: int) -> Entry | None:
        """Where the image of a track or group is; None if the file below has it. Raises MediaError."""
        table = self.table(number // TABLE)
        entry = table[number % TABLE] if table else None
        return None if entry is None or entry.offset in self._absent else entry

    def image(self, number: int, entry: Entry) -> tuple[int, bytes]:
        """Codec and decompressed data, without their first five bytes, of an image. Raises MediaError if damaged."""
        raw = self.file.read(entry.offset, entry.length)
        if raw[1:PREFIX] != self.name_of(number):
            raise MediaError(f"{self.path}: what is stored for {self.describe(number)} belongs elsewhere")
        try:
            return raw[0], decompress(raw[0], raw[PREFIX:], self.limit)
        except ValueError as error:
            raise MediaError(f"{self.path}: {self.describe(number)}: {error}") from None

    def name_of(self, number: int) -> bytes:
        """The four bytes in front of an image's data: cylinder and head, or the number of the group."""
        if not self.tracks_are_ckd:
            return number.to_bytes(4, "big")
        cyl, head = divmod(number, self.device.heads)
        return (cyl << 16 | head).to_bytes(4, "big")

    def describe(self, number: int) -> str:
        """For messages: track 3/14, group 7."""
        if not self.tracks_are_ckd:
            return f"group {number}"
        return "track {}/{}".format(*divmod(number, self.device.heads))


class _Chain:
    """A base file and its shadow files, the newest last."""

    def __init__(self, base: CompressedFile, shadows: Sequence[Path]) -> None:
        self.files = [base]
        try:
            if base.is_shadow:
                raise MediaError(f"{base.path} is a shadow file: name its base, and give this file as a shadow")
            if len(shadows) > MAX_SHADOWS:
                raise MediaError(f"{base.path}: {len(shadows)} shadow files are more than {MAX_SHADOWS}")
            for path in shadows:
                self.files.append(file := CompressedFile(path))
                if not file.is_shadow or not self._alike(base, file):
                    raise MediaError(f"{path} is not a shadow file of {base.path}")
        except MediaError:
            self.close()
            raise

    @staticmethod
    def _alike(base: CompressedFile, shadow: CompressedFile) -> bool:
        def shape(file: CompressedFile) -> tuple[object, ...]:
            facts = (file.tracks_are_ckd, file.header.size, file.number_of_images)
            return (*facts, file.device.track_size, file.device.type_byte) if file.tracks_are_ckd else facts

        return shape(base) == shape(shadow)

    def find(self, number: int) -> tuple[CompressedFile, Entry]:
        """The newest file that has a track or group, and where. Raises MediaError."""
        for file in reversed(self.files):
            entry = file.entry(number)
            if entry is not None:
                return file, entry
        raise MediaError(f"{self.files[0].path} has lost {self.files[0].describe(number)}")

    def close(self) -> None:
        for file in self.files:
            file.file.close()


class CompressedTracks(ReadOnlyTracks):
    """A compressed count-key-data disk."""

    def __init__(self, file: CompressedFile, shadows: Sequence[Path] = ()) -> None:
        """From its base file. Raises MediaError: a file is damaged or does not belong to the others."""
        self.chain = _Chain(file, shadows)
        self.format = "CCKD64" if file.header.wide else "CCKD"
        try:
            super().__init__(file.path, geometry_of(file.path, file.device, file.header.size), file.header.size)
        except MediaError:
            self.close()
            raise

    def _load(self, number: int) -> bytes:
        file, entry = self.chain.find(number)
        cyl, head = divmod(number, self.heads)
        if not entry.offset:
            form = entry.length if entry.length <= LINUX_TRACK else file.header.null_format
            return null_track(cyl, head, form)
        return b"\0" + file.name_of(number) + file.image(number, entry)[1]

    @property
    def files(self) -> list[Path]:
        """Base and shadow files, in order."""
        return [file.path for file in self.chain.files]

    def close(self) -> None:
        """Close the files."""
        self.chain.close()


class CompressedBlocks(ReadOnlyBlocks):
    """A compressed fixed-block disk."""

    def __init__(self, file: CompressedFile, device_type: str, shadows: Sequence[Path] = ()) -> None:
        """From its base file. Raises MediaError: a file is damaged or does not belong to the others."""
        self.chain = _Chain(file, shadows)
        self.format = "CFBA64" if file.header.wide else "CFBA"
        super().__init__(file.path, device_type, file.header.size, GROUP)

    def _load(self, number: int) -> bytes:
        file, entry = self.chain.find(number)
        data = file.image(number, entry)[1] if entry.offset else b""
        return data.ljust(LARGEST_GROUP, b"\0")

    @property
    def files(self) -> list[Path]:
        """Base and shadow files, in order."""
        return [file.path for file in self.chain.files]

    def close(self) -> None:
        """Close the files."""
        self.chain.close()
