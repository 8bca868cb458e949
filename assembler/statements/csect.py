"""CSECT, START, DSECT, COM, RSECT: begin or resume a control section."""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import parse_expression
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import SYMBOL


class _Section(Operation):
    type_attribute = "J"
    kind = "SD"

    def define(self, asm: Assembler, st: Statement) -> None:
        name = st.name.upper()
        if name and not SYMBOL.fullmatch(name):
            raise Flaw("IFO016", f"ILLEGAL OR INVALID NAME FIELD - {name[:16]}", 8, NAME_FIELD)
        if len(name) > 8 and self.kind != "DS":
            raise Flaw("IFO187", f"EXTERNAL NAME {name[:16]} IS LONGER THAN 8 CHARACTERS", 8, NAME_FIELD)
        kind = "PC" if not name and self.kind == "SD" else self.kind
        known = asm.symbols.get(name)
        if known is not None and not (known.terms and known.terms[0][0].name == name and known.type == "J"):
            raise Flaw("IFO196", f"{name} HAS BEEN PREVIOUSLY DEFINED", 8, NAME_FIELD)
        section = asm.open_section(name, kind)
        if name and known is None:
            asm.define(st, 0, section.terms, 1, "J")
        if self.name == "RSECT":
            section.reenterable = True
        asm.place(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        return


@statement("CSECT", "RSECT")
class Csect(_Section):
    kind = "SD"


@statement("DSECT")
class Dsect(_Section):
    kind = "DS"


@statement("COM")
class Com(_Section):
    kind = "CM"


@statement("START")
class Start(_Section):
    """The first section, with the address at which it is listed to begin (a multiple of 8)."""

    def define(self, asm: Assembler, st: Statement) -> None:
        first = asm.first is None
        super().define(asm, st)
        if not first:
            raise Flaw("IFO317", "START IS NOT THE FIRST CONTROL SECTION", 8)
        if st.operand and st.operand != "," and asm.first is not None:
            origin = absolute(parse_expression(st.operand), asm)
            if not 0 <= origin < 0x1000000:
                raise Flaw("IFO320", f"START ADDRESS {origin} OUT OF RANGE", 8, 0)
            asm.first.base = origin + 7 & ~7
