"""Base registers: USING, DROP and the choice of base and displacement.

Source: OS/VS Assembler Language (GC33-4010), "USING instruction": of the registers that reach the address the one with
the smallest displacement is used, of equals the one with the highest number.
"""

from __future__ import annotations

from assembler.message import Flaw
from assembler.symbols import Terms, Value

CANNOT = "ADDRESSABILITY ERROR - BASE AND DISPLACEMENT CANNOT BE RESOLVED"


CANNOT = "ADDRESSABILITY ERROR - BASE AND DISPLACEMENT CANNOT BE RESOLVED"


class Bases:
    """What each base register is promised to hold."""

    def __init__(self) -> None:
        self._promised: dict[int, Value] = {}
        self._by_terms: dict[Terms, list[tuple[int, int]]] = {}

    def using(self, register: int, value: int, terms: Terms) -> None:
        self._promised[register] = (value, terms)
        self._arrange()

    def drop(self, register: int) -> bool:
        """Withdraw a register; False if it was not in use."""
        found = self._promised.pop(register, None) is not None
        self._arrange()
        return found

    def drop_all(self) -> None:
        self._promised.clear()
        self._arrange()

    def saved(self) -> dict[int, Value]:
        return dict(self._promised)

    def restore(self, saved: dict[int, Value]) -> None:
        self._promised = dict(saved)
        self._arrange()

    def _arrange(self) -> None:
        self._by_terms = {}
        for register, (value, terms) in sorted(self._promised.items(), reverse=True):
            self._by_terms.setdefault(terms, []).append((register, value))

    def resolve(self, value: int, terms: Terms, column: int = -1) -> tuple[int, int]:
        """Base register and displacement; raises Flaw if no register in use reaches the address."""
        best = -1
        distance = 4096
        for register, promised in self._by_terms.get(terms, ()):
            away = value - promised
            if 0 <= away < distance:
                distance = away
                best = register
        if best >= 0:
            return best, distance
        if not terms:
            if 0 <= value < 4096:
                return 0, value
            raise Flaw("IFO209", f"{CANNOT}: {value}", 8, column)
        if len(terms) == 1 and terms[0][1] == 1:
            section = terms[0][0]
            reach = self._by_terms.get(terms, ())
            why = f"OUT OF REACH OF R{reach[0][0]}" if reach else "NO USING COVERS IT"
            name = section.name or "PRIVATE CODE"
            raise Flaw(
                "IFO209",
                f"{CANNOT}: {name}+X'{value & 0xFFFFFF:X}', {why}",
                8,
                column,
            )
        raise Flaw("IFO213", "COMPLEXLY RELOCATABLE EXPRESSION", 12, column)
