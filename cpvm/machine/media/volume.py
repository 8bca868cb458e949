"""DASD volumes, each in one SQLite file.

A volume holds the tracks (or groups of blocks) that were ever written. Any other is that of the volume's base, a
Hercules image or another volume, which is never written; without a base it is a formatted track without records, or
blocks of zeros. So a clone of any disk is made at once, and holds only what is changed in it.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

from cpvm.machine.device import MediaError
from cpvm.machine.media import redo
from cpvm.machine.media.base import Base
from cpvm.machine.media.images import BlockImage, TrackImage, open_base
from cpvm.machine.media.images.image import BLOCK
from cpvm.machine.media.label import label, label_track
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.volumefile import Facts, VolumeFile, create_file, disconnect, open_file
from cpvm.s370.ckd import GEOMETRY, Geometry, Track

FORMAT: Final = 1
LAYERED: Final = 2
"""Format of volumes that an earlier release cannot read: over a base, or of blocks."""
VOLID_LENGTH: Final = 6
GROUP: Final = 32
"""Blocks that are kept together in the file of a fixed-block volume."""
DEEPEST: Final = 32
"""Longest chain of volumes over volumes."""


class Volume(VolumeFile, TrackImage):
    """A count-key-data volume. Cylinders and heads count from 0. Methods may be called from any thread; all raise
    MediaError if the file cannot be read or written."""

    format = "volume"

    def __init__(
        self, path: Path, database: sqlite3.Connection, facts: Facts, read_only: bool, base: TrackImage | None
    ) -> None:
        """For `create` and `open` only."""
        super().__init__(path, database, facts, read_only)
        self.base = base
        self.geometry: Geometry = GEOMETRY[str(facts["type"])]
        self.device_type = self.geometry.name
        self.volid = str(facts["volid"])
        self.cylinders = int(facts["cylinders"])

    @classmethod
    def create(cls, path: str | Path, device: str, volid: str, cylinders: int | None = None) -> Volume:
        """Make a new, formatted volume of a device type ("3350"), labelled on track 0, record 3.

        Raises:
            ValueError: no such device type, a volume identifier that is not 1-6 letters or digits, too many cylinders.
            MediaError: the file exists already or cannot be written.
        """
        geometry = GEOMETRY.get(device)
        if geometry is None:
            raise ValueError(f"{device} is no DASD type")
        letters = volid.replace("-", "").replace("$", "").replace("#", "").replace("@", "")
        if not (letters.isascii() and letters.isalnum() and len(volid) <= VOLID_LENGTH):
            raise ValueError(f"volume identifier {volid!r} is not 1 to 6 letters, digits, hyphens, or $ # @")
        cylinders = geometry.cylinders if cylinders is None else cylinders
        if not 1 <= cylinders <= geometry.cylinders + geometry.alternates:
            raise ValueError(f"a {device} cannot have {cylinders} cylinders")
        facts: Facts = {"format": FORMAT, "type": device, "volid": volid.upper(), "cylinders": cylinders}
        create_file(Path(path), facts, {0: label_track(volid.upper())})
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path, read_only: bool = False) -> Volume:
        """Open a count-key-data volume and its base.

        Raises:
            MediaError: no such file, not a volume, in use by another process, or its base is not what it was.
        """
        volume = open_volume(path, read_only)
        if not isinstance(volume, Volume):
            volume.close()
            raise MediaError(f"{path} is a fixed-block volume")
        return volume

    # ---- tracks

    def _number(self, cyl: int, head: int) -> int:
        if not (0 <= cyl < self.cylinders and 0 <= head < self.geometry.heads):
            raise MediaError(f"{self.name} has no track {cyl}/{head}")
        return cyl * self.geometry.heads + head

    def _describe(self, number: int) -> str:
        return "track {}/{}".format(*divmod(number, self.geometry.heads))

    def _below(self, number: int) -> bytes:
        cyl, head = divmod(number, self.geometry.heads)
        return self.base.read(cyl, head) if self.base is not None else Track.empty(cyl, head).to_bytes()

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track; the same object as long as the track does not change and is in the cache."""
        return self._piece(self._number(cyl, head))

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image; lasting after the next `commit`."""
        self._put(self._number(cyl, head), image)

    def minidisk(self, start: int, cylinders: int, read_only: bool = False) -> Minidisk:
        """The tracks of an extent, as a disk of its own.

        Raises:
            ValueError: the extent does not lie on the volume.
        """
        if start < 0 or cylinders < 1 or start + cylinders > self.cylinders:
            raise ValueError(f"cylinders {start}-{start + cylinders - 1} are not all on {self.volid}")
        return Minidisk(self, start, cylinders, read_only)

    def close(self) -> None:
        """Commit and close; the volume cannot be used any more."""
        super().close()
        if self.base is not None:
            self.base.close()


class BlockVolume(VolumeFile, BlockImage):
    """A fixed-block volume: blocks of 512 bytes, counted from 0. Raises and promises what `Volume` does."""

    format = "volume"

    def __init__(
        self, path: Path, database: sqlite3.Connection, facts: Facts, read_only: bool, base: BlockImage | None
    ) -> None:
        """For `create_blocks` and `open_volume` only."""
        super().__init__(path, database, facts, read_only)
        self.base = base
        self.device_type = str(facts["type"])
        self.volid = str(facts["volid"])
        self.blocks = int(facts["blocks"])

    def _describe(self, number: int) -> str:
        return f"blocks {number * GROUP}-{min((number + 1) * GROUP, self.blocks) - 1}"

    def _below(self, number: int) -> bytes:
        if self.base is None:
            return bytes(GROUP * BLOCK)
        start = number * GROUP
        blocks = [self.base.read(block) for block in range(start, min(start + GROUP, self.blocks))]
        return b"".join(blocks).ljust(GROUP * BLOCK, b"\0")

    def _place(self, block: int) -> tuple[int, int]:
        if not 0 <= block < self.blocks:
            raise MediaError(f"{self.name} has no block {block}")
        number, at = divmod(block, GROUP)
        return number, at * BLOCK

    def read(self, block: int) -> bytes:
        """The 512 bytes of a block."""
        number, at = self._place(block)
        data = self._piece(number)[at : at + BLOCK]
        if len(data) != BLOCK:
            raise MediaError(f"{self.name}, {self._describe(number)}: what is in the file is cut off")
        return data

    def write(self, block: int, data: bytes) -> None:
        """Replace a block, 512 bytes; lasting after the next `commit`."""
        number, at = self._place(block)
        if len(data) != BLOCK:
            raise MediaError(f"{self.name}: a block has {BLOCK} bytes, not {len(data)}")
        with self._lock:
            old = self._piece(number)
            self._put(number, old[:at] + data + old[at + BLOCK :])

    def close(self) -> None:
        """Commit and close; the volume cannot be used any more."""
        super().close()
        if self.base is not None:
            self.base.close()


def create_blocks(path: str | Path, device: str, volid: str, blocks: int) -> BlockVolume:
    """Make a new fixed-block volume of zeros, with a label in block 1 unless `volid` is empty. Raises MediaError."""
    facts: Facts = {"format": LAYERED, "type": device, "volid": volid.upper(), "blocks": blocks}
    first = bytes(BLOCK) + (label(volid.upper()) if volid else b"")
    create_file(Path(path), facts, {0: first.ljust(GROUP * BLOCK, b"\0")})
    volume = open_volume(path)
    assert isinstance(volume, BlockVolume)
    return volume


def size_of(disk: TrackImage | BlockImage) -> Facts:
    """How large a disk is, as a volume's file says it."""
    return {"cylinders": disk.cylinders} if isinstance(disk, TrackImage) else {"blocks": disk.blocks}


def identity(path: Path) -> str:
    """What a volume under others is known by; it has one from now on. Raises MediaError."""
    with open_volume(path, read_only=True) as reader:
        known = reader.facts.get("id")
    if known is None:
        with open_volume(path) as writer:
            known = uuid.uuid4().hex
            writer.note({"id": known})
    return str(known)


def freeze(path: Path) -> None:
    """Have a volume that is not written any more, because others lie over it. Raises MediaError."""
    with open_volume(path, read_only=True) as reader:
        if reader.facts.get("frozen"):
            return
    with open_volume(path) as writer:
        writer.note({"frozen": 1})


def open_volume(path: str | Path, read_only: bool = False, _depth: int = 0) -> Volume | BlockVolume:
    """Open a volume of either kind, and its base.

    Raises:
        MediaError: no such file, not a volume, in use by another process, or its base is not what it was.
    """
    path = Path(path)
    left = redo.log_of(path).exists()
    if left and read_only and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        with suppress(MediaError):  # somebody has it
            open_volume(path, False, _depth).close()  # what a killed process left; one that only reads cannot tidy up
    database, facts = open_file(path, read_only)
    base: TrackImage | BlockImage | None = None
    try:
        if _depth > DEEPEST:
            raise MediaError(f"{path}: there are more than {DEEPEST} volumes over one another")
        if facts.get("frozen") and not read_only:
            raise MediaError(f"{path} is not written any more, because other volumes lie over it; write a clone of it")
        _examine(path, facts)
        if "base" in facts:
            base = open_under(Base.from_fact(facts["base"], path), path, str(facts["type"]), _depth)
            alike = base.device_type[:4] == str(facts["type"])[:4] and size_of(base).items() <= facts.items()
            if not alike or isinstance(base, BlockImage) != ("blocks" in facts):
                raise MediaError(f"{path}: its base {base.path} is a disk of another type or size")
        if "blocks" in facts:
            return BlockVolume(path, database, facts, read_only, base if isinstance(base, BlockImage) else None)
        volume = Volume(path, database, facts, read_only, base if isinstance(base, TrackImage) else None)
        if left:
            volume.recover()
        return volume
    except MediaError:
        disconnect(database)
        if base is not None:
            base.close()
        raise


def open_over(path: Path, base: Path, read_only: bool) -> Volume | BlockVolume:
    """Open the volume that holds the changes of an image. Raises MediaError, also if it lies over another one."""
    volume = open_volume(path, read_only)
    lowest = volume
    while isinstance(lowest.base, Volume | BlockVolume):
        lowest = lowest.base
    known = Base.from_fact(lowest.facts["base"], lowest.path) if "base" in lowest.facts else None
    if known is None or not known.location(lowest.path).samefile(base):
        volume.close()
        raise MediaError(f"{path} does not hold the changes of {base}")
    return volume


def open_under(base: Base, over: Path, device: str, depth: int = 0) -> TrackImage | BlockImage:
    """Open the base of the volume `over`, which is of this device type.

    Raises:
        MediaError: it is not there, or is not what it was.
    """
    base.require(over)
    path = base.location(over)
    if base.id:
        volume = open_volume(path, True, depth + 1)
        if volume.facts.get("id") == base.id and volume.facts.get("frozen"):
            return volume
        volume.close()
        if volume.facts.get("id") != base.id:
            raise MediaError(f"{over}: its base {path} is not the volume that it was made over")
        freeze(path)  # the process that made the clone was killed before it came to that
        return open_volume(path, True, depth + 1)
    image = open_base(path, device, base.shadow_files(over))
    try:
        base.compare(image.files, over)
    except MediaError:
        image.close()
        raise
    return image


def _examine(path: Path, facts: Facts) -> None:
    """Raise MediaError unless a volume's facts can be right."""
    device, volid, size = facts.get("type"), facts.get("volid"), facts.get("blocks", facts.get("cylinders"))
    geometry = GEOMETRY.get(str(device))
    known = "blocks" in facts or geometry is not None
    if facts.get("format") not in (FORMAT, LAYERED) or not known or not isinstance(volid, str):
        raise MediaError(f"{path} is not a volume that this release can read")
    most = geometry.cylinders + geometry.alternates if geometry is not None else 1 << 31
    if not isinstance(size, int) or not 1 <= size <= most or not isinstance(device, str):
        raise MediaError(f"{path} is damaged: a {device} has no size of {size}")
