"""Kills a whole system under load, again and again; each start must show that all that was acknowledged is there.

    python tests/faults/kill.py --kills 500 --seed 1 --json kill.json

A system runs in a process of its own; users are logged on at terminals and change what it keeps. Each has what was
acknowledged in a ledger outside of it. The process is killed at a random moment: while it starts, under load, while it
shuts down, while it renews its CMS; and, apart from that, while a system is made. The next process tells what it finds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from killledger import Ledger
from killsystem import BUILT, make
from killusers import USERS, Host, Keeper, Operator

from bench import figures
from cpvm.cp.password import check_password

VICTIM: Final = Path(__file__).with_name("killvictim.py")
MAKER: Final = "import sys; from pathlib import Path; from cpvm import sysgen; sysgen.prepare(Path(sys.argv[1]))"
PATIENCE: Final = 120.0
"""Seconds that a user or a start may take on a busy computer."""
MOST_SHOWN: Final = 40
MOMENTS: Final = {"load": 70, "start": 12, "shutdown": 12, "rebuild": 6}
"""When the process is killed, and how often of a hundred."""
TROUBLES: Final = ("DMKPSA908I", "DMKCKS916E", "DMKCKS917E", "DMKCPI954E", "DMKCPI955E", "Traceback", "Error")
"""What the operator's log must not say."""
NO_WARM_DATA: Final = "DMKWRM920I"
SAVED: Final = "DMKCKP960I"


@dataclass
class Report:
    """What came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    starts: int = 0
    ended: int = 0
    """Systems that had shut down before they could be killed."""
    longest: float = 0.0
    """Seconds of the longest start."""


class Campaign:
    """One system, killed often."""

    def __init__(self, place: Path, seed: int, report: Report, new: Path | None = None) -> None:
        """Make the system in PLACE, of a copy of the NEW one if there is one."""
        self.folder = place / "system"
        self.place = place
        self.report = report
        self.ledger = report.ledger
        self.chance = random.Random(seed)
        self.seed = seed
        self.kinds = USERS
        self.settled = False
        self.logged = 0
        self.cut_off: bool | None = False
        """Whether the process before was killed; None: perhaps before that could matter."""
        self.start_time = 0.5
        make(self.folder, new)

    # ---- one process

    def _spawn(self, how: str) -> subprocess.Popen[str]:
        words = [sys.executable, str(VICTIM), how, str(self.folder), *([str(self.place / BUILT)] * (how == "rebuild"))]
        paths = [str(Path(__file__).parents[level]) for level in (0, 1, 2)]
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )

    def _kill(self, victim: subprocess.Popen[str], when: str) -> str:
        """Kill it; the rest of what it has printed."""
        victim.kill()
        out, err = victim.communicate()
        if victim.returncode == -signal.SIGKILL:
            self.report.kills[when] += 1
        elif victim.returncode == 0:
            self.report.ended += 1
        if err or victim.returncode not in (0, -signal.SIGKILL):
            self.ledger.complain(f"{self.when}: the system ended with {victim.returncode}: {err[-2000:]}")
        return out

    def _took(self, text: str) -> dict[str, Any]:
        """What a system has told when it was up."""
        told: dict[str, Any] = json.loads(text)
        self.report.starts += 1
        found = told["found"]
        hashed = told["hashes"]["PASSER"]
        words = ["PASSER", *(f"P{number}" for number in range(9))]
        found["password PASSER"] = next((word for word in words if check_password(word, hashed)), "torn")
        if self.settled:
            self.ledger.settle(found, self.when)
        else:
            self.ledger.values, self.settled = found, True
        for trouble in told["damage"]:
            self.ledger.complain(f"{self.when}: {trouble}")
        self._read_log()
        return told

    def _read_log(self) -> None:
        """The operator was told what the start has found, and nothing is amiss."""
        data = (self.folder / "operator.log").read_bytes()
        new = data[self.logged :].decode()
        self.logged = len(data)
        for line in new.splitlines():
            if any(trouble in line for trouble in TROUBLES):
                self.ledger.complain(f"{self.when}: {line}")
        if self.cut_off is not None and (NO_WARM_DATA in new) is not self.cut_off:
            self.ledger.complain(f"{self.when}: the start has {'not ' * self.cut_off}said that there was a failure")
        self.cut_off = True

    # ---- one kill

    def turn(self, number: int, moment: str = "") -> None:
        """Start the system, let users work or not, and kill it, at a MOMENT in MOMENTS or at any."""
        if not moment:
            moment = self.chance.choices(list(MOMENTS), list(MOMENTS.values()))[0] if self.settled else "load"
        self.when = f"kill {number} ({moment})"
        if moment in ("start", "rebuild"):
            self._early(moment)
        else:
            self._at_work(moment)

    def _early(self, moment: str) -> None:
        span = self.start_time * (1.1 if moment == "start" else 2.0)
        victim = self._spawn("run" if moment == "start" else "rebuild")
        time.sleep(self.chance.uniform(0.0, span))
        out = self._kill(victim, moment)
        if out.endswith("\n"):
            self._took(out)
        else:
            self.cut_off = self.cut_off or None  # who knows whether it came to use the spool

    def _at_work(self, moment: str) -> None:
        began = time.monotonic()
        victim = self._spawn("run")
        assert victim.stdout is not None
        line = victim.stdout.readline()
        if not line.endswith("\n"):
            self._kill(victim, moment)
            self.ledger.complain(f"{self.when}: the system did not start")
            return
        took = time.monotonic() - began
        self.start_time = 0.7 * self.start_time + 0.3 * took
        self.report.longest = max(self.report.longest, took)
        told = self._took(line)
        kinds = self.chance.sample(self.kinds, self.chance.randint(1, min(6, len(self.kinds))))
        if Keeper in kinds and Host in kinds:
            kinds.remove(self.chance.choice((Keeper, Host)))
        users = [
            kind(self.ledger, told["port"], told["files"], self.chance.getrandbits(32), self.folder) for kind in kinds
        ]
        operator = Operator(self.ledger, told["port"], {}, 0, self.folder) if moment == "shutdown" else None
        before = sum(self.ledger.acknowledged.values())
        for user in users:
            user.start()
        if operator is not None:
            operator.begin()
        if self.chance.random() < 0.8:
            until = time.monotonic() + PATIENCE
            wanted = before + self.chance.randint(1, 4 * len(users))
            while sum(self.ledger.acknowledged.values()) < wanted and any(user.is_alive() for user in users):
                time.sleep(0.002)
                if time.monotonic() > until:
                    self.ledger.complain(f"{self.when}: nobody gets anything done")
                    break
        time.sleep(self.chance.uniform(0.0, 0.3))
        for user in users:
            user.gone.set()
        if operator is not None:
            operator.gone.set()
            operator.terminal.type("SHUTDOWN")
            time.sleep(self.chance.uniform(0.0, 0.1))
        self._kill(victim, moment)
        for user in users:
            user.lost()
            user.join(PATIENCE)
            if user.is_alive():
                self.ledger.complain(f"{self.when}: {user.name} does not see the end")
        if victim.returncode == 0 or self._saved():
            self.cut_off = False
        else:  # amid SHUTDOWN it may have saved the data, and not have come to saying so
            self.cut_off = None if moment == "shutdown" else True

    def _saved(self) -> bool:
        """Whether the process came to the end of SHUTDOWN before it was killed."""
        return SAVED in (self.folder / "operator.log").read_bytes()[self.logged :].decode()

    # ---- the end

    def end(self) -> None:
        """All that was to be printed is printed, once; a start after SHUTDOWN finds nothing amiss."""
        for last in ("the last start but one", "the last start"):
            self.when = last
            victim = self._spawn("run")
            assert victim.stdout is not None
            told = self._took(victim.stdout.readline())
            operator = Operator(self.ledger, told["port"], {}, 0, self.folder)
            operator.begin()
            self._await_printing(operator)
            operator.terminal.type("SHUTDOWN")
            victim.wait(PATIENCE)
            _, err = victim.communicate()
            if victim.returncode or err:
                self.ledger.complain(f"{last}: SHUTDOWN ends with {victim.returncode} {err[-2000:]}")
            self.cut_off = False
        check = [sys.executable, "-m", "cpvm.cli", "disk", "check"]
        for path in sorted((self.folder / "volumes").glob("*.volume")):
            done = subprocess.run([*check, str(path)], capture_output=True, text=True, check=False)
            if done.returncode:
                self.ledger.complain(f"disk check {path.name}: {done.stdout[-1000:]}{done.stderr[-1000:]}")

    def _await_printing(self, operator: Operator) -> None:
        until = time.monotonic() + PATIENCE
        while "NO PRT FILES" not in operator.answer("QUERY PRT ALL", r"NO PRT FILES\n|OWNERID(?s:.*)"):
            time.sleep(0.05)
            if time.monotonic() > until:
                self.ledger.complain(f"{self.when}: something is not printed")
                return


def kill_sysgen(place: Path, kills: int, chance: random.Random, report: Report) -> None:
    """Kill processes that make a system: there is none then, or a whole one."""
    folder = place / "made"
    span = 8.0
    for number in range(kills):
        maker = subprocess.Popen(
            [sys.executable, "-c", MAKER, str(folder)], stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        began = time.monotonic()
        end = began + chance.uniform(0.0, span)
        while time.monotonic() < end and maker.poll() is None:
            time.sleep(0.002)
        maker.kill()
        _, err = maker.communicate()
        if err:
            report.ledger.complain(f"sysgen {number}: {err[-2000:]}")
        if maker.returncode == -signal.SIGKILL:
            report.kills["sysgen"] += 1
        elif maker.returncode == 0:
            span = time.monotonic() - began
        if folder.exists():
            start = [sys.executable, "-m", "cpvm.cli", "start", "--system", str(folder), "--listen", "none"]
            done = subprocess.run(start, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if done.returncode or done.stderr or "older" in done.stdout:
                report.ledger.complain(f"sysgen {number}: {done.stdout[-500:]}{done.stderr[-2000:]}")
            shutil.rmtree(folder)


def campaign(
    place: Path, kills: int, seed: int, *, sysgen: int = 0, say: bool = False, new: Path | None = None
) -> Report:
    """Kill so many processes; of them SYSGEN that make a system."""
    report = Report()
    one = Campaign(place, seed, report, new)
    number = 0
    while sum(report.kills.values()) < kills - sysgen and len(report.ledger.wrong) < MOST_SHOWN:
        number += 1
        one.turn(number)
        if say and number % 10 == 0:
            done = sum(report.ledger.acknowledged.values())
            print(f"{number} {dict(report.kills)} {done} {report.ledger.wrong}", file=sys.stderr, flush=True)
    one.end()
    kill_sysgen(place, sysgen, one.chance, report)
    return report


def rows(report: Report) -> list[tuple[str, str]]:
    """The figures."""
    ledger, names = report.ledger, {"load": "under load", "start": "during a start", "shutdown": "during SHUTDOWN"}
    names |= {"rebuild": "while CMS was renewed", "sysgen": "while a system was made"}
    return [
        ("kills", f"{sum(report.kills.values()):,}"),
        *((names[moment], f"{count:,}") for moment, count in sorted(report.kills.items())),
        ("starts that told what they found", f"{report.starts:,}"),
        ("longest start", f"{report.longest:.1f} s"),
        ("changes acknowledged", f"{sum(ledger.acknowledged.values()):,}"),
        *((f"{kind}", f"{count:,}") for kind, count in sorted(ledger.acknowledged.items())),
        ("changes under way at a kill, found made", f"{ledger.cut['done']:,}"),
        ("changes under way at a kill, found not begun", f"{ledger.cut['undone']:,}"),
        ("lost, twice, in pieces, or not reported", f"{len(ledger.wrong):,}"),
    ]


def main() -> int:
    """Report the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--sysgen", type=int, default=-1, help="how many of them while a system is made: a 20th")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--say", action="store_true", help="tell now and then how far it is")
    asked = parser.parse_args()
    sysgen = asked.sysgen if asked.sysgen >= 0 else asked.kills // 20
    with tempfile.TemporaryDirectory() as place:
        report = campaign(Path(place), asked.kills, asked.seed, sysgen=sysgen, say=asked.say)
    found = rows(report)
    width = max(len(what) for what, _ in found)
    for what, count in found:
        print(f"{what:<{width}} {count:>9}")
    print("\n".join(report.ledger.wrong[:MOST_SHOWN]))
    figures.save(asked.json, "kill", f"python tests/faults/kill.py --kills {asked.kills} --seed {asked.seed}", found)
    return 1 if report.ledger.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
