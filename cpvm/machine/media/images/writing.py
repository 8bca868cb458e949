"""Writing whole disks in Hercules' formats.

A file gets its name when all of it is written, so that a killed process leaves nothing that looks like a disk.
"""

from __future__ import annotations

import bz2
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.compressed import (
    BZIP2,
    EMPTY_TRACK,
    EOF_TRACK,
    GROUP,
    NONE,
    PREFIX,
    TABLE,
    ZLIB,
    null_track,
)
from cpvm.machine.media.images.header import HEADER, NO_EMBEDDED, CompressedHeader, DeviceHeader
from cpvm.machine.media.images.image import BLOCK, BlockImage, TrackImage, trimmed
from cpvm.machine.media.images.plain import MAX_FILES, first_of_several, member
from cpvm.machine.media.newfile import temporary_for

Progress = Callable[[int, int], None]
"""Called with the number of pieces done and the number of all."""

CODECS: Final = {"none": NONE, "zlib": ZLIB, "bzip2": BZIP2}
LARGEST_PLAIN: Final = (1 << 31) - 1
"""Bytes of one file of an uncompressed image; a larger disk takes several."""
LARGEST_NARROW: Final = (1 << 32) - 1
"""Bytes of a .cckd file, of which offsets have four bytes."""

_BZIP2_LEVEL = 5
_CHUNK = 64


def nothing(done: int, total: int) -> None:
    """Progress that nobody wants to see."""


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file that appears under its name when the block ends without an exception.

    Raises:
        MediaError: it cannot be written, or exists already and `force` is not given.
    """
    if path.exists() and not force:
        raise MediaError(f"{path} exists already")
    new = temporary_for(path)
    try:
        with new.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not force:
            raise MediaError(f"{path} exists already")
        new.replace(path)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def write_ckd(
    path: Path, disk: TrackImage, *, force: bool = False, progress: Progress = nothing, largest: int = LARGEST_PLAIN
) -> list[Path]:
    """Write an uncompressed image: one file, or several if it would have more than `largest` bytes.

    Returns:
        The files written.

    Raises:
        MediaError: the disk cannot be read or the file not written, or a track does not fit.
    """
    geometry = disk.geometry
    size, heads = geometry.image_size, geometry.heads
    most = max(1, (largest - HEADER + 1) // (size * heads))
    parts = -(-disk.cylinders // most)
    if parts > MAX_FILES:
        raise MediaError(f"{path}: a disk of {disk.cylinders} cylinders would take more than {MAX_FILES} files")
    first = path if parts == 1 else first_of_several(path)
    paths = []
    for part in range(parts):
        end = min((part + 1) * most, disk.cylinders)
        last = part == parts - 1
        header = DeviceHeader(
            b"CKD_P370", heads, size, geometry.type & 0xFF, 0 if parts == 1 else part + 1, 0 if last else end - 1
        )
        name = first if part == 0 else member(first, part + 1)
        with new_file(name, force) as file:
            file.write(header.to_bytes())
            for cyl in range(part * most, end):
                for head in range(heads):
                    image = trimmed(disk.read(cyl, head))
                    if len(image) > size:
                        raise MediaError(f"{disk.path}, track {cyl}/{head}: {len(image)} bytes do not fit {name}")
                    file.write(image.ljust(size, b"\0"))
                progress(cyl + 1, disk.cylinders)
        paths.append(name)
    return paths


def write_fba(path: Path, disk: BlockImage, *, force: bool = False, progress: Progress = nothing) -> list[Path]:
    """Write the blocks of a fixed-block disk one behind the other. Raises MediaError. Returns the file written."""
    with new_file(path, force) as file:
        for start in range(0, disk.blocks, _CHUNK):
            end = min(start + _CHUNK, disk.blocks)
            file.write(b"".join(disk.read(block) for block in range(start, end)))
            progress(end, disk.blocks)
    return [path]


def write_compressed(
    path: Path,
    disk: TrackImage | BlockImage,
    codec: int = ZLIB,
    wide: bool = False,
    *,
    force: bool = False,
    progress: Progress = nothing,
) -> list[Path]:
    """Write a compressed image; with `wide` in the 64-bit format of SDL Hyperion. Returns the file written.

    Raises:
        MediaError: the disk cannot be read or the file not written, or it is too large for the 32-bit format.
    """
    kind = b"CKD" if isinstance(disk, TrackImage) else b"FBA"
    identifier = kind + (b"_C064" if wide else b"_C370")
    if isinstance(disk, TrackImage):
        geometry = disk.geometry
        device = DeviceHeader(identifier, geometry.heads, geometry.image_size, geometry.type & 0xFF)
        count, size, null_format = disk.cylinders * geometry.heads, disk.cylinders, EMPTY_TRACK
    else:
        device = DeviceHeader(identifier, 0, 0, 0)
        count, size, null_format = -(-disk.blocks // GROUP), disk.blocks, EOF_TRACK
    tables = -(-count // TABLE)
    header = CompressedHeader(wide, tables, size, null_format, codec, options=NO_EMBEDDED)
    offsets = struct.Struct(f"<{tables}{'Q' if wide else 'I'}")
    entry = struct.Struct("<QHHI" if wide else "<IHH")
    nothing_there = (0, null_format, null_format)
    with new_file(path, force) as file:
        at = 2 * HEADER + offsets.size
        file.seek(at)
        first = []
        for start in range(0, count, TABLE):
            entries, images = [], []
            where = at + TABLE * entry.size
            for number in range(start, min(start + TABLE, count)):
                form, image = _packed(disk, number, codec)
                if form is None:
                    entries.append((where, len(image), len(image)))
                    images.append(image)
                    where += len(image)
                else:
                    entries.append((0, form, form))
            if all(item == nothing_there for item in entries):
                first.append(0)
            else:
                first.append(at)
                entries += [nothing_there] * (TABLE - len(entries))
                file.write(b"".join(entry.pack(*item, 0) if wide else entry.pack(*item) for item in entries))
                file.write(b"".join(images))
                at = where
            progress(min(start + TABLE, count), count)
            if not wide and at > LARGEST_NARROW:
                raise MediaError(f"{path} would be larger than 4 GiB: only the 64-bit format (cckd64) can be so large")
        header.file_size = header.used = at
        file.truncate(at)
        file.seek(0)
        file.write(device.to_bytes() + header.to_bytes() + offsets.pack(*first))
    return [path]


def _packed(disk: TrackImage | BlockImage, number: int, codec: int) -> tuple[int | None, bytes]:
    """Of a track or group, the form of null track that it is, or None and its image as it is stored."""
    if isinstance(disk, TrackImage):
        cyl, head = divmod(number, disk.heads)
        image = trimmed(disk.read(cyl, head))
        for form in (EMPTY_TRACK, EOF_TRACK):
            if image == null_track(cyl, head, form):
                return form, b""
        name, data = (cyl << 16 | head).to_bytes(4, "big"), image[PREFIX:]
        if len(image) > disk.geometry.image_size:
            raise MediaError(f"{disk.path}, track {cyl}/{head}: {len(image)} bytes are more than a track can have")
    else:
        start = number * GROUP
        blocks = [disk.read(block) for block in range(start, min(start + GROUP, disk.blocks))]
        data = b"".join(blocks).ljust(GROUP * BLOCK, b"\0")
        if not any(data):
            return EOF_TRACK, b""
        name = number.to_bytes(4, "big")
    packed = data
    if codec == ZLIB:
        packed = zlib.compress(data)
    elif codec == BZIP2:
        packed = bz2.compress(data, _BZIP2_LEVEL)
    if len(packed) < len(data):
        return None, bytes((codec,)) + name + packed
    return None, bytes((NONE,)) + name + data
