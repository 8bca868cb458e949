"""TERM: a character term where an address belongs, as in `CLC FIELD,C'A'` for `CLC FIELD,=C'A'`."""

from __future__ import annotations

from assembler.expression import Number
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_READING = frozenset((
    "MVC", "CLC", "MVZ", "MVN", "NC", "OC", "XC", "TR", "TRT", "ED", "AP", "SP", "ZAP", "CP", "PACK", "UNPK",
    "L", "LH", "C", "CH", "CL", "A", "AH", "S", "SH", "N", "O", "X", "IC", "CLM", "ICM", "CLI", "TM", "MVI",
))  # fmt: skip


@blunder("TERM", "IFO355", _READING)
class CharacterTerm(Blunder):
    mark = "'"

    def check(self, view: View, st: Statement) -> Found:
        for area in view.areas(st):
            operand = area.operand
            at = operand.column
            if (
                isinstance(operand.address, Number)
                and operand.first is None
                and st.operand[at : at + 2].upper() == "C'"
            ):
                end = st.operand.find("'", at + 2) + 1
                term = st.operand[at:end]
                yield self.flaw(
                    f"{term} IS TAKEN AS THE ADDRESS {operand.address.value}; AS A LITERAL IT IS ={term}", at
                )
