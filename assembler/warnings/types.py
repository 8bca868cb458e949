"""TYPE: an instruction for halfwords, words or doublewords on a field of another size, as in `LH` of a fullword."""

from __future__ import annotations

from assembler.expression import Name
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_HALFWORD = frozenset(("LH", "AH", "SH", "CH", "MH", "STH"))
_WORD = frozenset(("L", "A", "S", "C", "M", "D", "ST", "AL", "SL", "CL", "N", "O", "X"))
_DOUBLEWORD = frozenset(("LD", "STD", "AD", "SD", "CD", "MD", "DD", "CVB", "CVD"))
_SIZES = {"H": 2, "Y": 2, "F": 4, "A": 4, "V": 4}
"""Types of numbers and addresses, and their length where no other is written."""


@blunder("TYPE", "IFO364", _HALFWORD | _WORD | _DOUBLEWORD)
class WrongSize(Blunder):
    """Only where the symbol stands alone, and its statement has no more than the one field."""

    def check(self, view: View, st: Statement) -> Found:
        operand = st.operand
        return () if "(" in operand or "+" in operand or "=" in operand else self._found(view, st)

    def _found(self, view: View, st: Statement) -> Found:
        area = view.areas(st)[0]
        tree = area.operand.address
        if not isinstance(tree, Name) or not area.symbolic or area.operand.first is not None:
            return
        symbol = view.asm.symbols.get(tree.name)
        size = _SIZES.get(symbol.type) if symbol is not None else None
        if symbol is None or size is None or not 0 < symbol.statement <= len(view.statements):
            return
        wanted = 2 if st.op in _HALFWORD else 4 if st.op in _WORD else 8
        field = view.statements[symbol.statement - 1]
        if field.length != size or wanted == size:
            return
        yield self.flaw(f"{st.op} TAKES {wanted} BYTES, {tree.name} HAS {size}", area.operand.column)
