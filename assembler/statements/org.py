"""ORG: set the location counter; without an operand, to the highest place used in the section."""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("ORG")
class Org(Operation):
    """`ORG address,boundary,offset`: the second and third operands are HLASM's."""

    def define(self, asm: Assembler, st: Statement) -> None:
        section = asm.section or asm.private_code()
        st.section = section
        st.loc = section.loc
        st.parsed = None
        if not st.operand or st.operand == ",":
            section.loc = section.size
        else:
            text = st.operand
            operands = parse(text if not text.startswith(",") else "*" + text).operands
            value, terms = operands[0].address.evaluate(asm)
            if terms != section.terms:
                raise Flaw("IFO217", "RELOCATABILITY ERROR - ORG WANTS AN ADDRESS IN THE CONTROL SECTION IN HAND", 8, 0)
            if text.startswith(","):
                value = section.size
            if len(operands) > 1:
                boundary = absolute(operands[1].address, asm)
                if not 1 <= boundary <= 4096 or boundary & boundary - 1:
                    raise Flaw("IFO320", f"BOUNDARY {boundary} IS NO POWER OF TWO", 8, operands[1].column)
                value += -value % boundary
            if len(operands) > 2:
                value += absolute(operands[2].address, asm)
            if not 0 <= value < 0x1000000:
                raise Flaw("IFO314", "ORG BEFORE THE START OF THE CONTROL SECTION", 8, 0)
            section.loc = value
            section.size = max(section.size, value)
        st.loc = section.loc

    def generate(self, asm: Assembler, st: Statement) -> None:
        if st.operand and not st.operand.startswith(","):
            for operand in parse(st.operand).operands:
                operand.address.evaluate(asm)
