"""Run random programs on both engines, and compare all that can be seen after every few instructions.

    python tests/machine/compiled/campaign.py [SECONDS] [SEED]

Storms (see `parity.py`) for most of the time, and the scenes of `tests/fuzz/scenes.py`. A difference is shown with the
seed that makes it.
"""

# ruff: noqa: E402 - it also is started by itself

import sys
import time
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from everyengine import engine_of
from fuzz import stage
from fuzz.scenes import SceneWriter

from compiled.parity import Difference, Pair, StillHost, Storm
from cpvm.machine import Machine
from cpvm.machine.compiled.state import RESTART
from cpvm.machine.interpreter import SLICE


class Scenes:
    """The stage of `tests/fuzz`, on both engines."""

    def __init__(self) -> None:
        original = stage.Machine
        stage.Machine = partial(Machine, host=StillHost())  # type: ignore[misc, assignment]
        self.reference = stage.prepared()
        stage.Machine = partial(Machine, host=StillHost(), engine="compiled")  # type: ignore[misc, assignment]
        self.compiled = stage.prepared()
        stage.Machine = original  # type: ignore[misc]
        engine_of(self.compiled).few = 1
        engine_of(self.compiled).slice_length = SLICE

    def batch(self, seed: str, number: int) -> None:
        """Perform some scenes. Raises Difference."""
        writer = SceneWriter(seed)
        for n in range(number):
            scene = writer.scene()
            one, two = (stage.perform(m, scene) for m in (self.reference, self.compiled))
            for what, (a, b) in one.differences(two).items():
                raise Difference(what, a, b, f"scene {n}")


def main(seconds: float, seed: str) -> int:
    """Run for some time; gives the number of differences."""
    end = time.monotonic() + seconds
    pair, scenes = Pair(), Scenes()
    differences = storms = performed = instructions = 0
    shown = time.monotonic()
    number = 0
    while time.monotonic() < end:
        number += 1
        storm = Storm(pair, f"{seed} {number}")
        try:
            if number % 5:
                storms += 1
                storm.blow(30)
            else:
                performed += 20
                scenes.batch(f"{seed} {number}", 20)
        except Difference as found:
            differences += 1
            print(f"seed '{seed} {number}': {found}", flush=True)
            pair = Pair()
        instructions += storm.instructions
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            print(f"{storms} storms, {performed} scenes, {instructions} instructions", flush=True)
    native = engine_of(pair.compiled)
    print(
        f"{storms} storms with {instructions} instructions, {performed} scenes: {differences} differences; "
        f"natively {native.native_instructions}, left to Python {native.exits[RESTART]}"
    )
    return differences


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]) if given else 60, given[1] if len(given) > 1 else "1") != 0)
