"""What the loader notes down of decks: sections, fields to relocate, what ESD identifications stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

from assembler.linker.names import Name

CXD = 3
"""Kind of a relocation (0 A, 1 V, 2 Q) that is filled with the length of all pseudo registers."""


@dataclass(slots=True, eq=False)
class Section:
    """A control section in storage; `assembled` is the address that it has in its deck."""

    name: str
    place: int
    assembled: int
    length: int
    file: str


@dataclass(slots=True, eq=False)
class Fix:
    """A field that refers to something: a section's move, a name, or (CXD) the length of all pseudo registers."""

    at: int
    length: int
    negative: bool
    kind: int
    name: Name | None = None
    target: int = 0
    """The section referred to, if it is no name."""


@dataclass(slots=True)
class Item:
    """What an ESD identification of the deck in hand stands for."""

    delta: int = 0
    skip: bool = False
    open: bool = False
    """The section's length is not known: its text tells."""
    name: Name | None = None
    """The name, while it is not defined."""
    target: int = 0
    """Where it is, if that is known."""


@dataclass(slots=True)
class Deck:
    """The file being loaded."""

    file: str
    low: int
    items: dict[int, Item] = field(default_factory=dict)
    card: int = 0
