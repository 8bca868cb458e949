"""TITLE, EJECT, SPACE, PRINT: statements that only shape the listing (`assembler.listing` obeys them)."""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import parse_expression
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement

PRINT_OPTIONS = frozenset(("ON", "OFF", "GEN", "NOGEN", "DATA", "NODATA", "MCALL", "NOMCALL", "MSOURCE", "NOMSOURCE",
                           "UHEAD", "NOUHEAD"))  # fmt: skip


@statement("TITLE")
class Title(Operation):
    """The name of the first TITLE that has one (up to four characters) identifies the deck in columns 73-76."""

    def define(self, asm: Assembler, st: Statement) -> None:
        text = st.operand
        if len(text) < 2 or text[0] != "'" or text[-1] != "'":
            raise Flaw("IFO178", "SYNTAX ERROR - TITLE WANTS A TEXT IN APOSTROPHES", 8, 0)
        if st.name and not asm.deck_id:
            if len(st.name) > 8:
                raise Flaw("IFO016", f"ILLEGAL OR INVALID NAME FIELD - {st.name[:12]}", 4, NAME_FIELD)
            asm.deck_id = st.name


@statement("EJECT")
class Eject(Operation):
    pass


@statement("SPACE")
class Space(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        if st.operand and st.operand != ",":
            st.value = max(absolute(parse_expression(st.operand), asm), 0)


@statement("PRINT")
class Print(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        for word in st.operand.upper().split(","):
            if word not in PRINT_OPTIONS:
                raise Flaw("IFO178", f"SYNTAX ERROR - UNKNOWN PRINT OPTION {word[:12]}", 8, 0)


@statement("ISEQ", "AMODE", "RMODE")
class Ignored(Operation):
    """Accepted and without effect: sequence checking, and addressing modes that System/370 does not have."""


@statement("OPSYN")
class Opsyn(Operation):
    """The macro stage has carried it out."""
