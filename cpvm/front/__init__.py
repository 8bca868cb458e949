"""The front door's rooms: the first directory, the start of a system, and what each subcommand of `cpvm` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.machine.media import folder

if TYPE_CHECKING:
    from cpvm.machine.media.folder import FolderTracks


def _open_folder(path: Path, read_only: bool, device: str | None, code: str) -> FolderTracks:
    from cpvm.front.folders.disk import FolderDisk  # with what it needs, when the first folder is opened

    return FolderDisk(path, read_only, device or "3350", code)


folder.opener = _open_folder
