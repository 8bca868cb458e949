"""IMPLEN: a length that is not written but taken from the first operand (off unless asked for)."""

from __future__ import annotations

from assembler.instruction import MachineInstruction, instructions
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_WITH_LENGTH = tuple(
    name for name, one in instructions().items() if any(length[:1] == "l" for _, _, length in one.order)
)  # fmt: skip


@blunder("IMPLEN", "IFO361", _WITH_LENGTH)
class ImplicitLength(Blunder):
    """The High Level Assembler's FLAG(IMPLEN)."""

    usual = False

    def check(self, view: View, st: Statement) -> Found:
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        for (_, _, length), operand in zip(operation.order, view.operands(st), strict=False):
            if length[:1] == "l" and operand.first is None:
                yield self.flaw("THE LENGTH IS NOT WRITTEN", operand.column)
