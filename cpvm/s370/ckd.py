"""Count-key-data DASD: geometry of the device types, records, and the layout of a track image.

Capacity formulas and sector counts are those of IBM's reference summaries of the devices. A track image is laid out as
in Hercules' CKD files: home address (flag, cylinder, head: 5 bytes), record 0, the records (count 8 bytes, key, data)
and eight bytes of X'FF'; it need not be padded to the size of a track. The flag of an overflow segment, which the real
track has in its own byte before the count field, is the topmost bit of the record's cylinder number.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

END_OF_TRACK: Final = b"\xff" * 8
R0_LENGTH: Final = 8
"""Bytes of data of a standard record 0."""
HOME_ADDRESS_LENGTH: Final = 5
COUNT_LENGTH: Final = 8
_COUNT: Final = struct.Struct(">HHBBH")
_IDENTIFIER: Final = struct.Struct(">HHB")
DEFECTIVE: Final = 0x02
"""Flag of a home address: the track is bad, its record 0 names the alternate track."""
ALTERNATE: Final = 0x01
"""Flag of a home address: the track stands in for another one."""
OVERFLOW: Final = 0x8000


class CKDError(ValueError):
    """A track image is damaged, or records do not fit their track."""


@dataclass(slots=True)
class Record:
    """One record: its count field's cylinder, head and record number, key (up to 255 bytes) and data (up to 65535).

    Data of length zero is an end-of-file record.
    """

    cyl: int
    head: int
    rec: int
    key: bytes
    data: bytes

    @property
    def overflows(self) -> bool:
        """Whether this is a segment of an overflow record that goes on with the first record of the next track.

        Images mark it by the topmost bit of the cylinder number; from X'FF00' on these are plain numbers.
        """
        return OVERFLOW <= self.cyl < 0xFF00

    @property
    def id(self) -> bytes:
        """Cylinder, head and record number, 5 bytes, as the drive reads them."""
        cyl = self.cyl
        return _IDENTIFIER.pack(cyl & 0x7FFF if OVERFLOW <= cyl < 0xFF00 else cyl, self.head, self.rec)

    @property
    def count(self) -> bytes:
        """The count field: identifier, key length, data length: 8 bytes, as the drive reads it."""
        return self.id + bytes((len(self.key),)) + len(self.data).to_bytes(2, "big")

    def to_bytes(self) -> bytes:
        """Count, key and data as they stand in a track image."""
        key, data = self.key, self.data
        return _COUNT.pack(self.cyl, self.head, self.rec, len(key), len(data)) + key + data


@dataclass(slots=True)
class Track:
    """A decoded track: home address (flag byte, cylinder, head), record 0 and the user's records in order."""

    cyl: int
    head: int
    r0: Record
    records: list[Record]
    flag: int = 0

    @classmethod
    def empty(cls, cyl: int, head: int) -> Track:
        """A formatted track with a standard record 0 (8 bytes of zeros) and nothing else."""
        return cls(cyl, head, Record(cyl, head, 0, b"", bytes(8)), [])

    @classmethod
    def from_bytes(cls, image: bytes) -> Track:
        """Decode a track image.

        Raises:
            CKDError: the image is cut off or has no record 0.
        """
        if len(image) < HOME_ADDRESS_LENGTH + COUNT_LENGTH:
            raise CKDError(f"track image of {len(image)} bytes has no home address and record 0")
        flag, cyl, head = image[0], image[1] << 8 | image[2], image[3] << 8 | image[4]
        records = []
        at = HOME_ADDRESS_LENGTH
        end = len(image)
        while True:
            count = image[at : at + COUNT_LENGTH]
            if count == END_OF_TRACK:
                break
            key_end = at + COUNT_LENGTH + count[5] if len(count) == COUNT_LENGTH else end + 1
            if key_end > end or (data_end := key_end + (count[6] << 8 | count[7])) > end:
                raise CKDError(f"track {cyl}/{head}: record at byte {at} of the image is cut off")
            records.append(
                Record(
                    count[0] << 8 | count[1],
                    count[2] << 8 | count[3],
                    count[4],
                    image[at + COUNT_LENGTH : key_end],
                    image[key_end:data_end],
                )
            )
            at = data_end
        if not records:
            raise CKDError(f"track {cyl}/{head}: record 0 is missing")
        return cls(cyl, head, records[0], records[1:], flag)

    def to_bytes(self) -> bytes:
        """The track image, ended by eight bytes of X'FF' and not padded.

        Raises:
            CKDError: a key is longer than 255 bytes or data longer than 65535.
        """
        parts = [((self.flag << 32) | self.cyl << 16 | self.head).to_bytes(5, "big"), self.r0.to_bytes()]
        try:
            parts += [record.to_bytes() for record in self.records]
        except struct.error as error:
            raise CKDError(f"track {self.cyl}/{self.head}: {error}") from error
        parts.append(END_OF_TRACK)
        return b"".join(parts)


def encode_track(cyl: int, head: int, records: Iterable[Record], r0: Record | None = None) -> bytes:
    """Image of the track `cyl`, `head` with the given records behind a standard record 0 (or the given one).

    Whether the records fit the device is the caller's question: see `Geometry.fits`.

    Raises:
        CKDError: a key is longer than 255 bytes or data longer than 65535.
    """
    track = Track.empty(cyl, head)
    if r0 is not None:
        track.r0 = r0
    track.records = list(records)
    return track.to_bytes()


def decode_track(image: bytes) -> list[Record]:
    """The records of a track image behind record 0, in order. (`Track.from_bytes` gives home address and record 0 too.)

    Raises:
        CKDError: the image is damaged.
    """
    return Track.from_bytes(image).records


# Bytes of track that one record takes: from key length, data length and whether it is the last of its track.
Space = Callable[[int, int, bool], int]


def _simple(overhead: int, key_overhead: int) -> Space:
    """Records of the 3330 family: a constant, more if there is a key."""

    def space(key: int, data: int, last: bool) -> int:
        return overhead + (key_overhead + key if key else 0) + data

    return space


def _tolerant(overhead: int, key_overhead: int, numerator: int, denominator: int) -> Space:
    """Records of the 2311 and 2314: all but the last need a speed tolerance in proportion to their length."""

    def space(key: int, data: int, last: bool) -> int:
        extra = key_overhead if key else 0
        if last:
            return extra + key + data
        return overhead + extra + (key + data) * numerator // denominator

    return space


def _celled(overhead: int, key_overhead: int) -> Space:
    """Records of the 3375 and 3380: key and data each take whole cells of 32 bytes."""

    def space(key: int, data: int, last: bool) -> int:
        room = -(-(data + overhead) // 32) * 32
        return room + (-(-(key + key_overhead) // 32) * 32 if key else 0)

    return space


def _segmented(key: int, data: int, last: bool) -> int:
    """Records of the 3390: cells of 34 bytes, 6 bytes more for each segment of 232."""

    def cells(length: int) -> int:
        segments = -(-(length + 6) // 232)
        return 9 + -(-(length + 6 * segments + 6) // 34)

    return 34 * (10 + cells(data) + (cells(key) if key else 0))


@dataclass(frozen=True, slots=True)
class Geometry:
    """A DASD type.

    `cylinders` are the primary ones, `alternates` come behind them; `heads` tracks a cylinder; `capacity` the room of a
    track behind record 0 in the bytes of `space`; `largest` the data length of the one record that fills a track;
    `sectors` rotational positions (0: no rotational position sensing); `code` the device type byte of Hercules headers.
    """

    name: str
    cylinders: int
    alternates: int
    heads: int
    capacity: int
    largest: int
    sectors: int
    control_unit: int
    model: int
    space: Space = field(repr=False)

    @property
    def type(self) -> int:
        """Device type as digits in a number: 0x3350."""
        return int(self.name[:4], 16)

    @property
    def image_size(self) -> int:
        """Size of a track in a Hercules CKD file: home address, record 0, largest record and end mark, in 512s."""
        return -(-(HOME_ADDRESS_LENGTH + 16 + COUNT_LENGTH + self.largest + 8) // 512) * 512

    def used(self, records: Sequence[Record]) -> int:
        """Bytes of track that these records take, the last one reckoned as the last of its track."""
        last = len(records) - 1
        return sum(self.space(len(r.key), len(r.data), n == last) for n, r in enumerate(records))

    def fits(self, records: Sequence[Record], r0: Record | None = None) -> bool:
        """Whether these records fit a track behind record 0: a standard one, or `r0`."""
        room = self.capacity
        if r0 is not None and (r0.key or len(r0.data) != R0_LENGTH):
            room -= self.space(len(r0.key), len(r0.data), False) - self.space(0, R0_LENGTH, False)
        return self.used(records) <= room

    def records_per_track(self, data: int, key: int = 0) -> int:
        """How many records of equal length (bytes of data, bytes of key) a track holds: 19 of 800 bytes on a 3350."""
        last = self.space(key, data, True)
        return 0 if last > self.capacity else 1 + (self.capacity - last) // self.space(key, data, False)

    @property
    def circumference(self) -> int:
        """Bytes of `space` from index to index; the home address lies within the rounding."""
        return self.capacity + self.space(0, R0_LENGTH, False)

    def positions(self, records: Sequence[Record]) -> list[int]:
        """Where each of these records begins behind a standard record 0: bytes of `space` from index."""
        passed = self.space(0, R0_LENGTH, False)
        places = []
        for record in records:
            places.append(passed)
            passed += self.space(len(record.key), len(record.data), False)
        return places

    def sector(self, position: int) -> int:
        """The rotational sector (0 to `sectors` - 1) of a position in bytes from index.

        Raises:
            CKDError: the device has no rotational position sensing.
        """
        if not self.sectors:
            raise CKDError(f"a {self.name} has no rotational position sensing")
        return min(position * self.sectors // self.circumference, self.sectors - 1)


GEOMETRY: Final[dict[str, Geometry]] = {
    g.name: g
    for g in (
        Geometry("2305-1", 48, 0, 8, 14568, 14136, 90, 0x2835, 0x00, _simple(432, 202)),
        Geometry("2305-2", 96, 0, 8, 14858, 14660, 90, 0x2835, 0x02, _simple(198, 91)),
        Geometry("2311", 200, 3, 10, 3625, 3625, 0, 0x2841, 0x00, _tolerant(61, 20, 537, 512)),
        Geometry("2314", 200, 3, 20, 7294, 7294, 0, 0x2314, 0x00, _tolerant(101, 45, 2137, 2048)),
        Geometry("3330", 404, 7, 19, 13165, 13030, 128, 0x3830, 0x01, _simple(135, 56)),
        Geometry("3330-11", 808, 7, 19, 13165, 13030, 128, 0x3830, 0x11, _simple(135, 56)),
        Geometry("3340", 348, 1, 12, 8535, 8368, 64, 0x3830, 0x01, _simple(167, 75)),
        Geometry("3340-70", 696, 2, 12, 8535, 8368, 64, 0x3830, 0x02, _simple(167, 75)),
        Geometry("3350", 555, 5, 30, 19254, 19069, 128, 0x3830, 0x00, _simple(185, 82)),
        Geometry("3375", 959, 3, 12, 36000, 35616, 196, 0x3880, 0x02, _celled(384, 160)),
        Geometry("3380", 885, 1, 15, 47968, 47476, 222, 0x3880, 0x02, _celled(492, 236)),
        Geometry("3380-D", 885, 1, 15, 47968, 47476, 222, 0x3880, 0x06, _celled(492, 236)),
        Geometry("3380-J", 885, 1, 15, 47968, 47476, 222, 0x3880, 0x16, _celled(492, 236)),
        Geometry("3380-E", 1770, 2, 15, 47968, 47476, 222, 0x3880, 0x0A, _celled(492, 236)),
        Geometry("3380-K", 2655, 3, 15, 47968, 47476, 222, 0x3880, 0x1E, _celled(492, 236)),
        Geometry("3390", 1113, 1, 15, 58786, 56664, 224, 0x3990, 0x02, _segmented),
        Geometry("3390-2", 2226, 1, 15, 58786, 56664, 224, 0x3990, 0x06, _segmented),
        Geometry("3390-3", 3339, 1, 15, 58786, 56664, 224, 0x3990, 0x0A, _segmented),
        Geometry("3390-9", 10017, 3, 15, 58786, 56664, 224, 0x3990, 0x0C, _segmented),
    )
}

for _name, _canonical in {
    "2305": "2305-1",
    "3330-1": "3330",
    "3330-2": "3330-11",
    "3340-35": "3340",
    "3340-1": "3340",
    "3340-2": "3340-70",
    "3344": "3340-70",  # a spindle of a 3344 is four volumes, each of them a 3340-70 for programs
    "3380-A": "3380",
    "3390-1": "3390",
}.items():
    GEOMETRY[_name] = GEOMETRY[_canonical]
