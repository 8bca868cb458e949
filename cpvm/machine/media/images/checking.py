"""Looking for damage: in the structure of a compressed file, and in every track or group of any disk."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.compressed import (
    LINUX_TRACK,
    TABLE,
    CompressedBlocks,
    CompressedFile,
    CompressedTracks,
    Entry,
)
from cpvm.machine.media.images.header import HEADER, OPENED
from cpvm.machine.media.images.image import BlockImage, TrackImage
from cpvm.s370.ckd import CKDError, Track

_LISTED: Final = b"FREE_BLK"
"""Begins a table of all free spaces, which a closed file can have instead of a chain: in one of them or at its end."""


class _Space(NamedTuple):
    """Bytes of a file that something takes."""

    offset: int
    length: int
    what: str


class Usage(NamedTuple):
    """What a compressed file holds: images of tracks or groups, second tables, free spaces; numbers and bytes."""

    images: int
    image_bytes: int
    tables: int
    free: int
    free_bytes: int


def check_file(file: CompressedFile) -> Iterator[str]:
    """Damage in the structure of a compressed file, a line for each; nothing is decompressed."""
    header = file.header
    if header.options & OPENED:
        yield "the file was not closed: Hercules may still be using it, or was killed"
    if header.null_format > LINUX_TRACK:
        yield f"the header names a form of empty tracks, {header.null_format}, that is unknown"
    if header.file_size > file.file.size:
        yield f"the header says {header.file_size} bytes, the file has only {file.file.size}"
    spaces = [_Space(0, 2 * HEADER + header.level1 * (8 if header.wide else 4), "headers and first table")]
    try:
        for space in (*_table_spaces(file), *_free_spaces(file)):
            spaces.append(space)
    except MediaError as error:
        yield str(error)
        return
    yield from _overlaps(spaces, file.file.size)
    yield from _sums(file, spaces)


def _table_spaces(file: CompressedFile) -> Iterator[_Space]:
    """The second tables and the images."""
    size = 16 if file.header.wide else 8
    for number in range(len(file.offsets)):
        table = file.table(number)
        if table is None or not file.offsets[number]:
            continue
        yield _Space(file.offsets[number], TABLE * size, f"table {number}")
        first = number * TABLE
        for index in range(min(TABLE, file.number_of_images - first)):
            entry = file.entry(first + index)
            if entry is not None and entry.offset:
                yield _Space(entry.offset, max(entry.room, entry.length), file.describe(first + index))


def _free_spaces(file: CompressedFile) -> Iterator[_Space]:
    """The free spaces. Raises MediaError if their list is damaged."""
    header = file.header
    pair = struct.Struct(f"{header.order}{'QQ' if header.wide else 'II'}")
    at, count = header.free, header.free_number
    if not count and not at:
        return
    if not 0 <= count <= file.file.size // pair.size:
        raise MediaError(f"there cannot be {count} free spaces")
    if count and file.file.read(at, len(_LISTED)) == _LISTED:
        data = file.file.read(at + pair.size, count * pair.size)
        yield from (_Space(offset, length, "free space") for offset, length in pair.iter_unpack(data))
        return
    for _ in range(count):
        following, length = pair.unpack(file.file.read(at, pair.size))
        yield _Space(at, length, "free space")
        at = following
    if at:
        raise MediaError("the chain of free spaces is longer than their number")


def _overlaps(spaces: list[_Space], size: int) -> Iterator[str]:
    spaces.sort()
    for before, after in pairwise(spaces):
        if before.offset + before.length > after.offset:
            yield f"{before.what} and {after.what} overlap at byte {after.offset}"
    for space in spaces:
        # The list of free spaces may lie behind the end, and the last free space may be a hole there.
        if space.offset + space.length > size and space.what != "free space":
            yield f"{space.what} goes beyond the end of the file, byte {size}"


def _sums(file: CompressedFile, spaces: list[_Space]) -> Iterator[str]:
    header = file.header
    free = sum(space.length for space in spaces if space.what == "free space")
    if free != header.free_total:
        yield f"the header says {header.free_total} bytes of free space, there are {free}"
    taken = sum(space.length for space in spaces)
    lost = header.file_size - taken
    if lost > 0:
        yield f"{lost} bytes belong to nothing"


def usage(file: CompressedFile) -> Usage:
    """How the bytes of a file are used. Raises MediaError if a table is damaged."""
    images: list[Entry] = []
    for number in range(file.number_of_images):
        entry = file.entry(number)
        if entry is not None and entry.offset:
            images.append(entry)
    tables = sum(1 for number, at in enumerate(file.offsets) if at and file.table(number) is not None)
    header = file.header
    return Usage(len(images), sum(entry.length for entry in images), tables, header.free_number, header.free_total)


def check_image(disk: TrackImage | BlockImage) -> Iterator[str | None]:
    """Damage of a disk, a line for each; None behind every cylinder or thousand blocks, as a sign of life."""
    if isinstance(disk, CompressedTracks | CompressedBlocks):
        for file in disk.chain.files:
            for line in check_file(file):
                yield line if file is disk.chain.files[0] else f"{file.path.name}: {line}"
    if isinstance(disk, TrackImage):
        for cyl in range(disk.cylinders):
            for head in range(disk.heads):
                yield from check_track(disk, cyl, head)
            yield None
        return
    for start in range(0, disk.blocks, 1000):
        for block in range(start, min(start + 1000, disk.blocks)):
            try:
                disk.read(block)
            except MediaError as error:
                yield str(error)
        yield None


def check_track(disk: TrackImage, cyl: int, head: int) -> Iterator[str]:
    """Damage of a track, a line for each."""
    where = f"track {cyl}/{head}"
    try:
        image = disk.read(cyl, head)
        track = Track.from_bytes(image)
    except MediaError as error:
        yield str(error)
        return
    except CKDError as error:
        yield str(error) if str(error).startswith("track") else f"{where}: {error}"
        return
    if (track.cyl, track.head) != (cyl, head):
        yield f"{where}: its home address is that of track {track.cyl}/{track.head}"
    if track.r0.rec:
        yield f"{where}: record 0 is missing"
    if len(image) > disk.geometry.image_size:
        yield f"{where}: {len(image)} bytes are more than a track of a {disk.geometry.name} can have"
    elif not disk.geometry.fits(track.records):
        yield f"{where}: its records do not fit a track of a {disk.geometry.name}"
