"""Disks that become volumes of a system, for the minidisks that its directory has on them."""

from __future__ import annotations

import re
from pathlib import Path

from cpvm.cp.database import Database, DatabaseError
from cpvm.cp.directory import VolumeEntry
from cpvm.cp.directory_store import SCHEMA, DirectoryStore
from cpvm.cp.minidisk import volume_path
from cpvm.cp.savedsys import SCHEMA as SAVED
from cpvm.cp.system import DATABASE
from cpvm.front.disks import whole
from cpvm.front.disks.place import DiskError
from cpvm.machine.media.images import BlockImage, TrackImage
from cpvm.machine.media.images.writing import Progress

_VOLID = re.compile(r"[A-Z0-9$#@-]{1,6}")


def join(system: Path, disk: TrackImage | BlockImage, volid: str | None, force: bool, progress: Progress) -> str:
    """Copy a disk into a system, which may be running. Returns its name there.

    Args:
        system: the system directory.
        disk: what is copied.
        volid: the name; None for the one in its label.
        force: replace the volume if the system has one of this name and is not running.
        progress: called from time to time.

    Raises:
        DiskError: it is no disk for minidisks, it has no name, or there is no system.
        MediaError: the disk cannot be read or the volume not written; it exists already.
    """
    folder = system.expanduser().absolute()
    name = (volid or whole.volid_of(disk)).upper()
    if not isinstance(disk, TrackImage):
        raise DiskError("minidisks are on count-key-data disks only")
    if not _VOLID.fullmatch(name):
        raise DiskError(
            "the disk has no label: give it a name with --volid" if not name else f"{name} is no volume name"
        )
    try:
        database = Database(folder / DATABASE, (SCHEMA, SAVED))
    except DatabaseError as error:
        raise DiskError(str(error)) from error
    try:
        store = DirectoryStore(database)
        if name in store.volumes and not force:
            raise DiskError(f"the system has a volume {name} already; --force replaces it")
        whole.write(disk, volume_path(folder, name), "volume", force=force, progress=progress)
        store.add_volume(VolumeEntry(name, disk.geometry.name, disk.cylinders))
    finally:
        database.close()
    return name
