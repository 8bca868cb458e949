"""Attacks on the terminals of a system for a long time, with somebody at work meanwhile.

    python tests/terminal/campaign.py SECONDS [SEED] [--only NAME ...] [--together 6] [--json FILE]

A system with all its services runs in a process of its own, the attackers in a second one (niced, so that they take no
processor from the system), and a witness at a 3270 types a CMS command ten times a second. Each kind of attack goes on
for its part of the time, by so many attackers at once; the last third is all of them together, twice. Told is how long
the witness waited, and what memory the system had after each. The exit status is 1 if the witness had to wait, if the
memory grew, or if the system said anything of an error.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import crowd, everyway, figures, tnclient
from bench.terminals import spread
from tests.terminal.attackers import ATTACKS, Attack, carry_out
from tests.terminal.liars import Liar
from tests.terminal.strangers import STRANGERS

USERS = 12
"""Who can log on: the witness, and those who flood."""
PACE = 0.1
"""Seconds between two commands of the witness."""
PATIENCE = 0.150
"""Seconds in which 95 % of the commands have to be done."""
GROWTH = 40_000
"""Kilobytes that the system may have more at the end than after the first attack of all kinds at once. What that needed
at most, the host's allocator keeps: hundreds of TLS connections, and 16 MB for each thread that checks passwords."""
ALL = (*ATTACKS, *STRANGERS)
CALM = 3.0
"""Seconds without an attack, before the first one and behind the last."""


@dataclass
class Found:
    """What an attack did."""

    name: str
    waited: dict[str, float]
    connections: int
    sent: int
    kilobytes: int


def attackers(
    names: list[str], ways: everyway.Ways, seconds: float, seed: str, counts: list[Synchronized[int]]
) -> None:
    """The attackers' process."""
    os.nice(10)
    end = time.monotonic() + seconds
    userids = [crowd.userid(n) for n in range(2, USERS + 1)]
    kinds = {kind.__name__: kind for kind in ALL}
    attacks = [
        (
            kinds[name],
            Attack(ways["telnet"], Liar(f"{seed} {name} {n}"), lambda: time.monotonic() > end, userids, ways),
        )
        for n, name in enumerate(names)
    ]

    async def all_of_them() -> None:
        await asyncio.gather(*(carry_out(kind, attack, seconds) for kind, attack in attacks))

    asyncio.run(all_of_them())
    counts[0].value = sum(attack.connections for _, attack in attacks)
    counts[1].value = sum(attack.sent for _, attack in attacks)


class Campaign:
    """One of them."""

    def __init__(self, system: crowd.Crowd, ways: everyway.Ways, seed: str) -> None:
        self._system = system
        self._ways = ways
        self._seed = seed
        self._witness: tnclient.Terminal | None = None
        self.found: list[Found] = []

    async def begin(self) -> None:
        """The witness comes to work."""
        self._witness = await tnclient.connect(self._system.address)
        await tnclient.log_on(self._witness, crowd.userid(1))

    async def watch(self, ended: asyncio.Event) -> list[float]:
        """Work."""
        assert self._witness is not None
        waited = []
        while not ended.is_set():
            waited.append(await self._witness.enter("STATE PROFILE EXEC A", "Ready;"))
            await asyncio.sleep(PACE)
        return waited

    async def attack(self, title: str, names: list[str], seconds: float) -> None:
        """Attack by all of NAMES at once."""
        counts = [multiprocessing.Value("q", 0) for _ in range(2)]
        process = multiprocessing.Process(
            target=attackers, args=(names, self._ways, seconds, f"{self._seed} {title}", counts)
        )
        ended = asyncio.Event()
        witness = asyncio.ensure_future(self.watch(ended))
        process.start()
        await asyncio.get_running_loop().run_in_executor(None, process.join)
        ended.set()
        waited = spread(await witness)
        await asyncio.sleep(1.0)
        found = Found(title, waited, counts[0].value, counts[1].value, self._system.measure().pss)
        self.found.append(found)
        ms = "".join(f"{found.waited[name] * 1000:9.0f}" for name in ("p50", "p95", "max"))
        print(f"{title:24}{found.connections:9}{found.sent / 1e6:9.1f}{ms}{found.kilobytes / 1024:9.1f}", flush=True)


async def campaign(system: crowd.Crowd, ways: everyway.Ways, given: argparse.Namespace) -> list[str]:
    """All attacks; what was wrong."""
    names = given.only or [kind.__name__ for kind in ALL]
    run = Campaign(system, ways, str(given.seed))
    await run.begin()
    print(f"{'':24}{'conn.':>9}{'MB sent':>9}{'median':>9}{'95 %':>9}{'max ms':>9}{'MB mem.':>9}")
    await run.attack("nobody", [], CALM)
    each = given.seconds / 3 / len(names)
    for turn in (1, 2):
        for name in names:
            await run.attack(f"{name} {turn}", [name] * given.together, each)
    for turn in (1, 2):
        await run.attack(f"all {turn}", names, given.seconds / 6)
    await run.attack("nobody again", [], CALM)
    wrong = [f"{f.name}: 5 % waited {f.waited['p95'] * 1000:.0f} ms" for f in run.found if f.waited["p95"] > PATIENCE]
    grown = run.found[-1].kilobytes - run.found[-3].kilobytes  # what the first needs at most stays with the allocator
    print(f"memory grew by {grown} KB from all at once to all at once again")
    if grown > GROWTH:
        wrong.append(f"memory grew by {grown} KB")
    _save(given, run.found, names, grown)
    return wrong


def _save(given: argparse.Namespace, found: list[Found], names: list[str], grown: int) -> None:
    calm, everything = found[0], found[-2]
    worst = max(found[1:-3], key=lambda one: one.waited["p95"])
    rows = [
        ("kinds of attack, attackers of each at once", f"{len(names)}, {given.together}"),
        (
            "connections, megabytes sent",
            f"{sum(f.connections for f in found):,}, {sum(f.sent for f in found) / 1e6:,.0f}",
        ),
    ]
    for what, one in (
        ("nobody attacks", calm),
        (f"the worst kind, {worst.name.split()[0]}", worst),
        ("all kinds at once", everything),
    ):
        median, most = one.waited["p50"] * 1000, one.waited["p95"] * 1000
        rows.append((f"a CMS command meanwhile, {what}: median, 95th percentile", f"{median:.0f}, {most:.0f} ms"))
    rows.append(("memory more after all at once again", f"{grown / 1024:.1f} MB"))
    command = f"python tests/terminal/campaign.py {given.seconds:g} {given.seed}"
    figures.save(given.json, "terminal-attacks", command, rows)


def main() -> None:
    """Carry it out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float)
    parser.add_argument("seed", nargs="?", default="1")
    parser.add_argument("--only", nargs="*", choices=[kind.__name__ for kind in ALL], metavar="NAME")
    parser.add_argument("--together", type=int, default=6, help="attackers of one kind at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    given = parser.parse_args()
    multiprocessing.set_start_method("spawn")
    wrong = everyway.tried(USERS, lambda system, ways: campaign(system, ways, given))
    print("\n".join(wrong) or "nothing wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
