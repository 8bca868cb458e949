"""Temporary disks: space for a session, erased when it is given back (DMKPGT, DMKVDS).

Volumes with the word TDSK in the directory are for them. Nothing on such a volume survives a start of the system.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cpvm.cp.directory import MinidiskEntry, VolumeEntry
from cpvm.cp.message import message
from cpvm.machine.device import MediaError
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY, Track

NO_SPACE = message("091E", "DASD {:03X} NOT DEFINED; TEMP SPACE NOT AVAILABLE")
TYPES = {f"T{name}": name for name in GEOMETRY}
"""What DEFINE calls them: T3350."""


class _Tracks(Minidisk):
    """An extent that knows which of its tracks are to be erased."""

    def __init__(self, volume: Volume, start: int, cylinders: int) -> None:
        super().__init__(volume, start, cylinders, read_only=False)
        self.written: set[tuple[int, int]] = set()

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.written.add((cyl, head))
        super().write(cyl, head, image)

    def erase(self) -> None:
        """Have formatted tracks without records again."""
        for cyl, head in sorted(self.written):
            super().write(cyl, head, Track.empty(cyl, head).to_bytes())
        self.commit()


@dataclass
class TemporaryDisk:
    """A temporary disk and where it lies."""

    volid: str
    devtype: str
    start: int
    cylinders: int
    user: str
    vaddr: int
    tracks: _Tracks

    @property
    def entry(self) -> MinidiskEntry:
        """As a minidisk, for whatever shows or uses one."""
        return MinidiskEntry(self.vaddr, self.devtype, self.start, self.cylinders, self.volid, "MW")


class TemporarySpace:
    """The volumes for temporary disks, and the disks that are on them."""

    def __init__(self) -> None:
        self._volumes: dict[str, Volume] = {}
        self.disks: list[TemporaryDisk] = []
        self._leaving: list[TemporaryDisk] = []  # given back, and not erased yet

    def mount(self, volumes: Iterable[tuple[Path, VolumeEntry]]) -> list[str]:
        """Make each volume anew, so that it is empty, and open it. Returns why some could not be."""
        troubles = []
        for path, entry in volumes:
            try:
                for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                    old.unlink(missing_ok=True)
                volume = Volume.create(path, entry.devtype, entry.volid, cylinders=entry.cylinders)
            except (MediaError, OSError, sqlite3.Error, ValueError) as error:
                troubles.append(f"{entry.volid}; {error}")
            else:
                self._volumes[entry.volid] = volume
        return troubles

    def allocate(self, devtype: str, cylinders: int, user: str, vaddr: int) -> TemporaryDisk:
        """The first gap that is large enough, beginning with cylinder 1. TEMP SPACE NOT AVAILABLE."""
        self._tidy()
        for volid, volume in self._volumes.items():
            if volume.geometry.type != GEOMETRY[devtype].type:
                continue
            at = 1
            for disk in sorted((disk for disk in self.disks if disk.volid == volid), key=lambda disk: disk.start):
                if disk.start - at >= cylinders:
                    break
                at = disk.start + disk.cylinders
            if volume.cylinders - at >= cylinders:
                found = TemporaryDisk(volid, devtype, at, cylinders, user, vaddr, _Tracks(volume, at, cylinders))
                self.disks.append(found)
                return found
        raise NO_SPACE.error(vaddr)

    def release(self, disk: TemporaryDisk) -> None:
        """Erase a disk, whose place others may have then."""
        self._leaving.append(disk)
        self._tidy()

    def _tidy(self) -> None:
        """Erase what was given back. What the host does not let be erased stays taken until it does."""
        for disk in list(self._leaving):
            try:
                disk.tracks.erase()
            except MediaError:
                continue
            self._leaving.remove(disk)
            self.disks.remove(disk)

    def usage(self) -> list[tuple[str, int, int]]:
        """Of each volume: its name, how many cylinders there are for disks, and how many are in use."""
        return [
            (volid, volume.cylinders - 1, sum(disk.cylinders for disk in self.disks if disk.volid == volid))
            for volid, volume in self._volumes.items()
        ]

    def close(self) -> None:
        """Close all volumes."""
        for volume in self._volumes.values():
            volume.close()
        self._volumes.clear()
        self.disks.clear()
        self._leaving.clear()
