"""The linkage step: decks placed one behind the other in storage, names resolved, address constants relocated.

Control sections begin on doublewords.  A second section of a name already loaded is left out and reported, as the CMS
loader does; common areas of one name share the largest of their lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assembler.deck import Deck, DeckError, ESDItem, read

MAX_IMAGE = 0x1000000


class LinkError(ValueError):
    """The decks cannot be linked at all (bad deck, image too large)."""


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A name in the load map: SD, LD, CM or PC, its address and, for sections, its length."""

    name: str
    kind: str
    address: int
    length: int
    deck: str = ""


@dataclass(slots=True)
class Image:
    """Linked storage: `data` begins at `origin`; `entry` is the address of the entry point."""

    data: bytes
    origin: int
    entry: int
    map: list[MapEntry] = field(default_factory=list)
    undefined: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    pseudo_registers: int = 0

    def address(self, name: str) -> int:
        """Address of a section or entry; raises KeyError."""
        for entry in self.map:
            if entry.name == name:
                return entry.address
        raise KeyError(name)

    @property
    def end(self) -> int:
        return self.origin + len(self.data)

    def report(self) -> list[str]:
        """The load map as lines, and what is undefined or defined twice."""
        lines = [
            f" {e.name or '$PRIVATE':<8} {e.kind:<2} {e.address:06X} {e.length:06X} {e.deck}".rstrip() for e in self.map
        ]
        lines += [f" UNDEFINED {name}" for name in self.undefined]
        lines += [f" DUPLICATE {name}" for name in self.duplicates]
        return lines


@dataclass(slots=True)
class _Loaded:
    """A deck being linked: where each of its ESD identifications came to lie, and how far it was moved."""

    deck: Deck
    places: dict[int, int] = field(default_factory=dict)
    items: dict[int, ESDItem] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)


DeckLike: TypeAlias = Deck | Sequence[bytes] | bytes


def link(decks: Iterable[DeckLike], origin: int, entry: str | None = None) -> Image:
    """Link decks to run at `origin`; `entry` names the entry point (default: the first END card's, else the origin).

    Undefined and duplicate names are in the image's lists; an undefined address constant is left as assembled.  Raises
    LinkError.
    """
    try:
        loaded = [_Loaded(deck if isinstance(deck, Deck) else read(deck)) for deck in decks]
    except DeckError as error:
        raise LinkError(str(error)) from None
    image = Image(b"", origin, origin)
    names: dict[str, int] = {}
    at = _place_sections(loaded, origin, names, image)
    at = _place_commons(loaded, at, names, image)
    registers = _pseudo_registers(loaded, image)
    if at - origin > MAX_IMAGE:
        raise LinkError("IMAGE TOO LARGE")
    data = bytearray(at - origin)
    for one in loaded:
        _text(one, data, origin)
    undefined: dict[str, None] = {}
    for one in loaded:
        _relocate(one, data, origin, names, undefined, registers, image.pseudo_registers)
    image.data = bytes(data)
    image.undefined = list(undefined)
    _entry(image, loaded, names, entry)
    return image


def _place_sections(loaded: list[_Loaded], at: int, names: dict[str, int], image: Image) -> int:
    for one in loaded:
        for item in one.deck.symbols:
            if item.esdid:
                one.items[item.esdid] = item
            if item.kind not in ("SD", "PC"):
                continue
            if item.kind == "SD" and item.name in names:
                image.duplicates.append(item.name)
                one.places[item.esdid] = names[item.name]
                one.skipped.add(item.esdid)
                continue
            at += -at % 8
            one.places[item.esdid] = at
            if item.kind == "SD":
                names[item.name] = at
            length = item.length or _extent(one.deck, item)
            image.map.append(MapEntry(item.name, item.kind, at, length, one.deck.name))
            at += length
            if at - image.origin > MAX_IMAGE:
                raise LinkError("IMAGE TOO LARGE")
        for item in one.deck.symbols:
            if item.kind != "LD":
                continue
            owner = one.items.get(item.owner)
            if owner is None or item.owner in one.skipped or item.owner not in one.places:
                continue
            if item.name in names:
                image.duplicates.append(item.name)
                continue
            address = one.places[item.owner] + item.address - owner.address
            names[item.name] = address
            image.map.append(MapEntry(item.name, "LD", address, 0, one.deck.name))
    return at + -at % 8


def _extent(deck: Deck, item: ESDItem) -> int:
    """The length of a section whose length the ESD does not give."""
    ends = [address + len(data) for esdid, address, data in deck.text if esdid == item.esdid]
    return max(ends, default=item.address) - item.address


def _place_commons(loaded: list[_Loaded], at: int, names: dict[str, int], image: Image) -> int:
    lengths: dict[str, int] = {}
    for one in loaded:
        for item in one.deck.symbols:
            if item.kind == "CM":
                lengths[item.name] = max(lengths.get(item.name, 0), item.length)
    for name, length in lengths.items():
        if name in names and name:
            continue
        names[name] = at
        image.map.append(MapEntry(name, "CM", at, length))
        at += length + -length % 8
    for one in loaded:
        for item in one.deck.symbols:
            if item.kind == "CM":
                one.places[item.esdid] = names[item.name]
    return at


def _pseudo_registers(loaded: list[_Loaded], image: Image) -> dict[str, int]:
    """Offsets of pseudo registers, each on its boundary, in the order of first mention."""
    sizes: dict[str, tuple[int, int]] = {}
    for one in loaded:
        for item in one.deck.symbols:
            if item.kind == "XD":
                size, boundary = sizes.get(item.name, (0, 1))
                sizes[item.name] = (max(size, item.length), max(boundary, item.alignment))
    offsets: dict[str, int] = {}
    at = 0
    for name, (size, boundary) in sizes.items():
        at += -at % boundary
        offsets[name] = at
        at += size
    image.pseudo_registers = at
    return offsets


def _text(one: _Loaded, data: bytearray, origin: int) -> None:
    for esdid, address, text in one.deck.text:
        if esdid in one.skipped or esdid not in one.places:
            continue
        start = one.places[esdid] + address - one.items[esdid].address - origin
        if start < 0 or start + len(text) > len(data):
            raise LinkError(f"TEXT OUTSIDE OF SECTION {one.items[esdid].name or '$PRIVATE'}")
        data[start : start + len(text)] = text


def _relocate(  # noqa: PLR0917
    one: _Loaded,
    data: bytearray,
    origin: int,
    names: dict[str, int],
    undefined: dict[str, None],
    registers: dict[str, int],
    total: int,
) -> None:
    for rld in one.deck.relocations:
        if rld.position in one.skipped or rld.position not in one.places:
            continue
        start = one.places[rld.position] + rld.address - one.items[rld.position].address - origin
        if start < 0 or start + rld.length > len(data):
            raise LinkError("ADDRESS CONSTANT OUTSIDE OF ITS SECTION")
        value = int.from_bytes(data[start : start + rld.length], "big")
        item = one.items.get(rld.relative)
        if rld.kind == "CXD":
            value = total
        elif item is None:
            continue
        elif rld.kind == "Q":
            value += registers.get(item.name, 0)
        elif item.kind in ("ER", "WX"):
            address = names.get(item.name)
            if address is None:
                if item.kind == "ER":
                    undefined[item.name] = None
                continue
            value += rld.sign * address
        else:
            value += rld.sign * (one.places.get(rld.relative, 0) - item.address)
        data[start : start + rld.length] = (value & (1 << 8 * rld.length) - 1).to_bytes(rld.length, "big")
    used = {rld.relative for rld in one.deck.relocations}
    for item in one.deck.symbols:
        if item.kind == "ER" and item.name not in names and item.esdid not in used:
            undefined[item.name] = None


def _entry(image: Image, loaded: list[_Loaded], names: dict[str, int], entry: str | None) -> None:
    if entry is not None:
        if entry not in names:
            if entry not in image.undefined:
                image.undefined.append(entry)
            return
        image.entry = names[entry]
        return
    for one in loaded:
        if one.deck.entry is not None and one.deck.entry[0] in one.places:
            esdid, address = one.deck.entry
            image.entry = one.places[esdid] + address - one.items[esdid].address
            return
        if one.deck.entry_name in names:
            image.entry = names[one.deck.entry_name]
            return
