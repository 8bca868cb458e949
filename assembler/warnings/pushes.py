"""PUSH: a PUSH that no POP takes back."""

from __future__ import annotations

from collections.abc import Iterable

from assembler.message import Flaw
from assembler.source import Statement
from assembler.warnings.registry import Blunder, View, blunder


@blunder("PUSH", "IFO360", ())
class Unbalanced(Blunder):
    """The High Level Assembler's FLAG(PUSH)."""

    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        asm = view.asm
        for what, left in (("USING", len(asm.stack)), ("PRINT", asm.prints)):
            if left:
                pushes = [st for st in view.statements if st.op == "PUSH" and what in st.operand.upper().split(",")]
                if pushes:
                    yield pushes[-1], self.flaw(f"{left} PUSH {what} WITHOUT A POP", 0)
