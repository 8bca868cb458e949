"""The record of USING: what each promised, how far it was used, and when it ended; kept only if it is to be listed.

Source: High Level Assembler Programmer's Guide (SC26-4941), "USING map".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assembler.addressing import Bases, Promise
from assembler.source import Statement
from assembler.symbols import Terms

if TYPE_CHECKING:
    from assembler.state import State


@dataclass(slots=True)
class Kept:
    """One promise of a USING statement."""

    promise: Promise
    statement: Statement
    furthest: int = -1
    """The largest displacement that was taken from it, -1 if none was."""
    last: int = 0
    """The number of the last statement that used it."""


@dataclass(slots=True)
class Action:
    """A statement that changed the promises: USING, DROP, PUSH or POP."""

    statement: Statement
    kept: list[Kept]
    """Those that a USING made."""
    dropped: list[int]
    """The registers that a DROP named."""

    def registers(self) -> dict[int, str]:
        """The registers of a USING (U) or DROP (D)."""
        named = {one.promise.register: "U" for one in self.kept if one.promise.anchor is None}
        return named | dict.fromkeys(self.dropped, "D")


class KeptBases(Bases):
    """Base registers with a record of their use."""

    def __init__(self, asm: State) -> None:
        super().__init__()
        self._asm = asm
        self._kept: dict[Promise, Kept] = {}
        self.actions: list[Action] = []

    def using(self, *promises: Promise) -> None:
        super().using(*promises)
        st = self._statement()
        kept = [Kept(promise, st) for promise in promises]
        self._kept.update((one.promise, one) for one in kept)
        self.actions.append(Action(st, kept, []))

    def drop(self, register: int) -> bool:
        self._act().dropped.append(register)
        return super().drop(register)

    def drop_label(self, label: str) -> None:
        self._act()
        super().drop_label(label)

    def drop_all(self) -> None:
        self._act()
        super().drop_all()

    def saved(self) -> list[Promise]:
        self._act()
        return super().saved()

    def restore(self, saved: list[Promise]) -> None:
        self._act()
        super().restore(saved)

    def find(self, value: int, terms: Terms, label: str = "") -> tuple[Promise, int] | None:
        found = super().find(value, terms, label)
        kept = self._kept.get(found[0]) if found is not None else None
        if found is not None and kept is not None:
            kept.furthest = max(kept.furthest, found[1])
            kept.last = self._statement().number
        return found

    def _act(self) -> Action:
        """The action of the statement in hand."""
        st = self._statement()
        if not self.actions or self.actions[-1].statement is not st:
            self.actions.append(Action(st, [], []))
        return self.actions[-1]

    def _statement(self) -> Statement:
        current = self._asm.current
        assert current is not None
        return current
