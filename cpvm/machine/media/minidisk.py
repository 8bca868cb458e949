"""Minidisks: cylinders of a volume as a disk of its own."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from cpvm.machine.device import MediaError, TrackStore
from cpvm.s370.ckd import CKDError, Track

CACHE: Final = 64
"""Relocated track images kept."""


class Minidisk:
    """An extent of a volume as a `TrackStore`: cylinders count from 0 at its start.

    Home addresses and count fields on the volume name the volume's cylinders, those that the guest sees its own.
    """

    def __init__(self, volume: TrackStore, start: int, cylinders: int, read_only: bool) -> None:
        self.volume = volume
        self.start = start
        self.cylinders = cylinders
        self.read_only = read_only
        self._moved: OrderedDict[tuple[int, int], tuple[bytes, bytes]] = OrderedDict()

    def _check(self, cyl: int) -> None:
        if not 0 <= cyl < self.cylinders:
            raise MediaError(f"cylinder {cyl} is outside of the minidisk")

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track, relocated to the minidisk. Raises MediaError."""
        self._check(cyl)
        image = self.volume.read(self.start + cyl, head)
        if not self.start:
            return image
        known = self._moved.get((cyl, head))
        if known is not None and known[0] is image:
            self._moved.move_to_end((cyl, head))
            return known[1]
        try:
            moved = relocate(image, -self.start)
        except CKDError as error:
            raise MediaError(str(error)) from error
        self._keep(cyl, head, image, moved)
        return moved

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image. Raises MediaError, also if the minidisk is read-only."""
        self._check(cyl)
        if self.read_only:
            raise MediaError("the minidisk is read-only")
        moved = relocate(image, self.start) if self.start else image
        self.volume.write(self.start + cyl, head, moved)
        if self.start:
            self._keep(cyl, head, moved, image)

    def _keep(self, cyl: int, head: int, image: bytes, moved: bytes) -> None:
        self._moved[cyl, head] = (image, moved)
        if len(self._moved) > CACHE:
            self._moved.popitem(last=False)

    def commit(self) -> None:
        """Make all writes lasting. Raises MediaError."""
        self.volume.commit()


def relocate(image: bytes, by: int) -> bytes:
    """A track image with `by` added to the cylinder numbers (modulo 65536) of home address and count fields.

    Raises:
        CKDError: the image is damaged.
    """
    track = Track.from_bytes(image)
    track.cyl = track.cyl + by & 0xFFFF
    for record in (track.r0, *track.records):
        record.cyl = record.cyl + by & 0xFFFF
    return track.to_bytes()
