"""Attacks from inside a virtual machine for a long time: nothing outside of it changes, and nothing becomes readable.

    python tests/cp/wallcampaign.py ROUNDS [--seed SEED] [--first N] [--only NAME ...] [--engine NAME] [--json FILE]

The attacks are those of `wallattacks`, in turn; `wallworld` tells what is compared after each. Meanwhile another user
types a command, and how long it waits is measured. The exit status is 1 if anything leaked, changed or went wrong, or
if the other user waited a second. A round that fails is repeated by its number: `1 --first N`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import figures
from cpvm.cp import password
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.engines import AUTO
from tests.cp.wallattacks import ATTACKS, command
from tests.cp.wallworld import STORAGE, World

PATIENCE = 1.0
"""Seconds that the other user may wait for an answer, on a host that does nothing else."""
THOROUGH = 10
"""After so many rounds everything is compared, and not only what the attacker can read."""
AFRESH = 25
"""After so many rounds the attacker's devices are as they were."""
TURNS = 12
"""Answers that the other user gets before the attacker is stopped, if it has not stopped by itself."""
LEAST = 1 << 16
"""Bytes of storage in which the attacks have room; DEFINE STORAGE may have left less."""
KEPT = 400
"""Lines of the terminal that are searched for secrets after each round."""


@dataclass
class Record:
    """What came of one kind of attack."""

    rounds: int = 0
    worst: float = 0.0
    stops: dict[str, int] = field(default_factory=dict)


class Campaign:
    """A number of rounds on one system."""

    def __init__(self, folder: Path, seed: str, *, engine: str = AUTO) -> None:
        self.seed = seed
        self.world = World(folder, seed, engine=engine)
        self.disks = self.world.disks()
        self.records: dict[str, Record] = {}
        self.troubles: list[str] = []

    def run(self, numbers: range, kinds: list[str]) -> None:
        """Carry out the attacks with these numbers, of these kinds in turn, up to the first that succeeds."""
        world = self.world
        for number in numbers:
            if not world.logged_on or number % AFRESH == 0:
                world.prepare()
            kind = kinds[number % len(kinds)]
            self._round(kind, random.Random(f"{self.seed} {number}"))
            found = world.leaks() + world.errors()
            if number % THOROUGH == 0 or number == numbers[-1]:
                found += [f"{what} changed" for what in world.changes()]
            if found:
                self.troubles += [f"round {number}, {kind}: {what}" for what in found]
                break
        if world.disks() != self.disks:
            self.troubles.append("another's disk changed")

    def _round(self, kind: str, dice: random.Random) -> None:
        world, record = self.world, self.records.setdefault(kind, Record())
        vm = world.vm("ATTACK")

        def begin() -> None:
            if vm.storage < LEAST:
                vm.new_machine(STORAGE)
            vm.reset()
            world.fence()
            ATTACKS[kind](vm, dice)
            vm.begin()

        world.site.on_cp(begin)
        for _ in range(dice.choice((0, 0, 1, 4))):  # commands between two instructions, or CCWs
            world.attacker.session.line(f"#CP {command(dice, vm.storage)}")
        for _ in range(TURNS):
            began = time.monotonic()
            world.witness.session.line("QUERY USERID")
            world.witness.until_line("WITNESS  AT CPVM")  # before that may stand what the attacker says or shows
            record.worst = max(record.worst, time.monotonic() - began)
            if vm.stopped or vm.logged_off:
                break
        record.rounds += 1
        stop = "logged off" if vm.logged_off else "in CP" if vm.stopped else "waiting" if vm.waiting else "at work"
        record.stops[stop] = record.stops.get(stop, 0) + 1
        self._quiet(vm)

    def _quiet(self, vm: VMBLOK) -> None:
        """Bring the attacker's machine to a stop, as its user would."""
        world = self.world
        while not (vm.logged_off or (vm.stopped and vm.function is None)):
            world.attacker.session.attention()
            world.site.on_cp(lambda: None)
        terminal = world.attacker
        while not terminal.events.empty():
            event = terminal.events.get()
            if isinstance(event, str):
                terminal.transcript.append(event)
        del terminal.transcript[:-KEPT]

    def rows(self) -> list[tuple[str, str]]:
        """What is told."""
        rows = [
            (f"{kind}: {record.rounds} programs", f"the other user waited {record.worst * 1000:.0f} ms at most")
            for kind, record in self.records.items()
        ]
        return [*rows, ("secrets read, things changed, errors of CP's own", str(len(self.troubles)))]


def main() -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(description="Attack the walls of a virtual machine from inside.")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--engine", default=AUTO)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    password._COST = 1 << 4
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), asked.seed, engine=asked.engine)
        try:
            campaign.run(range(asked.first, asked.first + asked.rounds), asked.only)
        finally:
            campaign.world.close()
    for what, text in campaign.rows():
        print(f"{what:<50} {text}")
    for kind, record in campaign.records.items():
        print(f"{kind:<14} {record.stops}")
    for trouble in campaign.troubles:
        print(trouble)
    command = f"python tests/cp/wallcampaign.py {asked.rounds} --seed {asked.seed}"
    figures.save(asked.json, "guest-walls", command, campaign.rows())
    slow = any(record.worst >= PATIENCE for record in campaign.records.values())
    return 1 if campaign.troubles or slow else 0


if __name__ == "__main__":
    sys.exit(main())
