"""PUNCH and REPRO: cards of the user's own, before the object deck or between its cards.

Before the first control section they go in front of the deck, behind it to the place that the text has reached.  They
carry no sequence number.  Source: OS/VS Assembler Language (GC33-4010), "PUNCH instruction" and "REPRO instruction".
"""

from __future__ import annotations

from dataclasses import dataclass

from assembler.expression import undouble
from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement
from assembler.symbols import Card
from cpvm.s370.ebcdic import to_ebcdic


@dataclass(frozen=True, slots=True)
class _Reproduced:
    """The record behind a REPRO, and its card if that goes between those of the deck."""

    record: str
    card: object


class _Cards(Operation):
    def place(self, asm: Assembler, st: Statement, text: str) -> None:
        card = Card(to_ebcdic(text[:80].ljust(80)))
        if asm.section is None:
            asm.cards.append(card)
        else:
            st.parsed = card

    def generate(self, asm: Assembler, st: Statement) -> None:
        card = st.parsed.card if isinstance(st.parsed, _Reproduced) else st.parsed
        if isinstance(card, Card):
            asm.output.append(card)


@statement("PUNCH")
class Punch(_Cards):
    def define(self, asm: Assembler, st: Statement) -> None:
        text = st.operand
        if len(text) < 2 or text[0] != "'" or text[-1] != "'":
            raise Flaw("IFO178", "SYNTAX ERROR - PUNCH WANTS A TEXT IN APOSTROPHES", 8, 0)
        inside = undouble(text[1:-1])
        if not 0 < len(inside) <= 80:
            raise Flaw("IFO165", "NULL PUNCH OPERAND OR PUNCH OPERAND EXCEEDS 80 CHARACTERS", 4, 0)
        self.place(asm, st, inside)


@statement("REPRO")
class Repro(_Cards):
    """The macro stage has put the record behind the statement into `parsed`; it is reproduced as it stands."""

    def define(self, asm: Assembler, st: Statement) -> None:
        if not isinstance(st.parsed, (str, _Reproduced)):
            raise Flaw("IFO327", "NO RECORD BEHIND REPRO", 8)
        record = st.parsed if isinstance(st.parsed, str) else st.parsed.record
        st.parsed = None
        self.place(asm, st, record)
        st.parsed = _Reproduced(record, st.parsed)
