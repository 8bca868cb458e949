"""Each test gets a copy of the system that is built in a test run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm import api


@pytest.fixture
def system_directory(built_system: Path, tmp_path: Path) -> Path:
    """A system directory for one test."""
    return Path(shutil.copytree(built_system, tmp_path / "system"))


@pytest.fixture
def system(system_directory: Path) -> Iterator[api.SystemHandle]:
    """A running system for one test."""
    with api.start(system_directory) as running:
        yield running


@pytest.fixture
def media(system_directory: Path) -> Path:
    """Where the operator takes tapes from; the system has a drive, 180."""
    devices = system_directory / "devices"
    devices.write_text(devices.read_text() + "180 3420\n")
    folder = system_directory / "media"
    folder.mkdir(exist_ok=True)
    return folder
