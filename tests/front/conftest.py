"""What several modules here need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpvm.front.folders.disk import FolderDisk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, of which disks are made."""
    path = tmp_path / "Work"
    path.mkdir()
    return path


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[..., FolderDisk]]:
    """Makes disks of the folder, closed at the end."""
    disks: list[FolderDisk] = []

    def make(read_only: bool = False, **options: str) -> FolderDisk:
        disks.append(FolderDisk(folder, read_only, **options))
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()
