"""ENTRY: names of this assembly that others may refer to."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.state import EntryPoint
from assembler.symbols import SYMBOL


@statement("ENTRY")
class Entry(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        column = 0
        for piece in st.operand.split(","):
            name = piece.upper()
            if not name and len(st.operand) > 1:  # an operand left out is none
                column += 1
                continue
            if not SYMBOL.fullmatch(name) or len(name) > 8:
                raise Flaw("IFO187", f"INVALID ENTRY NAME {name[:16]}", 8, column)
            if all(entry.symbol != name for entry in asm.entries):
                entry = EntryPoint(name, st, column)
                asm.entries.append(entry)
                asm.dictionary.append(entry)
            column += len(piece) + 1

    def generate(self, asm: Assembler, st: Statement) -> None:
        for piece in st.operand.split(","):
            symbol = asm.symbols.get(piece.upper())
            if symbol is not None:
                symbol.refer(st.number)
