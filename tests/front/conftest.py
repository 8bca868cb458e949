"""What several modules here need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.media.images.writing import write_ckd

from .diskshell import Shell
from .osdisk import os_volume


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


@pytest.fixture
def disk(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Types commands in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def mvs(tmp_path: Path) -> Path:
    """A volume of OS data sets."""
    return write_ckd(tmp_path / "mvs.ckd", os_volume())[0]


@pytest.fixture
def cms(disk: Shell) -> Path:
    """A new CMS disk of three cylinders."""
    disk("init", "cms.ckd", "3350", "CMS191", 3, "--cms")
    return Path("cms.ckd")
