"""CNOP: no-operations up to a halfword's place in a word or doubleword.

Boundaries above 8, up to 4096, are the High Level Assembler's; they count from the section's start, which the loader
puts on a doubleword.
"""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("CNOP")
class Cnop(Operation):
    type_attribute = "I"

    def define(self, asm: Assembler, st: Statement) -> None:
        asm.place(st, 2)
        operands = parse(st.operand).operands if st.operand else ()
        if len(operands) != 2:
            raise Flaw("IFO210", "TOO FEW OPERANDS, 2 ARE NEEDED", 12, 0)
        place, boundary = (absolute(operand.address, asm) for operand in operands)
        if not 4 <= boundary <= 4096 or boundary & boundary - 1 or place not in range(0, boundary, 2):
            raise Flaw("IFO320", f"CNOP {place},{boundary} IS NOT AN EVEN PLACE BELOW A POWER OF TWO FROM 4", 8, 0)
        section = asm.section
        assert section is not None
        if st.name:
            asm.label(st, section, st.loc, 1, "I")
        asm.advance(st, (place - st.loc) % boundary)

    def generate(self, asm: Assembler, st: Statement) -> None:
        st.code = b"\x07\x00" * (st.length // 2)
        asm.text(st, st.code)
