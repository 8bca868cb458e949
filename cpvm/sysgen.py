"""Makes a system where there is none: the directory of users, the volume, the CMS system disk, a disk for every user.

A new system is built beside its final place and gets its name as the very last step, so that a kill in the middle
leaves nothing half made; the next start begins anew.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cpvm import __version__
from cpvm.cp.database import Database
from cpvm.cp.savedsys import SCHEMA, SavedSystemError, SavedSystems
from cpvm.cp.system import DATABASE, System, SystemStartError
from cpvm.front import savedcms, systemdisk, users
from cpvm.front.filelock import FileLock, LockedError
from cpvm.front.firstfiles import PROFILE, write_first_files
from cpvm.front.locations import default_directory
from cpvm.front.systemdisk import MARK, SystemDiskError, Tracks
from cpvm.machine.device import MediaError
from cpvm.machine.media.minidisk import Minidisk
from cpvm.machine.media.volume import Volume

FORMAT = 1
"""Version of the layout of a system directory."""

LOCK = "lock"

Progress = Callable[[str], None]


class SystemDirectoryError(Exception):
    """A system directory cannot be made or used; the text says why, and what can be done."""


def prepare(directory: Path | None = None, progress: Progress | None = None) -> Path:
    """Make sure that there is a system in `directory` (default: `default_directory`), and return its path.

    Args:
        directory: where.
        progress: called with a line of text before each step if a system has to be made.

    Raises:
        SystemDirectoryError: there is something else, or the new system cannot be written.
    """
    path = (directory or default_directory()).expanduser().absolute()
    try:
        if not _exists(path):
            _make(path, progress or (lambda text: None))
    except (OSError, sqlite3.Error, MediaError, SystemStartError, SystemDiskError) as error:
        raise SystemDirectoryError(f"the system in {path} can be neither found nor made: {error}") from error
    return path


def cms_outdated(folder: Path) -> bool:
    """Whether the CMS of the system in `folder` was built from another source than there is now.

    Raises:
        SystemDirectoryError: the system directory cannot be read.
    """
    try:
        return systemdisk.outdated(folder)
    except (OSError, ValueError) as error:
        raise SystemDirectoryError(f"{folder / MARK} is damaged: {error}") from error


def rebuild_cms(system: System, progress: Progress | None = None) -> None:
    """Make the CMS system disk of a system that has not been started anew, all else in it staying as it is.

    Raises:
        SystemDirectoryError: that cannot be done; the disk is as it was.
    """
    try:
        systemdisk.rebuild(system, progress or (lambda text: None))
    except (OSError, sqlite3.Error, MediaError, SystemDiskError) as error:
        raise SystemDirectoryError(f"CMS in {system.folder} could not be rebuilt: {error}") from error


def _exists(path: Path) -> bool:
    mark = path / MARK
    if mark.is_file():
        try:
            found = json.loads(mark.read_text(encoding="utf-8"))["format"]
        except (ValueError, KeyError, TypeError):
            raise SystemDirectoryError(f"{mark} is damaged") from None
        if found != FORMAT:
            raise SystemDirectoryError(
                f"the system in {path} has layout {found}, this cpvm {__version__} knows layout {FORMAT}; "
                "use the version that made it, or choose another directory with --system"
            )
        return True
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SystemDirectoryError(
            f"{path} is no cpvm system directory, and not empty; choose another one with --system"
        )
    return False


def _make(path: Path, progress: Progress) -> None:
    workshop = path.parent / f".{path.name}.new"
    workshop.parent.mkdir(parents=True, exist_ok=True)
    lock = _locked(workshop, path)
    try:
        if _exists(path):  # somebody was faster
            shutil.rmtree(workshop)
            return
        for left in workshop.iterdir():  # by a start that was killed
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name != LOCK:
                left.unlink()
        _build(workshop, progress)
        with suppress(FileNotFoundError):
            path.rmdir()  # empty, or this fails
        if os.name == "nt":  # pragma: no cover
            lock.release()  # what is open there cannot be renamed
        workshop.rename(path)  # locked, lest another process clears it away at this moment
    finally:
        lock.release()


def _locked(workshop: Path, path: Path) -> FileLock:
    """The folder where the system is made, and this process alone in it. Raises SystemDirectoryError."""
    while True:
        workshop.mkdir(mode=0o700, exist_ok=True)  # nobody else on this computer reads the users' disks
        try:
            lock = FileLock(workshop / LOCK)
        except LockedError as error:
            raise SystemDirectoryError(
                f"the system in {path} is just being made ({error}); wait until that is done"
            ) from None
        except FileNotFoundError:
            continue  # it has become the system this moment
        with suppress(FileNotFoundError):
            if lock.holds(workshop / LOCK):
                return lock
        lock.release()  # of what has become the system meanwhile


def _build(folder: Path, progress: Progress) -> None:
    level = systemdisk.source_level()
    files: tuple[str, ...] = ()
    progress("Making the directory of users")
    System.create(folder, users.directory_source())
    write_first_files(folder)
    volume = Volume.open(System.volume_path(folder, users.VOLUME))
    try:
        with volume.deferred():
            progress("Formatting the users' disks")
            for place in users.places():
                if place.vaddr == "190":
                    built = systemdisk.build(progress)
                    tracks, files = built.tracks, built.files
                elif place.vaddr == "393":
                    tracks = _source_disk()
                else:
                    tracks = _user_disk(place)
                disk = volume.minidisk(place.start, place.cylinders)
                for cyl, head, image in tracks:
                    disk.write(cyl, head, image)
        volume.commit()
        progress("Saving CMS")
        system = next(place for place in users.places() if place.vaddr == "190")
        _save_cms(folder, volume.minidisk(system.start, system.cylinders))
    finally:
        volume.close()
    systemdisk.note(folder, {"format": FORMAT, "made by": f"cpvm {__version__}"}, level, files)


def _save_cms(folder: Path, disk: Minidisk) -> None:
    database = Database(folder / DATABASE, (SCHEMA,))
    try:
        savedcms.save(SavedSystems(database, folder), disk, users.DEVICE, systemdisk.VADDR)
    except (savedcms.SaveError, SavedSystemError) as error:
        raise SystemDiskError(str(error)) from error
    finally:
        database.close()


def _source_disk() -> Tracks:
    from cms.sourcedisk import source_disk

    return source_disk().tracks()


def _user_disk(place: users.Place) -> Tracks:
    from cms.build import empty_disk

    label = place.userid[:3] + place.vaddr
    return empty_disk(place.cylinders, label, {("PROFILE", "EXEC"): PROFILE}).tracks()
