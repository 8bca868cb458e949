"""A few random channel programs against every registered device type. More of them: `python campaign.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import SIZE, Fuzzer, fuzz, plain, revived, types


@pytest.mark.parametrize("type", list(types()))
def test_random_programs(type: str, tmp_path: Path) -> None:
    assert sum(fuzz(seed, type, tmp_path, 60) for seed in range(3)) > 20


@pytest.mark.parametrize("type", list(types()))
def test_a_saved_state_goes_on_alike(type: str, tmp_path: Path) -> None:
    """Two of a kind go through the same; one of them is saved and taken up on the way, by channels that were reset."""
    for seed in range(2):
        fuzzers = []
        for name in "ab":
            folder = tmp_path / f"{name}{seed}"
            folder.mkdir()
            fuzzers.append(Fuzzer(seed, type, folder))
        one, other = fuzzers
        for number in range(80):
            if number == 40:
                state = plain(other.io)
                other.io.reset()
                other.io.load(revived(state))
            one.step()
            other.step()
            assert plain(one.io) == plain(other.io)
            assert one.storage.read(0, SIZE) == other.storage.read(0, SIZE)
        for fuzzer in fuzzers:
            fuzzer.finish()
