"""ORG: set the location counter; without an operand, to the highest place used in the section.

`ORG address,boundary,offset`: the second and third operands, and a name, which stands for the place before, are the
High Level Assembler's.
"""

from __future__ import annotations

from assembler.constant import At
from assembler.datafield import parse_expression_at, split_commas
from assembler.expression import absolute
from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("ORG")
class Org(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        section = asm.section or asm.private_code()
        st.section = section
        st.loc = section.loc
        st.parsed = None
        if st.name:
            asm.label(st, section, section.loc, 1, "U")
        address, boundary, offset = _operands(st.operand)
        if address is None:
            value = section.size
        else:
            value, terms = address.evaluate(asm)
            if terms != section.terms:
                raise Flaw("IFO217", "RELOCATABILITY ERROR - ORG WANTS AN ADDRESS IN THE CONTROL SECTION IN HAND", 8, 0)
        if boundary is not None:
            size = absolute(boundary, asm)
            if not 1 <= size <= 4096 or size & size - 1:
                raise Flaw("IFO320", f"BOUNDARY {size} IS NO POWER OF TWO", 8, boundary.column)
            value += -value % size
        if offset is not None:
            value += absolute(offset, asm)
        if not 0 <= value < 0x1000000:
            raise Flaw("IFO314", "ORG BEFORE THE START OF THE CONTROL SECTION", 8, 0)
        section.loc = value
        section.size = max(section.size, value)
        st.loc = value

    def generate(self, asm: Assembler, st: Statement) -> None:
        for tree in _operands(st.operand):
            if tree is not None:
                tree.evaluate(asm)


def _operands(text: str) -> tuple[At | None, At | None, At | None]:
    """Address, boundary and offset; None for what is left out.  Raises Flaw."""
    pieces = split_commas(text) if text else []
    if len(pieces) > 3:
        raise Flaw("IFO211", "TOO MANY OPERANDS, 3 ARE POSSIBLE", 12, pieces[3][1])
    found: list[At | None] = [At(parse_expression_at(piece, at), at) if piece else None for piece, at in pieces]
    found += [None] * (3 - len(found))
    return found[0], found[1], found[2]
