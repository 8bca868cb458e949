"""CONT: an operand field that ends with a comma, and no continuation."""

from __future__ import annotations

from assembler.source import Statement
from assembler.warnings.registry import CALLS, Blunder, Found, View, blunder


@blunder("CONT", "IFO350", (CALLS,))
class Continuation(Blunder):
    """The High Level Assembler's FLAG(CONT): only macro instructions, others are in error in any case."""

    def check(self, view: View, st: Statement) -> Found:
        if st.level or len(st.operand) < 2 or st.operand[-1] != ",":
            return
        yield self.flaw(
            "THE OPERANDS END WITH A COMMA, BUT COLUMN 72 IS BLANK: NO CONTINUATION", max(len(st.operand) - 1, 0)
        )
