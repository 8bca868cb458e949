"""Tracks of a volume in memory where native code can read and write them.

A track is here in a frame, as a flat image with an index of its records. Which ones are is nobody's business but native
code's: whoever asks the volume for a track gets what was written here, and a track that is written elsewhere goes.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Final

from cpvm.machine.media import redo
from cpvm.machine.quick import layout as where
from cpvm.s370.ckd import COUNT_LENGTH, HOME_ADDRESS_LENGTH, OVERFLOW, Track

if TYPE_CHECKING:
    from cpvm.machine.media.volume import Volume

ROOM: Final = 4 << 20
"""Bytes of tracks in memory; the host gives it memory for those that are used."""
LEAST: Final = 16
"""Frames at least."""
_PAGE: Final = 4096

_FRAME: Final = Struct("=5q")


class Resident:
    """The tracks of one volume that are in memory. Only the thread that runs the machine may use it."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        geometry = volume.geometry
        self._tracks = volume.cylinders * geometry.heads
        self._frame_bytes = -(-(where.FRAME_IMAGE + geometry.image_size) // 64) * 64
        self._frames = min(max(ROOM // self._frame_bytes, LEAST), self._tracks)
        self._index_at = _PAGE
        self._entries_at = _PAGE + 8 * self._tracks
        self._frames_at = self._entries_at + where.ENTRIES_ROOM
        self._memory = mmap.mmap(
            -1, self._frames_at + self._frames * self._frame_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        )
        self._words = memoryview(self._memory)[: self._entries_at].cast("q")
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        """Host address of the pack, see `cpvm.machine.quick.layout`."""
        self._held: dict[int, int] = {}  # number of a track -> offset of its frame, the one that came first first
        self._set(where.INDEX_OF, self.address + self._index_at)
        self._set(where.ENTRIES, self.address + self._entries_at)
        self._set(where.LOG_BYTES, redo.ROOM)
        self._set(where.LOG, -1)

    def _set(self, name: int, v: int) -> None:
        self._words[name >> 3] = v

    def _get(self, name: int) -> int:
        return self._words[name >> 3]

    # ---- tracks
    def load(self, cyl: int, head: int) -> bool:
        """Bring a track into memory; False if it is none for native code. Raises MediaError."""
        number = cyl * self._volume.geometry.heads + head
        if number in self._held:
            return True
        image = self._volume.read(cyl, head)
        found = _places(image)
        if found is None or len(image) > self._frame_bytes - where.FRAME_IMAGE:
            return False
        frame = self._free_frame()
        if not frame:
            return False
        places, sectors = found, self._sectors(image)
        memory = self._memory
        _FRAME.pack_into(memory, frame, number, len(image), len(places), 0, 0)
        start = frame + where.FRAME_PLACES
        memory[start : start + 4 * len(places)] = Struct(f"={len(places)}I").pack(*places)
        start = frame + where.FRAME_SECTORS
        memory[start : start + len(sectors)] = sectors
        start = frame + where.FRAME_IMAGE
        memory[start : start + len(image)] = image
        self._held[number] = frame
        self._words[(self._index_at >> 3) + number] = self.address + frame
        return True

    def _sectors(self, image: bytes) -> bytes:
        """For each record the sector in which it begins."""
        geometry = self._volume.geometry
        if not geometry.sectors:
            return b""
        return bytes(geometry.sector(n) for n in (0, *geometry.positions(Track.from_bytes(image).records)))

    def _free_frame(self) -> int:
        """Where there is room for a track, 0 if there is none for the moment. Raises MediaError."""
        if len(self._held) < self._frames:
            used = set(self._held.values())
            start = self._frames_at + len(used) * self._frame_bytes
            if start not in used:
                return start
            every = range(self._frames_at, self._frames_at + self._frames * self._frame_bytes, self._frame_bytes)
            return next(at for at in every if at not in used)
        if not self.unsaved:
            first = next(iter(self._held))
            if self._flag(first, where.FRAME_DIRTY):
                self._volume.settle()
        else:  # what a program under way has written is to stay together
            first = next((number for number in self._held if not self._flag(number, where.FRAME_DIRTY)), -1)
            if first < 0:
                return 0
        frame = self._held[first]
        self.drop(first)
        return frame

    def _flag(self, number: int, name: int) -> int:
        v: int = Struct("=q").unpack_from(self._memory, self._held[number] + name)[0]
        return v

    def _clear(self, number: int, name: int) -> None:
        Struct("=q").pack_into(self._memory, self._held[number] + name, 0)

    def _bytes(self, number: int) -> bytes:
        frame = self._held[number]
        length: int = Struct("=q").unpack_from(self._memory, frame + where.FRAME_LENGTH)[0]
        return self._memory[frame + where.FRAME_IMAGE : frame + where.FRAME_IMAGE + length]

    def image(self, number: int) -> bytes | None:
        """The image of a track, if it was written to since it was asked for the last time."""
        if number not in self._held or not self._flag(number, where.FRAME_CHANGED):
            return None
        self._clear(number, where.FRAME_CHANGED)
        return self._bytes(number)

    def drop(self, number: int) -> None:
        """A track is in memory no more: it was written elsewhere, or its frame is wanted."""
        if self._held.pop(number, None) is not None:
            self._words[(self._index_at >> 3) + number] = 0

    def clear(self) -> None:
        """No track is in memory, and what was written is only what is in the log."""
        for number in list(self._held):
            self.drop(number)
        self._set(where.DIRTY, 0)
        self._set(where.ENTRIES_BYTES, 0)

    # ---- what was written
    @property
    def dirty(self) -> bool:
        """Whether the volume's file lacks anything."""
        return bool(self._get(where.DIRTY))

    @property
    def unsaved(self) -> bool:
        """Whether a channel program that has not come to its end natively has written something."""
        return bool(self._get(where.ENTRIES_BYTES))

    def written(self) -> dict[int, bytes]:
        """The tracks that the volume's file has otherwise, by number; they count as asked for."""
        if not self.dirty:
            return {}
        found = {number: self._bytes(number) for number in self._held if self._flag(number, where.FRAME_DIRTY)}
        for number in found:
            self._clear(number, where.FRAME_CHANGED)
        return found

    def settled(self) -> None:
        """All of them are in the volume's file now: the log begins anew."""
        for number in self._held:
            self._clear(number, where.FRAME_DIRTY)
        self._set(where.DIRTY, 0)
        self._set(where.ENTRIES_BYTES, 0)
        self._set(where.LOG_AT, 0)
        self._set(where.GENERATION, self._get(where.GENERATION) + 1)

    # ---- the log
    def open_log(self) -> bool:
        """Have a log; False if there can be none. Raises MediaError."""
        if self._get(where.LOG) < 0:
            facts = self._volume.facts
            if redo.FACT not in facts:  # a log belongs to this volume, and to no other that ever had its name
                self._volume.note({redo.FACT: secrets.randbits(48)})
            self._set(where.GENERATION, int(facts[redo.FACT]) + 1)
            self._set(where.LOG, redo.create(self._volume.path))
        return self._get(where.LOG) >= 0

    @property
    def empty_log(self) -> bool:
        """Whether nothing in the log counts."""
        return not self._get(where.LOG_AT)

    def close(self) -> None:
        """Let go of everything; the log is removed unless it has something."""
        log = self._get(where.LOG)
        self._set(where.LOG, -1)
        if log >= 0:
            with suppress(OSError):  # what counts in it was said to be written before
                os.close(log)
            if not self._get(where.LOG_AT):
                redo.remove(self._volume.path)
        for number in list(self._held):
            self.drop(number)


def _places(image: bytes) -> list[int] | None:
    """Where the records of a track begin in its image; None if it is none for native code.

    That is one of a defective or alternate track, one with segments of overflow records or with very many records, or
    an image that is damaged.
    """
    places: list[int] = []
    at, end = HOME_ADDRESS_LENGTH, len(image)
    if end < at or image[0]:
        return None
    while True:
        count = image[at : at + COUNT_LENGTH]
        if count == b"\xff" * COUNT_LENGTH:
            break
        if len(count) < COUNT_LENGTH or count[0] & OVERFLOW >> 8 or len(places) == where.MOST_RECORDS:
            return None
        places.append(at)
        at += COUNT_LENGTH + count[5] + (count[6] << 8 | count[7])
        if at > end:
            return None
    return places or None
