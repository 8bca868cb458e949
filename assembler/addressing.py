"""Base registers: USING, DROP and the choice of base and displacement.

Source: OS/VS Assembler Language (GC33-4010), "USING instruction": of the registers that reach the address the one with
the smallest displacement is used, of equals the one with the highest number.  Ranges, labels and dependent USINGs are
those of the High Level Assembler: a labelled USING answers only to `LABEL.SYMBOL`, and a dependent one lays a section
over storage that another USING reaches, for as long as that one is in effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from assembler.message import Flaw
from assembler.symbols import Terms

CANNOT = "ADDRESSABILITY ERROR - BASE AND DISPLACEMENT CANNOT BE RESOLVED"
REACH = 4096
"""Bytes that a register reaches: displacements have 12 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """From `value` (relative to `terms`) on, `size` bytes lie at displacement `start` and up from `register`."""

    register: int
    value: int
    terms: Terms
    size: int = REACH
    start: int = 0
    label: str = ""
    anchor: Promise | None = None
    """The promise that a dependent USING rests on."""


class Bases:
    """What each base register is promised to hold."""

    def __init__(self) -> None:
        self._promises: list[Promise] = []
        self._reach: dict[str, dict[Terms, list[Promise]]] = {}

    def using(self, *promises: Promise) -> None:
        """Take promises of one USING; they replace those of the same label, or of the same registers if without."""
        first = promises[0]
        if first.label:
            self._withdraw([one for one in self._promises if one.label == first.label])
        elif first.anchor is None:
            registers = {promise.register for promise in promises}
            self._withdraw([one for one in self._ordinary() if one.register in registers])
        self._promises += promises
        self._arrange()

    def _ordinary(self) -> list[Promise]:
        return [one for one in self._promises if not one.label and one.anchor is None]

    def _withdraw(self, gone: list[Promise]) -> None:
        """Take promises back, and all that rest on them."""
        while gone:
            self._promises = [one for one in self._promises if one not in gone]
            gone = [one for one in self._promises if one.anchor is not None and one.anchor not in self._promises]

    def drop(self, register: int) -> bool:
        """Withdraw a register; False if it was not in use."""
        found = [one for one in self._ordinary() if one.register == register]
        self._withdraw(found)
        self._arrange()
        return bool(found)

    def drop_label(self, label: str) -> None:
        """Withdraw a labelled USING."""
        self._withdraw([one for one in self._promises if one.label == label])
        self._arrange()

    def drop_all(self) -> None:
        self._promises = []
        self._arrange()

    def has_label(self, label: str) -> bool:
        return label in self._reach

    def saved(self) -> list[Promise]:
        return list(self._promises)

    def restore(self, saved: list[Promise]) -> None:
        self._promises = list(saved)
        self._arrange()

    def _arrange(self) -> None:
        self._reach = {"": {}}
        for promise in sorted(self._promises, key=lambda one: -one.register):
            self._reach.setdefault(promise.label, {}).setdefault(promise.terms, []).append(promise)

    def find(self, value: int, terms: Terms, label: str = "") -> tuple[Promise, int] | None:
        """The promise that reaches an address best, and the displacement."""
        best: Promise | None = None
        nearest = REACH
        for promise in self._reach.get(label, {}).get(terms, ()):
            away = value - promise.value
            if 0 <= away < promise.size and away + promise.start < nearest:
                nearest = away + promise.start
                best = promise
        return None if best is None else (best, nearest)

    def resolve(self, value: int, terms: Terms, column: int = -1, label: str = "") -> tuple[int, int]:
        """Base register and displacement; raises Flaw if no register in use reaches the address."""
        found = self.find(value, terms, label)
        if found is not None:
            return found[0].register, found[1]
        if label and not self.has_label(label):
            raise Flaw("IFO331", f"{label[:20]} IS NOT THE LABEL OF A USING IN EFFECT", 8, column)
        if not terms:
            if 0 <= value < REACH and not label:
                return 0, value
            raise Flaw("IFO209", f"{CANNOT}: {value}", 8, column)
        if len(terms) == 1 and terms[0][1] == 1:
            section = terms[0][0]
            reach = self._reach.get(label, {}).get(terms, ())
            why = f"OUT OF REACH OF R{reach[0].register}" if reach else "NO USING COVERS IT"
            name = section.name or "PRIVATE CODE"
            raise Flaw("IFO209", f"{CANNOT}: {name}+X'{value & 0xFFFFFF:X}', {why}", 8, column)
        raise Flaw("IFO213", "COMPLEXLY RELOCATABLE EXPRESSION", 12, column)
