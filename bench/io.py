"""How many I/O operations a second the engines do, beside Hercules, on the same programs in the same run.

    python bench/io.py [--hercules PATH] [--runs 5] [--engine auto] [--timed] [PROGRAM ...]

The programs are in `bench/programs-io`: lines written on a console, records of a 3350 read and written, each by Start
I/O, and the interruption for the device's end awaited in the wait state or in an enabled loop. The pack is a Hercules
CKD image, made for the run; Hercules writes into it, we into an overlay. What is typed goes to a terminal that is read
and thrown away. One run of each program on each engine and on Hercules follows the other; what is shown is the median.
A program says how often its loop runs for us and for Hercules, so that runs are long enough; results are compared in a
run of equal length.

Rates are thousands of operations a second: of processor time, which is that of all threads of the process, and of wall
time. Start-up is not counted: Hercules' figures begin when it says that the restart key was pressed.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from peer import started, wait_code

from assembler import assemble
from assembler.linkage import link
from cpvm.front.bare import BareMachine
from cpvm.machine import StopReason
from cpvm.machine.media.images.writing import write_ckd
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import Record, encode_track
from cpvm.s370.psw import PSW

Found = TypeVar("Found")

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs-io").glob("*.assemble"))
COUNT_AT = 0x1F0
STORAGE = 16 << 20
FAILURES = range(0xDEAD00, 0xDEB000)
"""Wait codes of interruptions and ends that should not have been; all others are results."""
LIMIT = 120.0
"""Seconds for one run of Hercules."""
SLOW_SHARE = 50
"""By how much loops are shorter where channel programs are executed in Python: on the reference engine, and in virtual
time."""
CYLINDERS, HEADS, RECORDS, LENGTH = 4, 16, 16, 800


@dataclass(frozen=True)
class Run:
    """One run of a program: operations, seconds of processor time and of wall time, result."""

    operations: int
    seconds: float
    wall: float
    result: int


def image(name: str, share: int = 1, peer: bool = False) -> tuple[bytes, int]:
    """A program as it stands in storage, and how often its loop runs: our count divided, or that for Hercules."""
    text = (HERE / "programs-io" / f"{name}.assemble").read_text()
    done = assemble(text, library=HERE / "maclib")
    if done.return_code:
        raise SystemExit(f"{name}: {done.messages[0]}")
    data = bytearray(link([done.deck], 0).data)
    found = re.search(r"(?m)^\*COUNT (\d+) +(\d+)", text)
    assert found
    count = int(found[2]) if peer else max(1, int(found[1]) // share)
    data[COUNT_AT : COUNT_AT + 4] = count.to_bytes(4, "big")
    return bytes(data), count


def make_pack(folder: Path) -> Path:
    """The 3350 of the disk programs as a Hercules CKD image."""
    with Volume.create(folder / "pack.volume", "3350", "IOWORK", CYLINDERS) as volume:
        with volume.deferred():
            for cyl in range(CYLINDERS):
                for head in range(HEADS):
                    rows = [
                        Record(cyl, head, r, b"", (cyl << 16 | head << 8 | r).to_bytes(4, "big") * (LENGTH // 4))
                        for r in range(1, RECORDS + 1)
                    ]
                    volume.write(cyl, head, encode_track(cyl, head, rows))
        write_ckd(folder / "pack.ckd", volume)
    return folder / "pack.ckd"


@contextmanager
def terminal() -> Iterator[int]:
    """A terminal whose output another process throws away."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as reader:
        os.close(ours)
        try:
            yield theirs
        finally:
            os.close(theirs)
            reader.kill()


def run(engine: str, name: str, pack: Path, timed: bool) -> Run:
    """A program on one of our engines. Each run begins with an image that was not written."""
    data, count = image(name, SLOW_SHARE if timed or engine == "reference" else 1)
    overlay = pack.with_name("pack.ckd.overlay")
    with suppress(FileNotFoundError):
        overlay.unlink()
    with terminal() as typewriter, open(typewriter, "w", encoding="utf-8", closefd=False) as out:
        machine = BareMachine(
            STORAGE, devices=[f"150,3350,{pack}"], out=out, standard=(), immediate_io=not timed, engine=engine
        )
        machine.load(data)
        machine.psw = PSW.from_bytes(data[:8])
        began, processor = time.perf_counter(), time.process_time()
        stop = machine.go()
        seconds, wall = time.process_time() - processor, time.perf_counter() - began
        machine.close()
    if stop is None or stop.reason is not StopReason.DISABLED_WAIT or stop.detail in FAILURES:
        raise SystemExit(f"{name} on {engine}: {stop}")
    return Run(count, seconds, wall, int(str(stop.detail)))


class _Shown:
    """What Hercules shows on its terminal, and when."""

    def __init__(self, descriptor: int, pid: int) -> None:
        self._descriptor = descriptor
        self._clock = (~pid << 3) | 2  # the processor time of another process
        self._text = bytearray()

    def until(self, find: Callable[[bytes], Found | None]) -> tuple[Found, float, float]:
        """Wait until something is found; that, the processor time of the process, and the time."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            found = find(bytes(self._text))
            if found is not None:
                return found, time.clock_gettime(self._clock), time.perf_counter()
            del self._text[:-4096]
            if select.select([self._descriptor], [], [], 0.5)[0]:
                self._text += os.read(self._descriptor, 65536)
        raise SystemExit(f"Hercules did not come to its end: {self._text[-300:].decode(errors='replace')}")


def hercules(peer: str, name: str, pack: Path, short: bool = False) -> Run:
    """A program on Hercules, with a copy of the pack."""
    data, count = image(name, peer=not short)
    with tempfile.TemporaryDirectory() as d:
        shutil.copy(pack, Path(d, "pack.ckd"))
        devices = f"0009 3215-C /\n0150 3350 {d}/pack.ckd\n"
        with started(peer, data, devices, more="DIAG8CMD DISABLE\n") as (terminal, pid):
            shown = _Shown(terminal, pid)
            # of its own messages that one is lost sometimes; then what the program types first will do
            _, processor, began = shown.until(re.compile(rb"Restart key|HHC02228I|HHC00811I|QUICK BROWN").search)
            result, processor_then, then = shown.until(wait_code)
        if result in FAILURES:
            raise SystemExit(f"{name} on Hercules: wait code {result:X}")
        return Run(count, processor_then - processor, then - began, result)


def _line(runs: dict[str, list[Run]], engines: list[str]) -> str:
    """Medians of a program's runs as a line of the table."""
    text = ""
    for measure in ("seconds", "wall"):
        medians = {
            who: statistics.median(one.operations / float(getattr(one, measure)) / 1000 for one in done)
            for who, done in runs.items()
        }
        text += "".join(f"{medians[engine]:12.2f}" for engine in engines)
        peer = medians.get("hercules")
        if peer:
            text += f"{peer:12.2f}   " + " ".join(f"{medians[engine] / peer:.2f}" for engine in engines)
    return text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    parser.add_argument("--hercules", default=shutil.which("hercules"), metavar="PATH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", action="append", help="reference, compiled...; several may be given")
    parser.add_argument("--timed", action="store_true", help="our operations take virtual time, as with cpvm ipl")
    given = parser.parse_args()
    engines = given.engine or ["auto"]
    heads = "".join(f"{name:>12}" for name in engines) + (f"{'Hercules':>12}   ratio" if given.hercules else "")
    print(f"{'1000/s':10}{heads}   of processor time; then of wall time")
    with tempfile.TemporaryDirectory() as folder:
        pack = make_pack(Path(folder))
        for engine in engines:
            run(engine, "read", pack, given.timed)  # the native code is loaded, or made
        for name in given.programs or PROGRAMS:
            runs: dict[str, list[Run]] = {}
            for _ in range(given.runs):
                for engine in engines:
                    runs.setdefault(engine, []).append(run(engine, name, pack, given.timed))
                if given.hercules:
                    runs.setdefault("hercules", []).append(hercules(given.hercules, name, pack))
            results = {one.result for who, done in runs.items() if who not in ("reference", "hercules") for one in done}
            if given.hercules and not given.timed:
                results.add(hercules(given.hercules, name, pack, short=True).result)
            if len(results) > 1:
                print(f"{name}: results differ: {', '.join(f'{result:X}' for result in sorted(results))}")
            print(f"{name:10}{_line(runs, engines)}", flush=True)


if __name__ == "__main__":
    main()
