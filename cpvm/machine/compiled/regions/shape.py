"""The shape of a region: its instructions, and where control comes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cpvm.machine.compiled.dispatch import ADDRESS_MASK
from cpvm.machine.compiled.regions.plan import Plan
from cpvm.machine.compiled.text import Value
from cpvm.s370 import plugin
from cpvm.s370.insn import Insn, identify

RARELY = 100
"""A register that is the base for fewer branches than one in so many instructions is not relied on."""
TARGETS = 6
"""So many addresses that a branch went to are expected again."""


@dataclass(frozen=True)
class Step:
    """One instruction at its place."""

    ia: int
    text: bytes
    row: Insn
    fields: Mapping[str, Value]
    """They are known, but for those that EXECUTE changes."""

    @property
    def following(self) -> int:
        """Logical address of the next instruction in storage."""
        return self.ia + len(self.text) & ADDRESS_MASK


def usable(text: bytes) -> Insn | None:
    """The instruction with this text, if it may be in a region."""
    row = identify(text) if len(text) > 1 else None
    if row is None or row.length != len(text) or row.privileged or plugin.owner(row.body) is not None:
        return None
    return row


def _step(ia: int, text: bytes) -> Step | None:
    row = usable(text)
    if row is None or ia & 1 or ia + len(text) > ADDRESS_MASK:
        return None
    fields = row.decode(text)
    wrong = (
        any(fields[r] & 1 for r in row.even)
        or any(fields[r] & 9 for r in row.floating)
        or any(fields[r] & 11 for r in row.extended)
    )
    return None if wrong else Step(ia, text, row, fields)


class Shape:
    """What can be told of a plan before anything is generated."""

    def __init__(self, plan: Plan) -> None:
        self.steps: dict[int, Step] = {}
        for ia, text in plan.text.items():
            step = None if ia in plan.without else _step(ia, text)
            if step is not None:
                self.steps[ia] = step
        self._after = plan.after
        self.leaders = {ia for ia in plan.entries if ia in self.steps}
        """Addresses at which control may come in otherwise than from the instruction before."""
        for step in self.steps.values():
            targets = [t for t in plan.after.get(step.ia, {}) if t != step.following]
            if targets:
                self.leaders.update(t for t in [*targets, step.following] if t in self.steps)

        self.bases = self._bases()
        """Base register -> what it contains, as far as branches tell: the low 24 bits."""

    def _bases(self) -> dict[int, int]:
        found: dict[int, set[int]] = {}
        often: Counter[int] = Counter()
        for step in self.steps.values():
            registers = [int(step.fields[name]) for name in ("x2", "b2") if step.fields.get(name)]
            targets = [t for t in self._after.get(step.ia, {}) if t != step.following]
            if len(registers) == 1 and targets and "a2" in step.row.operands:
                found.setdefault(registers[0], set()).update(t - int(step.fields["d2"]) & ADDRESS_MASK for t in targets)
                often[registers[0]] += self.weight(step.ia)
        least = sum(map(self.weight, self.steps)) // RARELY
        return {r: contents.pop() for r, contents in found.items() if len(contents) == 1 and often[r] >= least}

    def weight(self, ia: int) -> int:
        """How often the instruction was executed."""
        return sum(self._after.get(ia, {}).values())

    def targets(self, step: Step) -> list[int]:
        """Where a branch is expected to go, most frequent first; the next instruction only if it went nowhere else."""
        found = {t: often for t, often in self._after.get(step.ia, {}).items() if t in self.leaders}
        elsewhere = [t for t in found if t != step.following]
        return sorted(elsewhere or found, key=lambda t: -found[t])[:TARGETS]
