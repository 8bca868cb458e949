"""Channel programs end alike whether native code executes them or Python does; the campaign is in `quickrig.py`."""

from pathlib import Path

import pytest
from quickrig import compare

from cpvm.machine.compiled.native import library


@pytest.fixture(autouse=True, scope="module")
def ready() -> None:
    library().wait()


@pytest.mark.parametrize("seed", range(1000, 1004))
def test_alike(seed: int, tmp_path: Path) -> None:
    assert compare(tmp_path, seed, rounds=50) > 12


@pytest.mark.parametrize("seed", range(2000, 2002))
def test_alike_in_regions(seed: int, tmp_path: Path) -> None:
    assert compare(tmp_path, seed, rounds=50, engine="translated") > 12
