"""A day of use, compressed: users log on and off, edit, assemble, run, print, send; the system goes down twice.

    python bench/day.py [--minutes 30] [--users 200] [--pace 8] [--seed 1] [--system DIR] [--json FILE]

`cpvm start` runs in a process of its own, the terminals (3270s, telnet, some by ssh) in this one. Each user does what a
random script of their own says, about one line every PACE seconds; every answer is compared with what it must be. After
10 % of the time OPERATOR types SHUTDOWN, after 22 % the system's process is killed; both times it is started again,
users come back, and whatever had been acknowledged must be there. Memory is judged over the last two thirds of the
time. In the end everybody looks at all that they have, and what was printed is looked at.

--json writes two files for bench/figures.py: FILE, and one with `-answers` behind its name. The exit status is 1 if
anything was wrong, or if memory was not flat.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import crowd, figures
from bench.dayuse.memory import FLAT, Sample, flatness
from bench.dayuse.office import Office
from bench.dayuse.printed import unprinted
from bench.dayuse.site import Site

SHUTDOWN_AT, KILL_AT, JUDGED = 0.10, 0.22, 2 / 3
"""Of the time: when the system goes down, and the share at the end over which memory is judged."""
MINUTE = 60.0
ERRORS_TOLD = 20
"""Errors that are repeated at the end."""


@dataclass
class Result:
    """What a day was like; seconds and kilobytes.

    Attributes:
        errors: everything that was wrong.
        restarts: what happened, and seconds until the system listened again.
        samples: of the system's process.
        sessions, lost: LOGONs, and sessions that ended because the system went down.
        took_by: seconds that answers took, by what was asked.
        done: tasks by name.
        printed: files that were printed, all of which were found.
        processor: seconds that the system used in all.
    """

    errors: list[str] = field(default_factory=list)
    restarts: list[tuple[str, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    sessions: int = 0
    lost: int = 0
    took_by: dict[str, list[float]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    printed: int = 0
    processor: float = 0.0

    @property
    def answers(self) -> int:
        """How many were timed; many more were compared."""
        return sum(map(len, self.took_by.values()))


class Day:
    """One of them.

    Args:
        folder: where the system is made; what it says goes into a file beside.
        users: how many.
        seconds: how long they work.
        pace: seconds between two lines of a user, on average.
        seed: of all that is random.
        ssh: whether some users come by ssh.
        told: called with what is going on.
    """

    def __init__(self, folder: Path, users: int, seconds: float, pace: float, seed: int, *, ssh: bool = True) -> None:
        crowd.make(folder, users)
        self._seconds = seconds
        self._site = Site(folder, ssh=ssh)
        self._office = Office(users, pace, seed, userid=crowd.userid, ssh=ssh)
        self._began = 0.0
        self.result = Result()

    async def run(self) -> Result:
        """Spend it. Raises SiteError: the system does not start or end as it should."""
        try:
            await self._start("start")
            self._began = time.perf_counter()
            others = [asyncio.ensure_future(self._sample()), asyncio.ensure_future(self._accidents())]
            await self._office.run(self._seconds)
            await others[1]
            others[0].cancel()
            self._tell("everybody looks at what there is")
            await self._office.check()
            self._fill()
            await self._down()
            await self._site.shut_down()
        finally:
            self._site.end()
        return self.result

    def _tell(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    async def _start(self, what: str) -> None:
        took = await self._site.start()
        self.result.restarts.append((what, took))
        self._office.address, self._office.ssh_address = self._site.address, self._site.ssh_address
        self._office.open.set()
        self._tell(f"{what}: the system listened after {took:.1f} s")

    async def _down(self) -> None:
        self._office.open.clear()
        self._office.went_down += 1
        for person in self._office.people:
            person.present = False
        self.result.processor += self._site.processor()

    async def _accidents(self) -> None:
        for share, end, what in (
            (SHUTDOWN_AT, self._site.shut_down, "warm start after SHUTDOWN"),
            (KILL_AT, self._site.kill, "warm start after a kill"),
        ):
            await asyncio.sleep(max(0.0, self._began + share * self._seconds - time.perf_counter()))
            await self._down()
            await end()
            await self._start(what)

    async def _sample(self) -> None:
        every = min(5.0, self._seconds / 60)
        told = 0.0
        while True:
            await asyncio.sleep(every)
            if time.perf_counter() - self._began > self._seconds:
                return  # people leave for good
            if self._office.open.is_set():
                present = sum(person.present for person in self._office.people)
                sample = Sample(time.perf_counter() - self._began, *self._site.memory(), present)
                self.result.samples.append(sample)
                if sample.at >= told + MINUTE:
                    told = sample.at
                    self._tell(f"{sample.users} users, {sample.pss / 1024:.0f} MB, {len(self._office.errors)} errors")

    def _fill(self) -> None:
        office, result = self._office, self.result
        result.errors += office.errors
        missing = unprinted(self._site.folder / "printer", office.post.printed)
        result.errors += [f"{name} was printed, but {why}" for name, why in missing]
        result.errors += [f"the system says: {line}" for line in self._site.complaints()]
        result.printed = len(office.post.printed)
        result.sessions, result.lost = office.sessions, office.lost
        result.took_by, result.done = office.took_by, office.done


def at(found: list[float], share: float) -> float:
    """The value below which SHARE of FOUND lies."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def answers(result: Result) -> list[list[str]]:
    """How long answers took: what, how many, and milliseconds at 50 %, 95 %, 99 % and at most."""
    every = [seconds for found in result.took_by.values() for seconds in found]
    rows = [("all", every), *sorted(result.took_by.items())]
    return [
        [
            what,
            f"{len(found):,}",
            *(f"{value * 1000:.0f}" for value in (at(found, 0.5), at(found, 0.95), at(found, 0.99))),
        ]
        for what, found in rows
        if found
    ]


def summary(result: Result, users: int, seconds: float) -> list[tuple[str, str]]:
    """What else is to be told."""
    flat = flatness(result.samples, seconds * (1 - JUDGED))
    return [
        ("users; minutes", f"{users}; {seconds / 60:g}"),
        ("errors", str(len(result.errors))),
        ("sessions, from LOGON to LOGOFF", f"{result.sessions:,}"),
        ("tasks done", f"{sum(result.done.values()):,}"),
        ("answers compared and timed", f"{result.answers:,}"),
        ("files printed and found", f"{result.printed:,}"),
        *((what, f"{took:.1f} s until terminals could connect") for what, took in result.restarts),
        ("sessions that this interrupted", f"{result.lost:,}"),
        ("processor time of the system", f"{result.processor / seconds:.0%} of a processor"),
        *flat.rows(),
    ]


def main() -> None:
    """Spend the day, print what it was like."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--pace", type=float, default=8.0, help="seconds between two lines of a user")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--system", type=Path, metavar="DIR", help="where the system is made, and kept; must not exist")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    given = parser.parse_args()
    if given.system is not None and given.system.exists():
        raise SystemExit(f"{given.system} exists; the day begins with a new system")
    crowd.open_files(given.users * 2 + 200)
    seconds = given.minutes * 60
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.system or Path(temporary) / "system"
        folder.parent.mkdir(parents=True, exist_ok=True)
        result = asyncio.run(Day(folder, given.users, seconds, given.pace, given.seed).run())
    rows, slow = summary(result, given.users, seconds), answers(result)
    for what, value in rows:
        print(f"{what:44} {value}")
    print(f"{'milliseconds':32}{'answers':>9}{'50 %':>8}{'95 %':>8}{'99 %':>8}")
    for what, *values in slow:
        print(f"{what:32}{values[0]:>9}" + "".join(f"{value:>8}" for value in values[1:]))
    for error in result.errors[:ERRORS_TOLD]:
        print(f"ERROR {error}")
    if given.json is not None:
        options = f"--minutes {given.minutes:g} --users {given.users} --pace {given.pace:g} --seed {given.seed}"
        command = f"python bench/day.py {options}"
        figures.save(given.json, "day", command, rows)
        heads = ("milliseconds", "answers", "50 %", "95 %", "99 %")
        figures.save(given.json.with_stem(given.json.stem + "-answers"), "day-answers", command, slow, heads)
    flat = flatness(result.samples, seconds * (1 - JUDGED))
    if result.errors or not flat.kept:
        raise SystemExit(
            f"{len(result.errors)} errors; memory {'flat' if flat.kept else f'not flat within {FLAT:.0%}'}"
        )


if __name__ == "__main__":
    main()
