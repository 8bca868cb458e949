"""Tells whoever opens disks that a folder can be one."""

from __future__ import annotations

from pathlib import Path

from cpvm.machine.media import folder


def _open(path: Path, read_only: bool, device: str | None, code: str) -> folder.FolderTracks:
    from cpvm.front.folders.disk import FolderDisk  # with what it needs, when the first folder is opened

    return FolderDisk(path, read_only, device or "3350", code)


def folders_are_disks() -> None:
    """From now on, wherever this process opens a disk, it may be a folder."""
    folder.opener = _open
