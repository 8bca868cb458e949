"""EQU: a name for a value, with length and type attributes, program type and assembler type if wanted.

The last two, and the leaving out of operands between commas, are the High Level Assembler's (SC26-4940, "EQU").
"""

from __future__ import annotations

from assembler.constant import At
from assembler.datafield import parse_expression_at, program_type, split_commas
from assembler.expression import Attribute, Expr, Here, Name, Sum, absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from cpvm.s370.ebcdic import from_ebcdic

ASSEMBLER_TYPES = frozenset(["AR", "CR", "CR32", "CR64", "FPR", "GR", "GR32", "GR64", "VR"])


@statement("EQU")
class Equ(Operation):
    """A value that needs symbols defined later is settled at the end of pass 1, as HLASM does."""

    def define(self, asm: Assembler, st: Statement) -> None:
        if not st.name:
            raise Flaw("IFO016", "ILLEGAL OR INVALID NAME FIELD - EQU WANTS A NAME", 8, NAME_FIELD)
        try:
            self._define(asm, st)
        except Flaw:
            asm.define(st, 0, (), 1, "U")  # what uses the name is not at fault
            raise

    def _define(self, asm: Assembler, st: Statement) -> None:
        tree, rest = _operands(st.operand)
        if asm.section is None:
            asm.private_code()
        if "=" in st.operand:  # attributes of literals
            asm.note_literals(st)
            st.pool = asm.pool_number
        st.parsed = tree
        if not _known(tree, asm):
            if st.value is None:
                st.value = 0
                if asm.section is not None:
                    st.section, st.loc = asm.section, asm.section.loc
                asm.deferred.append(st)
                return
            raise Flaw("IFO188", "UNDEFINED SYMBOL", 8, 0)
        value, terms = tree.evaluate(asm)
        length = absolute(rest[0], asm) if rest[0] is not None else _length(tree, asm)
        kind = "U"
        if rest[1] is not None:
            code = absolute(rest[1], asm)
            if not 0 <= code <= 255:
                raise Flaw("IFO320", f"TYPE ATTRIBUTE {code} IS NOT BETWEEN 0 AND 255", 8, rest[1].column)
            kind = from_ebcdic(bytes((code,)))
        if not 0 <= length <= 65535:
            column = rest[0].column if rest[0] is not None else 0
            raise Flaw("IFO224", f"LENGTH ERROR - LENGTH ATTRIBUTE {length} OUT OF RANGE", 8, column)
        program = program_type(absolute(rest[2], asm)) if rest[2] is not None else ""
        assembler = ""
        if rest[3] is not None:
            word = rest[3].tree
            assembler = word.name if isinstance(word, Name) else ""
            if assembler not in ASSEMBLER_TYPES:
                raise Flaw(
                    "IFO178", f"SYNTAX ERROR - {assembler[:12] or 'THIS'} IS NO ASSEMBLER TYPE", 8, rest[3].column
                )
        symbol = asm.define(st, value, terms, length, kind)
        if symbol is not None and (program or assembler):
            symbol.declared = (assembler, program)

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


def _operands(text: str) -> tuple[Expr, list[At | None]]:
    """The value and the four other operands, None for those that are left out; raises Flaw."""
    pieces = split_commas(text) if text else []
    if not pieces or not pieces[0][0]:
        raise Flaw("IFO210", "TOO FEW OPERANDS", 12, 0)
    if len(pieces) > 5:
        raise Flaw("IFO211", "TOO MANY OPERANDS, 5 ARE POSSIBLE", 12, pieces[5][1])
    rest: list[At | None] = [At(parse_expression_at(piece, at), at) if piece else None for piece, at in pieces[1:]]
    return parse_expression_at(pieces[0][0], 0), rest + [None] * (4 - len(rest))


def _names(tree: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [tree]
    while pending:
        one = pending.pop()
        found.append(one)
        if not (isinstance(one, Attribute) and one.kind == "T"):  # T' of what is never defined is U
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
