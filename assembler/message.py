"""Diagnostics: what the assembler says about a statement.

Numbers, texts and severities are those of IBM's Assembler XF, the assembler of VM/370, for every condition of which
they are known; behind a dash we add what it is about.  Conditions of which no number of XF is known have numbers of
ours, from IFO300.  A macro's own message has the number MNOTE.  Severities are IBM's: 0 note, 4 warning, 8 error,
12 serious error, 16 the assembly cannot go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assembler.source import Statement


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The macro that a statement comes from, and the statement that called it."""

    macro: str
    statement: Statement
    by: str = ""
    """The macro in which it is called; empty in open code."""

    @property
    def number(self) -> int:
        """The statement number of the call (0 until pass 1 has seen it)."""
        return self.statement.number

    @property
    def line(self) -> int:
        return self.statement.line

    @property
    def file(self) -> str:
        """The library member that holds the call; empty for the source."""
        return self.statement.file

    def __str__(self) -> str:
        return f"{self.macro} AT {self.line}"


@dataclass(frozen=True, slots=True)
class Message:
    """One diagnostic; `statement` counts from 1, `column` is the source column (1-80, 0 if none applies)."""

    statement: int
    column: int
    severity: int
    number: str
    text: str
    source: str = ""
    calls: tuple[Call, ...] = ()
    """The macro instructions inside which the statement was generated, the innermost first."""
    file: str = ""
    """The library member in which the statement stands; empty for the source."""
    line: int = 0
    """The number of its first record there, from 1; 0 if it stands nowhere."""
    record: int = 0
    """Which of the statement's records `source` and `column` are about, the first being 0."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The calls as text, such as `WTO AT 12`: the number is that of the record."""
        return tuple(map(str, self.calls))

    def __str__(self) -> str:
        where = f" (column {self.column})" if self.column else ""
        chain = self.chain if len(self.chain) <= 5 else (*self.chain[:3], "...", self.chain[-1])
        inside = f" [in {' < '.join(chain)}]" if chain else ""
        return f"{self.number} statement {self.statement}{where}: {self.text}{inside}"


class Flaw(Exception):
    """Something wrong with the statement in hand; the pass that catches it turns it into a `Message`.

    `column` counts from 0 inside the operand field, -1 if it is not known, -2 for the name and -3 for the operation.
    """

    def __init__(self, number: str, text: str, severity: int = 8, column: int = -1) -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.severity = severity
        self.column = column

    def shifted(self, by: int) -> Flaw:
        """The same flaw with its column moved right by `by`, for a text taken out of a longer operand."""
        if self.column >= 0:
            self.column += by
        return self


NAME_FIELD = -2
OPERATION_FIELD = -3
