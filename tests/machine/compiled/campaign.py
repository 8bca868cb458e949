"""Run random programs on two engines, and compare all that can be seen after every few instructions.

    python tests/machine/compiled/campaign.py [SECONDS] [SEED] [ENGINE ...]

Storms (`storms.py`), programs with loops (`loopstorm.py`), vectors in regions and the scenes of `tests/fuzz/scenes.py`,
on each of the engines named: `compiled`, `translated` (regions made at once), `background` (regions made in the
background, as usual); all by default. A difference is shown with the seed that makes it:

    python tests/machine/compiled/campaign.py again ENGINE KIND 'SEED'
"""

# ruff: noqa: E402 - it also is started by itself

import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from everyengine import at_once
from fuzz import stage
from fuzz.scenes import SceneWriter
from vectors.vector import files, load

from compiled.loopstorm import LoopStorm
from compiled.parity import Difference, Pair, StillHost
from compiled.storms import Storm
from compiled.vectorregions import VectorRegions, by_code
from cpvm.machine import Machine
from cpvm.machine.engines import COMPILED, REFERENCE, TRANSLATED

MODES = {"compiled": (COMPILED, False), "translated": (TRANSLATED, False), "background": (TRANSLATED, True)}
KINDS = ("loops", "loops", "loops", "storm", "loops", "storm", "vectors", "loops", "scenes")
SCENES = 20
CODES = 25
"""Codes of vectors that are translated, and run in regions of their own."""


class Scenes:
    """The stage of `tests/fuzz`, on two engines."""

    def __init__(self, engine: str = COMPILED, *, background: bool = False) -> None:
        original = stage.Machine
        try:
            stage.Machine = partial(Machine, host=StillHost(), engine=REFERENCE)  # type: ignore[misc, assignment]
            self.reference = stage.prepared()
            stage.Machine = partial(Machine, host=StillHost(), engine=engine)  # type: ignore[misc, assignment]
            self.other = stage.prepared()
        finally:
            stage.Machine = original  # type: ignore[misc]
        at_once(self.other._interpreter, background=background)

    def batch(self, seed: str, number: int) -> None:
        """Perform some scenes. Raises Difference."""
        writer = SceneWriter(seed)
        for n in range(number):
            scene = writer.scene()
            one, two = (stage.perform(m, scene) for m in (self.reference, self.other))
            for what, (a, b) in one.differences(two).items():
                raise Difference(what, a, b, f"scene {n}")


class Campaign:
    """Goes on with one engine, and counts."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.engine, self.background = MODES[mode]
        self.figures: Counter[str] = Counter()
        self.differences: list[str] = []
        self.scenes: Scenes | None = None

    def _pair(self) -> Pair:
        return Pair(self.engine, background=self.background)

    def perform(self, kind: str, seed: str) -> None:
        """One program, or some scenes. Raises Difference."""
        if kind == "scenes":
            self.scenes = self.scenes or Scenes(self.engine, background=self.background)
            self.figures["scenes"] += SCENES
            self.scenes.batch(seed, SCENES)
            return
        if kind == "vectors":
            self._vectors(seed)
            return
        pair = self._pair()
        storm = LoopStorm(pair, seed) if kind == "loops" else Storm(pair, seed)
        try:
            storm.blow(30)
        finally:
            self.figures[f"programs ({kind})"] += 1
            self.figures["compared instructions"] += storm.instructions
            self.figures.update(pair.figures())

    def _vectors(self, seed: str) -> None:
        """Vectors in regions. Raises Difference."""
        if self.mode != "translated":
            return
        machine = VectorRegions()
        groups = Random(seed).sample([group for path in files() for group in by_code(load(path)).values()], CODES)
        for group in groups:
            if not machine.code(group[0]):
                continue
            self.figures["codes of vectors translated"] += 1
            for vector in group:
                self.figures["vectors in regions"] += 1
                wrong = machine.wrong(vector)
                if wrong:
                    raise Difference("vector", "", wrong)

    def one(self, kind: str, seed: str) -> None:
        """The same, a difference being noted."""
        try:
            self.perform(kind, seed)
        except Difference as found:
            self.differences.append(f"{self.mode} {kind} '{seed}': {found}")
            self.scenes = None
            print(self.differences[-1][:600], flush=True)

    def report(self) -> str:
        """Figures so far."""
        figures = ", ".join(f"{name} {count}" for name, count in sorted(self.figures.items()))
        return f"{self.mode}: {len(self.differences)} differences; {figures}"


def main(seconds: float, seed: str, modes: list[str]) -> int:
    """Run for some time; gives the number of differences."""
    end = time.monotonic() + seconds
    campaigns = [Campaign(mode) for mode in modes]
    shown = time.monotonic()
    number = 0
    while time.monotonic() < end:
        number += 1
        for campaign in campaigns:
            campaign.one(KINDS[number % len(KINDS)], f"{seed} {number}")
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            print(f"{number} rounds, {sum(len(c.differences) for c in campaigns)} differences", flush=True)
    for campaign in campaigns:
        print(campaign.report(), flush=True)
    return sum(len(c.differences) for c in campaigns)


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["again"]:
        Campaign(given[1]).perform(given[2], given[3])
        sys.exit("no difference")
    length, start = float(given[0]) if given else 60, given[1] if len(given) > 1 else "1"
    sys.exit(main(length, start, given[2:] or list(MODES)) != 0)
