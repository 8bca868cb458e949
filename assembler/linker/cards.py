"""What is on a card of an object deck or on a control card of the loader.

Source: OS/VS Linkage Editor Logic, "Input record formats" (ESD TXT RLD END); VM/370 CMS Command and Macro Reference,
LOAD, "Loader control statements" (LDT ICS SLC REP ENTRY LIBRARY).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cpvm.s370.ebcdic import from_ebcdic

CARD = 80
_HEX = frozenset("0123456789ABCDEF")


class BadCard(ValueError):
    """A card that is none of a deck's, or is damaged; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class ESD:
    """One item of an external symbol dictionary card; `last` are its bytes 13 to 15, None if they are blank."""

    name: str
    kind: int
    address: int
    boundary: int
    last: int | None


@dataclass(frozen=True, slots=True)
class RLD:
    """One relocation: the field at `address` in section `position` refers to `relative`; `kind`: 0 A, 1 V, 2 Q,
    3 CXD."""

    relative: int
    position: int
    kind: int
    length: int
    negative: bool
    address: int


def kind(card: bytes) -> str:
    """ESD, TXT, RLD, END, SYM, LDT, ICS, SLC, REP; a control card's first word; `*` for a comment."""
    if card[:1] == b"\x02":
        return from_ebcdic(card[1:4])
    text = from_ebcdic(card[:72])
    if text.startswith("*"):
        return "*"
    words = text[:29].split()
    return words[0] if words and text.find(words[0]) < 20 else ""


def count(card: bytes) -> int:
    return int.from_bytes(card[10:12], "big")


def esdid(card: bytes) -> int:
    return int.from_bytes(card[14:16], "big")


def address(card: bytes) -> int:
    return int.from_bytes(card[5:8], "big")


def name_at(card: bytes, at: int, size: int = 8) -> str:
    """The name in columns at+1 and on."""
    return from_ebcdic(card[at : at + size]).rstrip()


def esd_items(card: bytes) -> Iterator[ESD]:
    """The items of an ESD card. Raises BadCard."""
    size = count(card)
    if size > 48:
        raise BadCard(f"INVALID COUNT {size}")
    for at in range(16, 16 + size - 15, 16):
        item = card[at : at + 16]
        last = None if item[13:16] == b"\x40\x40\x40" else int.from_bytes(item[13:16], "big")
        yield ESD(from_ebcdic(item[:8]).rstrip(), item[8] & 0x0F, int.from_bytes(item[9:12], "big"), item[12], last)


def rld_items(card: bytes) -> Iterator[RLD]:
    """The items of an RLD card. Raises BadCard."""
    size = count(card)
    if size > 56:
        raise BadCard(f"INVALID COUNT {size}")
    at, end = 16, 16 + size
    same = False
    relative = position = 0
    while at < end:
        if not same:
            relative, position = int.from_bytes(card[at : at + 2], "big"), int.from_bytes(card[at + 2 : at + 4], "big")
            at += 4
        if at + 4 > end:
            raise BadCard("RLD ITEM CUT OFF")
        flag = card[at]
        place = int.from_bytes(card[at + 1 : at + 4], "big")
        yield RLD(relative, position, flag >> 4 & 3, (flag >> 2 & 3) + 1, bool(flag & 2), place)
        same = bool(flag & 1)
        at += 4


def hexadecimal(card: bytes, at: int, size: int) -> int | None:
    """The hexadecimal number in columns at+1 and on; None if they are blank. Raises BadCard."""
    text = from_ebcdic(card[at : at + size]).strip()
    if not text:
        return None
    if not _HEX.issuperset(text):
        raise BadCard(f"NOT HEXADECIMAL: {text}")
    return int(text, 16)


def replacement(card: bytes) -> bytes:
    """The halfwords of a REP card, columns 17 to 70. Raises BadCard."""
    text = from_ebcdic(card[16:70])
    data = bytearray()
    for at in range(0, len(text), 5):
        digits = text[at : at + 4]
        if len(digits) < 4 or not _HEX.issuperset(digits):
            raise BadCard(f"NOT FOUR HEXADECIMAL DIGITS: {digits.rstrip()}")
        data += bytes.fromhex(digits)
        if text[at + 4 : at + 5] != ",":
            break
    return bytes(data)


def operand(card: bytes) -> str:
    """What follows the first word of a control card."""
    words = from_ebcdic(card[:72]).split(None, 2)
    return words[1] if len(words) > 1 else ""


def shown(card: bytes) -> str:
    """A card for a message."""
    text = from_ebcdic(card[:72]).rstrip()
    return text if text.isprintable() and card[:1] != b"\x02" else card[:16].hex().upper()
