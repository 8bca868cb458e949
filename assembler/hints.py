"""Advice that goes with a message: what was probably meant, or how the condition goes away.

Made when messages are shown to a person; the listing has the messages alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assembler.assembly import Assembly
    from assembler.message import Message
    from assembler.source import Statement

_UNDEFINED = re.compile(r"(\S+) IS AN UNDEFINED SYMBOL")
_OPERATION = re.compile(r"UNDEFINED OP CODE (\S+)")
_VARIABLE = re.compile(r"UNDEFINED VARIABLE SYMBOL &(\S+)")
_KEYWORD = re.compile(r"KEYWORD PARAMETER (\S+) UNDEFINED")
_MOST_CANDIDATES = 20_000


def hint(message: Message, assembly: Assembly) -> str:
    """One line of advice, or an empty string."""
    text = message.text
    if match := _UNDEFINED.match(text):
        return _meant(match[1], assembly.symbols) or _register(match[1])
    if match := _OPERATION.match(text):
        operations = (name for name, entry in assembly.expander.operations.items() if entry is not None)
        return _meant(match[1], operations) or _no_macro(match[1])
    if match := _KEYWORD.match(text):
        return _keywords(match[1], message, assembly)
    if message.number == "IFO026":
        return f"column 72 is not blank, so record {message.line + 1} continues this statement"
    if message.number == "IFO234" and assembly.statements[message.statement - 1].operand.endswith(","):
        return "to go on behind the comma, column 72 must not be blank; the rest begins in column 16"
    if message.number == "IFO068":
        return "libraries are searched in their order; --maclib names them"
    if message.number == "IFO209":
        return _addressability(message, assembly)
    if message.number == "IFO322" and "TRUNCATED" in text:
        return "a longer field takes the whole value"
    return ""


def _meant(name: str, candidates: Iterable[str], likeness: float = 0.75) -> str:
    """Names of one letter are never meant."""
    known = list(candidates)[:_MOST_CANDIDATES] if len(name) > 1 else []
    found = difflib.get_close_matches(name.upper(), known, 1, likeness)
    return f"did you mean {found[0]}?" if found else ""


def _register(name: str) -> str:
    if re.fullmatch(r"R(1[0-5]|[0-9])", name):
        return "register names are symbols; REGEQU defines R0 to R15"
    return ""


def _no_macro(name: str) -> str:
    return f"no instruction or statement, and no library has a macro {name}" if name.isalnum() else ""


def _keywords(word: str, message: Message, assembly: Assembly) -> str:
    macro = assembly.statements[message.statement - 1].op
    definition = next((one for one in assembly.expander.table.definitions if one.name == macro), None)
    if definition is None:
        return ""
    known = ", ".join(f"{keyword}=" for keyword in definition.keywords)
    return _meant(word, definition.keywords, 0.6) or (
        f"{macro} takes {known}" if known else f"{macro} takes no keywords"
    )


def _addressability(message: Message, assembly: Assembly) -> str:
    st: Statement = assembly.statements[message.statement - 1]
    at = message.column - 1
    if message.source[at : at + 1] == "=" and "OUT OF REACH" in message.text:
        return "the literal pool is too far from here: an LTORG nearer by places the literals used so far"
    if "NO USING COVERS IT" in message.text:
        usings = any(one.op == "USING" for one in assembly.statements[: st.number])
        section = message.text.partition(":")[2].strip().partition("+")[0] or "the section"
        if not usings:
            return "no USING stands before this statement: load a base register, and tell of it with USING"
        return f"the USINGs in effect here are for other sections, or dropped; one for {section} is needed"
    if "OUT OF REACH" in message.text:
        return "a base register reaches 4096 bytes; a second register in USING covers the next 4096"
    return ""
