"""Users who try to take everything, in brief: `bench/exhaust.py` with few machines and without the assembly."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.exhaust import VICTIM, Trial


def test_nobody_gets_more_than_the_limits_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = argparse.Namespace(machines=6, ceiling=32, seconds=0.5, seed=1)
    monkeypatch.setattr("bench.exhaust.RESPONSE", 10.0)  # a busy host answers late
    trial = Trial(tmp_path, given)
    try:
        screen = trial.log_on(VICTIM)
        for attack in (trial.files, trial.space, trial.disks, trial.devices, trial.storage):
            with trial.working(screen, "somebody tries"):
                attack()
        trial.afterwards(screen)
    finally:
        trial.system.shutdown()
    assert trial.missed == []
    assert len(trial.rows) == 11
