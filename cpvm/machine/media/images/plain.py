"""Uncompressed Hercules images: count-key-data disks in one file or several, fixed-block disks without any header."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Final

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.header import HEADER, DeviceHeader, geometry_of
from cpvm.machine.media.images.image import BLOCK, HostFile, ReadOnlyBlocks, ReadOnlyTracks, trimmed

MAX_FILES: Final = 27
"""Files of a volume: suffixes 1 to 9, then A to R."""
_NO_SEQUENCE: Final = 0xFF
GROUP: Final = 32
"""Blocks of a fixed-block image that are read together."""


def member(path: Path, sequence: int) -> Path:
    """The file of a volume with this number, 1 to 27, from the path of the first: `disk_2.ckd` from `disk_1.ckd`.

    The number is the last character before the first dot of the name.
    """
    stem, dot, rest = path.name.partition(".")
    digit = str(sequence) if sequence <= 9 else chr(ord("A") + sequence - 10)
    return path.with_name(f"{stem[:-1]}{digit}{dot}{rest}")


def first_of_several(path: Path) -> Path:
    """The name of the first file of several: `disk_1.ckd` for `disk.ckd`, or the name itself if it is such a name."""
    stem, dot, rest = path.name.partition(".")
    return path if stem[-2:-1] == "_" else path.with_name(f"{stem}_1{dot}{rest}")


class CKDImage(ReadOnlyTracks):
    """An uncompressed count-key-data disk (identifier CKD_P370 or CKD_P064): every track takes the same room."""

    format = "CKD"

    def __init__(self, path: Path) -> None:
        """Open all files of the volume, of which `path` is the first or only one.

        Raises:
            MediaError: a file is missing, is cut off or does not belong to the volume.
        """
        self._files: list[HostFile] = []
        self._starts: list[int] = []
        try:
            cylinders = self._open(path)
            super().__init__(path, geometry_of(path, self.header, cylinders), cylinders)
        except MediaError:
            self.close()
            raise

    def _open(self, path: Path) -> int:
        """Open the files; the number of cylinders in all."""
        cylinders, sequence = 0, 1
        while True:
            name = path if sequence == 1 else member(path, sequence)
            file = HostFile(name)
            self._files.append(file)
            self._starts.append(cylinders)
            header = DeviceHeader.from_bytes(file.read(0, HEADER))
            if sequence == 1:
                self.header = header
            here, last = self._count(file, header, sequence)
            cylinders += here
            if last and last != cylinders - 1:
                raise MediaError(f"{name} ends with cylinder {cylinders - 1}, its header says {last}")
            if not last:
                return cylinders
            sequence += 1
            if sequence > MAX_FILES:
                raise MediaError(f"{path}: a volume has at most {MAX_FILES} files")

    def _count(self, file: HostFile, header: DeviceHeader, sequence: int) -> tuple[int, int]:
        """Cylinders in a file, and the number of the last one (0 if no file follows); its header is checked."""
        size = header.heads * header.track_size
        if not (0 < header.heads < 1 << 16 and 0 < header.track_size <= 1 << 17):
            raise MediaError(f"{file.path}: {header.heads} heads with tracks of {header.track_size} bytes cannot be")
        here, rest = divmod(file.size - HEADER, size)
        if rest:
            raise MediaError(f"{file.path} is cut off: it does not end with the end of a cylinder")
        if not here:
            raise MediaError(f"{file.path} holds no cylinder")
        first = self.header
        if (header.heads, header.track_size, header.type_byte) != (first.heads, first.track_size, first.type_byte):
            raise MediaError(f"{file.path} is of another device type than the first file of the volume")
        number, last = header.sequence, header.last
        if number == _NO_SEQUENCE:  # what dasdcopy gives to the last file
            number, last = (0 if sequence == 1 else sequence), 0
        if number == 0 and last == here - 1:
            last = 0
        if number != sequence and not (number == 0 and sequence == 1):
            raise MediaError(f"{file.path} is file {number} of a volume, not file {sequence}")
        return here, last

    def _load(self, number: int) -> bytes:
        cyl, head = divmod(number, self.heads)
        which = bisect_right(self._starts, cyl) - 1
        track = (cyl - self._starts[which]) * self.heads + head
        size = self.header.track_size
        return trimmed(self._files[which].read(HEADER + track * size, size))

    @property
    def files(self) -> list[Path]:
        """The files of the volume, in order."""
        return [file.path for file in self._files]

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


class FBAImage(ReadOnlyBlocks):
    """A fixed-block disk: its 512-byte blocks, one behind the other, and nothing else."""

    format = "FBA"

    def __init__(self, path: Path, device_type: str) -> None:
        """Open it as a disk of this type. Raises MediaError."""
        self._file = HostFile(path)
        super().__init__(path, device_type, self._file.size // BLOCK, GROUP)
        if self._file.size % BLOCK or not self.blocks:
            self._file.close()
            raise MediaError(f"{path} is cut off: {self._file.size} bytes are not a number of 512-byte blocks")

    def _load(self, number: int) -> bytes:
        at = number * GROUP * BLOCK
        return self._file.read(at, min(GROUP * BLOCK, self._file.size - at))

    @property
    def files(self) -> list[Path]:
        """The one file."""
        return [self.path]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
