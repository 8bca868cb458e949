"""Folders of the host as minidisks of a system's users: `cpvm disk share`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.cp.directory import Directory, MinidiskEntry
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.directory_text import source_of
from cpvm.cp.minidisk import volume_path
from cpvm.cp.sharedfolders import FILE, SharedFolder, shared_folders
from cpvm.front.directory import changed, checked, opened
from cpvm.front.disks.place import DiskError
from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.device import MediaError
from cpvm.machine.media.newfile import temporary_for

_DEVICE: Final = "3350"
_VOLID: Final = 6


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the folder, whose minidisk it becomes, and what may be done with it."""

    folder: Path
    userid: str
    vaddr: int
    write: bool = False
    everybody: bool = False
    """Whether all users may read it, by LINK without a password."""
    code: str = "037"


def share(system: Path | None, wanted: Wanted) -> list[str]:
    """Make a folder a minidisk of a user, also while the system runs. Returns what there is to tell.

    Raises:
        DiskError: there is no such folder or user, or the address is taken.
        DirectoryFailed: there is no system, or the directory does not take it.
        MediaError: the folder cannot be a disk.
    """
    path = wanted.folder.expanduser().absolute()
    disk = FolderDisk(path, not wanted.write, _DEVICE, wanted.code)
    cylinders, notes = disk.cylinders, disk.notes
    disk.close()
    with opened(system) as (folder, store):
        mine, theirs = folder.resolve(), path.resolve()
        if mine.is_relative_to(theirs) or theirs.is_relative_to(mine):
            raise DiskError(f"{path} has files of the system itself, its users' passwords among them: choose another")
        userid = store.meant(wanted.userid.upper())
        entry = store.users.get(userid)
        if entry is None:
            raise DiskError(f"{userid} is not in the directory")
        if entry.device(wanted.vaddr) is not None:
            raise DiskError(f"{userid} has a device {wanted.vaddr:03X} already")
        there = shared_folders(folder)
        volid = _free_name(store, folder, there, path)
        share = SharedFolder(volid, path, not wanted.write, wanted.code)
        _note(folder, {**there, volid: share})
        mode = "MR" if wanted.write else "RR"
        mdisk = MinidiskEntry(wanted.vaddr, _DEVICE, 0, cylinders, volid, mode)
        line = f" MDISK {mdisk.vaddr:03X} {_DEVICE} 0 {cylinders} {volid} {mode}{' ALL' if wanted.everybody else ''}"

        def made() -> Directory:
            source = f"VOLUME {volid} {_DEVICE} {cylinders}\n" + _with(source_of(store), userid, line)
            return checked(source, store, f"user {userid}")

        changed(folder, store, made)
    access = "reads and writes" if wanted.write else "reads"
    return [*notes, f"{path} is volume {volid}: {userid} {access} it as {wanted.vaddr:03X} from the next LOGON on"]


def unshare(system: Path | None, volid: str) -> list[str]:
    """Take a folder out of a system that is not running; its files stay. Returns what there is to tell.

    Raises:
        DiskError: it is no folder of the system.
        DirectoryFailed: there is no system, or it is running.
    """
    volid = volid.upper()
    with opened(system) as (folder, store):
        there = shared_folders(folder)
        if volid not in there:
            raise DiskError(f"{volid} is no folder of the system")

        def made() -> Directory:
            kept = [
                line
                for line in source_of(store).splitlines()
                if not (line.split()[:1] == ["MDISK"] and volid in line.split()[5:6])
                and line.split()[:2] != ["VOLUME", volid]
            ]
            return checked("\n".join(kept) + "\n", store, f"without {volid}")

        changed(folder, store, made)
        store.remove_volume(volid)
        path = there.pop(volid).path
        _note(folder, there)
    return [f"{path} is no volume of the system any more"]


def _with(source: str, userid: str, line: str) -> str:
    """A directory source with one more statement for a user."""
    lines = source.splitlines()
    start = next(number for number, text in enumerate(lines) if text.split()[:2] == ["USER", userid])
    end = next((n for n in range(start + 1, len(lines)) if lines[n].split()[:1] in (["*"], ["USER"])), len(lines))
    return "\n".join([*lines[:end], line, *lines[end:]]) + "\n"


def _free_name(store: DirectoryStore, folder: Path, there: dict[str, SharedFolder], path: Path) -> str:
    letters = "".join(char for char in path.name.upper() if char.isascii() and char.isalnum()) or "FOLDER"
    for number in range(1000):
        name = letters[:_VOLID] if not number else f"{letters[: _VOLID - len(str(number))]}{number}"
        if name not in store.volumes and name not in there and not volume_path(folder, name).exists():
            return name
    raise DiskError(f"there are too many volumes with names like {letters}")


def _note(folder: Path, shares: dict[str, SharedFolder]) -> None:
    """Write the file `folders`, at once or not at all. Lines of people's own are kept as far as they say something."""
    path = folder / FILE
    new = temporary_for(path)
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write("# Folders of the host that are volumes; `cpvm disk share` writes this file.\n")
            file.writelines(f"{share.line()}\n" for share in shares.values())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}") from None
