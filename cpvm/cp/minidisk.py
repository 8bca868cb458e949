"""Minidisks: volumes cut into extents, and who is linked to each (DMKLNK, DMKPGS)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cpvm.cp.directory import MinidiskEntry, VolumeEntry
from cpvm.cp.message import message
from cpvm.machine.device import MediaError, TrackStore
from cpvm.machine.media.volume import Volume

NOT_LINKED_RW = message("DMKLNK104E", "{} {:03X} NOT LINKED; R/W BY {}")
NOT_LINKED_RO = message("DMKLNK105E", "{} {:03X} NOT LINKED; R/O BY {}")
NOT_LINKED_BOTH = message("DMKLNK106E", "{} {:03X} NOT LINKED; R/W BY {}; R/O BY {}")
MOUNT_FAILED = message("DMKCPI954E", "VOLID {} NOT MOUNTED; {}")
NOT_MOUNTED = message("DMKLNK108E", "{} {:03X} NOT LINKED; VOLID {} NOT MOUNTED")

_WRITE_MODES = ("W", "WR", "M", "MR", "MW")
_ALTERNATE_READ = ("WR", "MR")


class Link:
    """One machine's access to a minidisk."""

    def __init__(
        self,
        owner: str,
        *,
        disk: MinidiskEntry,
        user: str,
        writable: bool,
        tracks: TrackStore,
        drop: Callable[[Link], None],
    ) -> None:
        self.owner = owner
        self.disk = disk
        self.user = user
        self.writable = writable
        self.vaddr = disk.vaddr  # at USER's machine
        self.tracks = tracks
        self._drop = drop

    def drop(self) -> None:
        """Give the access up."""
        self._drop(self)


class Minidisks:
    """The volumes of the system and all links to their minidisks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._volumes: dict[str, Volume] = {}
        self._links: list[Link] = []

    def mount(self, volumes: dict[str, VolumeEntry]) -> list[str]:
        """Open all volumes. Returns a message for each one that cannot be had; the others can be used."""
        messages = []
        for volid in volumes:
            try:
                self._volumes[volid] = Volume.open(volume_path(self._folder, volid))
            except MediaError as error:
                messages.append(MOUNT_FAILED.full(volid, error))
        return messages

    def mounted(self, volid: str) -> bool:
        """True if the volume is open."""
        return volid in self._volumes

    def links(self, owner: str, vaddr: int) -> list[Link]:
        """All links to OWNER's minidisk VADDR, the owner's own included."""
        return [link for link in self._links if link.owner == owner and link.disk.vaddr == vaddr]

    def link(self, owner: str, disk: MinidiskEntry, user: str, mode: str) -> Link:
        """Give USER access to OWNER's minidisk by MODE's rules. Raises CPError (104E-108E) if they forbid it.

        R: read if nobody writes. RR: read. W: write if nobody else is linked. WR: the same, or else read.
        M: write if nobody writes. MR: the same, or else read. MW: write in any case.
        """
        volume = self._volumes.get(disk.volid)
        if volume is None:
            raise NOT_MOUNTED.error(owner, disk.vaddr, disk.volid)
        others = self.links(owner, disk.vaddr)
        writers = [link.user for link in others if link.writable]
        readers = [link.user for link in others if not link.writable]
        writable = mode in _WRITE_MODES
        refused = {
            "R": bool(writers),
            "RR": False,
            "W": bool(writers or readers),
            "WR": bool(writers or readers),
            "M": bool(writers),
            "MR": bool(writers),
            "MW": False,
        }[mode]
        if refused and mode in _ALTERNATE_READ:
            writable = False
        elif refused:
            self._refuse(owner, disk.vaddr, writers, readers)
        tracks = volume.minidisk(disk.start, disk.cylinders, not writable)
        link = Link(owner, disk=disk, user=user, writable=writable, tracks=tracks, drop=self._links.remove)
        self._links.append(link)
        return link

    @staticmethod
    def _refuse(owner: str, vaddr: int, writers: list[str], readers: list[str]) -> None:
        if writers and readers:
            raise NOT_LINKED_BOTH.error(owner, vaddr, users(writers), users(readers))
        if writers:
            raise NOT_LINKED_RW.error(owner, vaddr, users(writers))
        raise NOT_LINKED_RO.error(owner, vaddr, users(readers))

    def others(self, link: Link) -> tuple[list[str], list[str]]:
        """The users who have the same minidisk besides LINK: (writing, reading)."""
        same = [other for other in self.links(link.owner, link.disk.vaddr) if other is not link]
        return [other.user for other in same if other.writable], [other.user for other in same if not other.writable]

    def close(self) -> None:
        """Close all volumes."""
        for volume in self._volumes.values():
            volume.close()
        self._volumes.clear()
        self._links.clear()


def users(names: list[str]) -> str:
    """One userid, or how many users: BY userid|nnn USERS."""
    return names[0] if len(names) == 1 else f"{len(names):03} USERS"


def volume_path(folder: Path, volid: str) -> Path:
    """Where the system directory FOLDER keeps a volume."""
    return folder / "volumes" / f"{volid}.volume"
