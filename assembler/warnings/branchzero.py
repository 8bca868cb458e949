"""BR0: `BR 0` branches nowhere."""

from __future__ import annotations

from assembler.instruction import EXTENDED
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder


@blunder("BR0", "IFO359", tuple(f"B{condition}R" for condition in EXTENDED if condition != "NOP"))
class BranchOnZero(Blunder):
    def check(self, view: View, st: Statement) -> Found:
        if not st.code[1] & 15:
            yield self.flaw(f"{st.op} WITH REGISTER 0 NEVER BRANCHES", 0)
