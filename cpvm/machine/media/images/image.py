"""What disk images have in common: tracks or blocks that can be read, and are never written in place."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from pathlib import Path
from typing import Final, Protocol, Self

from cpvm.machine.device import MediaError
from cpvm.machine.media.hostfile import ordinary
from cpvm.s370.ckd import COUNT_LENGTH, END_OF_TRACK, HOME_ADDRESS_LENGTH, Geometry

CACHE: Final = 64
"""Images of tracks, or groups of blocks, that are kept."""
BLOCK: Final = 512
"""Bytes of a block of fixed-block disks."""


class BlockStore(Protocol):
    """The 512-byte blocks of a fixed-block disk, counted from 0. Methods raise MediaError if the host fails them."""

    blocks: int

    def read(self, block: int) -> bytes:
        """The 512 bytes of a block."""

    def write(self, block: int, data: bytes) -> None:
        """Replace a block: 512 bytes; lasting after the next `commit`."""

    def commit(self) -> None:
        """Make what was written lasting."""


class Image(ABC):
    """What is common to all disks in files. Methods raise MediaError."""

    path: Path
    format: str
    """CKD, CCKD, CCKD64, FBA, CFBA, CFBA64 or volume."""
    device_type: str
    """As in `GEOMETRY` (3350, 3330-11) or the name of a fixed-block type (3370)."""
    read_only: bool

    @property
    @abstractmethod
    def files(self) -> list[Path]:
        """The files that hold the disk: parts of a volume in order, or an image and its shadow files."""

    @abstractmethod
    def commit(self) -> None:
        """Make what was written lasting."""

    @abstractmethod
    def close(self) -> None:
        """Commit, and close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class TrackImage(Image):
    """A count-key-data disk in a file: a `TrackStore` with its geometry, and its size in cylinders."""

    geometry: Geometry
    cylinders: int

    @property
    def heads(self) -> int:
        """Tracks of a cylinder."""
        return self.geometry.heads

    @abstractmethod
    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track; the same object as before if the track has not changed since."""

    @abstractmethod
    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image; lasting after the next `commit`."""


class BlockImage(Image):
    """A fixed-block disk in a file: a `BlockStore`."""

    blocks: int

    @abstractmethod
    def read(self, block: int) -> bytes:
        """The 512 bytes of a block."""

    @abstractmethod
    def write(self, block: int, data: bytes) -> None:
        """Replace a block: 512 bytes; lasting after the next `commit`."""


class HostFile:
    """A host file that is read at given places, from any thread. Raises MediaError if that cannot be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._file = open(path, "rb", buffering=0, opener=ordinary)  # noqa: SIM115 - as long as this lives
            self.size = self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise MediaError(f"{path}: {error.strerror}") from error

    def read(self, at: int, length: int) -> bytes:
        """Exactly `length` bytes from offset `at`. Raises MediaError if the file has them not."""
        if at < 0 or length < 0 or at + length > self.size:
            raise MediaError(f"{self.path} is cut off at byte {self.size}, byte {at + length} is wanted")
        parts = []
        try:
            with self._lock:
                self._file.seek(at)
                while length and (part := self._file.read(length)):
                    parts.append(part)
                    length -= len(part)
        except (OSError, ValueError) as error:
            raise MediaError(f"{self.path}: {error}") from error
        if length:
            raise MediaError(f"{self.path} is cut off at byte {self.size}")
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Cached(Image):
    """Reads pieces by number, and keeps the last ones."""

    read_only = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, bytes] = OrderedDict()

    @abstractmethod
    def _load(self, number: int) -> bytes:
        """A piece from the file."""

    def _piece(self, number: int) -> bytes:
        with self._lock:
            piece = self._cache.get(number)
            if piece is None:
                piece = self._cache[number] = self._load(number)
                if len(self._cache) > CACHE:
                    self._cache.popitem(last=False)
            else:
                self._cache.move_to_end(number)
            return piece

    def commit(self) -> None:
        """Nothing was written, nothing needs to last."""
        return

    def _refuse(self) -> MediaError:
        return MediaError(f"{self.path} is read-only")


class ReadOnlyTracks(_Cached, TrackImage):
    """Base of count-key-data images: a piece is a track, counted from 0."""

    def __init__(self, path: Path, geometry: Geometry, cylinders: int) -> None:
        super().__init__(path)
        self.geometry = geometry
        self.device_type = geometry.name
        self.cylinders = cylinders

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track. Raises MediaError."""
        if not (0 <= cyl < self.cylinders and 0 <= head < self.heads):
            raise MediaError(f"{self.path} has no track {cyl}/{head}")
        return self._piece(cyl * self.heads + head)

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Always refused: an image is changed by an overlay. Raises MediaError."""
        raise self._refuse()


class ReadOnlyBlocks(_Cached, BlockImage):
    """Base of fixed-block images: a piece is a group of `group` blocks, the last one perhaps longer than the disk."""

    def __init__(self, path: Path, device_type: str, blocks: int, group: int) -> None:
        super().__init__(path)
        self.device_type = device_type
        self.blocks = blocks
        self.group = group

    def read(self, block: int) -> bytes:
        """The 512 bytes of a block. Raises MediaError."""
        if not 0 <= block < self.blocks:
            raise MediaError(f"{self.path} has no block {block}")
        number, at = divmod(block, self.group)
        return self._piece(number)[at * BLOCK : (at + 1) * BLOCK]

    def write(self, block: int, data: bytes) -> None:
        """Always refused: an image is changed by an overlay. Raises MediaError."""
        raise self._refuse()


def trimmed(image: bytes) -> bytes:
    """A track image without what follows its end mark; as it is if no end mark is found."""
    at, size = HOME_ADDRESS_LENGTH, len(image)
    while at + COUNT_LENGTH <= size:
        if image[at : at + COUNT_LENGTH] == END_OF_TRACK:
            return image[: at + COUNT_LENGTH]
        at += COUNT_LENGTH + image[at + 5] + (image[at + 6] << 8 | image[at + 7])
    return image
