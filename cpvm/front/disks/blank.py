"""New disks: labels, a table of contents, or the blocks of a CMS disk; all other tracks are formatted and empty."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cms.cmsdisk import BLOCK as BLOCK_800
from cms.cmsdisk import CMSDisk, CMSDiskError
from cpvm.front.disks.edf import EDFError
from cpvm.front.disks.edfdisk import empty_tracks
from cpvm.machine.device import MediaError
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.machine.media.images.image import BLOCK
from cpvm.machine.media.label import label, label_track
from cpvm.s370.ckd import GEOMETRY, Geometry, Record, Track, encode_track
from cpvm.s370.fba import FIXED_BLOCK

VTOC_PLACE: Final = bytes((0, 0, 0, 1, 1))
"""Cylinder, head and record of the first record of a new VTOC."""
_KEY, _DATA = 44, 96


class BlankError(ValueError):
    """A disk cannot be made like that; one line for the user."""


class NewTracks(TrackImage):
    """A new count-key-data disk in storage, to be written to a file."""

    format = "new"
    read_only = True

    def __init__(self, geometry: Geometry, cylinders: int) -> None:
        """An empty one. Raises BlankError: the device has not so many cylinders."""
        most = geometry.cylinders + geometry.alternates
        if not 1 <= cylinders <= most:
            raise BlankError(f"a {geometry.name} has 1 to {most} cylinders, not {cylinders}")
        self.path = Path("the new disk")
        self.geometry = geometry
        self.device_type = geometry.name
        self.cylinders = cylinders
        self._tracks: dict[tuple[int, int], bytes] = {}

    @property
    def files(self) -> list[Path]:
        """None yet."""
        return []

    def fill(self, tracks: Iterable[tuple[int, int, bytes]]) -> None:
        """Put track images where they belong."""
        self._tracks.update(((cyl, head), image) for cyl, head, image in tracks)

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track."""
        return self._tracks.get((cyl, head)) or Track.empty(cyl, head).to_bytes()

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Refused: Raises MediaError."""
        raise MediaError("a new disk is written by `fill`")

    def commit(self) -> None:
        """Nothing lasts."""

    def close(self) -> None:
        """Nothing to close."""


class NewBlocks(BlockImage):
    """A new fixed-block disk in storage, to be written to a file."""

    format = "new"
    read_only = True

    def __init__(self, device: str, blocks: int, volid: str) -> None:
        """One with a label in block 1, unless `volid` is empty."""
        self.path = Path("the new disk")
        self.device_type = device
        self.blocks = blocks
        self._label = label(volid).ljust(BLOCK, b"\0") if volid else bytes(BLOCK)

    @property
    def files(self) -> list[Path]:
        """None yet."""
        return []

    def read(self, block: int) -> bytes:
        """A block."""
        return self._label if block == 1 else bytes(BLOCK)

    def write(self, block: int, data: bytes) -> None:
        """Refused: Raises MediaError."""
        raise MediaError("a new disk is not written")

    def commit(self) -> None:
        """Nothing lasts."""

    def close(self) -> None:
        """Nothing to close."""


def is_fixed_block(name: str) -> bool:
    """Whether a device type has blocks of 512 bytes."""
    return name.upper() in FIXED_BLOCK


def fixed_block(name: str, blocks: int | None, volid: str) -> NewBlocks:
    """A fixed-block disk of a device type, by default as large as that is. Raises BlankError."""
    device = FIXED_BLOCK.get(name.upper())
    if device is None:
        raise BlankError(f"{name} is no fixed-block device type; there are {', '.join(FIXED_BLOCK)}")
    if blocks is not None and not 1 < blocks <= device.blocks:
        raise BlankError(f"a {device.name} has 2 to {device.blocks} blocks, not {blocks}")
    return NewBlocks(device.name, blocks or device.blocks, volid)


def geometry_named(name: str) -> Geometry:
    """The count-key-data device type of that name. Raises BlankError."""
    geometry = GEOMETRY.get(name.upper())
    if geometry is None:
        raise BlankError(f"{name} is no device type; there are {', '.join(GEOMETRY)}")
    return geometry


def os_disk(geometry: Geometry, cylinders: int, volid: str, vtoc_tracks: int = 1) -> NewTracks:
    """A disk with IPL records that load a wait PSW, a volume label and an empty VTOC from track 1 on.

    With no tracks for the VTOC the label points to none. Raises BlankError.
    """
    disk = NewTracks(geometry, cylinders)
    if not 0 <= vtoc_tracks < geometry.heads:
        raise BlankError(f"a VTOC has 0 to {geometry.heads - 1} tracks on a {geometry.name}")
    first = Track.from_bytes(label_track(volid))
    if vtoc_tracks:
        old = first.records[2].data
        first.records[2].data = old[:11] + VTOC_PLACE + old[16:]
        disk.fill(_vtoc(geometry, cylinders, vtoc_tracks))
    disk.fill([(0, 0, first.to_bytes())])
    return disk


def _vtoc(geometry: Geometry, cylinders: int, tracks: int) -> Iterable[tuple[int, int, bytes]]:
    """The tracks of an empty VTOC: DSCBs of format 4 and 5, the rest zeros."""
    per_track = geometry.records_per_track(_DATA, _KEY)
    dscbs = [format_4(geometry, cylinders, tracks), _format_5(geometry, cylinders, tracks)]
    dscbs += [bytes(_KEY + _DATA)] * (per_track * tracks - 2)
    for number in range(tracks):
        mine = dscbs[number * per_track : (number + 1) * per_track]
        records = [Record(0, 1 + number, r, dscb[:_KEY], dscb[_KEY:]) for r, dscb in enumerate(mine, 1)]
        yield 0, 1 + number, encode_track(0, 1 + number, records)


def format_4(geometry: Geometry, cylinders: int, tracks: int) -> bytes:
    """The DSCB that describes a VTOC, 140 bytes (OS/VS2 Debugging Handbook, GC28-0709, format 4)."""
    per_track = geometry.records_per_track(_DATA, _KEY)
    out = bytearray(_KEY + _DATA)
    out[:_KEY] = b"\x04" * _KEY
    out[44] = 0xF4
    out[50:52] = (per_track * tracks - 2).to_bytes(2, "big")  # free DSCBs
    spare = max(0, cylinders - geometry.cylinders) * geometry.heads
    if spare:
        out[52:56] = (geometry.cylinders << 16).to_bytes(4, "big")  # the next alternate track
        out[56:58] = spare.to_bytes(2, "big")
    out[59] = 1  # extents of the VTOC
    out[62:66] = (cylinders << 16 | geometry.heads).to_bytes(4, "big")
    out[66:68] = geometry.capacity.to_bytes(2, "big")
    out[68:74] = _overhead(geometry)
    out[74] = per_track
    out[75] = min(geometry.records_per_track(256, 8), 255)
    out[105:115] = bytes((1, 0)) + VTOC_PLACE[:4] + tracks.to_bytes(4, "big")
    return bytes(out)


def _overhead(geometry: Geometry) -> bytes:
    """What a record takes beyond its bytes, as DS4DEVI to DS4DEVTL say it; devices of 32-byte cells do not fit that."""
    if geometry.name[:4] in ("3375", "3380", "3390"):
        return bytes((0, 0, 0, 0x30, 0, 0))
    first = geometry.space(1, 0, False) - 1
    last = geometry.space(1, 0, True) - 1
    key = geometry.space(1, 0, False) - geometry.space(0, 1, False)
    tolerance = (geometry.space(0, 2048, False) - geometry.space(0, 0, False)) // 4
    if first > 255:  # one field of two bytes
        return first.to_bytes(2, "big") + bytes((key, 0x08)) + tolerance.to_bytes(2, "big")
    return bytes((first, last, key, 0x01)) + tolerance.to_bytes(2, "big")


def _format_5(geometry: Geometry, cylinders: int, tracks: int) -> bytes:
    """The DSCB of free space: all behind the VTOC, as relative track, whole cylinders and further tracks."""
    out = bytearray(_KEY + _DATA)
    out[:4] = b"\x05" * 4
    rest = geometry.heads - 1 - tracks
    whole = min(cylinders, geometry.cylinders) - 1
    first = 1 + tracks
    if rest or whole:
        out[4:9] = first.to_bytes(2, "big") + whole.to_bytes(2, "big") + bytes((rest,))
    out[44] = 0xF5
    return bytes(out)


def cms_disk(geometry: Geometry, cylinders: int, name: str, block: int = BLOCK_800) -> NewTracks:
    """An empty CMS disk of 800-byte blocks, or of the enhanced format with blocks of 512 to 4096. Raises BlankError."""
    disk = NewTracks(geometry, cylinders)
    try:
        if block == BLOCK_800:
            disk.fill(CMSDisk(cylinders, name, geometry.name).tracks())
        else:
            disk.fill(empty_tracks(geometry.name, cylinders, name, block))
    except (CMSDiskError, EDFError) as error:
        raise BlankError(str(error)) from None
    return disk
