"""Linking decks in one call: what the assembler's own users need of `assembler.linker`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assembler.linker.loader import Loader
from assembler.linker.names import NONE, Flag, LinkError
from assembler.linker.report import MapEntry, entries

__all__ = ["Image", "LinkError", "MapEntry", "link"]

_DAMAGED = 8
_ADDRESSES = (0, 1)
"""Kinds of relocations, A and V."""


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
    relocations: list[int] = field(default_factory=list)
    """If linked with `symbols`: displacements of the three-byte addresses that move with the image, in order."""

    def address(self, name: str) -> int:
        """Address of a section or entry; raises KeyError."""
        for entry in self.map:
            if entry.name == name and entry.kind != "PR":
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


def link(
    decks: Iterable[Sequence[bytes] | bytes],
    origin: int,
    entry: str | None = None,
    symbols: Mapping[str, int] | None = None,
) -> Image:
    """Link decks to run at `origin`; `entry` names the entry point (default: the first END card's, else the first
    section).

    A name that no deck defines may be defined by `symbols`, its address outside of the image; then every address
    constant has to move with the image, or not at all.
    Undefined and duplicate names are in the image's lists; an undefined address constant is left as assembled.  Raises
    LinkError: a card is damaged, or there is no room.
    """
    loader = Loader(origin)
    for number, deck in enumerate(decks, 1):
        cards = [deck[at : at + 80] for at in range(0, len(deck), 80)] if isinstance(deck, bytes) else deck
        loader.load(cards, f"deck {number}")
    for note in loader.notes:
        if note.severity >= _DAMAGED:
            raise LinkError(str(note))
    for name in loader.names:
        if symbols and not name.defined and name.name in symbols:
            loader.define(name, symbols[name.name], NONE)
    loader.finish(entry or "")
    return Image(
        loader.data,
        origin,
        loader.entry,
        entries(loader),
        loader.undefined,
        loader.duplicates,
        loader.registers,
        [] if symbols is None else _relocations(loader, symbols),
    )


def _relocations(loader: Loader, symbols: Mapping[str, int]) -> list[int]:
    """Where the addresses are that move with the program; a difference of two of them does not move."""
    times: dict[int, int] = {}
    for fix in loader.fixes:
        outside = fix.name is not None and (
            fix.name.flags & (Flag.UNDEFINED | Flag.REGISTER)
            or (not fix.name.file and fix.name.name in symbols and not fix.name.flags & Flag.CSECT)
        )
        if fix.kind in _ADDRESSES and not outside:
            at = fix.at + fix.length - 3 - loader.storage.origin
            times[at] = times.get(at, 0) + (-1 if fix.negative else 1)
    for at, number in times.items():
        if number not in (0, 1):
            raise LinkError(f"an address constant at {loader.storage.origin + at:06X} moves {number} times as far")
    return sorted(at for at, number in times.items() if number)
