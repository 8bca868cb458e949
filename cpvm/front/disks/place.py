"""What the words of a command mean: a disk, some of its cylinders, a file on it; formats of new disks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.front.folders.opening import folders_are_disks
from cpvm.machine.media.images import BlockImage, TrackImage, open_image
from cpvm.machine.media.minidisk import Minidisk
from cpvm.s370.ckd import Geometry

folders_are_disks()

FORMATS: Final = ("volume", "ckd", "cckd", "cckd64", "fba", "cfba", "cfba64")
_SUFFIXES: Final = {".img": "fba"}


class DiskError(Exception):
    """A command about a disk cannot be carried out; one line for the user."""


@dataclass(frozen=True)
class Options:
    """How disks are opened: the type that a fixed-block image has, shadow files, another overlay than the usual one,
    and the cylinders that make up a minidisk."""

    device: str | None = None
    shadows: tuple[Path, ...] = ()
    overlay: Path | None = None
    cylinders: tuple[int, int] | None = None
    system: Path | None = None
    """The system directory, if disks are minidisks of it: `CMSUSER 191`."""


def split(word: str) -> tuple[Path, str | None]:
    """DISK or DISK:FILE as path and file name, which is None if there is no colon.

    A colon that belongs to the name of an existing file does not count.
    """
    drive = word[:2] if re.match(r"[A-Za-z]:[\\/]", word) else ""  # C:\disk.ckd
    if ":" not in word.removeprefix(drive) or Path(word).exists():
        return Path(word), None
    path, _, name = word.rpartition(":")
    return Path(path), name.strip()


def format_of(path: Path, told: str | None) -> str:
    """The format of a new disk, told or from the end of its name. Raises DiskError."""
    suffix = path.suffix.lower()
    name = told or _SUFFIXES.get(suffix, suffix[1:])
    if name not in FORMATS:
        raise DiskError(f"{path}: its name does not say which format: --format {'|'.join(FORMATS)}")
    return name


def cylinder_range(text: str) -> tuple[int, int]:
    """FIRST-LAST, decimal, as first cylinder and number of cylinders. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text)
    if not match or int(match[1]) > int(match[2]):
        raise ValueError(f"{text} is not a range of cylinders, such as 10-29")
    return int(match[1]), int(match[2]) - int(match[1]) + 1


@contextmanager
def opened(path: Path, options: Options, *, write: bool = False) -> Iterator[TrackImage | BlockImage]:
    """A disk, closed at the end. Raises MediaError; DiskError: there is no such minidisk."""
    disk: TrackImage | BlockImage
    if options.system is not None and not path.exists():
        from cpvm.front.disks.ofsystem import minidisk  # brings CP's directory

        disk = minidisk(options.system, str(path), write)
    else:
        disk = open_image(path, not write, device=options.device, shadows=options.shadows, overlay=options.overlay)
    try:
        yield disk
    finally:
        disk.close()


@dataclass(frozen=True)
class Part:
    """The tracks that a command is about: a whole disk or a minidisk on it."""

    tracks: TrackImage | Minidisk
    geometry: Geometry
    cylinders: int
    path: Path


def part_of(disk: TrackImage | BlockImage, options: Options, *, write: bool = False) -> Part:
    """The tracks of a count-key-data disk that the options say. Raises DiskError."""
    if not isinstance(disk, TrackImage):
        raise DiskError(f"{disk.path} is a fixed-block disk, which has no tracks")
    if options.cylinders is None:
        return Part(disk, disk.geometry, disk.cylinders, disk.path)
    start, count = options.cylinders
    if start + count > disk.cylinders:
        raise DiskError(f"{disk.path} has cylinders 0-{disk.cylinders - 1}, not {start}-{start + count - 1}")
    return Part(Minidisk(disk, start, count, not write), disk.geometry, count, disk.path)
