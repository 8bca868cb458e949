"""Symbols, control sections and relocatable values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SYMBOL = re.compile(r"[A-Z$#@_][A-Z0-9$#@_]{0,62}")
"""An ordinary symbol in upper case.  Assembler F allows 8 characters, HLASM 63; external names stay at 8."""


class Section:
    """A control section, dummy section, common area or external name: something that a value can be relative to.

    `kind` is SD, PC, DS (dummy), CM, ER, WX, XD or LC (a further location counter of `parent`, which becomes a part of
    that section when pass 1 is over); `loc` the location counter, `size` its highest value, both counted
    from the section's start; `base` the address at which the section begins in this assembly.
    """

    __slots__ = ("active", "base", "counters", "esdid", "external", "kind", "loc", "name", "ordinal", "parent",
                 "reenterable", "size", "start", "terms")  # fmt: skip

    def __init__(self, name: str, kind: str, ordinal: int) -> None:
        self.name = name
        self.kind = kind
        self.ordinal = ordinal
        self.loc = 0
        self.size = 0
        self.base = 0
        self.esdid = 0
        self.external = False
        """A dummy section that a Q-type constant names: it is in the dictionary like a pseudo register."""
        self.terms: Terms = ((self, 1),)
        self.parent: Section | None = None
        self.counters: list[Section] = []
        """Further location counters (LOCTR), in the order of their definition."""
        self.active: Section = self
        """The counter used last, which a CSECT resumes."""
        self.reenterable = False
        """Begun by RSECT: it is not to store into itself."""
        self.start = 0
        """Where a further counter begins in its section, as far as that is known."""

    @property
    def has_text(self) -> bool:
        return self.kind in ("SD", "PC") or (self.parent is not None and self.parent.has_text)

    def __repr__(self) -> str:
        return f"Section({self.name!r}, {self.kind})"


Terms = tuple[tuple[Section, int], ...]
"""What a value is relative to: sections with their signs and multiplicity; empty for an absolute value."""

Value = tuple[int, Terms]


def combine(one: Terms, other: Terms, sign: int) -> Terms:
    """Terms of the sum (`sign` 1) or difference (-1) of two values."""
    if not other:
        return one
    if not one and sign == 1:
        return other
    if sign == -1 and one == other:
        return ()
    counts: dict[Section, int] = dict(one)
    for section, count in other:
        counts[section] = counts.get(section, 0) + sign * count
    return tuple(sorted(((s, c) for s, c in counts.items() if c), key=lambda item: item[0].ordinal))


class Symbol:
    """A defined symbol: value relative to `terms`, length attribute, type attribute and where it is used."""

    __slots__ = ("declared", "integer", "length", "name", "references", "scale", "statement", "terms", "type", "value")

    def __init__(  # noqa: PLR0917
        self, name: str, value: int, terms: Terms, length: int, kind: str, statement: int
    ) -> None:
        self.name = name
        self.value = value
        self.terms = terms
        self.length = length
        self.type = kind
        self.statement = statement
        self.references: Sequence[int] = ()
        """The statements that use it, in the order of pass 2."""
        self.scale = 0
        self.integer = 0
        self.declared = ("", "")
        """Assembler type and program type, which only SYSATTRA and SYSATTRP ask for."""

    def refer(self, statement: int) -> None:
        """Note that a statement uses it."""
        if isinstance(self.references, list):
            self.references.append(statement)
        else:  # most symbols are used by none: no list for them
            self.references = [statement]

    @property
    def address(self) -> int:
        """The value as it is listed: with the starting addresses of its sections added."""
        return self.value + sum(section.base * count for section, count in self.terms)


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the user's own (PUNCH, REPRO) before or between the cards of the deck: 80 bytes, no sequence number."""

    data: bytes
