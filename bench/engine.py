"""How fast the engines are, beside Hercules, on the same programs in the same run.

    python bench/engine.py [--hercules PATH] [--runs 5] [--engine compiled] [PROGRAM ...]

The programs are in `bench/programs`; they are assembled by our assembler, and each says how often its loop runs. One
run of each program on each engine and on Hercules follows the other, so that all see the same state of the machine;
what is shown is the median. Rates are in millions of instructions a second of processor time, which for Hercules is
that of its CPU thread.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from assembler import assemble
from assembler.linkage import link
from cpvm.machine import Machine, StopReason
from cpvm.s370.psw import PSW

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.assemble"))
COUNT_AT = 0x1F0
STORAGE = 16 << 20
FAILURES = range(0xDEAD00, 0xDEB000)
"""Wait codes of interruptions that should not have been; all others are results."""
LIMIT = 120.0
"""Seconds for one run of Hercules."""
REFERENCE_SHARE = 200
"""By how much the reference engine's loops are shorter."""


def image(name: str, share: int = 1) -> bytes:
    """A program as it stands in storage, its count divided."""
    text = (HERE / "programs" / f"{name}.assemble").read_text()
    done = assemble(text, library=HERE / "maclib")
    if done.return_code:
        raise SystemExit(f"{name}: {done.messages[0]}")
    data = bytearray(link([done.deck], 0).data)
    found = re.search(r"(?m)^\*COUNT (\d+)", text)
    assert found
    data[COUNT_AT : COUNT_AT + 4] = max(1, int(found[1]) // share).to_bytes(4, "big")
    return bytes(data)


def run(engine: str, data: bytes) -> tuple[int, float, int]:
    """Instructions, seconds of processor time and result of a program on one of our engines."""
    machine = Machine(STORAGE, engine=engine)
    machine.storage.write(0, data)
    machine.psw = PSW.from_bytes(data[:8])
    start = time.thread_time()
    stop = machine.run(1 << 60)
    seconds = time.thread_time() - start
    if stop.reason is not StopReason.DISABLED_WAIT or stop.detail in FAILURES:
        raise SystemExit(f"{engine}: {stop}")
    return stop.instructions, seconds, int(str(stop.detail))


def _used(pid: int) -> float:
    """Processor time so far of that thread of a process that has used most, seconds: it is the CPU's."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return max(int(task.read_text().split()[0]) for task in tasks) / 1e9


def hercules(peer: str, data: bytes) -> tuple[float, int]:
    """Seconds of processor time of a program on Hercules, and its result."""
    with tempfile.TemporaryDirectory() as d:
        Path(d, "core").write_bytes(data)
        config = "ARCHMODE S/370\nCPUMODEL 3033\nMAINSIZE 16\nNUMCPU 1\n0009 3215-C /\n"
        Path(d, "conf").write_text(config)
        Path(d, "rc").write_text(f"sysclear\nloadcore {d}/core 0\nrestart\n")
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [peer, "-d", "-f", f"{d}/conf"],
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            cwd=d,
            env=os.environ | {"HERCULES_RC": f"{d}/rc", "TERM": "dumb"},
        )
        os.close(theirs)
        try:
            text = bytearray()
            seconds, found = _wait(ours, text, rb"HHC(?:CP011|00809)I.*?PSW=[0-9A-F]{8} ([0-9A-F]{8})", process.pid)
            return seconds, int(found[1], 16) & 0xFFFFFF
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def _wait(terminal: int, text: bytearray, pattern: bytes, pid: int) -> tuple[float, re.Match[bytes]]:
    """Processor time of the process when its terminal shows this, and what that is."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found = re.search(pattern, bytes(text), re.DOTALL)
        if found:
            return _used(pid), found
        if select.select([terminal], [], [], 0.5)[0]:
            text += os.read(terminal, 65536)
    shown = text[-300:].decode(errors="replace")
    raise SystemExit(f"Hercules did not show {pattern.decode()}: {shown}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    parser.add_argument("--hercules", default=shutil.which("hercules"), metavar="PATH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", action="append", help="reference, compiled; several may be given")
    given = parser.parse_args()
    engines = given.engine or ["compiled"]
    print(f"{'MIPS':10}" + "".join(f"{name:>12}" for name in engines) + f"{'Hercules':>12}   ratio")
    for name in given.programs or PROGRAMS:
        rates: dict[str, list[float]] = {}
        data = image(name)
        for _ in range(given.runs):
            instructions, result = 0, 0
            for engine in engines:
                text = image(name, REFERENCE_SHARE) if engine == "reference" else data
                done, seconds, found = run(engine, text)
                rates.setdefault(engine, []).append(done / seconds / 1e6)
                if engine != "reference":
                    instructions, result = done, found
            if given.hercules and instructions:
                seconds, theirs = hercules(given.hercules, data)
                rates.setdefault("hercules", []).append(instructions / seconds / 1e6)
                if theirs != result:
                    print(f"{name}: results differ: {result:X}, Hercules {theirs:X}")
        medians = {engine: statistics.median(found) for engine, found in rates.items()}
        peer = medians.get("hercules")
        line = f"{name:10}" + "".join(f"{medians[engine]:12.2f}" for engine in engines)
        if peer:
            line += f"{peer:12.2f}   " + " ".join(f"{medians[engine] / peer:.2f}" for engine in engines)
        print(line, flush=True)


if __name__ == "__main__":
    main()
