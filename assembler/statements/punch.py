"""PUNCH and REPRO: cards of the user's own in front of the object deck."""

from __future__ import annotations

from assembler.expression import undouble
from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from cpvm.s370.ebcdic import to_ebcdic


@statement("PUNCH")
class Punch(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        text = st.operand
        if len(text) < 2 or text[0] != "'" or text[-1] != "'":
            raise Flaw("IFO207", "PUNCH WANTS A TEXT IN APOSTROPHES", 8, 0)
        inside = undouble(text[1:-1])
        if len(inside) > 80:
            raise Flaw("IFO223", "PUNCH TEXT IS LONGER THAN A CARD", 8, 0)
        asm.cards.append((st.number, to_ebcdic(inside.ljust(80))))
