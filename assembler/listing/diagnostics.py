"""The last page: the messages by statement, the options, and how much was read, punched and printed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from assembler.listing.printer import WIDTH, Printer
from assembler.options import chosen

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.message import Message
    from assembler.passes import Assembler

HEADING = "STMT  ERROR CODE   MESSAGE"
_TEXT_COLUMN = 19
BY_NAME = frozenset(("IFO016", "IFO158", "IFO188", "IFO189", "IFO196", "IFO206", "IFO231", "IFO239"))
"""Messages that tell what they are about without a column."""


def flagged(assembly: Assembly) -> list[Message]:
    """The messages that count: those of severity 0, and those below FLAG, do not."""
    least = max(assembly.options.flag, 1)
    return [message for message in assembly.messages if message.severity >= least]


def diagnostics(printer: Printer, asm: Assembler, assembly: Assembly) -> None:
    """Messages and statistics."""
    printer.section("ASSEMBLER DIAGNOSTICS AND STATISTICS", HEADING)
    found = flagged(assembly)
    for message in found:
        number, text = message.number, message.text
        if number == "MNOTE":
            number, text = "IFO197", f"*** MNOTE *** {text}"
        elif number not in BY_NAME:
            column = message.column - asm.statements[message.statement - 1].operand_column()
            text += f" NEAR OPERAND COLUMN {column}" if column > 0 and message.column else ""
        calls = message.chain if len(message.chain) <= 8 else (*message.chain[:4], "...", *message.chain[-3:])
        chain = f"  (IN {' IN '.join(calls)})" if calls else ""
        for line in _wrapped(f"{message.statement:>5}  {number:<6}      {text}{chain}"):
            printer.line(line)
    statements = {message.statement for message in found}
    count = len(statements)
    if count and printer.flagged and assembly.options.flags:
        pages = sorted(printer.flagged.items())
        places = ", ".join(f"{number}(P{page})" for number, page in pages if number in statements)
        for line in _wrapped(f"STATEMENTS FLAGGED {places}"):
            printer.line(line)
    if count:
        printer.line(f"NUMBER OF STATEMENTS FLAGGED IN THIS ASSEMBLY = {count:>5}")
    else:
        printer.line("NO STATEMENTS FLAGGED IN THIS ASSEMBLY")
    printer.line(summary(assembly)[1])
    for line in chosen(assembly.options, assembly.sysparm):
        printer.line(line)
    records = max((st.line for st in asm.statements if not st.level and not st.file), default=0)
    punched = len(assembly.deck) if assembly.options.object or assembly.options.deck else 0
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM INPUT   {records:>8}")
    printer.line(f"TOTAL RECORDS READ FROM SYSTEM LIBRARY {assembly.library_records:>8}")
    printer.line(f"TOTAL RECORDS PUNCHED                  {punched:>8}")
    printer.line(f"TOTAL RECORDS PRINTED                  {len(printer.lines) + 1:>8}")


def _wrapped(text: str) -> list[str]:
    """A line, or the lines into which it is broken between words so that all of it is printed."""
    return textwrap.wrap(
        text, WIDTH - 1, subsequent_indent=" " * _TEXT_COLUMN, drop_whitespace=False, break_on_hyphens=False
    )


def summary(assembly: Assembly) -> list[str]:
    """The closing lines: how many statements are flagged, and the highest severity."""
    found = flagged(assembly)
    count = len({message.statement for message in found})
    highest = max((message.severity for message in found), default=0)
    what = "NO STATEMENTS" if not count else f"{count:>5} STATEMENT{'S' if count > 1 else ''}"
    return [f"{what} FLAGGED IN THIS ASSEMBLY", f"HIGHEST SEVERITY WAS {highest:>4}"]
