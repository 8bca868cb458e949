"""Users who try to take everything, beside one who works: what they get, and what the other notices.

    python bench/exhaust.py [--machines 60] [--ceiling 256] [--seconds 5] [--seed 1] [--json FILE]

MACHINES users touch all of the 16 MB of their machines for SECONDS under a ceiling of CEILING megabytes; others make
spool files, fill the spool, define temporary disks and devices, and assemble a program that makes gigabytes, each until
they are stopped. One user types commands all the time, and at the end punches a file and defines a disk. The exit
status is 1 if somebody got more than the limits promise, or that user could not work.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import figures
from cpvm.cp import password
from cpvm.cp.halfpool import HalfFailed, HalfPool
from cpvm.cp.session import ReadState, Session
from cpvm.cp.system import System
from cpvm.cp.vspool import Output
from cpvm.machine.device import NotReadyError

MEGABYTE = 1 << 20
FILES, SPACE, CYLINDERS, DEVICES = 50, 4, 10, 32
"""The limits of each user: spool files, megabytes of the spool, cylinders, devices."""
SLICE = 400
"""Cards that a machine punches in a slice."""
VICTIM = "ANNA"
FILL = bytes.fromhex("50101000 87120200 47F00208")
"""ST 1,0(,1); BXLE 1,2,*-4; B *: a store into each page, and then a loop."""
PATIENCE = 120.0
RESPONSE = 1.0
"""Seconds in which the user who works has 95 of 100 answers."""


class Screen:
    """A terminal; `type` waits for the next read."""

    def __init__(self, system: System, name: str) -> None:
        self.name, self.local = name, True
        self._events: queue.SimpleQueue[str | ReadState] = queue.SimpleQueue()
        self.session: Session = system.connect(self)
        self._until()

    def write(self, text: str) -> None:
        """CP shows a line."""
        self._events.put(text)

    def state(self, state: ReadState) -> None:
        """CP reads, or does not."""
        self._events.put(state)

    def close(self) -> None:
        """The line is gone."""
        self._events.put(ReadState.CLOSED)

    def _until(self) -> list[str]:
        lines: list[str] = []
        while True:
            event = self._events.get(timeout=PATIENCE)
            if isinstance(event, str):
                lines.append(event)
            elif event is not ReadState.RUNNING:
                return lines

    def type(self, text: str) -> list[str]:
        """Type a line: what comes until the next read."""
        self.session.line(text)
        return self._until()


class Trial:
    """The system and what is done to it."""

    def __init__(self, folder: Path, given: argparse.Namespace) -> None:
        self._random = Random(given.seed)
        self._machines, self._ceiling, self._seconds = given.machines, given.ceiling, given.seconds
        users = [VICTIM, "FILES", "SPACE", "DISKS", "DEVICES", *(f"HOG{number:03}" for number in range(self._machines))]
        System.create(
            folder,
            "VOLUME TEST01 3350 60\nVOLUME SCRATC 3350 41 TDSK\n"
            + "".join(
                f"USER {user} {user} 16M 16M G\nCONSOLE 009 3215\nSPOOL 00C 2540 READER *\nSPOOL 00D 2540 PUNCH A\n"
                for user in users
            ),
        )
        (folder / "system.config").write_text(
            f"LIMIT ALL SPOOLFILES {FILES} SPOOLSPACE {SPACE}M TDISK {CYLINDERS} DEVICES {DEVICES}\n"
            f"LIMIT SYSTEM STORAGE {self._ceiling}M\n"
        )
        self.system = System(folder)
        self.system.start()
        self.rows: list[tuple[str, str]] = []
        self.missed: list[str] = []
        self._count = 0

    def log_on(self, userid: str) -> Screen:
        """A user with a terminal."""
        self._count += 1
        screen = Screen(self.system, f"L{self._count:04}")
        screen.type(f"LOGON {userid} {userid}")
        return screen

    def on_cp(self, function: Callable[[], object]) -> None:
        """Have CP do something, and wait for it."""
        done = threading.Event()

        def run() -> None:
            try:
                function()
            finally:
                done.set()

        self.system.post(run)
        if not done.wait(PATIENCE):
            raise TimeoutError("CP does not answer")

    def found(self, what: str, measured: str, *, kept: bool = True) -> None:
        """One figure; KEPT tells whether it is as promised."""
        self.rows.append((what, measured))
        print(f"{what}: {measured}", flush=True)
        if not kept:
            self.missed.append(f"{what}: {measured}")

    @contextlib.contextmanager
    def working(self, screen: Screen, while_: str) -> Iterator[None]:
        """The one who works types commands meanwhile; what took how long is a figure."""
        stop, took = threading.Event(), list[float]()

        def work() -> None:
            while not stop.is_set():
                began = time.perf_counter()
                screen.type("QUERY VIRTUAL")
                took.append(time.perf_counter() - began)
                stop.wait(0.01)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        took.sort()
        slow = took[int(len(took) * 0.95)]
        self.found(f"a command of who works, while {while_}, 95 %", f"{slow * 1000:.0f} ms", kept=slow < RESPONSE)

    # Attacks

    def files(self) -> None:
        """Spool files without an end."""
        screen, made = self.log_on("FILES"), 0
        while made < 10 * FILES and self._punch("FILES", b"CARD".ljust(80)):
            screen.type("CLOSE PUN")
            made += 1
        self.found(f"spool files that one user could make, of {FILES}", str(made), kept=made == FILES)

    def space(self) -> None:
        """One file without an end."""
        self.log_on("SPACE")
        for _ in range(20 * SPACE * MEGABYTE // (80 * SLICE)):
            cards = [self._random.randbytes(80) for _ in range(SLICE)]
            if not self._punch("SPACE", *cards):
                break
        megabytes = self.system.spool.paid("SPACE")[1] / MEGABYTE
        self.found(
            f"what one user could fill of the spool, of {SPACE} MB", f"{megabytes:.1f} MB", kept=megabytes <= SPACE
        )

    def _punch(self, userid: str, *cards: bytes) -> bool:
        taken: list[bool] = []

        def run() -> None:
            punch = self.system.users[userid].devices[0x00D]
            assert isinstance(punch, Output)
            with contextlib.suppress(NotReadyError):
                for card in cards:
                    punch.card(card)
                    taken.append(True)

        self.on_cp(run)
        return len(taken) == len(cards)

    def disks(self) -> None:
        """Temporary disks without an end."""
        screen = self.log_on("DISKS")
        for vaddr in range(0x200, 0x300):
            screen.type(f"DEFINE T3350 {vaddr:03X} 1")
        got = sum(disk.cylinders for disk in self.system.minidisks.temporary.disks)
        self.found(f"cylinders of temporary disks that one user got, of {CYLINDERS}", str(got), kept=got <= CYLINDERS)

    def devices(self) -> None:
        """Devices without an end."""
        screen = self.log_on("DEVICES")
        for vaddr in range(0x100, 0x300):
            screen.type(f"DEFINE PUNCH {vaddr:03X}")
        got = len(self.system.users["DEVICES"].devices)
        self.found(f"devices that one user got, of {DEVICES}", str(got), kept=got <= DEVICES)

    def storage(self) -> None:
        """Machines that touch all of their storage, at once."""
        hogs = [(f"HOG{number:03}", self.log_on(f"HOG{number:03}")) for number in range(self._machines)]
        for userid, screen in hogs:
            self.on_cp(lambda userid=userid: self._aim(userid))  # type: ignore[misc]
            screen.type("STORE PSW 00000000 00000200")
            screen.session.line("BEGIN")
        most, ends = 0.0, time.monotonic() + self._seconds
        while time.monotonic() < ends:
            used: list[int] = []
            self.on_cp(lambda: used.append(self.system.ceiling.used))  # noqa: B023
            most = max(most, used[0] / MEGABYTE)
            time.sleep(0.05)
        bound = self._ceiling + 16 * (self.system.scheduler.processors + 1) + self._machines / 8
        what = f"storage that {self._machines} machines of 16 MB took at most, of {self._ceiling} MB"
        self.found(what, f"{most:.0f} MB", kept=most <= bound)

    def _aim(self, userid: str) -> None:
        machine = self.system.users[userid].machine
        machine.storage.write(0x200, FILL)
        machine.gr[1], machine.gr[2], machine.gr[3] = 0x3000, 4096, 0xFFF000

    def assembly(self) -> None:
        """An assembly that makes gigabytes."""
        pool = HalfPool()
        began, how = time.monotonic(), "it came to its end"
        try:
            pool.half("bench.bombhalf").step(b"")
        except HalfFailed as error:
            how = str(error).strip().splitlines()[-1]
        pool.close()
        what = "an assembly that makes gigabytes ended"
        self.found(what, f"after {time.monotonic() - began:.0f} s: {how}", kept="MemoryError" in how)

    def afterwards(self, screen: Screen) -> None:
        """What the one who works can still do."""
        done = [self._punch(VICTIM, b"CARD".ljust(80))]
        done.append(screen.type("DEFINE T3350 191 5")[-1].startswith("DASD 191 DEFINED"))
        done.append(not any("427" in line for line in screen.type("CLOSE PUN")))
        works = "yes" if all(done) else "no"
        self.found("who works can punch a file and define a disk then", works, kept=all(done))


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--machines", type=int, default=60, help="machines that touch all of their storage")
    parser.add_argument("--ceiling", type=int, default=256, help="megabytes that all of them may have")
    parser.add_argument("--seconds", type=float, default=5.0, help="for which that goes on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    password._COST = 1 << 4  # what is measured is not the logon
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(Path(name), given)
        try:
            screen = trial.log_on(VICTIM)
            for attack, doing in (
                (trial.files, "somebody makes files"),
                (trial.space, "somebody fills the spool"),
                (trial.disks, "somebody takes disks"),
                (trial.devices, "somebody takes devices"),
                (trial.assembly, "somebody assembles gigabytes"),
                (trial.storage, "machines take storage"),
            ):
                with trial.working(screen, doing):
                    attack()
            trial.afterwards(screen)
        finally:
            trial.system.shutdown()
    command = f"python bench/exhaust.py --machines {given.machines} --ceiling {given.ceiling} --seed {given.seed}"
    figures.save(given.json, "exhaust", command, trial.rows)
    for line in trial.missed:
        print(f"NOT AS PROMISED: {line}", file=sys.stderr)
    return 1 if trial.missed else 0


if __name__ == "__main__":
    sys.exit(main())
