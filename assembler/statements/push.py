"""PUSH and POP: save and restore the USING or PRINT status."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement

STATUS = frozenset({"USING", "PRINT", "ACONTROL"})


def _words(st: Statement) -> list[str]:
    """What is to be saved or restored; NOPRINT (the statement itself is not listed) is no status.  Raises Flaw."""
    if not st.operand:
        raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
    words = st.operand.upper().split(",")
    for index, word in enumerate(words):
        if word not in STATUS and not (word == "NOPRINT" and index):
            column = sum(len(one) + 1 for one in words[:index])
            raise Flaw("IFO178", f"SYNTAX ERROR - {st.op} OF {word[:12] or 'NOTHING'}", 8, column)
    return words


@statement("PUSH")
class Push(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        asm.note_place(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        words = _words(st)
        if "USING" in words:
            asm.stack.append(asm.bases.saved())
        if "PRINT" in words:
            asm.prints += 1


@statement("POP")
class Pop(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        asm.note_place(st)

    def generate(self, asm: Assembler, st: Statement) -> None:
        words = _words(st)
        if ("USING" in words and not asm.stack) or ("PRINT" in words and not asm.prints):
            raise Flaw("IFO325", "POP WITHOUT PUSH", 4, 0)
        if "USING" in words:
            asm.bases.restore(asm.stack.pop())
        if "PRINT" in words:
            asm.prints -= 1
