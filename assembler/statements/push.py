"""PUSH and POP: save and restore the USING or PRINT status."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


def _words(st: Statement) -> list[str]:
    words = [word.strip() for word in st.operand.upper().split(",")]
    for word in words:
        if word not in ("USING", "PRINT", "NOPRINT", "ACONTROL"):
            raise Flaw("IFO178", f"SYNTAX ERROR - {st.op} OF {word[:12] or 'NOTHING'}", 8, 0)
    return words


@statement("PUSH")
class Push(Operation):
    def generate(self, asm: Assembler, st: Statement) -> None:
        if "USING" in _words(st):
            asm.stack.append(("USING", asm.bases.saved()))


@statement("POP")
class Pop(Operation):
    def generate(self, asm: Assembler, st: Statement) -> None:
        if "USING" in _words(st):
            if not asm.stack:
                raise Flaw("IFO325", "POP WITHOUT PUSH", 4, 0)
            asm.bases.restore(asm.stack.pop()[1])  # type: ignore[arg-type]
