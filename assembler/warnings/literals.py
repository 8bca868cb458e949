"""LITERAL: a literal that is shorter than what the instruction takes of it, or that it stores into."""

from __future__ import annotations

from assembler.alignment import BOUNDARIES
from assembler.effects import effects
from assembler.instruction import MachineInstruction, instructions
from assembler.source import Statement
from assembler.warnings.registry import Area, Blunder, Found, View, blunder, branching

_NOT_OPERANDS = frozenset(("EX", "LM", "STM", "LCTL", "STCTL", "LPSW"))
"""Instructions whose storage operand is of another size than its boundary."""

_STORAGE = tuple(name for name, one in instructions().items() if any(kind == 1 for kind, _, _ in one.order))


@blunder("LITERAL", "IFO356", _STORAGE)
class LiteralLength(Blunder):
    mark = "="

    def check(self, view: View, st: Statement) -> Found:
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        for area in view.areas(st):
            literal = view.literal(st, area.operand)
            if literal is None:
                continue
            column = area.operand.column
            if area.field in effects(operation.row).stored:
                yield self.flaw(f"{operation.name} STORES INTO THE LITERAL {literal.text[:20]}", column)
                continue
            taken = _taken(view, st, area)
            size = literal.size
            if taken > size:
                text = f"{operation.name} TAKES {taken} BYTES, THE LITERAL {literal.text[:20]} HAS {size}"
                yield self.flaw(text, column)
            elif (taken, size, literal.constant.kind) == (2, 4, "F") and area.operand.first is None:
                yield self.flaw(f"{operation.name} TAKES THE FIRST HALF OF THE FULLWORD {literal.text[:20]}", column)


def _taken(view: View, st: Statement, area: Area) -> int:
    """The bytes that an instruction takes of an operand, 0 if that is not known."""
    operation = st.operation
    assert isinstance(operation, MachineInstruction)
    name = operation.row.mnemonic
    if name in ("MVC", "CLC", "NC", "OC", "XC", "MVZ", "MVN"):
        return view.field(st, "l") + 1
    if name in _NOT_OPERANDS or operation.name in branching() or len(st.code) != 4:
        return 0
    return BOUNDARIES.get(name, 0)
