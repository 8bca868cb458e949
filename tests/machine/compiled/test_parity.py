"""All engines do the same: random programs. `campaign.py` goes on for longer."""

import pytest

from compiled.campaign import MODES, Campaign, Scenes
from compiled.loopstorm import LoopStorm
from compiled.parity import Difference, Pair
from compiled.storms import Storm
from cpvm.machine.engines import TRANSLATED

NATIVE = ["compiled", "translated"]


@pytest.mark.parametrize("mode", NATIVE)
def test_storms(mode: str) -> None:
    pair = Pair(MODES[mode][0])
    for seed in range(10):
        Storm(pair, f"test {seed}").blow(12)
    assert pair.figures()["native"] > 1000


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(4))
def test_loops(mode: str, seed: int) -> None:
    Campaign(mode).perform("loops", f"test {seed}")


@pytest.mark.parametrize("mode", NATIVE)
def test_scenes(mode: str) -> None:
    Scenes(MODES[mode][0]).batch("test", 30)


def test_regions_are_entered() -> None:
    pairs = [Pair(TRANSLATED) for _ in range(4)]
    for number, pair in enumerate(pairs):
        LoopStorm(pair, f"test {number}").blow(10)
    figures = sum((pair.figures() for pair in pairs), pairs[0].figures() - pairs[0].figures())
    assert figures["translations"] >= 4
    assert figures["entered"] > 400


@pytest.mark.parametrize("mode", NATIVE)
def test_differences_are_seen(mode: str) -> None:
    pair = Pair(MODES[mode][0])
    pair.reference.gr[3] = pair.other.gr[3] + 1
    with pytest.raises(Difference, match="gr"):
        pair.compare()
    pair.reference.gr[3] = pair.other.gr[3]
    pair.compare()
    pair.other.storage.write(0x1234, b"\1")
    with pytest.raises(Difference, match="storage 1234"):
        pair.compare()
