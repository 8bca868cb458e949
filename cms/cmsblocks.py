"""The 800-byte blocks of a CMS disk on the tracks of a count-key-data device.

Blocks are the records 1, 2, ... of the tracks, in order. On a 2314 fifteen blocks are on two tracks: the eighth is an
overflow record, half of it the last record of the first track and half of it the first of the second; the others of
the second track are numbered on, 9 to 15. (VM/370 took that over from CP-67's CMS, whose disks show it.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cpvm.s370.ckd import OVERFLOW, CKDError, Geometry, Record, decode_track

BLOCK = 800
CP67_BLOCK = 829
"""Bytes of a record on disks of CP-67's CMS, which used the first 800.

There the first chain links of four files shared a block: the upper two bits of a link's number say which quarter.
Source: such disks, of 1973 and later.
"""
_QUARTER = 200
_LABEL = 3
PAIRED = frozenset({"2314"})
"""Devices with 15 blocks on two tracks: the eighth is an overflow record, half of it on each."""
BLOCKS_OF_PAIR = 15


class CMSDiskError(ValueError):
    """A file or a disk that the CDF format does not allow, or that is damaged."""


def blocks_per_cylinder(geometry: Geometry) -> int:
    """800-byte blocks of a cylinder."""
    if geometry.name in PAIRED:
        return geometry.heads // 2 * BLOCKS_OF_PAIR
    return geometry.heads * geometry.records_per_track(BLOCK)


class TrackBlocks:
    """The 800-byte blocks on tracks: `track` gives the image of one (cylinder, head)."""

    def __init__(self, track: Callable[[int, int], bytes], cylinders: int, geometry: Geometry) -> None:
        self._track = track
        self._geometry = geometry
        self._cache: dict[int, dict[int, bytes]] = {}
        self.number = cylinders * blocks_per_cylinder(geometry)

    def read(self, number: int) -> bytes:
        """One block. Raises CMSDiskError if it is outside the disk, its track damaged or not formatted so."""
        if not 1 <= number <= self.number:
            raise CMSDiskError(f"block {number} is outside the disk")
        paired = self._geometry.name in PAIRED
        each = BLOCKS_OF_PAIR if paired else self._geometry.records_per_track(BLOCK)
        index, record = divmod(number - 1, each)
        record += 1
        if paired:
            index = 2 * index + (record > 8)
        data = self._records(index).get(record, b"")
        if paired and record == 8:
            data += self._records(index + 1).get(record, b"")
        if len(data) == CP67_BLOCK:
            data = data[:BLOCK]
        if len(data) != BLOCK:
            raise CMSDiskError(f"block {number} is not formatted as a CMS block")
        return data

    @property
    def of_cp67(self) -> bool:
        """Whether CP-67's CMS formatted the disk. Raises CMSDiskError if its track is damaged."""
        return len(self._records(0).get(_LABEL, b"")) == CP67_BLOCK

    def first_link(self, number: int) -> bytes:
        """The first chain link of a file, 200 bytes. Raises CMSDiskError as `read`."""
        if not self.of_cp67:
            return self.read(number)[:_QUARTER]
        quarter, number = divmod(number, 1 << 14)
        return self.read(number)[quarter * _QUARTER : (quarter + 1) * _QUARTER]

    def _records(self, index: int) -> dict[int, bytes]:
        if index not in self._cache:
            try:
                image = self._track(*divmod(index, self._geometry.heads))
                self._cache[index] = {item.rec: item.data for item in decode_track(image)}
            except CKDError as error:
                raise CMSDiskError(str(error)) from error
        return self._cache[index]


def paired_records(cyl: int, head: int, heads: int, blocks: Mapping[int, bytes]) -> list[Record]:
    """Records of one track of a pair, of `blocks` by number; a block that is not there is zeros."""
    first = (cyl * heads // 2 + head // 2) * BLOCKS_OF_PAIR
    second = head % 2 == 1
    numbers = range(8, BLOCKS_OF_PAIR + 1) if second else range(1, 9)
    records = [Record(cyl, head, number, b"", blocks.get(first + number, bytes(BLOCK))) for number in numbers]
    if second:
        records[0].data = records[0].data[BLOCK // 2 :]
    else:
        records[-1].cyl, records[-1].data = cyl | OVERFLOW, records[-1].data[: BLOCK // 2]
    return records
