"""One system is built in a test run; each test gets a copy of it."""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm import api, sysgen


@pytest.fixture(scope="session")
def built_system(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A new system directory, never started. All workers of a parallel run share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "first-system"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return sysgen.prepare(folder)


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
