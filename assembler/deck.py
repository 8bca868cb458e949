"""Object decks: 80-byte EBCDIC card images ESD, TXT, RLD and END, written and read.

Source: OS/VS Linkage Editor Logic, "Input record formats"; VM/370 TEXT files have the same cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assembler import symcards
from assembler.state import Text
from assembler.symbols import Card, Section
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

if TYPE_CHECKING:
    from assembler.passes import Assembler

ESD_TYPES = {"SD": 0x00, "LD": 0x01, "ER": 0x02, "PC": 0x04, "CM": 0x05, "XD": 0x06, "WX": 0x0A}
ESD_NAMES = {code: kind for kind, code in ESD_TYPES.items()}
TRANSLATOR = "15741SC103 020112001"
"""END card columns 33-52: one entry, then number, version and date of the translator (a fixed date, so that the same
source always gives the same deck)."""

_TXT_BYTES = 56


class DeckError(ValueError):
    """A deck that cannot be read; the message names the card (counted from 1)."""


# --- writing ----------------------------------------------------------------------------------------------------------


def number_sections(asm: Assembler) -> list[Section]:
    """Give ESD identifications to everything that goes into the ESD, in the order of first mention."""
    found: list[Section] = []
    for section in asm.dictionary:
        if isinstance(section, Section) and (section.kind != "DS" or section.external):
            found.append(section)
            section.esdid = len(found)
    return found


def entry_owner(asm: Assembler, name: str) -> Section | None:
    """The section of an ENTRY name; None if it gets no item of its own: undefined, absolute, or a section's name."""
    symbol = asm.symbols.get(name)
    if symbol is None or len(symbol.terms) != 1 or not symbol.terms[0][0].has_text:
        return None
    owner = symbol.terms[0][0]
    return owner if owner.name != name else None


def pseudo_alignment(section: Section) -> int:
    """The boundary of a pseudo register; a dummy section that is one has that of doublewords."""
    return section.loc if section.kind == "XD" else 8


def write(asm: Assembler, test: bool = False) -> list[bytes]:
    """The deck of a finished assembly, with `test` its symbols first."""
    out = [card.data for card in asm.cards]
    symbols = [_card("SYM", b"", len(data), None, data) for data in symcards.entries(asm)] if test else []
    cards = [*symbols, *_esd(asm), *_txt(asm), *_rld(asm), _end(asm)]
    ident = asm.deck_id[:8]
    number = 0
    for card in cards:
        if isinstance(card, Card):
            out.append(card.data)
            continue
        number += 1
        digits = 8 - len(ident)
        sequence = f"{ident}{number % 10**digits:0{digits}d}" if digits else ident
        out.append(card[:72].ljust(72, b"\x40") + to_ebcdic(sequence))
    return out


def _card(kind: str, address: bytes, count: int | None, esdid: int | None, data: bytes) -> bytes:
    card = b"\x02" + to_ebcdic(kind) + b"\x40" + address.rjust(3, b"\x40") + b"\x40\x40"
    card += count.to_bytes(2, "big") if count is not None else b"\x40\x40"
    card += b"\x40\x40" + (esdid.to_bytes(2, "big") if esdid is not None else b"\x40\x40")
    return (card + data).ljust(72, b"\x40")


def _address(value: int) -> bytes:
    """An address of 24 bits; what lies beyond has been reported as a location counter overflow."""
    return (value & 0xFFFFFF).to_bytes(3, "big")


def _esd(asm: Assembler) -> list[bytes]:
    items: list[tuple[int | None, bytes]] = []
    for section in asm.dictionary:
        if not isinstance(section, Section):
            owner = entry_owner(asm, section.symbol)
            if owner is not None:
                address = _address(asm.symbols[section.symbol].address)
                name = to_ebcdic(section.symbol[:8].ljust(8))
                items.append((None, name + b"\x01" + address + b"\x40" + owner.esdid.to_bytes(3, "big")))
            continue
        if section.kind == "DS" and not section.external:
            continue
        name = to_ebcdic(section.name[:8].ljust(8))
        kind = bytes((ESD_TYPES[section.kind if section.kind != "DS" else "XD"],))
        if section.kind in ("ER", "WX"):
            rest = bytes(3) + b"\x40" + b"\x40" * 3
        elif section.kind in ("XD", "DS"):
            rest = bytes(3) + bytes((pseudo_alignment(section) - 1,)) + section.size.to_bytes(3, "big")
        else:
            rest = _address(section.base) + b"\x40" + section.size.to_bytes(3, "big")
        items.append((section.esdid, name + kind + rest))
    cards = []
    for start in range(0, len(items), 3):
        group = items[start : start + 3]
        first = next((esdid for esdid, _ in group if esdid is not None), None)
        data = b"".join(item for _, item in group)
        cards.append(_card("ESD", b"", len(data), first, data))
    return cards


def _txt(asm: Assembler) -> list[bytes | Card]:
    cards: list[bytes | Card] = []
    held = bytearray()
    section: Section | None = None
    start = 0

    def flush(end: int) -> None:
        """Cards for all of `held`, or only for full cards of it, up to index `end`."""
        nonlocal start
        if section is not None:
            for at in range(0, end, _TXT_BYTES):
                data = bytes(held[at : min(at + _TXT_BYTES, end)])
                address = _address(section.base + start + at)
                cards.append(_card("TXT", address, len(data), section.esdid, data))
            del held[:end]
            start += end

    for text in asm.output:
        if isinstance(text, Card):
            flush(len(held))
            cards.append(text)
            continue
        if text.section is not section or text.loc != start + len(held):
            flush(len(held))
            section, start = text.section, text.loc  # type: ignore[assignment]
        held += text.data if isinstance(text, Text) else text.code
        if len(held) > _TXT_BYTES:
            flush((len(held) - 1) // _TXT_BYTES * _TXT_BYTES)
    flush(len(held))
    return cards


_KINDS = {"A": 0x00, "V": 0x10, "Q": 0x20, "CXD": 0x30}


def _rld(asm: Assembler) -> list[bytes]:
    entries = sorted(
        asm.relocations, key=lambda one: (one.section.esdid, one.relative.esdid, one.section.base + one.address)
    )
    data = bytearray()
    cards: list[bytes] = []
    previous: tuple[int, int] | None = None
    flag_at = -1
    for entry in entries:
        pair = (0 if entry.kind == "CXD" else entry.relative.esdid, entry.section.esdid)
        same = pair == previous and bool(data)
        size = 4 if same else 8
        if len(data) + size > _TXT_BYTES:
            cards.append(_card("RLD", b"", len(data), None, bytes(data)))
            data.clear()
            same = False
        if same:
            data[flag_at] |= 0x01
        else:
            data += pair[0].to_bytes(2, "big") + pair[1].to_bytes(2, "big")
        flag_at = len(data)
        flag = _KINDS[entry.kind] | (entry.length - 1 & 3) << 2 | (0x02 if entry.sign < 0 else 0)
        data += bytes((flag,)) + _address(entry.section.base + entry.address)
        previous = pair
    if data:
        cards.append(_card("RLD", b"", len(data), None, bytes(data)))
    return cards


def _end(asm: Assembler) -> bytes:
    card = _card("END", b"", None, None, b"")
    if asm.end is not None:
        value, section = asm.end
        if section.kind in ("SD", "PC"):
            address = _address(value + section.base)
            card = _card("END", address, None, section.esdid, b"")
        else:
            card = _card("END", b"", None, None, to_ebcdic(section.name[:8].ljust(8)))
    translators = f"2{asm.translator}{TRANSLATOR[1:]}" if asm.translator else TRANSLATOR
    return card[:32] + to_ebcdic(translators).ljust(40, b"\x40")


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class ESDItem:
    """An external symbol dictionary item; `owner` is the ESD identification of an LD's section."""

    name: str
    kind: str
    esdid: int
    address: int
    length: int
    owner: int = 0
    alignment: int = 8


@dataclass(slots=True)
class RLDItem:
    """A field to relocate: `relative` and `position` are ESD identifications, `kind` A V Q CXD."""

    relative: int
    position: int
    kind: str
    length: int
    sign: int
    address: int


@dataclass(slots=True)
class Deck:
    """An object deck: what it defines and refers to, its text, its relocations, its entry point."""

    name: str = ""
    symbols: list[ESDItem] = field(default_factory=list)
    text: list[tuple[int, int, bytes]] = field(default_factory=list)
    """(ESD identification, address as assembled, bytes)"""
    relocations: list[RLDItem] = field(default_factory=list)
    entry: tuple[int, int] | None = None
    """(ESD identification, address as assembled)"""
    entry_name: str = ""
    others: list[tuple[int, str]] = field(default_factory=list)
    """Cards that are none of ESD TXT RLD END SYM: (number, text)."""


def read(cards: Iterable[bytes] | bytes, name: str = "") -> Deck:
    """Read one deck of 80-byte cards; raises DeckError."""
    if isinstance(cards, (bytes, bytearray)):
        cards = [bytes(cards[at : at + 80]) for at in range(0, len(cards), 80)]
    deck = Deck(name)
    for number, given in enumerate(cards, 1):
        card = bytes(given).ljust(80, b"\x40")
        kind = from_ebcdic(card[1:4])
        if card[0] != 0x02 or kind not in ("ESD", "TXT", "RLD", "END", "SYM"):
            deck.others.append((number, from_ebcdic(card).rstrip()))
            continue
        count = int.from_bytes(card[10:12], "big")
        if kind in ("ESD", "TXT", "RLD") and count > _TXT_BYTES:
            raise DeckError(f"{name or 'DECK'}: CARD {number}: INVALID COUNT {count}")
        data = card[16 : 16 + count]
        if kind == "ESD":
            _read_esd(deck, card, data)
        elif kind == "TXT":
            deck.text.append((int.from_bytes(card[14:16], "big"), int.from_bytes(card[5:8], "big"), data))
        elif kind == "RLD":
            _read_rld(deck, data, number)
        elif kind == "END":
            if card[5:8] != b"\x40\x40\x40":
                deck.entry = (int.from_bytes(card[14:16], "big"), int.from_bytes(card[5:8], "big"))
            elif card[16:24].strip(b"\x40"):
                deck.entry_name = from_ebcdic(card[16:24]).rstrip()
    return deck


def _read_esd(deck: Deck, card: bytes, data: bytes) -> None:
    esdid = int.from_bytes(card[14:16], "big")
    for at in range(0, len(data) - 15, 16):
        item = data[at : at + 16]
        kind = ESD_NAMES.get(item[8] & 0x0F, "")
        address = int.from_bytes(item[9:12], "big")
        last = int.from_bytes(item[13:16], "big")
        name = from_ebcdic(item[:8]).rstrip()
        if kind == "LD":
            deck.symbols.append(ESDItem(name, "LD", 0, address, 0, last))
            continue
        size = last if kind in ("SD", "PC", "CM", "XD") and item[13:16] != b"\x40\x40\x40" else 0
        deck.symbols.append(
            ESDItem(name, kind or "ER", esdid, address, size, 0, item[12] + 1 if kind == "XD" else 8)
        )  # fmt: skip
        esdid += 1


def _read_rld(deck: Deck, data: bytes, number: int) -> None:
    kinds = {0: "A", 1: "V", 2: "Q", 3: "CXD"}
    at = 0
    same = False
    relative = position = 0
    while at < len(data):
        if not same:
            relative, position = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
            at += 4
        if at + 4 > len(data):
            raise DeckError(f"{deck.name or 'DECK'}: CARD {number}: RLD ITEM CUT OFF")
        flag = data[at]
        length = (flag >> 2 & 3) + 1
        sign = -1 if flag & 0x02 else 1
        kind = kinds[flag >> 4 & 3]
        deck.relocations.append(
            RLDItem(relative, position, kind, length, sign, int.from_bytes(data[at + 1 : at + 4], "big"))
        )
        same = bool(flag & 0x01)
        at += 4


def split_decks(cards: Sequence[bytes]) -> list[list[bytes]]:
    """Cards of several decks one behind the other, split behind each END card."""
    decks: list[list[bytes]] = [[]]
    for card in cards:
        decks[-1].append(card)
        if card[:4] == b"\x02" + to_ebcdic("END"):
            decks.append([])
    return [deck for deck in decks if deck]
