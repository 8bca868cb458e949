"""What the engines cost in memory: in the process, and for each further machine.

    python bench/memory.py [--machines 50] [--storage 1024] [--json FILE]

Each engine is measured in a process of its own. What is counted is the resident set (RSS) and the part of it that
belongs to this process alone and is no file (anonymous); the rest is pages of files, which the host shares and may take
back. The figures of an engine are compared with those of the reference engine at the same points:

    loaded     one machine was made, and its native code is ready
    working    it has run programs that are long enough to have regions translated, until no translation is under way
    machines   so many more machines have each run a program, the same for all

Storage that machines have touched is counted in kilobytes a machine, and is the same on every engine.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.engine import count, image
from bench.peer import this_machine
from cpvm.machine import Machine, engines
from cpvm.s370.psw import PSW

WORK = ("dhry", "strings", "sieve", "recurse")
ROUNDS = 10
"""By how much their loops run longer, on native engines."""
EACH = "dhry"
"""What each further machine runs."""
INSTRUCTIONS = 20_000
"""As much of it as that."""


def memory() -> dict[str, int]:
    """Kilobytes of this process: resident, and anonymous."""
    gc.collect()
    text = Path("/proc/self/smaps_rollup").read_text()
    found = {what: re.search(rf"(?m)^{what}:\s+(\d+)", text) for what in ("Rss", "Anonymous")}
    return {what.lower(): int(match[1]) for what, match in found.items() if match}


def machine(engine: str, storage: int, data: bytes) -> Machine:
    """A machine with a program that it is about to run."""
    made = Machine(storage, engine=engine)
    made.storage.write(0, data)
    made.psw = PSW.from_bytes(data[:8])
    return made


def points(engine: str, machines: int, storage: int) -> Iterator[tuple[str, dict[str, int]]]:
    """What this process holds, one point after the other."""
    images = {name: image(name, count(name) * (1 if engine == engines.REFERENCE else ROUNDS)) for name in WORK}
    first = machine(engine, storage, images[EACH])
    first.run(10)
    yield "loaded", memory()
    for name in WORK:
        worker = machine(engine, storage, images[name])
        worker.run(INSTRUCTIONS if engine == engines.REFERENCE else 1 << 60)
        del worker
    if engine == engines.TRANSLATED:
        from cpvm.machine.compiled.shelf import shelf

        shelf().wait()
    yield "working", memory()
    kept = []
    for _ in range(machines):
        kept.append(machine(engine, storage, images[EACH]))
        kept[-1].run(INSTRUCTIONS)
    yield "machines", memory()


def measure(engine: str, machines: int, storage: int) -> dict[str, dict[str, int]]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", engine, "--machines", str(machines), "--storage", str(storage)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{engine}: exit status {done.returncode}")
    found: dict[str, dict[str, int]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=50, help="default 50")
    parser.add_argument("--storage", type=int, default=1024, help="of each machine, in kilobytes; default 1024")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--one", metavar="ENGINE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("this needs Linux, which tells what a process holds")
    if given.one:
        print(json.dumps(dict(points(given.one, given.machines, given.storage << 10))))
        return
    names = [engines.REFERENCE, engines.COMPILED, engines.TRANSLATED]
    for name in names[1:]:  # so that nothing has to be compiled
        subprocess.run(
            [sys.executable, __file__, "--one", name, "--machines", "0"], stdout=subprocess.DEVNULL, check=True
        )
    table = {name: measure(name, given.machines, given.storage) for name in names}
    about = this_machine()
    print("; ".join(f"{what} {text}" for what, text in about.items()))
    print(f"\n{'kilobytes':24}" + "".join(f"{name:>14}" for name in names))
    for point in ("loaded", "working", "machines"):
        for what in ("rss", "anonymous"):
            shown = f"{point}, {what}" if point != "machines" else f"{given.machines} machines more, {what}"
            print(f"{shown:28}" + "".join(f"{table[name][point][what]:>14}" for name in names))
    print(f"\n{'the engine adds':24}" + "".join(f"{name:>14}" for name in names[1:]))
    own = table[engines.REFERENCE]
    for point in ("loaded", "working"):
        for what in ("rss", "anonymous"):
            extra = "".join(f"{(table[n][point][what] - own[point][what]) / 1024:>11.1f} MB" for n in names[1:])
            print(f"{point + ', ' + what:24}" + extra)

    def each(name: str, what: str) -> float:
        return (table[name]["machines"][what] - table[name]["working"][what]) / given.machines

    if given.machines:
        print(f"\n{'each further machine':24}" + "".join(f"{name:>14}" for name in names))
        print(f"{'kilobytes, rss':24}" + "".join(f"{each(name, 'rss'):>14.1f}" for name in names))
        more = "".join(f"{each(name, 'rss') - each(engines.REFERENCE, 'rss'):>14.1f}" for name in names)
        print(f"{'  more than reference':24}" + more)
    if given.json:
        found: dict[str, Any] = {"machine": about, "machines": given.machines, "kilobytes": table}
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
