"""Whether machines hold each other up: through CP, with users logged on at terminals.

    python bench/threads.py [--engine auto] [--seconds 1.0] [--rounds 5] [--idle 50] [--lines 200] [PROGRAM]

A program of `bench/programs` is put into machines' storage, its loop made to run for ever. First one machine runs alone
and two run side by side, in turn; then one runs beside many idle CMS machines, one of which has a typist. Rates are in
millions of instructions a second of real time, medians of the rounds. What others do on the same host spoils them: so
there is a rate that leaves out the time in which the host kept the machines' threads waiting for a processor, as Linux
tells it; `kept` is of that rate.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine import COUNT_AT, PROGRAMS, image

from cpvm import api, sysgen
from cpvm.cp import directory_store
from cpvm.cp.database import Database
from cpvm.cp.directory_source import read_directory
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.system import DATABASE
from cpvm.front import users
from cpvm.s370.psw import PSW

FOR_EVER = (0x7FFFFFFF).to_bytes(4, "big")
LINES = ("", "LISTFILE * EXEC", "#CP QUERY TIME", "QUERY DISK A", "SET BLIP OFF")
"""What is typed, in turn."""
PACE = 0.05
"""Seconds between the answer and the next line."""
WARM = 1.0
"""Seconds in which a program gets to its speed: its hot regions are translated."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Rate:
    """What a machine did in a while, on the average if there were several."""

    mips: float
    """Millions of instructions a second of real time."""
    own: float
    """The same, without the time that the host had no processor for its thread."""
    share: float
    """Processor time of real time."""


class Stopwatch:
    """What machines do from now on."""

    def __init__(self, system: api.SystemHandle, *userids: str) -> None:
        self._machines = [system.system.users[userid].machine for userid in userids]
        self._before = self._now()
        self._began = time.perf_counter()

    def _now(self) -> tuple[int, float, float]:
        done = sum(machine.engine_statistics().instructions for machine in self._machines)
        ran, waited = 0, 0
        for thread in threading.enumerate():
            if thread.name.startswith("processor-"):
                times = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()
                ran += int(times[0])
                waited += int(times[1])
        return done, ran / 1e9, waited / 1e9

    def stop(self) -> Rate:
        """The rate of each."""
        passed = (time.perf_counter() - self._began) * len(self._machines)
        done, ran, waited = (new - old for new, old in zip(self._now(), self._before, strict=True))
        return Rate(done / passed / 1e6, done / (passed - waited) / 1e6, ran / passed)


def on_cp(system: api.SystemHandle, function: Callable[[], Result]) -> Result:
    """Have CP call something, all machines being at rest."""
    answer: list[Result] = []
    terminal = system.terminal()
    system.system.post(lambda: answer.append(function()))
    terminal.type("")
    terminal.hangup()
    return answer[0]


class Bench:
    """A system with enough users."""

    def __init__(self, system: api.SystemHandle, data: bytes, seconds: float) -> None:
        self.system = system
        self._data = data
        self._seconds = seconds

    def compute(self, userid: str) -> api.User:
        """Log a user on and have the program run in the machine."""
        user = self.system.logon(userid)
        vm = self.system.system.users[userid]

        def load() -> None:
            vm.machine.storage.write(0, self._data)
            vm.machine.psw = PSW.from_bytes(self._data[:8])

        on_cp(self.system, load)
        user.send("BEGIN")
        return user

    def measure(self, *userids: str) -> Rate:
        """Rate of machines that are running."""
        watch = Stopwatch(self.system, *userids)
        time.sleep(self._seconds)
        return watch.stop()


def _directory(idle: int) -> str:
    """The directory of a new system, and more users."""
    lines = [users.directory_source().rstrip()]
    for number in range(1, idle + 1):
        lines += [
            f"USER IDLE{number:02} IDLE{number:02} 512K 16M G",
            "CONSOLE 009 3215",
            "SPOOL 00C 2540 READER *",
            "SPOOL 00D 2540 PUNCH A",
            "SPOOL 00E 1403 A",
            "LINK MAINT 190 190 RR",
        ]
    return "\n".join(lines) + "\n"


def make(folder: Path, idle: int) -> None:
    """Make the system."""
    sysgen.prepare(folder)
    database = Database(folder / DATABASE, (directory_store.SCHEMA,))
    DirectoryStore(database).replace(read_directory(_directory(idle)))
    database.close()


def show(title: str, rates: list[Rate], lone: float | None = None) -> float:
    """Print medians; returns the rate without waiting."""
    mips, own, share = (statistics.median(getattr(rate, name) for rate in rates) for name in ("mips", "own", "share"))
    kept = f"{own / lone:8.0%}" if lone else " " * 8
    print(f"{title:44}{mips:10.1f}{own:12.1f}{kept}{share:10.0%}", flush=True)
    return own


def type_lines(user: api.User, count: int) -> list[float]:
    """Seconds from line to answer."""
    found = []
    for number in range(count):
        time.sleep(PACE)
        began = time.perf_counter()
        user.type(LINES[number % len(LINES)])
        found.append(time.perf_counter() - began)
    return sorted(found)


def latencies(title: str, found: list[float]) -> None:
    """Print them."""
    at = {share: found[min(len(found) - 1, int(len(found) * share))] * 1000 for share in (0.5, 0.9, 0.99)}
    print(f"{title:44}" + "".join(f"  p{share * 100:.0f} {ms:.1f} ms" for share, ms in at.items()), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default="dhry", choices=PROGRAMS)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=int, default=50, help="idle CMS machines")
    parser.add_argument("--lines", type=int, default=200, help="lines typed")
    given = parser.parse_args()
    data = bytearray(image(given.program))
    data[COUNT_AT : COUNT_AT + 4] = FOR_EVER
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "system"
        make(folder, given.idle)
        with api.start(folder, engine=given.engine) as system:
            _measure(Bench(system, bytes(data), given.seconds), given)


def _measure(bench: Bench, given: argparse.Namespace) -> None:
    print(f"{given.program + ', ' + given.engine:44}{'MIPS':>10}{'not waiting':>12}{'kept':>8}{'executing':>10}")
    first, second = bench.compute("USER01"), bench.compute("USER02")
    time.sleep(WARM)
    lone: list[Rate] = []
    both: list[Rate] = []
    for _ in range(given.rounds):
        for stopped, running in ((second, "USER01"), (first, "USER02")):
            stopped.attention()
            lone.append(bench.measure(running))
            stopped.send("BEGIN")
        both.append(bench.measure("USER01", "USER02"))
    alone = show("one machine", lone)
    show("each of two", both, alone)
    second.attention()
    second.type("LOGOFF")
    system = bench.system
    idle = [system.logon(f"IDLE{number:02}") for number in range(1, given.idle + 1)]
    for user in idle:
        user.type("IPL CMS")
        user.type("")
    lone = [bench.measure("USER01") for _ in range(given.rounds)]
    show(f"one beside {given.idle} idle CMS machines", lone, alone)
    if idle:
        typist = system.logon("CMSUSER")
        typist.type("IPL CMS")
        typist.type("")
        watch = Stopwatch(system, "USER01")
        found = type_lines(typist, given.lines)
        show("and somebody who types", [watch.stop()], alone)
        latencies("line to answer", found)
        first.attention()
        latencies("the same, nothing computing", type_lines(typist, given.lines))


if __name__ == "__main__":
    main()
