"""What is printed or punched in front of a file, so that the operator knows whose it is (DMKSEP).

Two pages, since of folded paper one of two is upside down in the pile, with the userid and the distribution code in
large letters and what is known of the file; four cards in front of a punched one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from cpvm.cp import clock
from cpvm.cp.realunit.blockletters import block_letters
from cpvm.cp.spool import SpoolFile, SpoolRecord
from cpvm.s370.ebcdic import to_ebcdic

PAGES = 2
CARDS = 4
_SPACE_ONE, _SPACE_TWO, _TO_TOP = 0x09, 0x11, 0x8B
_STARS = "*" * 132


def separator_pages(file: SpoolFile, unit: str, node: str) -> Iterator[SpoolRecord]:
    """The records of the separator pages of a file on a printer (UNIT, `PRT 00E`), carriage at the top at both ends."""
    for _ in range(PAGES):
        yield _line(_STARS, _SPACE_TWO)
        for row in block_letters(file.owner):
            yield _line(" " * 4 + row)
        yield _line("", _SPACE_TWO)
        for row in block_letters(file.dist or "NO DIST"):
            yield _line(" " * 4 + row)
        yield _line("", _SPACE_TWO)
        for text in _particulars(file, unit, node):
            yield _line(text, _SPACE_TWO)
        yield _line(_STARS)
        yield SpoolRecord(_TO_TOP, b"")


def separator_cards(file: SpoolFile) -> Iterator[bytes]:
    """The cards in front of a punched file."""
    text = f"{file.owner:<8} {file.dist:<8} FILE {file.spoolid:04} {file.name} {file.type}"
    for _ in range(CARDS):
        yield to_ebcdic(f"{text[:72]:*<80}"[:80])


def _particulars(file: SpoolFile, unit: str, node: str) -> Iterator[str]:
    yield f"USERID   {file.owner:<8}    ORIGIN   {file.origin:<8}    DIST     {file.dist:<8}    SYSTEM   {node}"
    yield f"FILE     {file.spoolid:04}        NAME     {file.name} {file.type}".rstrip()
    yield (
        f"CLASS    {file.spool_class}           RECORDS  {file.records:06}      COPIES   {file.copies:02}"
        f"          FORM     {file.form}"
    )
    created, now = file.created, time.time()
    yield f"CREATED  {clock.long(created)}"
    yield f"PRINTED  {clock.long(now)} ON {unit}"


def _line(text: str, opcode: int = _SPACE_ONE) -> SpoolRecord:
    return SpoolRecord(opcode, to_ebcdic(text[:132]))
