"""What IPL CMS costs: processor time from the command to `Ready;`, through CP, with a user logged on at a terminal.

    python bench/ipl.py [--engine auto] [--processes 5] [--again 9]

Each process starts a copy of one new system, logs on, and IPLs CMS: first as it comes, then again and again. Times are
of all threads of the process, in milliseconds: from `IPL CMS` to CMS's first read, and from the empty line that answers
it to `Ready;`. The median of the processes is shown, for later IPLs the median of all. Native code was loaded before.
With --exits it is shown why native code came back in the last IPL, and how many instructions were executed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cpvm import api, sysgen
from cpvm.machine import engines

USER = "CMSUSER"


def one(folder: Path, engine: str, again: int) -> dict[str, object]:
    """IPL in the system in this folder, once and then so many times again."""
    if engine != engines.REFERENCE and engines.available():
        from cpvm.machine.compiled import native

        native.library().wait()
    times = []
    with api.start(folder, engine=engine) as system:
        user = system.logon(USER)
        machine = system.system.users[USER].machine
        for _ in range(1 + again):
            before = machine.engine_statistics()
            began, wall = time.process_time(), time.perf_counter()
            user.type("IPL CMS")
            reading = time.process_time()
            ready = user.type("").ready
            ended, wall = time.process_time(), time.perf_counter() - wall
            if ready is None or ready.code:
                raise SystemExit(f"CMS is not ready: {ready}")
            times.append(((reading - began) * 1000, (ended - reading) * 1000, wall * 1000))
        after = machine.engine_statistics()
        exits = {name: count - before.exits.get(name, 0) for name, count in after.exits.items()}
        instructions = (after.instructions - before.instructions, after.native - before.native)
    return {"times": times, "exits": exits, "instructions": instructions}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", help="reference, compiled...; several may be given")
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--again", type=int, default=9)
    parser.add_argument("--exits", action="store_true")
    parser.add_argument("--one", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    chosen = given.engine or ["auto", "compiled", "reference"]
    if given.one:
        print(json.dumps(one(Path(given.one), chosen[0], given.again)))
        return
    with tempfile.TemporaryDirectory() as folder:
        fresh = sysgen.prepare(Path(folder, "fresh"))
        print(f"{'ms':10}{'first IPL':>22}{'again':>22}     of processor time (wall time)")
        for engine in chosen:
            found = []
            for number in range(given.processes):
                copy = shutil.copytree(fresh, Path(folder, f"{engine}-{number}"))
                command = [
                    sys.executable,
                    __file__,
                    "--one",
                    str(copy),
                    "--engine",
                    engine,
                    "--again",
                    str(given.again),
                ]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
                found.append(json.loads(done.stdout))
            text = ""
            for times in ([run["times"][0] for run in found], [t for run in found for t in run["times"][1:]]):
                parts = [statistics.median(column) for column in zip(*times, strict=True)]
                total = statistics.median(a + b for a, b, _ in times)
                text += f"{total:9.1f} ={parts[0]:5.1f} +{parts[1]:4.1f} ({parts[2]:.1f})"
            print(f"{engine:10}{text}", flush=True)
            if given.exits:
                total, native = found[-1]["instructions"]
                print(f"{'':10}{total} instructions, {native} native; exits {found[-1]['exits']}")


if __name__ == "__main__":
    main()
