"""The CMS system disk of a system: how it is made, how to tell that its source has changed, how it is made anew."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cms
from cpvm.cp import help, helpmessage
from cpvm.cp.savedsys import SavedSystemError
from cpvm.cp.system import System
from cpvm.front import savedcms, users
from cpvm.machine.device import MediaError
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.volume import Volume

if TYPE_CHECKING:
    from cms.cmsdisk import CMSDisk

OWNER, VADDR = "MAINT", 0x190
MARK = "system.json"
"""The file of a system directory that says what it is; what was built is kept there, too."""

Progress = Callable[[str], None]
Tracks = Iterable[tuple[int, int, bytes]]
"""Cylinder and head within a minidisk, and the image of the track."""

_SOURCES = (
    "nucleus/*.assemble",
    "segment/*.assemble",
    "commands/*/*.assemble",
    "commands/*/*.exec",
    "commands/*/*.help*",
    "maclib/*",
    "osmacro/*",
    "*.help",
    "*.py",
)


class SystemDiskError(Exception):
    """The CMS system disk cannot be built, or not be put where it belongs; the text says why."""


@dataclass(frozen=True)
class Built:
    """A system disk, ready to be written."""

    tracks: Tracks
    files: tuple[str, ...]
    """Names of the files that belong to CMS, such as LISTFILE MODULE: all others are MAINT's own."""


def source_level() -> str:
    """A hash of all that a system disk is made of: the source of CMS, how it is laid out, CP's help texts."""
    digest = hashlib.sha256()
    root = Path(cms.__file__).parent
    for name, content in _contents(root):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _contents(root: Path) -> Iterator[tuple[str, bytes]]:
    paths = {path for pattern in _SOURCES for path in root.glob(pattern) if path.is_file()}
    yield from sorted((path.relative_to(root).as_posix(), path.read_bytes()) for path in paths)
    yield from sorted((name, text.encode()) for name, text in {**help.pages(), **helpmessage.pages()}.items())


def build(progress: Progress, cylinders: int = users.SYSTEM_DISK_CYLINDERS, old: CMSDisk | None = None) -> Built:
    """Build the disk from its source. Raises SystemDiskError.

    Args:
        progress: called with a line of text before each step.
        cylinders: size of the minidisk.
        old: a disk of which files are carried over that the new one does not have.
    """
    from cms.build import MODE, BuildError, build_system_disk  # brings the assembler, which no other start needs
    from cms.cmsdisk import CMSDiskError

    try:
        system = build_system_disk(progress, cylinders=cylinders)
        for name, text in help.pages().items():
            system.disk.write_text(name, "HELPCP", MODE, text, recfm="V")
        for name, text in helpmessage.pages().items():
            system.disk.write_text(name, "HELPMSG", MODE, text, recfm="V")
        files = tuple(sorted(" ".join(name) for name in system.disk.files))
        for kept, file in old.files.items() if old else ():
            if kept not in system.disk.files:
                system.disk.write(*kept, file.fm, file.records, file.recfm, file.lrecl, file.written)
    except (BuildError, CMSDiskError) as error:
        raise SystemDiskError(f"CMS could not be built: {error}") from error
    return Built(system.tracks(), files)


# ---- what is built, in the system directory
def note(folder: Path, facts: dict[str, object], level: str, files: Iterable[str]) -> None:
    """Write the mark of a system directory, at once or not at all. Raises OSError.

    Args:
        folder: the system directory.
        facts: what the mark says besides.
        level: `source_level` before the disk was built.
        files: the names in `Built.files`.
    """
    new = folder / f".{MARK}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump({**facts, "cms": {"level": level, "files": list(files)}}, file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / MARK)


def _noted(folder: Path) -> tuple[dict[str, object], str, set[str]]:
    """The mark: facts, level and files, empty where it says nothing of them."""
    facts = json.loads((folder / MARK).read_text(encoding="utf-8"))
    built = facts.pop("cms", None)
    built = built if isinstance(built, dict) else {}
    files = built.get("files")
    return facts, str(built.get("level", "")), {str(name) for name in files} if isinstance(files, list) else set()


def outdated(folder: Path) -> bool:
    """Whether the CMS system disk of the system in `folder` was built from another source than there is now."""
    return _noted(folder)[1] != source_level()


# ---- making it anew
def rebuild(system: System, progress: Progress) -> None:
    """Make the system disk of a system that has not been started anew; nothing else in it changes.

    Files on the disk that are not CMS's are carried over. The disk is the old one until all of the new one is written,
    also if the process is killed in the middle. Raises SystemDiskError, OSError, MediaError.
    """
    user = system.directory.users.get(OWNER)
    entry = user.minidisk(VADDR) if user else None
    if entry is None:
        raise SystemDiskError(f"{OWNER} has no minidisk {VADDR:X} in the directory: there is no CMS system disk")
    if entry.devtype != users.DEVICE:
        raise SystemDiskError(f"{OWNER}'s {VADDR:X} is a {entry.devtype}, a CMS system disk is a {users.DEVICE}")
    facts, _, files = _noted(system.folder)
    level = source_level()
    volume = Volume.open(System.volume_path(system.folder, entry.volid))
    try:
        disk = volume.minidisk(entry.start, entry.cylinders)
        built = build(progress, entry.cylinders, _own_files(disk, files, progress))
        savedcms.purge(system.saved)  # until the new one is saved, IPL CMS takes it from the disk, old or new
        with volume.deferred():
            for cyl, head, image in built.tracks:
                disk.write(cyl, head, image)
        volume.commit()
        progress("Saving CMS")
        savedcms.save(system.saved, disk, entry.devtype, VADDR)
    except (savedcms.SaveError, SavedSystemError) as error:
        raise SystemDiskError(str(error)) from error
    except ValueError as error:
        raise SystemDiskError(f"{OWNER}'s {VADDR:X}: {error}") from error
    finally:
        volume.close()
    # A kill before this makes the next start say again that the disk is old, no more.
    note(system.folder, facts, level, built.files)


def _own_files(disk: Minidisk, files: set[str], progress: Progress) -> CMSDisk | None:
    """The old disk without CMS's files; None if it cannot be read."""
    from cms.cmsdisk import CMSDisk, CMSDiskError

    try:
        old = CMSDisk.load(disk.read, disk.cylinders)
    except (CMSDiskError, MediaError, ValueError, IndexError) as error:
        progress(f"The old disk cannot be read, so none of its files are carried over: {error}")
        return None
    for name in list(old.files):
        if " ".join(name) in files:
            old.erase(*name)
    return old
