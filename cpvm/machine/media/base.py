"""What lies under a volume: an image or another volume, which must be there unchanged as long as the volume lives."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.machine.device import MediaError

WHOLE: Final = 16 << 20
"""Files up to this many bytes in all are known by all of their contents, larger ones by pieces of it."""
_PIECE = 64 << 10


@dataclass(frozen=True)
class Base:
    """How a volume knows its base: by path and, of an image, size, time of change and contents; of a volume, by id."""

    path: str
    """Of the first file, relative to the folder of the volume over it if it lies there."""
    shadows: tuple[str, ...] = ()
    id: str = ""
    sizes: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    """Times of change, nanoseconds."""
    digest: str = ""

    @classmethod
    def of_volume(cls, path: Path, identity: str, over: Path) -> Base:
        """A volume with this identity, as base of the volume `over`."""
        return cls(_relative(path, over), id=identity)

    @classmethod
    def of_image(cls, files: Sequence[Path], over: Path, shadows: Sequence[Path] = ()) -> Base:
        """An image of these files, shadow files included, as base of the volume `over`. Raises MediaError."""
        sizes, times = _facts(files)
        names = tuple(_relative(shadow, over) for shadow in shadows)
        return cls(_relative(files[0], over), names, "", sizes, times, _digest(files, sizes))

    @classmethod
    def from_fact(cls, text: object, over: Path) -> Base:
        """From the text in a volume's file. Raises MediaError if that is damaged."""
        try:
            fields = json.loads(str(text))
            return cls(
                str(fields["path"]),
                tuple(map(str, fields["shadows"])),
                str(fields["id"]),
                tuple(map(int, fields["sizes"])),
                tuple(map(int, fields["times"])),
                str(fields["digest"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise MediaError(f"{over} does not say which base it has: {error!r}") from None

    def to_fact(self) -> str:
        """The text for a volume's file."""
        return json.dumps(self.__dict__)

    def location(self, over: Path) -> Path:
        """Where the base of the volume `over` is."""
        return over.absolute().parent / self.path

    def shadow_files(self, over: Path) -> list[Path]:
        """Where the shadow files of the base are."""
        return [over.absolute().parent / shadow for shadow in self.shadows]

    def require(self, over: Path) -> None:
        """Raise MediaError, which says what to do, if no file is where the base was."""
        for path in (self.location(over), *self.shadow_files(over)):
            if not path.is_file():
                raise MediaError(
                    f"{over}: its base {path} is not there; if it was moved: cpvm disk check {over} --base FILE"
                )

    def compare(self, files: Sequence[Path], over: Path) -> None:
        """Raise MediaError unless the files of the image are those that the volume was made over.

        A file of the same contents with another time of change is the same; of large files, of which not all the
        contents are known, the time must be the same, too.
        """
        sizes, times = _facts(files)
        changed = f"{over}: its base {files[0]} has changed since"
        if sizes != self.sizes or _digest(files, sizes) != self.digest:
            raise MediaError(f"{changed}, so that the changes in {over.name} belong to nothing")
        if times != self.times and sum(sizes) > WHOLE:
            raise MediaError(f"{changed}, at least its time has; if it is the same: cpvm disk check {over} --base FILE")


def _relative(path: Path, over: Path) -> str:
    """A path as a volume's file names it: within the same folder it moves with the volume."""
    path, folder = path.absolute(), over.absolute().parent
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _facts(files: Sequence[Path]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sizes and times of change of files. Raises MediaError."""
    try:
        stats = [path.stat() for path in files]
    except OSError as error:
        raise MediaError(f"{error.filename}: {error.strerror}") from error
    return tuple(s.st_size for s in stats), tuple(s.st_mtime_ns for s in stats)


def _digest(files: Sequence[Path], sizes: Sequence[int]) -> str:
    """SHA-256 of all the contents, or of pieces spread evenly over them. Raises MediaError."""
    digest = hashlib.sha256(repr(tuple(sizes)).encode())
    share = WHOLE // max(sum(sizes), 1)
    try:
        for path, size in zip(files, sizes, strict=True):
            with path.open("rb") as file:
                if share:
                    while part := file.read(1 << 20):
                        digest.update(part)
                    continue
                count = max(2, WHOLE // _PIECE * size // sum(sizes))
                for number in range(count):
                    file.seek((size - _PIECE) * number // (count - 1) if size > _PIECE else 0, os.SEEK_SET)
                    digest.update(file.read(_PIECE))
    except OSError as error:
        raise MediaError(f"{error.filename}: {error.strerror}") from error
    return digest.hexdigest()
