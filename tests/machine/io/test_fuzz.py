"""A few random channel programs against every registered device type. More of them: `python campaign.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import fuzz, types


@pytest.mark.parametrize("type", types())
def test_random_programs(type: str, tmp_path: Path) -> None:
    assert sum(fuzz(seed, type, tmp_path, 60) for seed in range(3)) > 20
