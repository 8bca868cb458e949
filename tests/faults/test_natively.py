"""Native channel programs on a disk that fails: what ends without unit check is there, whole; see `natively.py`."""

import json
from pathlib import Path

import pytest

from cpvm.machine import engines

from .conftest import child, needs_shim

pytestmark = [needs_shim, pytest.mark.skipif(not engines.available(), reason="llvmlite is not installed")]


def test_native_channel_programs(tmp_path: Path, shim: Path) -> None:
    run = child(tmp_path, shim, "-m", "faults.natively", str(tmp_path), "300", "1")
    assert run.returncode == 0, run.stderr[-3000:]
    went = json.loads(run.stdout)
    assert went["wrong"] == []
    assert went["hits"] > 50 and went["checks"] > 3
