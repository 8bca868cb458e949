"""DXD and CXD: pseudo registers and the length of all of them, filled in by whoever links the deck."""

from __future__ import annotations

from assembler.datafield import parse_constants
from assembler.message import NAME_FIELD, Flaw
from assembler.nominal import Relocation
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import Section


@statement("DXD")
class Dxd(Operation):
    type_attribute = "J"

    def define(self, asm: Assembler, st: Statement) -> None:
        if not st.name:
            raise Flaw("IFO016", "ILLEGAL OR INVALID NAME FIELD - DXD WANTS A NAME", 8, NAME_FIELD)
        constants = parse_constants(st.operand) if st.operand else ()
        if not constants:
            raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
        name = st.name.upper()
        placed = (one for one in asm.order if one.kind == "XD" and one.name == name) if asm.previous else ()
        known = next(iter(placed), None)
        section = known or Section(name, "XD", len(asm.order) + 100_000)
        size = 0
        for constant in constants:
            size += -size % constant.boundary() + constant.size(asm)
        section.size = size
        section.loc = constants[0].boundary()  # that of the first operand is the pseudo register's
        if asm.define(st, 0, section.terms, constants[0].length_attribute(asm), "J") is not None and known is None:
            asm.enter(section)


@statement("CXD")
class Cxd(Operation):
    type_attribute = "A"
    length_attribute = 4

    def define(self, asm: Assembler, st: Statement) -> None:
        asm.place(st, 4)
        section = asm.section
        assert section is not None
        if st.name:
            asm.label(st, section, st.loc, 4, "A")
        asm.advance(st, 4)

    def generate(self, asm: Assembler, st: Statement) -> None:
        st.code = bytes(4)
        asm.text(st, st.code)
        section = st.section
        assert isinstance(section, Section)
        asm.relocate(st, [Relocation(0, 4, "CXD", section, 1)])
