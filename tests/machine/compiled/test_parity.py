"""Both engines do the same: random programs. `campaign.py` goes on for longer."""

import pytest
from everyengine import engine_of

from compiled.campaign import Scenes
from compiled.parity import Difference, Pair, Storm


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("seed", range(12))
def test_storms(pair: Pair, seed: int) -> None:
    Storm(pair, f"test {seed}").blow(12)


def test_scenes() -> None:
    Scenes().batch("test", 30)


def test_differences_are_seen(pair: Pair) -> None:
    pair.reference.gr[3] = pair.compiled.gr[3] + 1
    with pytest.raises(Difference, match="gr"):
        pair.compare()
    pair.reference.gr[3] = pair.compiled.gr[3]
    pair.compare()
    assert engine_of(pair.compiled).native_instructions > 1000
