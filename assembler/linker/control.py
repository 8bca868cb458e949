"""The loader's control cards.

Source: VM/370 CMS Command and Macro Reference, LOAD, "Loader control statements".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.linker import cards
from assembler.linker.cards import BadCard
from assembler.linker.names import Flag

if TYPE_CHECKING:
    from assembler.linker.items import Deck
    from assembler.linker.loader import Loader


def ldt(loader: Loader, deck: Deck, card: bytes) -> None:
    loader.ldt_entry = cards.name_at(card, 16) or loader.ldt_entry
    loader.close(deck)


def ics(loader: Loader, deck: Deck, card: bytes) -> None:
    name, length = cards.name_at(card, 16, 6), cards.hexadecimal(card, 24, 4)
    if not name or length is None:
        raise BadCard("NAME OR LENGTH IS MISSING")
    entry = loader.names.find(name)
    if entry is not None and entry.defined:
        loader.duplicate(deck, name)
        return
    entry = entry or loader.names.add(name)
    place = loader.location + -loader.location % 8
    loader.reserve(place + length)
    if loader.first is None:
        loader.first = place
    loader.define(entry, place, Flag.CSECT | Flag.ICS)
    entry.first, entry.length, entry.file = place, length, deck.file


def slc(loader: Loader, deck: Deck, card: bytes) -> None:
    value, name = cards.hexadecimal(card, 6, 6), cards.name_at(card, 16, 6)
    if name:
        entry = loader.names.find(name)
        if entry is None or not entry.defined:
            loader.bad(deck, f"SET LOCATION COUNTER NAME '{name}' UNDEFINED", 4)
            return
        value = (value or 0) + entry.address
    if value is None or not loader.storage.origin <= value < loader.storage.limit:
        raise BadCard("INVALID ADDRESS")
    loader.high = max(loader.high, loader.location)
    loader.location = deck.low = value


def rep(loader: Loader, deck: Deck, card: bytes) -> None:
    address, esdid = cards.hexadecimal(card, 6, 6), cards.hexadecimal(card, 14, 2)
    if address is None:
        raise BadCard("ADDRESS IS MISSING")
    loader.put(deck, 1 if esdid is None else esdid, address, cards.replacement(card))


def entry(loader: Loader, deck: Deck, card: bytes) -> None:
    name = cards.operand(card)[:8]
    if not name:
        raise BadCard("NAME IS MISSING")
    loader.entry_card = name
    loader.need(name)


def library(loader: Loader, deck: Deck, card: bytes) -> None:
    text = cards.operand(card)
    if not (text.startswith("*(") and text.endswith(")")):
        raise BadCard(f"INVALID CARD - {cards.shown(card)}")
    for name in text[2:-1].split(","):
        entry = loader.names.find(name[:8])
        if entry is None:
            entry = loader.names.add(name[:8], Flag.UNDEFINED | Flag.WEAK)
        if not entry.defined:
            entry.flags |= Flag.NEVER
