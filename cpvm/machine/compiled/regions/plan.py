"""What goes into the translation of a region, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Untranslatable(Exception):
    """There is nothing in the plan that would be worth a translation; the text says why."""


@dataclass(frozen=True)
class Plan:
    """A region as it was seen to be executed. All addresses are logical."""

    text: Mapping[int, bytes]
    """Address -> text (2, 4 or 6 bytes) of each instruction seen."""
    after: Mapping[int, Mapping[int, int]]
    """Address of an instruction -> address of the instruction that was executed next -> how often."""
    entries: tuple[int, ...]
    """Where the region may be entered."""
    without: frozenset[int] = frozenset()
    """Addresses of instructions that are to be left to the interpreter."""
    executed: Mapping[int, tuple[int, bytes]] = field(default_factory=dict)
    """Address of an EXECUTE -> address and text of the instruction that it had executed, if it was always the same."""


@dataclass
class Translation:
    """Native code of a region."""

    plan: Plan
    text: Mapping[int, bytes]
    """What the code depends on: address -> text of each instruction that it executes itself, by EXECUTE too."""
    entries: tuple[int, ...]
    """Where it may be entered: those of the plan's entries at which it executes anything."""
    address: int
    """Host address of the function."""
    size: int
    """Bytes of machine code."""
    keep: object = field(repr=False)
    """Owns the code, which stays until this is let go."""
