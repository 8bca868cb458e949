"""How long an external interruption takes, from the moment when another thread raises it to its handler.

    python bench/latency.py [--number N] [--engine NAME ...]

The machine is in a loop of integer or decimal instructions, or of long moves (MVCL of 64K bytes); the first instruction
of the handler, a DIAGNOSE, tells the time. Median, 99th percentile and maximum in microseconds: of wall time, which a
busy host makes longer, and of the processor time of the machine's thread, which it does not; and how many took more
than a millisecond of that.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cpvm.machine import Machine, engines
from cpvm.machine.host import NullHost
from cpvm.s370.psw import PSW

CODE, HANDLER, OLD, NEW = 0x1000, 0x800, 0x18, 0x58
LOOPS = {
    "integer": "41220001 1A32 5A409500 50409504 07F1",  # LA AR A ST BR
    "decimal": "FA7795209510 FC7295289530 41220001 07F1",  # AP MP LA BR
    "MVCL": "18AC 18BE 188D 189E 0E8A 41220001 07F1",  # four LR, MVCL, LA BR
}
WARM_UP = 30_000_000
"""Instructions after which regions have been translated; fewer for the reference engine."""


class Clock(NullHost):
    """Notes when the handler was reached."""

    def __init__(self) -> None:
        self.reached = self.spent = 0
        self.there = threading.Event()

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        """The handler is there."""
        self.spent = time.thread_time_ns()
        self.reached = time.perf_counter_ns()
        self.there.set()


def prepared(engine: str, loop: str) -> Machine:
    """A machine in the loop that has run for some time."""
    m = Machine(1 << 20, Clock(), engine=engine)
    m.storage.write(NEW, PSW(mode=8, address=HANDLER).to_bytes())
    m.storage.write(HANDLER, bytes.fromhex("83000001") + bytes.fromhex(f"8200{OLD:04X}"))
    m.storage.write(0x50, b"\x7f\xff\xff\xff")
    m.storage.write(CODE, bytes.fromhex(LOOPS[loop]))
    m.storage.write(0x2510, bytes.fromhex("000000000000001C"))
    m.storage.write(0x2520, bytes.fromhex("000000000000123C"))
    m.storage.write(0x2528, bytes.fromhex("000000000000000C"))
    m.storage.write(0x2530, bytes.fromhex("00001C"))
    m.gr[1], m.gr[9], m.gr[12], m.gr[13], m.gr[14] = CODE, 0x2000, 0x40000, 0x80000, 1 << 16
    m.cpu.set_cpu_timer((1 << 63) - 1)
    m.set_cr(0, 0x40)
    m.psw = PSW(1, 0, 8, address=CODE)
    m.run(WARM_UP // 100 if engine == engines.REFERENCE or loop == "MVCL" else WARM_UP)
    return m


def measured(m: Machine, number: int) -> tuple[list[float], list[float]]:
    """Microseconds of so many interruptions: wall time, processor time of the machine's thread."""
    clock = m.host
    assert isinstance(clock, Clock)
    runner = threading.Thread(target=lambda: m.run(1 << 60))
    runner.start()
    assert runner.ident is not None
    its_time = time.pthread_getcpuclockid(runner.ident)
    wall, own = [], []
    chance = random.Random(1)
    for _ in range(number):
        time.sleep(chance.uniform(0.001, 0.004))
        clock.there.clear()
        spent, raised = time.clock_gettime_ns(its_time), time.perf_counter_ns()
        m.external(0x40)
        m.nudge()
        clock.there.wait()
        wall.append((clock.reached - raised) / 1000)
        own.append((clock.spent - spent) / 1000)
    m.stop()
    runner.join()
    return sorted(wall), sorted(own)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--number", type=int, default=500, help="interruptions of each kind")
    known = [name for name in engines.ENGINES if name != engines.AUTO]
    arguments.add_argument("--engine", nargs="*", choices=known, default=known)
    options = arguments.parse_args()
    print(f"{'':22}{'wall time':^30}{'processor time':^30}")
    print(f"{'engine':<12}{'loop':<10}" + 2 * f"{'median':>10}{'99 %':>10}{'maximum':>10}" + f"{'> 1 ms':>8}")
    for engine in options.engine:
        for loop in LOOPS:
            wall, own = measured(prepared(engine, loop), options.number)
            figures = [
                v for found in (wall, own) for v in (found[len(found) // 2], found[len(found) * 99 // 100], found[-1])
            ]
            text = "".join(f"{v:>10.0f}" for v in figures)
            print(f"{engine:<12}{loop:<10}{text}{sum(v > 1000 for v in own):>8}", flush=True)


if __name__ == "__main__":
    main()
