"""Minidisks: volumes cut into extents, and who is linked to each (DMKLNK, DMKPGS)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.cp.directory import MinidiskEntry, VolumeEntry
from cpvm.cp.message import message
from cpvm.cp.sharedfolders import shared_folders
from cpvm.cp.tdisk import TemporarySpace
from cpvm.machine.device import ConfigurationError, Device, MediaError, TrackStore
from cpvm.machine.media.folder import FolderTracks
from cpvm.machine.media.images import TrackImage
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.pack import PackDrive
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY

if TYPE_CHECKING:
    from cpvm.cp.realdev import RealDevice

NOT_LINKED_RW = message("DMKLNK104E", "{} {:03X} NOT LINKED; R/W BY {}")
NOT_LINKED_RO = message("DMKLNK105E", "{} {:03X} NOT LINKED; R/O BY {}")
NOT_LINKED_BOTH = message("DMKLNK106E", "{} {:03X} NOT LINKED; R/W BY {}; R/O BY {}")
MOUNT_FAILED = message("DMKCPI954E", "VOLID {} NOT MOUNTED; {}")
NOT_CLOSED = message("DMKCPI957E", "VOLID {} NOT CLOSED IN ORDER; {}; WHAT WAS WRITTEN IS TAKEN UP AT THE NEXT START")
FOLDER_NOTE = message("DMKCPI956W", "VOLID {}; {}")
FOLDERS_WRONG = message("DMKCPI955E", "{}")
NOT_MOUNTED = message("DMKLNK108E", "{} {:03X} NOT LINKED; VOLID {} NOT MOUNTED")

_WRITE_MODES = ("W", "WR", "M", "MR", "MW")
_MOST_NOTES = 10  # about one folder, as the system starts
_TEMPORARY = "(TEMP)"
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

    @property
    def volid(self) -> str:
        """The volume that the disk is on, as its user sees it: (TEMP) for a temporary disk."""
        return _TEMPORARY if self.owner.startswith("*") else self.disk.volid

    def drop(self) -> None:
        """Give the access up."""
        self._drop(self)


class Minidisks:
    """The volumes of the system and all links to their minidisks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._volumes: dict[str, TrackImage] = {}
        self._adopted: dict[str, Device] = {}
        self._links: list[Link] = []
        self.temporary = TemporarySpace()
        self.report: Callable[[str], None] = lambda line: None
        """Told what is to be said of folders of the host, for the operator."""

    def mount(self, volumes: Mapping[str, VolumeEntry]) -> list[str]:
        """Open all volumes that are not open. Returns a message for each one that cannot be had.

        Those for temporary disks are made anew, so they are empty.
        """
        messages = []
        try:
            folders = shared_folders(self._folder)
        except MediaError as error:
            folders = {}
            messages.append(FOLDERS_WRONG.full(error))
        for volid, entry in volumes.items():
            if volid in self._volumes or entry.temporary:
                continue
            try:
                if volid in folders:
                    self._volumes[volid] = self._of_folder(volid, folders[volid].open(self._folder, entry.devtype))
                else:
                    self._volumes[volid] = Volume.open(volume_path(self._folder, volid))
            except MediaError as error:
                messages.append(MOUNT_FAILED.full(volid, error))
        there = {volid for volid, *_ in self.temporary.usage()}
        scratch = [entry for entry in volumes.values() if entry.temporary and entry.volid not in there]
        troubles = self.temporary.mount((volume_path(self._folder, entry.volid), entry) for entry in scratch)
        return messages + [MOUNT_FAILED.full(*trouble.split("; ", 1)) for trouble in troubles]

    def _of_folder(self, volid: str, disk: FolderTracks) -> FolderTracks:
        """A folder that nobody has a link to yet."""
        disk.report = lambda line: self.report(FOLDER_NOTE.full(volid, line))
        for note in disk.notes[:_MOST_NOTES]:
            disk.report(note)
        if len(disk.notes) > _MOST_NOTES:
            disk.report(f"AND {len(disk.notes) - _MOST_NOTES} MORE LIKE THESE")
        disk.hold(writing=False)
        return disk

    def adopt(self, volid: str, real: RealDevice, expected: VolumeEntry | None) -> None:
        """Take a disk of a real device for the minidisks on VOLID, which the directory has as EXPECTED.

        Raises ConfigurationError: it is there already, or not as the directory says.
        """
        if volid in self._volumes:
            raise ConfigurationError(f"volid {volid} is attached already")
        if expected is None:
            raise ConfigurationError(f"volid {volid} is not in the directory")
        device = real.make()
        image = device.pack if isinstance(device, PackDrive) else None
        if not isinstance(image, TrackImage) or image.geometry.type != GEOMETRY[expected.devtype].type:
            device.close()
            raise ConfigurationError(f"volid {volid} is a {expected.devtype} in the directory")
        self._volumes[volid] = image
        self._adopted[volid] = device

    def adopted(self, volid: str) -> bool:
        """Whether VOLID is a real device's."""
        return volid in self._adopted

    def users_of(self, volid: str) -> list[str]:
        """The users who are linked to minidisks on VOLID."""
        return sorted({link.user for link in self._links if link.disk.volid == volid})

    def give_back(self, volid: str) -> None:
        """Close a disk that was adopted; nobody uses it."""
        del self._volumes[volid]
        self._adopted.pop(volid).close()

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
        if disk.start + disk.cylinders > volume.cylinders:
            raise NOT_MOUNTED.error(owner, disk.vaddr, disk.volid)
        if volume.read_only:
            writable = False
        tracks = Minidisk(volume, disk.start, disk.cylinders, not writable)
        link = Link(owner, disk=disk, user=user, writable=writable, tracks=tracks, drop=self._dropped)
        self._links.append(link)
        try:
            self._hold(disk.volid)
        except MediaError as error:
            self._links.remove(link)
            self.report(MOUNT_FAILED.full(disk.volid, error))
            raise NOT_MOUNTED.error(owner, disk.vaddr, disk.volid) from None
        return link

    def _dropped(self, link: Link) -> None:
        self._links.remove(link)
        try:
            self._hold(link.disk.volid)
        except MediaError as error:
            self.report(MOUNT_FAILED.full(link.disk.volid, error))

    def _hold(self, volid: str) -> None:
        """Tell a folder whether anybody may write to it. Raises MediaError."""
        volume = self._volumes.get(volid)
        if isinstance(volume, FolderTracks):
            volume.hold(any(link.writable for link in self._links if link.disk.volid == volid))

    def link_temporary(self, devtype: str, cylinders: int, user: str, vaddr: int) -> Link:
        """Give USER a temporary disk. Raises CPError: there is no room."""
        disk = self.temporary.allocate(devtype, cylinders, user, vaddr)

        def drop(link: Link) -> None:
            self._links.remove(link)
            self.temporary.release(disk)

        # No other user's disk: the owner is a name that nobody can have.
        link = Link(f"*{user}", disk=disk.entry, user=user, writable=True, tracks=disk.tracks, drop=drop)
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
        """Close all volumes; one that the host fails does not keep the others open, and is told of."""
        closing = [(volid, volume.close) for volid, volume in self._volumes.items() if volid not in self._adopted]
        closing += [(volid, device.close) for volid, device in self._adopted.items()]
        for volid, close in (*closing, ("TEMP", self.temporary.close)):
            try:
                close()
            except MediaError as error:
                self.report(NOT_CLOSED.full(volid, error))
        self._adopted.clear()
        self._volumes.clear()
        self._links.clear()


def users(names: list[str]) -> str:
    """One userid, or how many users: BY userid|nnn USERS."""
    return names[0] if len(names) == 1 else f"{len(names):03} USERS"


def volume_path(folder: Path, volid: str) -> Path:
    """Where the system directory FOLDER keeps a volume."""
    return folder / "volumes" / f"{volid}.volume"


def make_volumes(folder: Path, volumes: Iterable[VolumeEntry], known: Container[str] = ()) -> None:
    """Make an empty volume for each that is not there. Raises MediaError, OSError.

    A file of that name that is none of the KNOWN volumes is taken as it is if it is such a volume. One that is not, and
    has nothing on it, was left by a process that was killed before the directory had it: it is made anew.
    """
    (folder / "volumes").mkdir(mode=0o700, parents=True, exist_ok=True)
    folders = shared_folders(folder)
    for volume in volumes:
        if volume.volid in folders or volume.temporary:
            continue
        path = volume_path(folder, volume.volid)
        if path.exists() and volume.volid not in known and _left(path, volume):
            path.unlink()
        if not path.exists():
            Volume.create(path, volume.devtype, volume.volid, cylinders=volume.cylinders).close()


def _left(path: Path, wanted: VolumeEntry) -> bool:
    """Whether an empty volume of another type or size is there. Raises MediaError: there is one that is not empty."""
    with Volume.open(path, read_only=True) as there:
        if there.geometry.type == GEOMETRY[wanted.devtype].type and there.cylinders >= wanted.cylinders:
            return False
        if there.changed() == [0]:
            return True
        raise MediaError(f"{wanted.volid} is there already, a {there.device_type} of {there.cylinders} cylinders")
