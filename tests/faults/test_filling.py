"""A disk that is really full, where one can be made: a small tmpfs, as root; see `filling.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import rig
from .conftest import TESTS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 megabytes, nobody else's."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(small_disk: Path, built_system: Path) -> None:
    system = rig.prepare(built_system, small_disk)
    run = subprocess.run(
        [sys.executable, "-m", "faults.filling", str(system)],
        env=os.environ | {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line for line in lines if line.get("wrong") or line.get("lost")] == []
    cases = [line for line in lines if "component" in line]
    assert sum(not case["acknowledged"] for case in cases) >= 5  # the disk was full
