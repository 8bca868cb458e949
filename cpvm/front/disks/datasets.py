"""OS volumes: the label, the table of contents (VTOC), sequential data sets and members of partitioned ones.

The VTOC is a data set of data set control blocks (DSCBs), records of a 44-byte key and 96 bytes of data: format 4
describes the VTOC, format 1 a data set, format 3 its further extents, format 5 free space.
Source: OS/VS2 System Programming Library: Debugging Handbook (GC28-0709), DSCB; OS/VS Data Management Services Guide
(GC26-3783), record formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cpvm.machine.device import TrackStore
from cpvm.s370.ckd import CKDError, Geometry, Record, decode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

DSCB = 140
_SEQUENTIAL, _PARTITIONED = 0x4000, 0x0200
_ORGANIZATIONS = ((0x8000, "IS"), (0x4000, "PS"), (0x2000, "DA"), (0x0200, "PO"), (0x0008, "VS"))
_MOST_DSCBS = 100_000


class DatasetError(Exception):
    """A data set is not there, or cannot be read; one line for the user."""


class Extent(NamedTuple):
    """Tracks of a data set: the numbers on the volume of the first and the last, from 0."""

    first: int
    last: int


@dataclass(frozen=True)
class Dataset:
    """One data set as its DSCB describes it. `recfm` is spelled as in JCL (FB, VBA, U); `last` is relative track and
    record of the last block (DS1LSTAR)."""

    name: str
    dsorg: str
    recfm: str
    lrecl: int
    blksize: int
    extents: tuple[Extent, ...]
    last: tuple[int, int]
    created: str
    organization: int = field(repr=False, default=0)

    @property
    def tracks(self) -> int:
        """Tracks allocated."""
        return sum(extent.last - extent.first + 1 for extent in self.extents)


class Member(NamedTuple):
    """A member of a partitioned data set: its name, where it begins, whether the name is an alias, user data."""

    name: str
    track: int
    record: int
    alias: bool
    data: bytes


def volume_label(first: bytes) -> bytes | None:
    """The 80 bytes of a standard label on the image of track 0 of cylinder 0, or None."""
    try:
        records = decode_track(first)
    except CKDError:
        return None
    for record in records:
        if record.rec == 3 and record.data[:4] == to_ebcdic("VOL1") and len(record.data) >= 80:
            return record.data[:80]
    return None


class OSVolume:
    """A volume with a VTOC."""

    def __init__(self, tracks: TrackStore, geometry: Geometry, cylinders: int) -> None:
        """Read label and VTOC.

        Raises:
            DatasetError: there is no standard label, or no VTOC where it says.
            MediaError: the disk cannot be read.
        """
        self._tracks = tracks
        self._heads = geometry.heads
        self._cylinders = cylinders
        label = volume_label(tracks.read(0, 0))
        if label is None:
            raise DatasetError("there is no volume label (VOL1)")
        self.volid = from_ebcdic(label[4:10]).rstrip()
        self.datasets: dict[str, Dataset] = {}
        self._read_vtoc(label[11:16])

    # ---- records

    def _records(self, track: int) -> list[Record]:
        if track >= self._heads * self._cylinders:
            raise DatasetError(f"track {track} is not on the volume")
        try:
            return decode_track(self._tracks.read(*divmod(track, self._heads)))
        except CKDError as error:
            raise DatasetError(str(error)) from None

    def _place(self, cchh: bytes) -> int:
        head = cchh[2] << 8 | cchh[3]
        if head >= self._heads:
            raise DatasetError(f"X'{cchh.hex().upper()}' is no track of the volume")
        return (cchh[0] << 8 | cchh[1]) * self._heads + head

    def _extent(self, raw: bytes) -> Extent | None:
        """An extent of a DSCB, ten bytes: type, number, first and last CCHH. None if it is not used."""
        if not raw[0]:
            return None
        first, last = self._place(raw[2:6]), self._place(raw[6:10])
        if not first <= last < self._heads * self._cylinders:
            raise DatasetError(f"an extent X'{raw.hex().upper()}' does not lie on the volume")
        return Extent(first, last)

    # ---- the table of contents

    def _dscb(self, cchhr: bytes) -> bytes:
        """Key and data of a DSCB, 140 bytes."""
        for record in self._records(self._place(cchhr)):
            if record.rec == cchhr[4]:
                return (record.key + record.data).ljust(DSCB, b"\0")
        raise DatasetError(f"there is no record X'{cchhr.hex().upper()}' in the VTOC")

    def _read_vtoc(self, place: bytes) -> None:
        if place in (b"\x40" * 5, bytes(5)):
            raise DatasetError("the volume label says that there is no table of contents (VTOC)")
        try:
            four = self._dscb(place)
        except DatasetError:
            four = bytes(DSCB)
        extent = self._extent(four[105:115]) if four[44] == 0xF4 else None
        if extent is None:
            raise DatasetError("there is no table of contents (VTOC) where the volume label says")
        for track in range(extent.first, extent.last + 1):
            for record in self._records(track):
                raw = record.key + record.data
                if len(record.key) == 44 and len(raw) == DSCB and raw[44] == 0xF1:
                    dataset = self._dataset(raw)
                    self.datasets[dataset.name] = dataset

    def _dataset(self, raw: bytes) -> Dataset:
        organization, recfm = raw[82] << 8 | raw[83], raw[84]
        names = [name for bit, name in _ORGANIZATIONS if organization & bit]
        return Dataset(
            name=from_ebcdic(raw[:44]).rstrip(),
            dsorg=(names[0] + ("U" if organization & 1 else "")) if names else "",
            recfm=record_format(recfm),
            lrecl=raw[88] << 8 | raw[89],
            blksize=raw[86] << 8 | raw[87],
            extents=tuple(self._extents(raw)),
            last=(raw[98] << 8 | raw[99], raw[100]),
            created=_date(raw[53:56]),
            organization=organization,
        )

    def _extents(self, raw: bytes) -> Iterator[Extent]:
        """The extents of a format 1 DSCB and of the format 3 DSCBs that it points to."""
        places, after = [105, 115, 125], raw[135:140]
        for _ in range(_MOST_DSCBS):
            for at in places:
                if extent := self._extent(raw[at : at + 10]):
                    yield extent
            if not any(after):
                return
            raw = self._dscb(after)
            if raw[44] != 0xF3:
                raise DatasetError("a pointer in the VTOC does not lead to a format 3 DSCB")
            places = [*range(4, 44, 10), *range(45, 135, 10)]
            after = raw[135:140]
        raise DatasetError("the pointers in the VTOC lead in a circle")

    def find(self, name: str) -> Dataset:
        """The data set of that name. Raises DatasetError if there is none."""
        dataset = self.datasets.get(name.upper())
        if dataset is None:
            raise DatasetError(f"there is no data set {name.upper()} on {self.volid}")
        return dataset

    # ---- contents

    def _blocks(self, dataset: Dataset, track: int, record: int, *, member: bool) -> Iterator[bytes]:
        """The data of the blocks from relative track and record on, up to the end-of-file record."""
        tracks = [n for extent in dataset.extents for n in range(extent.first, extent.last + 1)]
        end = dataset.last
        for relative in range(track, len(tracks)):
            for block in self._records(tracks[relative]):
                if relative == track and block.rec < record:
                    continue
                if not block.data:
                    return
                yield block.data
                if not member and any(end) and (relative, block.rec) >= end:
                    return
        if member:
            raise DatasetError(f"{dataset.name}: a member goes on behind the end of the data set")

    def members(self, dataset: Dataset) -> list[Member]:
        """The directory of a partitioned data set, in its order. Raises DatasetError, MediaError."""
        if not dataset.organization & _PARTITIONED:
            raise DatasetError(f"{dataset.name} is not partitioned")
        found: list[Member] = []
        for block in self._blocks(dataset, 0, 1, member=True):
            used = min(block[0] << 8 | block[1], len(block)) if len(block) > 2 else 0
            at = 2
            while at + 12 <= used:
                if block[at : at + 8] == b"\xff" * 8:
                    return found
                flags = block[at + 11]
                end = at + 12 + 2 * (flags & 0x1F)
                name = from_ebcdic(block[at : at + 8]).rstrip()
                place = block[at + 8] << 8 | block[at + 9], block[at + 10]
                found.append(Member(name, *place, bool(flags & 0x80), block[at + 12 : end]))
                at = end
        return found

    def read(self, dataset: Dataset, member: str = "") -> list[bytes]:
        """The logical records of a sequential data set, or of a member.

        Raises:
            DatasetError: the data set is neither, the member is not there, or blocks are not of the record format.
            MediaError: the disk cannot be read.
        """
        track, record = 0, 1
        if member:
            entries = [entry for entry in self.members(dataset) if entry.name == member.upper()]
            if not entries:
                raise DatasetError(f"{dataset.name} has no member {member.upper()}")
            track, record = entries[0].track, entries[0].record
        elif dataset.organization & _PARTITIONED:
            raise DatasetError(f"{dataset.name} is partitioned: say which member, as in {dataset.name}(NAME)")
        elif not dataset.organization & _SEQUENTIAL:
            raise DatasetError(f"{dataset.name} is not sequential (its organization is {dataset.dsorg or 'unknown'})")
        blocks = self._blocks(dataset, track, record, member=bool(member))
        return list(deblock(blocks, dataset.recfm, dataset.lrecl, dataset.name))


def record_format(code: int) -> str:
    """DS1RECFM as in JCL: FB, VBS, UA."""
    kind = {0xC0: "U", 0x80: "F", 0x40: "V", 0x00: ""}[code & 0xC0]
    return kind + "".join(name for bit, name in ((0x10, "B"), (0x08, "S"), (0x04, "A"), (0x02, "M")) if code & bit)


def _date(raw: bytes) -> str:
    """A date of the VTOC, years since 1900 and day of the year: 1976.032."""
    return f"{1900 + raw[0]}.{raw[1] << 8 | raw[2]:03}" if any(raw) else ""


def deblock(blocks: Iterator[bytes] | Sequence[bytes], recfm: str, lrecl: int, name: str) -> Iterator[bytes]:
    """The logical records of blocks. Raises DatasetError if the blocks are not of that record format."""
    kind = recfm[:1]
    spanned: list[bytes] = []
    for block in blocks:
        if kind == "F" and lrecl and "B" in recfm:
            if len(block) % lrecl:
                raise DatasetError(f"{name}: a block of {len(block)} bytes does not hold records of {lrecl}")
            yield from (block[at : at + lrecl] for at in range(0, len(block), lrecl))
        elif kind == "V":
            yield from _variable(block, spanned, name)
        else:
            yield block
    if spanned:
        raise DatasetError(f"{name}: the end of a spanned record is missing")


def _variable(block: bytes, spanned: list[bytes], name: str) -> Iterator[bytes]:
    """The records of a V, VB or VBS block; the beginning of one that goes on in the next block stays in `spanned`."""
    at, end = 4, block[0] << 8 | block[1] if len(block) >= 4 else 0
    if not 4 <= end <= len(block):
        raise DatasetError(f"{name}: a block of {len(block)} bytes says that it has {end}")
    while at < end:
        size = block[at] << 8 | block[at + 1] if at + 4 <= end else 0
        if size < 4 or at + size > end:
            raise DatasetError(f"{name}: a record at byte {at} of a block cannot have {size} bytes")
        segment, data = block[at + 2] & 3, block[at + 4 : at + size]
        at += size
        if segment in (0, 1):
            spanned.clear()
        spanned.append(data)
        if segment in (0, 2):
            yield b"".join(spanned)
            spanned.clear()
