"""DSBRANCH: a branch to storage that holds no instruction, as when `DS H` was written for `DS 0H`."""

from __future__ import annotations

from assembler.expression import Name
from assembler.listing.uses import symbol_uses
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder, branching


@blunder("DSBRANCH", "IFO357", branching())
class BranchToStorage(Blunder):
    """A program that moves instructions there stores into it, and is not warned."""

    def check(self, view: View, st: Statement) -> Found:
        for area in view.areas(st):
            tree = area.operand.address
            if not isinstance(tree, Name) or not area.symbolic:
                continue
            symbol = view.asm.symbols.get(tree.name)
            if symbol is None or not 0 < symbol.statement <= len(view.statements):
                continue
            target = view.statements[symbol.statement - 1]
            if target.op != "DS" or not target.length or not getattr(target.section, "has_text", False):
                continue
            uses = (symbol_uses(view.statements[number - 1]).get(tree.name) for number in symbol.references)
            if "M" not in uses:
                text = f"{tree.name} IS STORAGE OF {target.length} BYTES WITHOUT AN INSTRUCTION (DS 0H TAKES NONE)"
                yield self.flaw(text, area.operand.column)
