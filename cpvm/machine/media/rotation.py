"""The tracks under the heads of a drive, decoded: a small cache, and rotational positions."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict

from cpvm.machine.device import TrackStore
from cpvm.s370.ckd import Geometry, Track

CACHE = 16  # decoded tracks kept for a drive


class Decoded:
    """A track as it is under the heads."""

    __slots__ = ("changed", "identifiers", "image", "positions", "track")

    def __init__(self, image: bytes, track: Track) -> None:
        self.image = image
        self.track = track
        self.positions: list[int] | None = None
        self.identifiers: list[bytes] | None = None
        self.changed = False

    def find(self, identifier: bytes, start: int) -> int:
        """The number of the first record from `start` on with these five bytes; -1 if there is none. 0 is record 0."""
        known = self.identifiers
        if known is None:
            known = self.identifiers = [record.id for record in (self.track.r0, *self.track.records)]
        try:
            return known.index(identifier, start)
        except ValueError:
            return -1


class Rotation:
    """Decoded tracks of one drive.

    A track is decoded again when its store has another image than the one that was decoded, so that drives which share
    a store see each other's writes. Tracks that were changed reach the store when the head leaves them or at `flush`.
    """

    def __init__(self, geometry: Geometry, store: TrackStore) -> None:
        self.geometry = geometry
        self.store = store
        self._entries: OrderedDict[tuple[int, int], Decoded] = OrderedDict()
        self._changed: dict[tuple[int, int], Decoded] = {}
        self._uncommitted = False

    def decoded(self, cyl: int, head: int) -> Decoded:
        """The track. Raises CKDError if its image is damaged."""
        where = (cyl, head)
        entry = self._entries.get(where)
        if entry is not None and entry.changed:
            return entry
        image = self.store.read(cyl, head)
        if entry is None or entry.image is not image:
            entry = Decoded(image, Track.from_bytes(image))
            self._entries[where] = entry
            if len(self._entries) > CACHE:
                self._drop_oldest()
        self._entries.move_to_end(where)
        return entry

    def _drop_oldest(self) -> None:
        (cyl, head), entry = next(iter(self._entries.items()))
        if entry.changed:
            self.leave(cyl, head)
        del self._entries[cyl, head]

    def changed(self, cyl: int, head: int, entry: Decoded) -> None:
        """The track was altered in place; `entry` is what `decoded` gave."""
        self._entries[cyl, head] = self._changed[cyl, head] = entry
        entry.changed = True
        entry.positions = entry.identifiers = None

    def leave(self, cyl: int, head: int) -> None:
        """The head leaves the track: a changed one goes to the store."""
        entry = self._changed.get((cyl, head))
        if entry is not None:
            image = entry.track.to_bytes()
            self.store.write(cyl, head, image)
            entry.image = image
            entry.changed = False
            del self._changed[cyl, head]
            self._uncommitted = True

    def flush(self) -> None:
        """Store and commit whatever was changed."""
        for cyl, head in list(self._changed):
            self.leave(cyl, head)
        if self._uncommitted:
            self._uncommitted = False
            self.store.commit()

    @property
    def at_rest(self) -> bool:
        """Whether the store has, lasting, all that was changed."""
        return not self._changed and not self._uncommitted

    def owe_commit(self, owes: bool) -> None:
        """Whether something was written to the store elsewhere that `flush` is to make lasting."""
        self._uncommitted = owes

    def forget(self) -> None:
        """Drop all decoded tracks, changed or not."""
        self._entries.clear()
        self._changed.clear()
        self._uncommitted = False

    # ---- rotational position

    def _positions(self, cyl: int, head: int) -> list[int]:
        """Where each record of the track begins, record 0 first: bytes from index."""
        entry = self.decoded(cyl, head)
        if entry.positions is None:
            entry.positions = [0, *self.geometry.positions(entry.track.records)]
        return entry.positions

    def position(self, cyl: int, head: int, record: int) -> int:
        """Bytes from index to the beginning of a record; 0 is record 0. Behind the last one, that one counts."""
        positions = self._positions(cyl, head)
        return positions[min(record, len(positions) - 1)]

    def sector(self, cyl: int, head: int, record: int) -> int:
        """The sector in which the record begins. Raises CKDError: no rotational position sensing."""
        return self.geometry.sector(self.position(cyl, head, record))

    def behind_sector(self, cyl: int, head: int, sector: int) -> int:
        """The first record that begins in the sector or behind it; record 0 if index comes first."""
        positions = self._positions(cyl, head)
        n = bisect_left(positions, sector, key=self.geometry.sector)
        return n if n < len(positions) else 0
