"""Two machines, one on the reference engine, one on another, that must never differ."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from everyengine import at_once, engine_of

from cpvm.machine import Machine, Stop
from cpvm.machine.compiled import state
from cpvm.machine.engines import COMPILED, REFERENCE
from cpvm.machine.host import NullHost
from cpvm.machine.interpreter import SLICE

SIZE = 1 << 16


class StillHost(NullHost):
    """A host whose clock stands."""

    def tod(self) -> int:
        """Always the same."""
        return 0xC000000000000000


@dataclass
class Difference(Exception):
    """The engines differ."""

    what: str
    reference: Any
    other: Any
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: reference {self.reference}, other {self.other}"


def _seen(machine: Machine) -> dict[str, Any]:
    cpu = machine.cpu
    return {
        "psw": cpu.psw(),
        "gr": tuple(cpu.general),
        "fr": tuple(cpu.floating),
        "cr": tuple(cpu.control),
        "prefix": cpu.prefix_register,
        "timers": cpu.timers.save(),
        "pending": (machine.interruptions.signals, tuple(machine.interruptions.others), machine.io.waiting),
        "keys": bytes(machine.storage.keys),
    }


class Pair:
    """The same machine twice. Instructions that look at timers agree for runs of less than SLICE instructions."""

    def __init__(self, engine: str = COMPILED, size: int = SIZE, *, background: bool = False) -> None:
        """`background`: regions are not translated at once, but in the background."""
        self.reference = Machine(size, StillHost(), engine=REFERENCE)
        self.other = Machine(size, StillHost(), engine=engine)
        at_once(self.other._interpreter, background=background)
        if engine == COMPILED:
            engine_of(self.other).slice_length = SLICE
        self.both = self.reference, self.other

    def compare(self, where: str = "") -> None:
        """Raise Difference if there is one."""
        one, two = map(_seen, self.both)
        for name, v in one.items():
            if v != two[name]:
                raise Difference(name, v, two[name], where)
        a, b = (m.storage.data[: m.storage.size] for m in self.both)
        if a != b:
            at = next(i for i in range(len(a)) if a[i] != b[i])
            raise Difference(f"storage {at:X}", a[at : at + 16].hex(), b[at : at + 16].hex(), where)

    def run(self, instructions: int, where: str = "") -> Stop:
        """Run both, and compare."""
        one, two = (m.run(instructions) for m in self.both)
        if (one.reason, one.instructions) != (two.reason, two.instructions):
            raise Difference("stop", one, two, f"{where}, {instructions} instructions")
        self.compare(f"{where}, {one.instructions} instructions")
        return one

    def figures(self) -> Counter[str]:
        """What the other engine has done."""
        engine = engine_of(self.other)
        found = engine.statistics()
        figures = Counter(
            {
                "instructions": found.instructions,
                "native": found.native,
                "in regions": found.regions,
                "translations": found.translations,
                "linked": found.linked,
                "stale": found.stale,
                "evicted": found.evicted,
                "entered": engine._words[state.ENTERED >> 3],
            }
        )
        for reason, count in found.exits.items():
            figures[f"exit: {reason}"] = count
        return figures
