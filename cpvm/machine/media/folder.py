"""Folders in the place of disks: who knows how to make a disk of one.

What is on such a disk is the business of the operating system whose files it has, which nothing here knows. Whoever
brings that knowledge enters it as `opener`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

from cpvm.machine.device import MediaError
from cpvm.machine.media.images.image import TrackImage


class FolderTracks(TrackImage):
    """A disk that is made of a folder."""

    notes: list[str]
    """What is to be said of the folder: files that are not shown, and why."""
    report: Callable[[str], None]
    """Told what is to be said while the disk is in use."""

    @abstractmethod
    def hold(self, writing: bool) -> None:
        """From now on somebody may write to the disk, so that the folder is not looked at again; or nobody may.

        Raises:
            MediaError: the folder cannot be read.
        """


Opener = Callable[[Path, bool, str | None, str], FolderTracks]
"""Gives the disk for a folder: whether it is only read, the device type or None, the EBCDIC code page of text.
Raises MediaError."""

opener: Opener | None = None


def open_folder(path: Path, read_only: bool, device: str | None, code: str) -> FolderTracks:
    """The disk that a folder is. Raises MediaError: it cannot be one, or nobody here can make one of it."""
    if opener is None:
        raise MediaError(f"{path}: Is a directory")
    return opener(path, read_only, device, code)
