"""How fast the engines are, beside Hercules, on the same programs in the same run.

    python bench/engine.py [--hercules PATH] [--runs 5] [--engine NAME]... [--seconds 2.5] [--json FILE] [PROGRAM ...]

The programs are in `bench/programs`; they are assembled by our assembler, and each says how often its loop runs. One
run of each program on each engine and on Hercules follows the other, so that all see the same state of the machine;
what is shown is the median. Each of our runs is in a process of its own, so that nothing is ready from the one before
but the object file in the cache. Rates are in millions of instructions a second of processor time: for us that of the
whole process while the program runs, translation of regions included, for Hercules that of its CPU thread.

Translation is for programs that run for long. On the translated engine their loops run so much more often that a run
takes some seconds (--seconds); elsewhere, a rate does not depend on how long a program runs. On the reference engine
they run less often. Results are compared in runs of equal length, on the engines and on Hercules, beforehand. If they
differ, this is shown, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from assembler import assemble
from assembler.linkage import link
from bench.peer import hercules, this_machine
from cpvm.machine import Machine, StopReason, engines
from cpvm.s370.psw import PSW

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.assemble"))
COUNT_AT = 0x1F0
STORAGE = 16 << 20
FAILURES = range(0xDEAD00, 0xDEB000)
"""Wait codes of interruptions that should not have been; all others are results."""
SLOWER = 200
"""By how much the reference engine's loops are shorter."""
CHECKED = 2
"""By how much loops are longer in the runs whose results are compared, so that regions are translated in them."""
MOST = (1 << 32) - 1
TRIES = 3
"""Runs, at most, to find how often a loop must run."""


def count(name: str) -> int:
    """How often a program's loop runs, as it says itself."""
    found = re.search(r"(?m)^\*COUNT (\d+)", (HERE / "programs" / f"{name}.assemble").read_text())
    assert found
    return int(found[1])


def image(name: str, often: int | None = None) -> bytes:
    """A program as it stands in storage; its loop runs so often, by default as often as it says itself."""
    done = assemble((HERE / "programs" / f"{name}.assemble").read_text(), library=HERE / "maclib")
    if done.return_code:
        raise SystemExit(f"{name}: {done.messages[0]}")
    data = bytearray(link([done.deck], 0).data)
    data[COUNT_AT : COUNT_AT + 4] = (often or count(name)).to_bytes(4, "big")
    return bytes(data)


def run_here(engine: str, data: bytes) -> dict[str, Any]:
    """Run a program on one of our engines."""
    machine = Machine(STORAGE, engine=engine)
    machine.storage.write(0, data)
    machine.psw = PSW.from_bytes(data[:8])
    begun = time.process_time()
    stop = machine.run(1 << 60)
    seconds = time.process_time() - begun
    if stop.reason is not StopReason.DISABLED_WAIT or stop.detail in FAILURES:
        raise SystemExit(f"{engine}: {stop}")
    found = machine.engine_statistics()
    return {
        "instructions": stop.instructions,
        "seconds": seconds,
        "result": stop.detail,
        "native": found.native,
        "translations": found.translations,
    }


def run(engine: str, name: str, often: int) -> dict[str, Any]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", engine, name, str(often)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} on the {engine} engine: exit status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rate(found: dict[str, Any]) -> float:
    """Millions of instructions a second."""
    return float(found["instructions"] / found["seconds"] / 1e6)


def length(engine: str, name: str, seconds: float) -> int:
    """How often a program's loop runs on an engine."""
    often = count(name)
    if engine == engines.REFERENCE:
        return max(1, often // SLOWER)
    if engine == engines.COMPILED:
        return often
    for _ in range(TRIES):
        took = run(engine, name, often)["seconds"]
        if took > 0.8 * seconds or often == MOST:
            break
        often = min(int(often * min(seconds / took, 30)) + 1, MOST)
    return often


def differences(name: str, names: list[str], peer: str | None) -> list[str]:
    """Run a program equally long on all engines, and on Hercules: a line if results differ."""
    found: dict[str, object] = {}
    if peer:
        found["Hercules"] = hercules(peer, image(name, count(name) * CHECKED)).result
    for engine in names:
        if engine == engines.REFERENCE:
            continue
        found[engine] = run(engine, name, count(name) * CHECKED)["result"]
    lines = [] if len(set(found.values())) <= 1 else [found]
    if engines.REFERENCE in names:
        often = length(engines.REFERENCE, name, 0)
        few = {engine: run(engine, name, often)["result"] for engine in names}
        lines += [] if len(set(few.values())) == 1 else [few]
    return [f"{name}: results differ: " + ", ".join(f"{who} {code:X}" for who, code in row.items()) for row in lines]


def measure(name: str, names: list[str], runs: int, seconds: float, peer: str | None) -> dict[str, Any]:
    """All about one program: rates of each run, by engine."""
    wrong = differences(name, names, peer)
    lengths = {engine: length(engine, name, seconds) for engine in names}
    rates: dict[str, list[float]] = {engine: [] for engine in names}
    took: dict[str, list[float]] = {engine: [] for engine in names}
    alike = run(engines.COMPILED, name, count(name))["instructions"] if peer else 0
    version = ""
    for _ in range(runs):
        for engine in names:
            found = run(engine, name, lengths[engine])
            rates[engine].append(rate(found))
            took[engine].append(found["seconds"])
        if peer:
            theirs = hercules(peer, image(name))
            rates.setdefault("Hercules", []).append(alike / theirs.seconds / 1e6)
            took.setdefault("Hercules", []).append(theirs.seconds)
            version = theirs.version
    return {"program": name, "rates": rates, "seconds": took, "differences": wrong, "peer": version}


def line(found: dict[str, Any], names: list[str]) -> str:
    """A line of the table: medians, spread, ratios."""
    medians = {who: statistics.median(rates) for who, rates in found["rates"].items()}
    text = f"{found['program']:10}"
    for who in [*names, *(["Hercules"] if "Hercules" in medians else [])]:
        rates = found["rates"][who]
        spread = 50 * (max(rates) - min(rates)) / medians[who]
        text += f"{medians[who]:12.2f} {'±' + format(spread, '.0f') + '%':>5}"
    if "Hercules" in medians:
        text += "".join(f"{medians[engine] / medians['Hercules']:14.2f}" for engine in names)
    return text


def main() -> int:
    """Measure and print; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    parser.add_argument("--hercules", default=shutil.which("hercules"), metavar="PATH", help="default: that on PATH")
    parser.add_argument("--no-hercules", action="store_true", help="our own figures only")
    parser.add_argument("--runs", type=int, default=5, help="default 5")
    parser.add_argument(
        "--engine",
        action="append",
        choices=[name for name in engines.ENGINES if name != engines.AUTO],
        help="several may be given (default: compiled and translated)",
    )
    parser.add_argument("--seconds", type=float, default=2.5, help="of a run on the translated engine (default 2.5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "PROGRAM", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        engine, name, often = given.one
        print(json.dumps(run_here(engine, image(name, int(often)))))
        return 0
    unknown = [name for name in given.programs if name not in PROGRAMS]
    if unknown:
        parser.error(f"there is no program {unknown[0]}: there are {', '.join(PROGRAMS)}")
    if given.runs < 1 or not given.seconds > 0:
        parser.error("--runs and --seconds are positive numbers")
    names = given.engine or [engines.COMPILED, engines.TRANSLATED]
    peer = None if given.no_hercules else given.hercules
    machine = this_machine()
    begun = time.monotonic()
    print("; ".join(f"{what} {text}" for what, text in machine.items()))
    print(f"MIPS, median and spread of {given.runs} interleaved runs, those on `translated` of {given.seconds:g} s")
    head = "".join(f"{name:>18}" for name in [*names, *(["Hercules"] if peer else [])])
    print(f"{'':10}{head}" + ("".join(f"{name + '/H':>14}" for name in names) if peer else ""))
    table = []
    for name in given.programs or PROGRAMS:
        found = measure(name, names, given.runs, given.seconds, peer)
        table.append(found)
        print(line(found, names), *found["differences"], sep="\n", flush=True)
        if given.json:  # what there is, if it does not come to its end
            about = {"machine": machine, "hercules": found["peer"], "programs": table}
            given.json.write_text(json.dumps(about, indent=1) + "\n")
    version = next((found["peer"] for found in table if found["peer"]), "")
    print(f"Hercules {version or 'was not there' if not peer else version}; {time.monotonic() - begun:.0f} s")
    return int(any(found["differences"] for found in table))


if __name__ == "__main__":
    sys.exit(main())
