"""The directory is checked, and swapped for another one while the system runs (DMKDIR, DMKUDR).

A source in error changes nothing. One without errors takes the place of the directory in one transaction; users who are
logged on keep what they have, and what is new holds from their next LOGON, LINK, or IPL on.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.cp.directory import Directory
from cpvm.cp.directory_source import DirectoryError, Present, read_directory
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.hosttrouble import words
from cpvm.cp.message import Message, message
from cpvm.cp.minidisk import make_volumes
from cpvm.cp.session import harmless
from cpvm.machine.device import MediaError

if TYPE_CHECKING:
    from cpvm.cp.system import System

UPDATED = "EOJ DIRECTORY UPDATED AND ON LINE"
NOT_UPDATED = "EOJ DIRECTORY NOT UPDATED"
CHECKED = "EOJ DIRECTORY CHECKED"
LOADED = message("DMKUDR476I", "System Directory loaded")
_CANNOT_WRITE = 757


class InstallError(Exception):
    """The host cannot store what the directory needs; the text says why."""


def check(source: str, there: Present) -> Directory:
    """Read a source for a system with what is THERE. Raises DirectoryError."""
    return read_directory(source, there=there)


def install(folder: Path, store: DirectoryStore, directory: Directory, *, seen: object = None) -> None:
    """Make the volumes that DIRECTORY has and the system in FOLDER has not, and put it in the place of the old one:
    of no other than the one that was SEEN, if that is given.

    Raises InstallError, ChangedError; then the old one is there.
    """
    try:
        make_volumes(folder, directory.volumes.values(), store.volumes)
    except (MediaError, OSError) as error:
        raise InstallError(str(error)) from error
    try:
        store.replace(directory, seen=seen)
    except sqlite3.Error as error:
        raise InstallError(words(error) or str(error)) from error


def messages(error: DirectoryError | InstallError) -> list[str]:
    """What DIRECT tells of an error, as under SET EMSG ON."""
    if isinstance(error, InstallError):
        return [Message(_CANNOT_WRITE, "E", "{}", "DMKDIR").full(harmless(str(error).upper()))]
    return [
        Message(number, "E", "{}", "DMKDIR").full(harmless(text.upper()))
        for text, number in zip(error.errors, error.numbers, strict=True)
    ]


def directory_changed(system: System) -> None:
    """There is another directory: its new volumes are opened."""
    before = {real.volid for real in system.real}
    for volume in system.directory.volumes.values():
        if volume.volid not in before:
            system.real.add_volume(volume)
    for text in system.minidisks.mount(system.directory.volumes):
        system.log.write(text)
    system.log.write(LOADED.full())
