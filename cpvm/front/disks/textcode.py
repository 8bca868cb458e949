"""EBCDIC code pages for text that goes between disks and host files: 037, which VM/370 uses, and 1047.

Code page 1047 (Latin 1, open systems) has the same characters as 037, six of them in other places.
Source: Character Data Representation Architecture (SC09-2190), code pages 00037 and 01047.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from cpvm.s370.ebcdic import CODEC

PAGES: Final = ("037", "1047")

# What 037 has at the first code, 1047 has at the second.
_MOVED = ((0x5F, 0xB0), (0xAD, 0xBA), (0xBA, 0xAD), (0xB0, 0x5F), (0xBB, 0xBD), (0xBD, 0xBB))
_SWAP: Final = bytes(dict(_MOVED).get(code, code) for code in range(256))
"""From 037 to 1047 and, as each code is swapped with another one, back."""


_CHARACTERS: Final = frozenset(bytes(range(256)).decode(CODEC))
"""What both code pages have: the characters of ISO 8859-1."""
_MOST_KINDS: Final = 8
_CONTROLS: Final = bytes(code for code in range(256) if unicodedata.category(bytes((code,)).decode(CODEC)) == "Cc")
"""Codes of both pages that stand for no graphic."""


class CodeError(ValueError):
    """Text has a character that is not in the code page."""


def encode(text: str, page: str) -> bytes:
    """Text as EBCDIC. Raises CodeError, which names the first character that the code page does not have."""
    try:
        data = text.encode(CODEC)
    except UnicodeEncodeError as error:
        raise CodeError(f"{text[error.start]!r} is not in code page {page}") from None
    return data.translate(_SWAP) if page == "1047" else data


def decode(data: bytes, page: str) -> str:
    """EBCDIC as text, one character a byte. Never raises."""
    return (data.translate(_SWAP) if page == "1047" else data).decode(CODEC)


def lines(records: list[bytes], page: str, *, keep_blanks: bool = False) -> str:
    """Records as lines of text, without the blanks at their ends."""
    texts = [decode(record, page).replace("\n", "\x85") for record in records]
    return "".join((text if keep_blanks else text.rstrip(" ")) + "\n" for text in texts)


def records(text: str, page: str, lrecl: int | None) -> list[bytes]:
    """Lines of text as records, filled with blanks to `lrecl` bytes if given; tabulators go to every eighth column.

    Raises:
        CodeError: a character is not in the code page, or a line is longer than `lrecl`.
    """
    out = []
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if reason := unmappable(lines, page):
        raise CodeError(reason)
    for number, line in enumerate(lines, 1):
        data = encode(line.expandtabs(), page)
        if lrecl is not None:
            if len(data) > lrecl:
                raise CodeError(f"line {number} has {len(data)} characters, a record {lrecl}")
            data = data.ljust(lrecl, b"\x40")
        out.append(data)
    return out


def unmappable(lines: list[str], page: str) -> str:
    """Which characters of these lines the code page does not have, how often, and where first; empty: it has all."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(lines, 1):
        if not line.isascii():
            for char in line:
                if char not in _CHARACTERS:
                    found.setdefault(char, []).append(number)
    if not found:
        return ""
    total = sum(map(len, found.values()))
    kinds = [
        f"{char!r} (U+{ord(char):04X}) "
        + (f"once, in line {places[0]}" if len(places) == 1 else f"{len(places)} times, first in line {places[0]}")
        for char, places in found.items()
    ]
    if len(kinds) > _MOST_KINDS:
        kinds[_MOST_KINDS:] = [f"and {len(kinds) - _MOST_KINDS} other characters"]
    is_are = "1 character is" if total == 1 else f"{total} characters are"
    return f"{is_are} not in code page {page}: {'; '.join(kinds)}"


def controls(records: Iterable[bytes]) -> int:
    """How many bytes of these records are control characters: lines of text do not bring all of them back."""
    return sum(len(record) - len(record.translate(None, _CONTROLS)) for record in records)
