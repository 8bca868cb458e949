"""USING: base registers and what they will hold; each further register covers the next 4096 bytes."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("USING")
class Using(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        section = asm.section or asm.private_code()
        st.section = section
        st.loc = section.loc

    def generate(self, asm: Assembler, st: Statement) -> None:
        operands = parse(st.operand).operands if st.operand else ()
        if len(operands) < 2:
            raise Flaw("IFO195", "INVALID USING OR DROP STATEMENT - AN ADDRESS AND A REGISTER ARE NEEDED", 12, 0)
        if len(operands) > 17:
            raise Flaw("IFO211", "TOO MANY OPERANDS - REGISTERS", 12, 0)
        value, terms = operands[0].address.evaluate(asm)
        if operands[0].first is not None or operands[0].two:
            raise Flaw("IFO178", "SYNTAX ERROR IN USING", 8, 0)
        st.addr2 = value + sum(section.base * count for section, count in terms)
        if len(terms) > 1 or (terms and terms[0][1] != 1):
            raise Flaw("IFO217", "RELOCATABILITY ERROR - USING WANTS A SIMPLY RELOCATABLE OR ABSOLUTE ADDRESS", 12, 0)
        for operand in operands[1:]:
            asm.bases.using(asm.register(operand.address, operand.column), value, terms)
            value += 4096
