"""Further location counters (LOCTR): sections of their own during pass 1, then appended to the section they belong to.

As each counter begins at a multiple of the highest boundary used under it, the boundaries kept in pass 1 hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.instruction import MachineInstruction
from assembler.symbols import Section, Symbol, Terms, Value, combine

if TYPE_CHECKING:
    from assembler.state import State


def join_counters(asm: State) -> None:
    """Give each further counter its place behind its section's text, and all that is relative to it."""
    places: dict[Section, int] = {}
    with_instructions = {st.section for st in asm.statements if isinstance(st.operation, MachineInstruction)}
    for counter in asm.counters.values():
        parent = counter.parent
        assert parent is not None
        align = max(counter.align, 2 if counter in with_instructions else 1)
        places[counter] = parent.size + (-parent.size % align)
        parent.size = places[counter] + counter.size
    for st in asm.statements:
        if isinstance(st.section, Section) and st.section in places:
            st.loc += places[st.section]
            st.section = st.section.parent
    symbols = [*asm.symbols.values(), *asm.duplicates]
    symbols += [literal.symbol for pool in asm.pools for literal in pool.literals.values()]
    for symbol in symbols:
        _move(symbol, places)
    for pool in asm.pools:
        if pool.section in places:
            pool.section = pool.section.parent


def _move(symbol: Symbol, places: dict[Section, int]) -> None:
    if any(section in places for section, _ in symbol.terms):
        symbol.value, symbol.terms = _joined((symbol.value, symbol.terms), places)


def _joined(value: Value, places: dict[Section, int]) -> Value:
    number, terms = value
    result: Terms = ()
    for section, count in terms:
        if section in places and section.parent is not None:
            number += places[section] * count
            section = section.parent  # noqa: PLW2901
        result = combine(result, ((section, count),), 1)
    return number, result
