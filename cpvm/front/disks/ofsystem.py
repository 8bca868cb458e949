"""Minidisks by the words of a system's directory: `CMSUSER 191` with --system.

The rule that keeps them whole: a volume belongs to one process. While the system runs, its volumes are its own, and
are refused here; while a command here has one open, the system does not start. A folder of the host can be looked at
at any time, and is written by one process only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cpvm.cp.directory import LinkEntry, MinidiskEntry
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.lockfile import SystemStartError, lock_folder
from cpvm.cp.minidisk import volume_path
from cpvm.cp.sharedfolders import shared_folders
from cpvm.front.directory import DirectoryFailed, opened
from cpvm.front.disks.place import DiskError
from cpvm.machine.device import MediaError
from cpvm.machine.media.images import TrackImage
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.volume import open_volume

_NAME: Final = re.compile(r"(\S{1,24})[ .]([0-9A-Fa-f]{1,3})")


class MinidiskImage(TrackImage):
    """A minidisk of a system as a disk of its own, for as long as the command has it."""

    format = "minidisk"

    def __init__(self, name: str, volume: TrackImage, entry: MinidiskEntry, read_only: bool, system: Path) -> None:
        """The cylinders of an open volume, which is closed with it. Raises MediaError: it is too short."""
        if entry.start + entry.cylinders > volume.cylinders:
            raise MediaError(f"{name} is not all on volume {entry.volid}")
        self.path = Path(name)
        self.geometry = volume.geometry
        self.device_type = volume.device_type
        self.cylinders = entry.cylinders
        self.read_only = read_only
        self.system = system
        self.volume = volume
        self._tracks = Minidisk(volume, entry.start, entry.cylinders, read_only)

    @property
    def files(self) -> list[Path]:
        """The file of the volume."""
        return self.volume.files

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track, relocated to the minidisk."""
        return self._tracks.read(cyl, head)

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image."""
        self._tracks.write(cyl, head, image)

    def commit(self) -> None:
        """Make what was written lasting."""
        self._tracks.commit()

    def close(self) -> None:
        """Close the volume."""
        self.volume.close()


def minidisk(system: Path, words: str, write: bool) -> TrackImage:
    """Open a minidisk of a system that is not running.

    Args:
        system: the system directory.
        words: userid and virtual address, `CMSUSER 191` or `CMSUSER.191`; of a LINK statement, what it links to.
        write: whether it is to be written.

    Raises:
        DiskError: there is no such system, user or minidisk, or the system is running.
        MediaError: the volume cannot be opened.
    """
    match = _NAME.fullmatch(words.strip())
    if match is None:
        raise DiskError(f"{words!r} is no minidisk, such as 'CMSUSER 191'; --system goes with userid and address")
    userid, vaddr = match[1].upper(), int(match[2], 16)
    try:
        with opened(system) as (folder, store):
            name, entry = _entry(store, userid, vaddr)
            devtype = store.volumes[entry.volid].devtype if entry.volid in store.volumes else entry.devtype
    except DirectoryFailed as error:
        raise DiskError(str(error)) from None
    folders = shared_folders(folder)
    volume: TrackImage
    if entry.volid in folders:
        if write and folders[entry.volid].read_only:
            raise DiskError(f"{name} is a folder that is only read")
        volume = folders[entry.volid].open(folder, devtype, read_only=not write)
    else:
        try:
            lock_folder(folder).close()
        except SystemStartError as error:
            raise DiskError(f"{error}; its volumes are its own until SHUTDOWN") from None
        found = open_volume(volume_path(folder, entry.volid), not write)
        if not isinstance(found, TrackImage):
            found.close()
            raise DiskError(f"{entry.volid} has no tracks")
        volume = found
    try:
        return MinidiskImage(name, volume, entry, not write, folder)
    except MediaError:
        volume.close()
        raise


def _entry(store: DirectoryStore, userid: str, vaddr: int) -> tuple[str, MinidiskEntry]:
    """The minidisk that a user has at an address, its own or another's, with its owner's name for it."""
    seen: set[tuple[str, int]] = set()
    while (userid, vaddr) not in seen:
        seen.add((userid, vaddr))
        userid = store.meant(userid)
        user = store.users.get(userid)
        if user is None:
            raise DiskError(f"{userid} is not in the directory")
        device = user.device(vaddr)
        if isinstance(device, MinidiskEntry):
            return f"{userid} {vaddr:03X}", device
        if not isinstance(device, LinkEntry):
            break
        userid, vaddr = device.owner, device.owner_vaddr
    raise DiskError(f"{userid} has no minidisk {vaddr:03X}")
