"""Every component under every fault: what is told, what is kept, and whether work goes on. One process, one system.

    python -m faults.table FOLDER

A line of JSON for each case goes to standard output. Components do their thing while all is well, under the fault (to
begin with the first call that can fail, then with later ones), and again when it is over. Then the system is stopped
and started, and all that was acknowledged is looked for once more.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .components import COMPONENTS, Component
from .injector import FAULTS, FOREVER, Fault
from .rig import Rig

MOMENTS = (0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 14)
"""Calls that pass before the first that fails, of those that a random case picks from."""


@dataclass
class Case:
    """One component under one fault, and what was wrong with how it went."""

    component: str
    fault: str
    skip: int
    count: int
    hits: int = 0
    acknowledged: bool = False
    told: bool = False
    wrong: list[str] = field(default_factory=list)


class Table:
    """The system, its components, and the number of the next act."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self.number = 0
        self.parts = {part.name: part(self.rig) for part in COMPONENTS}
        for part in self.parts.values():
            part.begin()

    def before(self, part: Component) -> None:
        """The next number."""
        self.number += 1
        part.before(self.number)

    def act(self, part: Component) -> tuple[bool, str]:
        """Do it once; whether it was acknowledged, and what its user was told."""
        act = part.act(self.number)
        if act.acknowledged:
            part.acknowledged.append(self.number)
        return act.acknowledged, "\n".join(act.said)

    def case(self, part: Component, fault: Fault, skip: int = 0, count: int = FOREVER) -> Case:
        """One case."""
        rig = self.rig
        case = Case(part.name, fault.name, skip, count)
        rig.told()
        rig.wrong.clear()
        rig.log.troubles._told.clear()  # each trouble is told once a minute
        self.before(part)
        with rig.faults.during(fault, part.path, skip=skip, count=count):
            case.acknowledged, said = self.act(part)
            if rig.say(rig.other, "CP QUERY TIME").return_code != 0:
                case.wrong.append("others do not go on")
            case.hits = rig.faults.hits
        part.recover()
        told = "\n".join(rig.told())
        user = not part.user or bool(re.search(part.user, said))
        case.told = user and (not part.operator or bool(re.search(part.operator, told)))
        if not case.acknowledged and not user:
            case.wrong.append(f"the user is not told: {said}")
        if not case.acknowledged and not case.told:
            case.wrong.append(f"the operator is not told: {told}")
        self.before(part)
        again, said = self.act(part)
        if not again:
            case.wrong.append(f"it does not work afterwards: {said}")
        part.recover()
        rig.told()
        everything, part.acknowledged = part.acknowledged, part.acknowledged[-2:] if part.each else part.acknowledged
        lost = part.missing()
        part.acknowledged = everything
        if lost:
            case.wrong.append(f"lost: {lost}")
            part.acknowledged = [number for number in part.acknowledged if number not in lost]
        case.wrong += rig.wrong
        return case

    def lost(self) -> list[str]:
        """What was acknowledged and is not there."""
        return [f"{name}: {lost}" for name, part in self.parts.items() if (lost := part.missing())]

    def again(self, folder: Path | None = None) -> list[str]:
        """Stop, start the system (or the copy in FOLDER), and look for everything."""
        self.rig.end()
        if folder is not None:
            self.rig.folder = folder
        self.rig.begin()
        return self.lost()


def cases(table: Table) -> Iterator[Case]:
    """All of them."""
    for part in table.parts.values():
        for fault in FAULTS:
            yield table.case(part, fault)


def random_cases(table: Table, turns: int, seed: int) -> Iterator[Case]:
    """So many, at moments that the seed picks."""
    dice = random.Random(seed)
    parts = list(table.parts.values())
    for _ in range(turns):
        count = dice.choice((1, 1, 2, 5, FOREVER))
        yield table.case(dice.choice(parts), dice.choice(FAULTS), dice.choice(MOMENTS), count)


def main() -> None:
    """Go through the table, or through TURNS random cases."""
    folder = Path(sys.argv[1])
    table = Table(folder)
    found = cases(table) if len(sys.argv) == 2 else random_cases(table, int(sys.argv[2]), int(sys.argv[3]))
    for case in found:
        print(json.dumps(asdict(case)), flush=True)
    copy = folder.with_name("as-killed")
    table.rig.settled()
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("operator.log"))
    print(json.dumps({"restart": table.again()}), flush=True)
    table.rig.end()
    table.rig.folder = copy
    table.rig.begin()
    print(json.dumps({"killed": table.lost()}), flush=True)
    table.rig.end()


if __name__ == "__main__":
    main()
