"""The loader: card after card into storage, names resolved as they become known.

Source: VM/370 CMS Command and Macro Reference, LOAD.  Where the manual is silent, CMS's own loader here (DMSLIO) is the
definition: sections on doublewords, the first of two sections of one name, common areas and pseudo registers behind all
else with the largest of their lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from assembler.linker import cards, control
from assembler.linker.cards import BadCard
from assembler.linker.items import CXD, Deck, Fix, Item, Section
from assembler.linker.names import NONE, Flag, Name, Names, Note
from assembler.linker.storage import LIMIT, Storage

MAX_ESDID = 255


class Library(Protocol):
    """Where decks are looked for by name."""

    def find(self, name: str) -> tuple[Sequence[bytes], str] | None:
        """The cards that define a name, and what to call them in messages; None if there are none."""


class Loader:
    """Loads decks from `origin` on.

    Args:
        origin: where the first section goes.
        cms: the names that CMS always defines, SYSREF and NUCON, are there.
        limit: nothing is loaded from here up.
    """

    def __init__(self, origin: int, *, cms: bool = False, limit: int = LIMIT) -> None:
        self.storage = Storage(origin, limit)
        self.names = Names()
        self.sections: list[Section] = []
        self.fixes: list[Fix] = []
        self.notes: list[Note] = []
        self.duplicates: list[str] = []
        self.registers = 0
        """Length of all pseudo registers, known after `finish`."""
        self.location = origin
        self.high = origin
        self._waiting: dict[Name, list[Fix]] = {}
        self._strengthened = False
        self.first: int | None = None
        self._end_entry: int | None = None
        self.ldt_entry = ""
        self.entry_card = ""
        self.entry = origin
        """Entry point, known after `finish`."""
        if cms:
            self.names.add("NUCON")
            system = self.names.add("SYSREF")
            system.first = system.address = 0x600

    # --- decks --------------------------------------------------------------------------------------------------------

    def load(self, deck: Iterable[bytes], file: str = "") -> None:
        """Load a file: one deck or several. Raises LinkError if there is no room."""
        here = Deck(file, self.location)
        for number, given in enumerate(deck, 1):
            card = bytes(given).ljust(cards.CARD, b"\x40")
            here.card = number
            kind = cards.kind(card)
            action = _ACTIONS.get(kind)
            try:
                if action is None:
                    raise BadCard(f"INVALID CARD - {cards.shown(card)}")
                action(self, here, card)
            except BadCard as error:
                self.bad(here, str(error), 4 if card[:1] != b"\x02" else 8)

    def bad(self, deck: Deck, text: str, severity: int = 8) -> None:
        self.notes.append(Note(severity, text, deck.file, deck.card))

    def _nothing(self, deck: Deck, card: bytes) -> None:
        """SYM cards and comments."""

    def _item(self, deck: Deck, esdid: int) -> Item:
        item = deck.items.get(esdid)
        if item is None:
            raise BadCard(f"ESD IDENTIFICATION {esdid} IS NOT DEFINED")
        return item

    # --- ESD ----------------------------------------------------------------------------------------------------------

    def _esd(self, deck: Deck, card: bytes) -> None:
        esdid = cards.esdid(card)
        for item in cards.esd_items(card):
            if item.kind == 1:
                self._label(deck, item)
                continue
            if not 1 <= esdid <= MAX_ESDID:
                raise BadCard(f"ESD IDENTIFICATION {esdid} IS NOT ONE OF 1 TO {MAX_ESDID}")
            make = _KINDS.get(item.kind)
            if make is None:
                raise BadCard(f"INVALID ESD TYPE {item.kind:02X}")
            deck.items[esdid] = make(self, deck, item)
            esdid += 1

    def _section(self, deck: Deck, item: cards.ESD) -> Item:
        name = self.names.find(item.name)
        if name is not None and name.flags & Flag.ICS:
            name.flags &= ~Flag.ICS
            length = item.last or 0
            self.reserve(name.address + max(length, name.length))
            section = Section(item.name, name.address, item.address, max(length, name.length), deck.file)
            self.sections.append(section)
            return Item(name.address - item.address, target=name.address)
        if name is not None and name.defined:
            self.duplicate(deck, item.name)
            return Item(name.address - item.address, skip=True, target=name.address)
        name = name or self.names.add(item.name)
        section = self._allocate(deck, item)
        self.define(name, section.place, Flag.CSECT)
        name.first, name.length, name.file = section.place, section.length, deck.file
        return self._placed(section, item)

    def _private(self, deck: Deck, item: cards.ESD) -> Item:
        return self._placed(self._allocate(deck, item), item)

    def _placed(self, section: Section, item: cards.ESD) -> Item:
        return Item(section.place - item.address, open=not section.length, target=section.place)

    def _allocate(self, deck: Deck, item: cards.ESD) -> Section:
        place = self.location + -self.location % 8
        length = item.last or 0
        self.reserve(place + length)
        self.location = place + length
        if self.first is None:
            self.first = place
        section = Section(item.name, place, item.address, length, deck.file)
        self.sections.append(section)
        return section

    def reserve(self, end: int) -> None:
        self.storage.grow(end)
        self.location = max(self.location, end)

    def _label(self, deck: Deck, item: cards.ESD) -> None:
        owner = self._item(deck, item.last or 0)
        if owner.skip or owner.name is not None:
            return
        name = self.names.find(item.name)
        if name is not None and name.defined:
            self.duplicate(deck, item.name)
            return
        name = name or self.names.add(item.name)
        self.define(name, (item.address + owner.delta) & 0xFFFFFF, NONE)  # a card may say less than its section does
        name.first, name.file = 0, deck.file

    def duplicate(self, deck: Deck, name: str) -> None:
        self.duplicates.append(name)
        self.notes.append(Note(4, f"DUPLICATE IDENTIFIER '{name}'", deck.file, deck.card))

    def _reference(self, deck: Deck, item: cards.ESD) -> Item:
        weak = item.kind == 10
        name = self.names.find(item.name)
        if name is None:
            name = self.names.add(item.name, Flag.UNDEFINED | (Flag.WEAK if weak else NONE))
        elif name.defined:
            return Item(name.address, target=name.address)
        elif not weak:
            self._strengthen(name)
        return Item(name=name)

    def _common(self, deck: Deck, item: cards.ESD) -> Item:
        name = self.names.find(item.name) or self.names.add(item.name, Flag.UNDEFINED)
        if name.defined:
            return Item(name.address, target=name.address)
        name.flags |= Flag.COMMON
        name.first = max(name.first, item.last or 0)
        return Item(name=name)

    def _register(self, deck: Deck, item: cards.ESD) -> Item:
        length = item.last or 0
        name = self.names.find(item.name, register=True)
        if name is None:
            name = self.names.add(item.name, Flag.UNDEFINED | Flag.REGISTER)
        elif name.defined:
            if length > name.first or name.address & item.boundary & 7:
                self.bad(deck, f"PSEUDO REGISTER ALIGNMENT ERROR: {item.name}", 4)
            return Item(name.address)
        name.first = max(name.first, length)
        name.alignment |= item.boundary & 7
        return Item(name=name)

    # --- text and relocation ------------------------------------------------------------------------------------------

    def _text(self, deck: Deck, card: bytes) -> None:
        size = cards.count(card)
        if size > 56:
            raise BadCard(f"INVALID COUNT {size}")
        if size:
            self.put(deck, cards.esdid(card), cards.address(card), card[16 : 16 + size])

    def put(self, deck: Deck, esdid: int, address: int, data: bytes) -> None:
        item = self._item(deck, esdid)
        if item.skip:
            return
        at = address + item.delta
        if item.name is not None or at < deck.low:
            raise BadCard("TEXT OUTSIDE OF ITS SECTION")
        if item.open:
            self.location = max(self.location, at + len(data))
        elif at + len(data) > self.location:
            raise BadCard("TEXT OUTSIDE OF ITS SECTION")
        self.storage.write(at, data)

    def _relocation(self, deck: Deck, card: bytes) -> None:
        for item in cards.rld_items(card):
            position = self._item(deck, item.position)
            if position.skip:
                continue
            at = item.address + position.delta
            if position.name is not None or at < deck.low or at + item.length > self.location:
                raise BadCard("ADDRESS CONSTANT OUTSIDE OF ITS SECTION")
            self.storage.grow(at + item.length)
            fix = Fix(at, item.length, item.negative, item.kind)
            self.fixes.append(fix)
            if item.kind == CXD:
                continue
            relative = self._item(deck, item.relative)
            fix.name = relative.name
            if relative.name is None:
                fix.target = relative.target
                self._apply(fix, relative.delta)
            elif relative.name.defined:
                self._apply(fix, relative.name.address)
            else:
                self._waiting.setdefault(relative.name, []).append(fix)

    def _apply(self, fix: Fix, value: int) -> None:
        self.storage.add(fix.at, fix.length, -value if fix.negative else value)

    def define(self, name: Name, address: int, flags: Flag) -> None:
        name.address = address
        name.flags = flags
        for fix in self._waiting.pop(name, ()):
            self._apply(fix, address)

    def _end(self, deck: Deck, card: bytes) -> None:
        entry: int | None = None
        if card[5:8] != b"\x40\x40\x40":
            item = deck.items.get(cards.esdid(card))
            if item is not None and not item.skip and item.name is None:
                entry = (cards.address(card) + item.delta) & 0xFFFFFF
        elif name := self.names.find(cards.name_at(card, 16)):
            entry = name.address if name.defined else None
        if self._end_entry is None:
            self._end_entry = entry
        self.close(deck)

    def close(self, deck: Deck) -> None:
        deck.items.clear()
        deck.low = self.location

    # --- the end ------------------------------------------------------------------------------------------------------

    def need(self, name: str) -> Name:
        """The entry of a name that has to be defined."""
        entry = self.names.refer(name)
        self._strengthen(entry)
        return entry

    def _strengthen(self, name: Name) -> None:
        """A name is not only weakly referred to any more; the search has to look at it again."""
        if name.weak:
            name.flags &= ~Flag.WEAK
            self._strengthened = True

    def search(self, libraries: Sequence[Library]) -> None:
        """Look for decks that define undefined names, until there is none that has not been looked for."""
        looked_for = Flag.UNDEFINED | Flag.TRIED | Flag.WEAK | Flag.COMMON | Flag.REGISTER | Flag.NEVER
        at = 0
        while at < len(self.names):
            name = self.names[at]
            at += 1
            if name.flags & looked_for != Flag.UNDEFINED:
                continue
            name.flags |= Flag.TRIED
            self._strengthened = False
            for library in libraries:
                if found := library.find(name.name):
                    self.load(*found)
                    break
            if self._strengthened:
                at = 0

    def finish(self, entry: str = "", *, keep: bool = False) -> None:
        """Place what has no place yet, and find the entry point.

        Args:
            entry: name of the entry point; by default that of the last ENTRY card, of the last LDT card, of the first
                END card, or else the first section.
            keep: common areas and pseudo registers are not placed; whoever loads the result does that.
        """
        self.location = max(self.location, self.high)
        if not keep:
            self._place_commons()
            self._place_registers()
        for name in (entry, self.entry_card, self.ldt_entry):
            if name:
                found = self.need(name)
                if found.defined:
                    self.entry = found.address
                    return
        first = self.first if self.first is not None else self.storage.origin
        self.entry = first if self._end_entry is None else self._end_entry

    def _place_commons(self) -> None:
        for name in self.names:
            if name.flags & Flag.COMMON:
                self.location += -self.location % 8
                place, name.length = self.location, name.first
                self.reserve(place + name.length)
                self.define(name, place, Flag.CSECT)
                name.first = place

    def _place_registers(self) -> None:
        for name in self.names:
            if name.flags & Flag.REGISTER and not name.defined:
                self.registers += -self.registers & name.alignment
                self.define(name, self.registers, Flag.REGISTER)
                self.registers += name.first
        for fix in self.fixes:
            if fix.kind == CXD:
                self.storage.set(fix.at, fix.length, self.registers)

    @property
    def undefined(self) -> list[str]:
        """Names that are needed and not defined."""
        asked = Flag.UNDEFINED | Flag.WEAK | Flag.COMMON | Flag.REGISTER
        return [one.name for one in self.names if one.flags & asked == Flag.UNDEFINED]

    @property
    def end(self) -> int:
        """Where the program ends: a doubleword boundary."""
        return self.location + -self.location % 8

    @property
    def data(self) -> bytes:
        """The program, from the origin to its end."""
        return self.storage.data(self.end)


_KINDS = {
    0: Loader._section, 2: Loader._reference, 4: Loader._private, 5: Loader._common, 6: Loader._register,
    10: Loader._reference,
}  # fmt: skip
_ACTIONS = {
    "ESD": Loader._esd, "TXT": Loader._text, "RLD": Loader._relocation, "END": Loader._end, "SYM": Loader._nothing,
    "LDT": control.ldt, "ICS": control.ics, "SLC": control.slc, "REP": control.rep, "ENTRY": control.entry,
    "LIBRARY": control.library, "SETSSI": Loader._nothing, "*": Loader._nothing,
}  # fmt: skip
