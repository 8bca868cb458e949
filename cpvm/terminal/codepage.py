"""What can be typed: the characters of code page 037, as a UTF-8 terminal sends them.

A System/370 has one byte for a character, so a typed line is brought to that set before anybody else sees it: letters
that come as a letter and a combining mark are put together (Unicode's normalization form C), the no-break space is a
blank. Whatever is left over code page 037 does not have; it is reported, never just lost. docs/reference/code-pages.md
has the table.
"""

import unicodedata
from collections.abc import Iterable

from wcwidth import wcwidth

from cpvm.s370.ebcdic import CODEC

SUBSTITUTE = "?"
"""Stands for a character that cannot be had, where something must."""

MAX_SHOWN = 8
"""Characters named in one report."""

_BLANKS = {0xA0: " "}
_DECODER_GAVE_UP = "\ufffd"
_ALL = bytes(range(256)).decode(CODEC)
CHARACTERS = frozenset(char for char in _ALL if char.isprintable()) | {"\t"}
"""Everything that can be typed: the printable characters of code page 037, and the tabulator."""


def composed(text: str) -> str:
    """TEXT in the form in which its characters are looked for in the code page."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_BLANKS)


def fitted(text: str, missing: dict[str, None], substitute: str = SUBSTITUTE) -> str:
    """TEXT in characters of the code page; those that are not are added to MISSING.

    A character with a width is replaced by SUBSTITUTE, a mark without one (a combining mark that is left over, say) by
    nothing, so that columns stay where they are seen.
    """
    if text.isascii() and (text.isprintable() or "\t" in text):
        return text
    out = []
    for char in composed(text):
        if char in CHARACTERS:
            out.append(char)
            continue
        missing[char] = None
        if wcwidth(char) > 0 or char == _DECODER_GAVE_UP:
            out.append(substitute)
    return "".join(out)


def taken(line: str, *, hidden: bool) -> tuple[str, str]:
    """A whole line in characters of the code page, and what is to be said about those that are not; "" if nothing is.

    Of a HIDDEN line nothing is told.
    """
    if hidden:
        return composed(line), ""
    missing: dict[str, None] = {}
    line = fitted(line, missing)
    return line, report(missing) if missing else ""


def report(missing: Iterable[str]) -> str:
    """A line for the user about characters that could not be taken."""
    chars = list(missing)
    named = [f"{char} U+{ord(char):04X}" if char.isprintable() and wcwidth(char) > 0 else f"U+{ord(char):04X}"
             for char in chars if char != _DECODER_GAVE_UP]  # fmt: skip
    parts = []
    if named:
        more = " ..." if len(named) > MAX_SHOWN else ""
        parts.append(f"NOT IN CODE PAGE 037: {', '.join(named[:MAX_SHOWN])}{more}")
    if _DECODER_GAVE_UP in chars:
        parts.append("INPUT IS NOT UTF-8")
    return "; ".join(parts)
