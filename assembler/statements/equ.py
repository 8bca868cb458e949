"""EQU: a name for a value, with length and type attributes if wanted."""

from __future__ import annotations

import re

from assembler.expression import Attribute, Expr, Here, Name, Sum, absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import parse
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


@statement("EQU")
class Equ(Operation):
    """A value that needs symbols defined later is settled at the end of pass 1, as HLASM does."""

    def define(self, asm: Assembler, st: Statement) -> None:
        if not st.name:
            raise Flaw("IFO016", "ILLEGAL OR INVALID NAME FIELD - EQU WANTS A NAME", 8, NAME_FIELD)
        # The length may be left out between the commas.
        skipped = re.fullmatch(r"(.*[^,]),,([^,]+)", st.operand)
        text = f"{skipped[1]},1,{skipped[2]}" if skipped else st.operand
        operands = parse(text).operands if text else ()
        if not 1 <= len(operands) <= 3:
            raise Flaw("IFO210", "TOO FEW OPERANDS", 12, 0)
        if any(operand.first is not None or operand.two for operand in operands):
            raise Flaw("IFO178", "SYNTAX ERROR IN EQU", 8, 0)
        if asm.section is None:
            asm.private_code()
        st.parsed = operands[0].address
        tree = operands[0].address
        if not _known(tree, asm):
            if st.value is None:
                st.value = 0
                if asm.section is not None:
                    st.section, st.loc = asm.section, asm.section.loc
                asm.deferred.append(st)
                return
            raise Flaw("IFO188", "UNDEFINED SYMBOL", 8, 0)
        value, terms = tree.evaluate(asm)
        length = absolute(operands[1].address, asm) if len(operands) > 1 and not skipped else _length(tree, asm)
        kind = "U"
        if len(operands) > 2:
            code = absolute(operands[2].address, asm)
            kind = bytes((code & 255,)).decode("cp037")
        if not 0 <= length <= 65535:
            raise Flaw("IFO224", f"LENGTH ERROR - LENGTH ATTRIBUTE {length} OUT OF RANGE", 8, operands[1].column)
        asm.define(st, value, terms, length, kind)

    def missing(self, asm: Assembler, st: Statement) -> str:
        """The first name in the expression that is not defined yet, or a null string."""
        tree: Expr | None = st.parsed  # type: ignore[assignment]
        names = _names(tree) if tree is not None else []
        return next((one.name for one in names if isinstance(one, Name) and one.name not in asm.symbols), "")

    def generate(self, asm: Assembler, st: Statement) -> None:
        tree: Expr | None = st.parsed  # type: ignore[assignment]
        if tree is None:
            return
        symbol = asm.symbols.get(st.name.upper())
        if symbol is None or symbol.statement != st.number:
            tree.evaluate(asm)
            return
        _reference(tree, asm)
        st.value = symbol.address


def _names(tree: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [tree]
    while pending:
        one = pending.pop()
        found.append(one)
        pending.extend(one.walk())
    return found


def _known(tree: Expr, asm: Assembler) -> bool:
    return all(not isinstance(one, Name) or one.name in asm.symbols for one in _names(tree))


def _reference(tree: Expr, asm: Assembler) -> None:
    for one in _names(tree):
        if isinstance(one, Name):
            asm.symbol(one.name, one.column)


def _length(tree: Expr, asm: Assembler) -> int:
    """The length attribute of the leftmost term; 1 for `*`, numbers and attributes."""
    while isinstance(tree, Sum):
        tree = tree.parts[0][1]
    if isinstance(tree, Name):
        return asm.symbol(tree.name, tree.column).length
    if isinstance(tree, (Here, Attribute)):
        return 1
    return 1
