"""BACKSPAC: print pages of the present file again (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND
from cpvm.cp.operand import Operands, abbreviates, decimal
from cpvm.cp.realunit.unit import OutputUnit
from cpvm.cp.realunit.words import NOT_ACTIVE, output_at
from cpvm.cp.spool import SpoolFile

SYNTAX = """\
BAckspac raddr [File]
BAckspac raddr [pages] [EOF]"""
_MOST = 9999


@command("BACKSPAC", module="DMKCSO", minimum=2, classes="D", syntax=SYNTAX)
def backspac(request: Request, operands: Operands) -> Answer:
    """To the beginning of the file or of the page; by pages; or by pages from the end of the file."""
    unit = output_at(request, operands.take())
    file = _back(unit, operands)
    if file is None:
        raise NOT_ACTIVE.error(unit.name)
    request.write(f"{unit.name} BACKSPACE {file.described()}")
    return 0


def _back(unit: OutputUnit, operands: Operands) -> SpoolFile | None:
    word = operands.take()
    if word is not None and abbreviates(word, "FILE", 1):
        operands.end()
        return unit.backspace(None)
    pages = 0
    if word is not None and word.isdigit():
        pages = decimal(word, 0, _MOST)
        word = operands.take()
    from_end = word == "EOF"
    if word is not None and not from_end:
        raise INVALID_OPERAND.error(word)
    operands.end()
    if unit.kind == "PUN":
        return unit.backspace(None)
    return unit.backspace(pages, from_end=from_end)
