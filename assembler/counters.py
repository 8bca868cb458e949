"""Further location counters (LOCTR): sections of their own while statements are placed, then a part of their section.

Each begins at the byte behind the counter defined before it, as in Assembler H; where that is, is known when all
statements have been placed once, so they are placed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.symbols import Section

if TYPE_CHECKING:
    from assembler.state import State


def places(asm: State) -> dict[Section, int]:
    """Where each further counter begins in its section, by the lengths that are known now."""
    ends: dict[Section, int] = {}
    found: dict[Section, int] = {}
    for counter in asm.counters.values():
        parent = counter.parent
        assert parent is not None
        found[counter] = ends.get(parent, parent.size)
        ends[parent] = found[counter] + counter.size - counter.start
    return found


def join_counters(asm: State) -> None:
    """Make what the counters hold text of their sections."""
    for counter in asm.counters.values():
        assert counter.parent is not None
        counter.parent.size = max(counter.parent.size, counter.size)
    for st in asm.statements:
        if isinstance(st.section, Section) and st.section.kind == "LC":
            st.section = st.section.parent
    for pool in asm.pools:
        if pool.section is not None and pool.section.kind == "LC":
            pool.section = pool.section.parent
