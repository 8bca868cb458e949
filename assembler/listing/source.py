"""Source and object code: the part of the listing that has each statement beside what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.expression import undouble
from assembler.listing.printer import WIDTH, Printer
from assembler.listing.rows import base_of, row, source_of
from assembler.listing.status import Status
from assembler.message import Message
from assembler.source import Statement

if TYPE_CHECKING:
    from assembler.passes import Assembler

HEADING = "  LOC  OBJECT CODE    ADDR1 ADDR2  STMT   SOURCE STATEMENT"
_SOURCE_COLUMN = 40
_CODE_WIDTH = 14
_LONGEST_TITLE = 100
_KEPT_TOGETHER = 8
"""Lines at most that a statement and its messages may need on one page."""


def source(printer: Printer, asm: Assembler) -> None:
    """The statements, as far as PRINT lets them be listed, each with its messages behind it."""
    printer.section("", HEADING, column=9)
    status = Status(asm.options)
    for st in asm.statements:
        op = st.op
        told = [message for message in st.messages or () if message.severity >= asm.options.flag]
        if op in ("PRINT", "PUSH", "POP"):
            was_on = status.on
            status.obey(st)
            if (was_on or status.on) and not status.hidden and (not st.level or status.lists(st, bool(told))):
                _statement(printer, st, status, told)
            continue
        if status.on and not told and _shape(printer, st):
            continue
        if status.lists(st, bool(told)):
            _statement(printer, st, status, told)


def _shape(printer: Printer, st: Statement) -> bool:
    """Obey a statement that shapes the listing and is not listed itself; False if it is no such."""
    op = st.op
    if op == "TITLE":
        printer.user_title(undouble(st.operand[1:-1])[:_LONGEST_TITLE])
    elif op in ("EJECT", "AEJECT"):
        printer.eject()
    elif op == "CEJECT":
        printer.eject_unless(int(st.operand) if st.operand.isdigit() else 1)
    elif op == "SPACE":
        printer.space(1 if st.value is None else st.value)
    elif op == "ASPACE":
        printer.space(int(st.operand) if st.operand.isdigit() else 1)
    else:
        return False
    return True


def _statement(printer: Printer, st: Statement, status: Status, told: list[Message]) -> None:
    shown = row(st)
    loc = f"{shown.loc:06X}" if shown.loc >= 0 else ""
    code: list[str] = []
    if shown.instruction:
        text = shown.code.hex().upper()
        code = [" ".join(text[at : at + 4] for at in range(0, len(text), 4))]
    elif shown.code:
        text = (shown.code if status.data else shown.code[:8]).hex().upper()
        code = [text[at : at + 16] for at in range(0, len(text), 16)]
    addr1 = f"{shown.addr1 & 0xFFFFF:05X}" if shown.addr1 >= 0 else ""
    addr2 = f"{shown.addr2 & 0xFFFFF:05X}" if shown.addr2 >= 0 else ""
    records = source_of(st) if status.source(st) or told else ("",)
    sign = "+" if st.level else " "
    if told:
        printer.eject_unless(min(len(records) + 2 * len(told), _KEPT_TOGETHER))
    if st.show:
        if st.pad and st.code and getattr(st.section, "has_text", False):
            printer.line(f"{st.loc - st.pad + base_of(st):06X} {'00' * st.pad}")
        first = code[0] if code else ""
        front = f"{loc:<6} {first:<14} {addr1:<5} {addr2:<5}" if len(first) <= _CODE_WIDTH else f"{loc:<6} {first:<26}"
        printer.line(f"{front} {st.number:>5}{sign}{records[0][:80]}")
        for more in records[1:]:
            printer.line(f"{'':34}{'':5}{sign}{more[:80]}")
        if status.data:
            place = st.loc + base_of(st)
            for index, piece in enumerate(code[1:], 1):
                printer.line(f"{place + 8 * index:06X} {piece}")
    for message in told:
        _message(printer, message)
        printer.flagged[message.statement] = printer.page


def _message(printer: Printer, message: Message) -> None:
    if message.number == "MNOTE":
        printer.line(f"{'':{_SOURCE_COLUMN}}{message.severity},{message.text}"[:WIDTH])
        return
    if 0 < message.column <= 71:
        printer.line(f"{'':{_SOURCE_COLUMN}}{'':{message.column - 1}}*")
    printer.line(f"         *** ERROR ***  {message.number:<6} {message.text}")
