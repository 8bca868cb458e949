"""TITLE, EJECT, SPACE, PRINT: statements that only shape the listing (`assembler.listing` obeys them)."""

from __future__ import annotations

from assembler.expression import absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import parse_expression
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement

PRINT_OPTIONS = frozenset(("ON", "OFF", "GEN", "NOGEN", "DATA", "NODATA", "MCALL", "NOMCALL", "MSOURCE", "NOMSOURCE",
                           "UHEAD", "NOUHEAD", "NOPRINT"))  # fmt: skip
LONGEST_TITLE = 100


@statement("TITLE")
class Title(Operation):
    """The name of the first TITLE that has one (up to eight characters) identifies the deck in columns 73 and up."""

    def define(self, asm: Assembler, st: Statement) -> None:
        text = st.operand
        if len(text) < 2 or text[0] != "'" or text[-1] != "'":
            raise Flaw("IFO178", "SYNTAX ERROR - TITLE WANTS A TEXT IN APOSTROPHES", 8, 0)
        if len(text) - 2 > LONGEST_TITLE:
            asm.flaw(st, Flaw("IFO171", f"TITLE STATEMENT OPERAND EXCEEDS {LONGEST_TITLE} CHARACTERS", 4, 0))
        if st.name and asm.deck_id:
            raise Flaw("IFO104", "MORE THAN ONE TITLE STATEMENT NAMED", 4, NAME_FIELD)
        if st.name:
            if len(st.name) > 8:
                raise Flaw("IFO016", f"ILLEGAL OR INVALID NAME FIELD - {st.name[:12]}", 4, NAME_FIELD)
            asm.deck_id = st.name


@statement("EJECT", "CEJECT", "ASPACE", "AEJECT")
class Eject(Operation):
    """CEJECT (begin a page if few lines are left), ASPACE and AEJECT (for macros) are later assemblers'."""


@statement("SPACE")
class Space(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        if st.operand and st.operand != ",":
            st.value = absolute(parse_expression(st.operand), asm)
            if st.value < 0:
                raise Flaw("IFO242", "SPACE OPERAND NOT A SINGLE POSITIVE DECIMAL SELF-DEFINING TERM", 4, 0)


@statement("PRINT")
class Print(Operation):
    def define(self, asm: Assembler, st: Statement) -> None:
        if not st.operand:
            raise Flaw("IFO210", "TOO FEW OPERANDS", 12)
        column = 0
        for word in st.operand.upper().split(","):
            if word not in PRINT_OPTIONS:
                raise Flaw("IFO178", f"SYNTAX ERROR - UNKNOWN PRINT OPTION {word[:12]}", 8, column)
            column += len(word) + 1
