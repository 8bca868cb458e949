"""What CMS does to a disk, for tests: data to free blocks, the directory to new ones, the MFD last."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.media.images import TrackImage
from cpvm.s370.ckd import Track
from tests.cms.cdf_reader import Disk, read_disk

BLOCK = 800


def ebcdic(text: str) -> bytes:
    return text.encode("cp037")


def sound(disk: FolderDisk) -> Disk:
    """What the independent reader finds, which must be without fault."""
    found = read_disk(disk.read)
    assert found.problems == []
    return found


class Guest:
    """A CMS that has accessed a disk: it has the directory in storage."""

    def __init__(self, disk: TrackImage, letter: str = "A") -> None:
        self.disk = disk
        self.letter = letter.encode("cp037")
        self.per_track = disk.geometry.records_per_track(BLOCK)
        self.fsts: dict[bytes, bytes] = {}
        mfd = self.read(4)
        marks = list(struct.unpack(">182H", mfd[:364]))
        end = next(at for at, number in enumerate(marks) if number in {0, 0xFFFF})
        split = marks.index(0xFFFD) if 0xFFFD in marks[:end] else end
        self.total, _, _, _, self.cylinders = struct.unpack_from(">5i", mfd, 0x16C)
        self.map = bytearray(mfd[0x180 : 0x180 + 215] + b"".join(self.read(n) for n in marks[split + 1 : end]))
        self.places = marks[split + 1 : end]
        self.hyperblocks = marks[:split]
        for number in self.hyperblocks:
            data = self.read(number)
            for at in range(0, BLOCK, 40):
                if any(data[at : at + 8]):
                    self.fsts[data[at : at + 16]] = data[at : at + 24] + self.letter + data[at + 25 : at + 40]

    def _at(self, number: int) -> tuple[int, int, int]:
        track, record = divmod(number - 1, self.per_track)
        return *divmod(track, self.disk.geometry.heads), record

    def read(self, number: int) -> bytes:
        cyl, head, record = self._at(number)
        return Track.from_bytes(self.disk.read(cyl, head)).records[record].data

    def write(self, number: int, data: bytes) -> None:
        """One channel program."""
        cyl, head, record = self._at(number)
        track = Track.from_bytes(self.disk.read(cyl, head))
        track.records[record].data = data.ljust(BLOCK, b"\0")
        self.disk.write(cyl, head, track.to_bytes())
        self.disk.commit()

    def _take(self) -> int:
        for number in range(1, self.total + 1):
            at, bit = (number - 1) // 8, 0x80 >> (number - 1) % 8
            if not self.map[at] & bit:
                self.map[at] |= bit
                return number
        raise AssertionError("the disk is full")

    def _give(self, number: int) -> None:
        self.map[(number - 1) // 8] &= ~(0x80 >> (number - 1) % 8)

    def put(  # noqa: PLR0917
        self, fn: str, ft: str, recfm: str, lrecl: int, records: Sequence[bytes], mode: str = "1"
    ) -> None:
        """Write a file's data; it is on the disk when `close` has written the directory."""
        lengths = recfm == "V"
        stream = b"".join((len(r).to_bytes(2, "big") if lengths else b"") + r for r in records)
        numbers = [self._take() for _ in range(0, len(stream), BLOCK)]
        for at, number in enumerate(numbers):
            self.write(number, stream[at * BLOCK : (at + 1) * BLOCK])
        links = [self._take() for _ in range(60, len(numbers), 400)]
        for at, number in enumerate(links):
            part = numbers[60 + 400 * at : 460 + 400 * at]
            self.write(number, struct.pack(f">{len(part)}H", *part))
        first = self._take()
        head = links + [0] * (40 - len(links)) + numbers[:60]
        self.write(first, struct.pack(f">{len(head)}H", *head))
        name = (fn.ljust(8) + ft.ljust(8)).encode("cp037")
        self.fsts[name] = name + struct.pack(
            ">4sHH2sHHcBiH2s",
            bytes.fromhex("07041945"),
            *(len(records) + 1, 1, self.letter + mode.encode("cp037"), len(records), first),
            *(recfm.encode("cp037"), 0, lrecl, len(numbers), "85".encode("cp037")),
        )

    def name(self, fn: str, ft: str) -> bytes:
        return (fn.ljust(8) + ft.ljust(8)).encode("cp037")

    def erase(self, fn: str, ft: str) -> None:
        del self.fsts[self.name(fn, ft)]

    def rename(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        name = self.name(*new)
        self.fsts[name] = name + self.fsts.pop(self.name(*old))[16:]

    def close(self) -> None:
        """Write the directory, as FINIS and ERASE do at their end."""
        fsts = list(self.fsts.values())
        groups = [fsts[at : at + 20] for at in range(0, len(fsts), 20)] or [[]]
        new = [self._take() for _ in groups]
        for number, group in zip(new, groups, strict=True):
            self.write(number, b"".join(group))
        for number in self.hyperblocks:
            self._give(number)
        self.hyperblocks = new
        for at, number in enumerate(self.places):
            self.write(number, bytes(self.map[215 + at * BLOCK : 215 + (at + 1) * BLOCK]))
        marks = [*new, 0xFFFD, *self.places] if self.places else [*new, 0xFFFF]
        used = sum(byte.bit_count() for byte in self.map)
        mfd = bytearray(BLOCK)
        struct.pack_into(f">{len(marks)}H", mfd, 0, *marks)
        last = max(at for at, byte in enumerate(self.map) if byte)
        struct.pack_into(">5i", mfd, 0x16C, self.total, used, self.total - used, last, self.cylinders)
        mfd[0x180 : 0x180 + 215] = self.map[:215]
        mfd[0x257] = 0x0B
        self.write(4, bytes(mfd))
