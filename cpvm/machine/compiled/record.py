"""Recording what a program does where it is hot: its instructions, and which follows which.

The reference engine executes them one by one meanwhile. Only what is executed with the access tables of the beginning
is noted (the same PSW key, with or without translation): a region has one address space.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cpvm.machine.access import SHIFT
from cpvm.machine.compiled.links import text_at
from cpvm.machine.compiled.regions.plan import Plan
from cpvm.s370.formats import Format, decode, length_of
from cpvm.s370.ops import ADDRESS_MASK

if TYPE_CHECKING:
    from collections.abc import Callable

    from cpvm.machine.cpu import CPU

EXECUTE: Final = b"\x44"
ENTRIES: Final = 12
"""Places at which a region may be entered."""


class Recording:
    """What has been seen so far."""

    def __init__(self, cpu: CPU, longest: int, quiet: int) -> None:
        """Until `longest` instructions were executed, or `quiet` of them one after the other brought nothing new."""
        self._cpu = cpu
        self._left = longest
        self._quiet = quiet
        self._since = 0
        self._space = self._where()
        self._text: dict[int, bytes] = {}
        self._after: dict[int, Counter[int]] = {}
        self._changing: set[int] = set()
        self._executed: dict[int, set[tuple[int, bytes]]] = {}
        self._next = cpu.ia & ADDRESS_MASK
        """Where the CPU must be if nothing has come in between."""

    def _where(self) -> int:
        return self._cpu.protection | (16 if self._cpu.translating else 0)

    @property
    def over(self) -> bool:
        """There is enough."""
        return self._left <= 0 or self._since >= self._quiet

    def go_on(self, planned: int, step: Callable[[], int]) -> int:
        """Have `step` execute up to so many instructions, one at a time, until attention is called for.

        Gives how many there were.
        """
        cpu = self._cpu
        done = 0
        if cpu.ia & ADDRESS_MASK != self._next:  # an interruption: that is not what the program does as a rule
            self._left = 0
        while done < planned and not self.over and not cpu.attention:
            ia = cpu.ia & ADDRESS_MASK
            text = self._fetch(ia) if self._where() == self._space else b""
            target = self._target(text) if text[:1] == EXECUTE else None
            executed = step()
            if not executed:
                break
            done += executed
            self._left -= 1
            self._next = cpu.ia & ADDRESS_MASK
            self._since += 1
            if text and self._where() == self._space and not cpu.attention:
                self._note(ia, text, self._next)
                if target is not None:
                    self._executed.setdefault(ia, set()).add(target)
        return done

    def _target(self, text: bytes) -> tuple[int, bytes]:
        """Address and text of what an EXECUTE will execute; no text if it is not known where that is."""
        general = self._cpu.general
        fields = decode(Format.RX, text)
        a = fields["d2"] + sum(general[fields[name]] for name in ("x2", "b2") if fields[name]) & ADDRESS_MASK
        return a, self._fetch(a)

    def _fetch(self, ia: int) -> bytes:
        """The text of the instruction, if it is known where it is."""
        memory, table = self._cpu.memory, self._cpu.fetch_table
        displacement = table.get(ia >> SHIFT)
        if displacement is None or ia & 1:
            return b""
        size = length_of(memory[ia + displacement])
        text = text_at(memory, table, ia, size)
        return text if len(text) == size else b""

    def _note(self, ia: int, text: bytes, following: int) -> None:
        known = self._text.setdefault(ia, text)
        after = self._after.setdefault(ia, Counter())
        if known != text:
            self._changing.add(ia)
        if following not in after:
            self._since = 0
        after[following] += 1

    def plan(self, avoided: frozenset[int]) -> Plan | None:
        """What was seen, apart from what stands at these addresses or was changed; None if there is no loop in it."""
        without = self._changing | avoided.intersection(self._text)
        backward: Counter[int] = Counter()
        taken: Counter[int] = Counter()
        for ia, counts in self._after.items():
            for following, often in counts.items():
                if following != ia + len(self._text[ia]) and following in self._text and following not in without:
                    taken[following] += often
                    if following <= ia:
                        backward[following] += often
        entries = dict.fromkeys(a for a, often in backward.most_common(ENTRIES) if often > 1)
        if taken:
            a, often = taken.most_common(1)[0]
            if often > 1:
                entries[a] = None
        if not entries:
            return None
        after = {ia: dict(found) for ia, found in self._after.items()}
        always = {ia: min(targets) for ia, targets in self._executed.items() if len(targets) == 1}
        executed = {ia: target for ia, target in always.items() if target[1] and target[0] not in avoided}
        return Plan(dict(self._text), after, tuple(entries), frozenset(without), executed)


def adds(one: Plan, two: Plan) -> bool:
    """Whether there is anything in the first plan that is not in the second one."""
    return not (
        one.text.keys() <= two.text.keys() and set(one.entries) <= set(two.entries) and one.without >= two.without
    )


def touches(one: Plan, two: Plan) -> bool:
    """Whether the same instruction is in both plans, or a way leads from one to the other."""
    if not one.text.keys().isdisjoint(two.text):
        return True
    pairs = (one, two), (two, one)
    return any(following in to.text for start, to in pairs for counts in start.after.values() for following in counts)


def merge(one: Plan, two: Plan) -> Plan | None:
    """Both plans as one; None if they do not agree on the text."""
    without = one.without | two.without
    if any(two.text.get(a, text) != text for a, text in one.text.items() if a not in without):
        return None
    after = {ia: dict(counts) for ia, counts in one.after.items()}
    for ia, counts in two.after.items():
        mine = after.setdefault(ia, {})
        for following, often in counts.items():
            mine[following] = mine.get(following, 0) + often
    executed = {**one.executed, **two.executed}
    for ia in one.executed.keys() | two.executed.keys():
        if any(ia in plan.text and plan.executed.get(ia) != executed[ia] for plan in (one, two)):
            del executed[ia]
    entries = tuple(a for a in dict.fromkeys(one.entries + two.entries) if a not in without)
    return Plan({**one.text, **two.text}, after, entries, without, executed)
