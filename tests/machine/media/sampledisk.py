"""A small disk of each kind with contents that are easy to tell: every byte follows from where it is."""

from __future__ import annotations

from pathlib import Path

from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.s370.ckd import GEOMETRY, Record, Track

CYLINDERS = 3
BLOCKS = 300


def track(cyl: int, head: int) -> bytes:
    """A track of the sample: none, end of file, one that is full, or records with and without keys."""
    made = Track.empty(cyl, head)
    kind = (cyl * 10 + head) % 5
    if kind == 1:
        made.records = [Record(cyl, head, 1, b"", b"")]
    elif kind == 2:
        made.records = [Record(cyl, head, 1, b"", bytes(n * (cyl + 3) & 0xFF for n in range(3625)))]
    elif kind > 2:
        made.r0.data = bytes(range(8))
        made.records = [
            Record(cyl, head, n, bytes((n, head)) * (n % 3), bytes((cyl, head, n)) * (40 * n)) for n in range(1, 6)
        ]
    return made.to_bytes()


class SampleDisk(TrackImage):
    """A 2311 of three cylinders."""

    format = "sample"
    read_only = True
    files: list[Path] = []
    path = Path("sample")
    geometry = GEOMETRY["2311"]
    device_type = "2311"
    cylinders = CYLINDERS

    def read(self, cyl: int, head: int) -> bytes:
        return track(cyl, head)

    def write(self, cyl: int, head: int, image: bytes) -> None:
        raise AssertionError

    def commit(self) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def block(number: int) -> bytes:
    """A block of the sample: those from 120 to 259 are zeros, which is all of a group of 120 and more."""
    return bytes(512) if 120 <= number < 260 else number.to_bytes(2, "big") * 256


class SampleBlocks(BlockImage):
    """A fixed-block disk of 300 blocks."""

    format = "sample"
    read_only = True
    files: list[Path] = []
    path = Path("sample")
    device_type = "3310"
    blocks = BLOCKS

    def read(self, block_number: int) -> bytes:
        return block(block_number)

    def write(self, block: int, data: bytes) -> None:
        raise AssertionError

    def commit(self) -> None:
        raise AssertionError

    def close(self) -> None:
        pass
