"""LOCTR: begin or resume a further location counter of a control section (Assembler H)."""

from __future__ import annotations

from assembler.message import NAME_FIELD, Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.state import MAX_COUNTERS
from assembler.symbols import SYMBOL, Section


@statement("LOCTR")
class Loctr(Operation):
    """With the name of a section, its first counter; with a known counter's name, that one, in its section."""

    type_attribute = "J"

    def define(self, asm: Assembler, st: Statement) -> None:
        name = st.name.upper()
        if not SYMBOL.fullmatch(name):
            raise Flaw("IFO016", "ILLEGAL OR INVALID NAME FIELD - LOCTR WANTS A NAME", 8, NAME_FIELD)
        current = asm.section or asm.private_code()
        counter = asm.counters.get(name)
        section = asm.sections.get(name)
        if section is not None:
            asm.section = section.active = section
        elif counter is not None and counter.parent is not None:
            asm.section = counter.parent.active = counter
        else:
            if len(asm.counters) >= MAX_COUNTERS:
                raise Flaw("IFO315", "TOO MANY LOCATION COUNTERS", 12)
            parent = current.parent or current
            counter = asm.known_counters.get(name) or Section(name, "LC", 50_000 + len(asm.counters))
            counter.parent = parent
            if asm.define(st, counter.start, counter.terms, 1, "J") is None:
                return
            asm.counters[name] = counter
            parent.counters.append(counter)
            asm.section = parent.active = counter
        asm.place(st)
