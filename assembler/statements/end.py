"""END: the end of the source, and the entry point.  The last literal pool is placed here, in the first section."""

from __future__ import annotations

from assembler.datafield import split_commas
from assembler.message import Flaw
from assembler.operand import parse_expression
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
        pieces = split_commas(st.operand) if st.operand else []
        if len(pieces) > 1 and pieces[1][0]:
            self._translator(asm, *pieces[1])
        if not pieces or not pieces[0][0]:
            return
        value, terms = parse_expression(pieces[0][0]).evaluate(asm)
        if len(terms) != 1 or terms[0][1] != 1:
            raise Flaw("IFO217", "RELOCATABILITY ERROR - THE ENTRY POINT IS NOT SIMPLY RELOCATABLE", 8, 0)
        section = terms[0][0]
        st.addr2 = value + section.base
        asm.end = (value, section)

    @staticmethod
    def _translator(asm: Assembler, text: str, column: int) -> None:
        """`(name,version,yyddd)`: the compiler that made the source, for the deck's last card."""
        words = text[1:-1].split(",") if text.startswith("(") and text.endswith(")") else []
        if [len(word) for word in words[1:]] != [4, 5] or not 1 <= len(words[0]) <= 10:
            asm.warn(Flaw("IFO254", "ILLEGAL FORMAT OF SECOND OPERAND OF END STATEMENT", 4, column))
            return
        asm.translator = f"{words[0]:<10}{words[1]}{words[2]}".upper()
