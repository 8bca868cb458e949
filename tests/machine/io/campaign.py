"""Runs random channel programs against all device types: `python campaign.py PROGRAMS SEED [TYPE...]`.

Ends with the first thing that is wrong, and tells which type and seed; `python campaign.py 1 SEED TYPE` does it again.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[3])]

from fuzzing import fuzz, types  # noqa: E402 - found by the path above

STEPS = 200


def main(programs: int, seed: int, chosen: list[str]) -> None:
    """Run so many programs, over the types in turn."""
    done: Counter[str] = Counter()
    for turn in itertools.count(seed):
        for type in chosen or types():
            if done.total() >= programs:
                print(f"{done.total()} programs, {len(done)} types, seeds {seed} to {turn}")
                return
            with tempfile.TemporaryDirectory() as folder:
                try:
                    done[type] += fuzz(turn, type, Path(folder), STEPS)
                except BaseException:
                    print(f"type {type}, seed {turn}, after {done.total()} programs", file=sys.stderr)
                    raise


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
