"""How long it takes to get going: medians of processes of their own.

    python bench/startup.py [--processes 7]

First from the import of the machine to the first native instruction: with the object file in the cache, and without (a
new cache folder each time, so all is compiled). Then what commands take from their start: `cpvm ipl` with a program of
a few instructions to its end, and `cpvm start` to `VM/370 ONLINE`, on the reference engine and as they come, with the
object file in the cache and without: that is made in the background. Wall time, and in brackets processor time from
the start of the process to its end, with that of processes which it started.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assembler import assemble
from cpvm import sysgen

FIRST = """
import time
began = time.perf_counter()
from cpvm.machine import Machine
machine = Machine(engine="compiled")
machine.storage.write(0x1000, bytes.fromhex("1A12 47F0 1000".replace(" ", "")) * 8)
machine.cpu.ia = 0x1000
machine.run(1000)
assert machine.engine_statistics().native, "nothing was native"
print(time.perf_counter() - began)
"""
"""The program is a loop at X'1000'."""
PROGRAM = """BRIEF    CSECT
         BALR  12,0
         USING *,12
         LPSW  ENDED
ENDED    DC    0D'0',X'0002000000000000'
         END   BRIEF
"""
REFERENCE = ("--engine", "reference")
COLUMNS = ("cached", "not cached")


def first_instruction(environment: dict[str, str]) -> float:
    """Seconds from the import to the first native instruction."""
    done = subprocess.run([sys.executable, "-c", FIRST], env=environment, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def ipl(deck: Path, options: tuple[str, ...], environment: dict[str, str]) -> float:
    """Seconds that `cpvm ipl` takes from its start to its end."""
    command = [sys.executable, "-m", "cpvm.cli", "ipl", *options, str(deck)]
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.perf_counter() - began


def start(system: Path, options: tuple[str, ...], environment: dict[str, str]) -> float:
    """Seconds from the start of `cpvm start` to the line that says that users can log on."""
    command = [sys.executable, "-m", "cpvm.cli", "start", "--system", str(system), "--listen", "none", *options]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"ONLINE" in line:
                break
        else:
            raise SystemExit("cpvm start did not come to VM/370 ONLINE")
        seconds = time.perf_counter() - began
        process.kill()  # it has nothing to lose
    return seconds


def used() -> float:
    """Seconds of processor time of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(measure: Callable[[], float], times: list[tuple[float, float]]) -> None:
    """Measure once more."""
    before = used()
    seconds = measure()
    times.append((seconds, used() - before))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder, "brief.deck")
        deck.write_bytes(b"".join(assemble(PROGRAM).deck))
        system = sysgen.prepare(Path(folder, "system"))
        measures: list[tuple[str, Callable[[dict[str, str]], float]]] = [
            ("first native instruction", first_instruction),
            ("cpvm ipl, reference", lambda e: ipl(deck, REFERENCE, e)),
            ("cpvm ipl", lambda e: ipl(deck, (), e)),
            ("cpvm start, reference", lambda e: start(system, REFERENCE, e)),
            ("cpvm start", lambda e: start(system, (), e)),
        ]
        warm = os.environ | {"CPVM_CACHE": str(Path(folder, "cache"))}
        first_instruction(warm)
        print(f"{'seconds':26}" + "".join(f"{column:>20}" for column in COLUMNS))
        for name, measure in measures:
            cached: list[tuple[float, float]] = []
            new: list[tuple[float, float]] = []
            for _ in range(given.processes):
                measured(partial(measure, warm), cached)
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
                    measured(partial(measure, os.environ | {"CPVM_CACHE": empty}), new)
            text = ""
            for times in (cached, new):
                wall, processor = (statistics.median(column) for column in zip(*times, strict=True))
                text += f"{wall:11.3f} ({processor:6.3f})"
            print(f"{name:26}{text}", flush=True)


if __name__ == "__main__":
    main()
