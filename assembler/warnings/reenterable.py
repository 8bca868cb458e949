"""RENT: stores into the program itself, which a reenterable one does not do (option RENT, or a section of RSECT)."""

from __future__ import annotations

from assembler.effects import effects
from assembler.expression import Expr, Literal, Name
from assembler.instruction import MachineInstruction
from assembler.options import Options
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder, storing


@blunder("RENT", "IFO229", storing())
class Reenterable(Blunder):
    """Number and text are Assembler XF's."""

    def wanted(self, options: Options) -> bool:
        return True

    def check(self, view: View, st: Statement) -> Found:
        if not view.asm.options.rent and not getattr(st.section, "reenterable", False):
            return
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        for area in view.areas(st):
            if area.symbolic and area.field in effects(operation.row).stored and _in_text(view, area.operand.address):
                yield self.flaw("POSSIBLE REENTERABILITY ERROR", area.operand.column)


def _in_text(view: View, tree: Expr) -> bool:
    """Whether an address lies in a control section."""
    if isinstance(tree, Literal):
        return True
    if isinstance(tree, Name):
        symbol = view.asm.symbols.get(tree.name)
        return symbol is not None and any(section.has_text for section, _ in symbol.terms)
    return any(_in_text(view, part) for part in tree.walk())
