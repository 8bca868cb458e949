"""EXTRN and WXTRN: names defined in other assemblies; an unresolved weak one is no error."""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import SYMBOL, Symbol


class _External(Operation):
    kind = "ER"

    def define(self, asm: Assembler, st: Statement) -> None:
        column = 0
        for piece in st.operand.split(","):
            name = piece.upper()
            if not name and len(st.operand) > 1:  # an operand left out is none
                column += 1
                continue
            if not SYMBOL.fullmatch(name) or len(name) > 8:
                raise Flaw("IFO187", f"INVALID EXTERNAL NAME {name[:16]}", 8, column)
            known = asm.symbols.get(name)
            section = asm.external_section(name, self.kind)
            if known is None:
                kind = "T" if self.kind == "ER" else "$"
                asm.symbols[name] = Symbol(name, 0, section.terms, 1, kind, st.number)
            elif not known.terms or known.terms[0][0] is not section:
                raise Flaw("IFO196", f"{name} HAS BEEN PREVIOUSLY DEFINED", 8, column)
            column += len(piece) + 1


@statement("EXTRN")
class Extrn(_External):
    kind = "ER"


@statement("WXTRN")
class Wxtrn(_External):
    kind = "WX"
