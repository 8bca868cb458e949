"""END: the end of the source, and the entry point.  The last literal pool is placed here, in the first section."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("END")
class End(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        if asm.pools[asm.pool_number].literals:
            asm.section = asm.last_pool_section()
            asm.section.loc = asm.section.size
            asm.place_pool(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        if not st.operand or st.operand.startswith(","):
            return
        operands = parse(st.operand).operands
        value, terms = operands[0].address.evaluate(asm)
        if len(terms) != 1 or terms[0][1] != 1:
            raise Flaw("IFO217", "RELOCATABILITY ERROR - THE ENTRY POINT IS NOT SIMPLY RELOCATABLE", 8, 0)
        section = terms[0][0]
        st.addr2 = value + section.base
        asm.end = (value, section)
