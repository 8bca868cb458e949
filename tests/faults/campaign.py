"""Faults of the host at moments that a seed picks, in systems that go on: how many there were, and what they broke.

    python tests/faults/campaign.py [--turns 1000] [--seed 1] [--json FILE]

The table of `table.py` once, with every component under every fault, then TURNS random cases: a component, a fault, how
many calls pass before it, and how many fail. After every hundred turns the system is stopped and started, and a copy
that was made before, as a kill would have left it, is started, too; all that was acknowledged must be there. Nothing
else is changed on this computer. It needs a C compiler and Linux.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench import figures
from cpvm import sysgen
from faults import injector, rig

TESTS = Path(__file__).resolve().parents[1]
PART = 100
"""Random cases between two starts."""


def one(first: Path, shim: Path, words: list[str]) -> list[dict[str, Any]]:
    """The lines of one process with a system of its own."""
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        folder = Path(place)
        system = rig.prepare(first, folder)
        environment = injector.environment(folder, shim)
        environment["PYTHONPATH"] = f"{TESTS}:{TESTS.parent}"
        run = subprocess.run(
            [sys.executable, "-m", "faults.table", str(system), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        if run.returncode:
            lines.append({"restart": [f"the process ended: {run.stderr[-2000:]}"]})
        return lines


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description="Faults of the host, at random.")
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        first = sysgen.prepare(Path(place) / "first")
        shim = injector.build(Path(place))
        runs: list[list[str]] = [[]]
        runs += [[str(PART), str(given.seed * 1000 + n)] for n in range(max(1, given.turns // PART))]
        lines = [line for words in runs for line in one(first, shim, words)]
    cases = [line for line in lines if "component" in line]
    struck = [case for case in cases if case["hits"]]
    failed = [case for case in cases if case["wrong"]]
    lost = [found for line in lines for how in ("restart", "killed") for found in line.get(how, [])]
    for case in failed:
        print(case["component"], case["fault"], case["skip"], case["count"], *case["wrong"], sep="\n  ")
    for found in lost:
        print("after a start:", found)
    by_fault = Counter(case["fault"] for case in struck)
    rows = [
        ("components", str(len({case["component"] for case in cases}))),
        ("cases, with table and random ones", f"{len(cases):,}"),
        ("cases in which calls of the host have failed", f"{len(struck):,}"),
        ("calls of the host that have failed", f"{sum(case['hits'] for case in cases):,}"),
        *((f"cases: {fault}", str(by_fault[fault])) for fault in sorted(by_fault)),
        ("acknowledged although calls have failed, and there", str(sum(case["acknowledged"] for case in struck))),
        ("not acknowledged; the user and the operator were told", str(sum(not c["acknowledged"] for c in struck))),
        ("starts afterwards, in order and as after a kill", str(2 * len(runs))),
        ("acknowledged and lost", str(len(lost) + sum("lost" in text for case in failed for text in case["wrong"]))),
        ("cases with anything wrong", str(len(failed))),
    ]
    for what, value in rows:
        print(f"{what:<60}{value:>10}")
    command = f"python tests/faults/campaign.py --turns {given.turns} --seed {given.seed}"
    figures.save(given.json, "faults", command, rows)
    raise SystemExit(1 if failed or lost else 0)


if __name__ == "__main__":
    main()
