"""The translated regions of one machine: where they are entered, and which bytes of its storage they depend on.

`cpvm.machine.compiled.turn` says what native code reads of this. The code map has a byte for each halfword of absolute
storage, not zero where a linked region has text. All of it is made when the first region is linked, and changed only by
the thread that runs the machine, between runs of native code.
"""

from __future__ import annotations

import ctypes
import mmap
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cpvm.machine.access import LAST, SHIFT
from cpvm.machine.compiled import state, turn
from cpvm.machine.compiled.tables import BIAS, NativeTables
from cpvm.s370.ops import ADDRESS_MASK

if TYPE_CHECKING:
    from cpvm.machine.compiled.shelf import Kept

LEAST: Final = 64
"""Links that there is room for at the beginning; they double when half of them are used."""
_WORDS: Final = turn.LINK_BYTES // 8


@dataclass(eq=False)
class Region:
    """A translation as it is linked in one machine."""

    kept: Kept
    entries: tuple[int, ...]
    """Logical addresses at which this machine enters it."""
    areas: tuple[tuple[int, int], ...]
    """Absolute address and length of each piece of its text."""
    since: int
    """Instructions that the machine had executed natively when it was linked."""
    descriptor: array[int] = field(repr=False)
    moves: int = 0
    """How often its text was found elsewhere in absolute storage."""
    entered: int = 0
    """How often it had been entered when that was last counted."""
    struck: int = 0
    """How often something was about to be stored into its text."""

    def holds(self, absolute: int, n: int) -> bool:
        """Whether any of n bytes of absolute storage is text of it."""
        return any(start < absolute + n and absolute < start + length for start, length in self.areas)


def text_at(memory: mmap.mmap, mapping: Mapping[int, int], a: int, n: int) -> bytes:
    """n bytes (1 to 2048) at a logical address, without what is in a block that is not mapped.

    `mapping` is a table as in `cpvm.machine.access`.
    """
    room = LAST + 1 - (a & LAST)
    displacement = mapping.get(a >> SHIFT)
    text = b"" if displacement is None else memory[a + displacement : a + displacement + min(n, room)]
    if n > room:
        following = a + room & ADDRESS_MASK
        displacement = mapping.get(following >> SHIFT)
        if displacement is not None:
            text += memory[following + displacement : following + displacement + n - room]
    return text


def found_in(kept: Kept, memory: mmap.mmap, mapping: Mapping[int, int]) -> tuple[tuple[int, int], ...] | None:
    """Where a translation's text is in absolute storage; None if some is not there, or not known to be there."""
    areas = []
    for logical, text in kept.pieces:
        displacement = mapping.get(logical >> SHIFT)
        if displacement is None or memory[logical + displacement : logical + displacement + len(text)] != text:
            return None
        areas.append((logical + displacement, len(text)))
    return tuple(areas)


class Links:
    """The regions that are linked in one machine."""

    def __init__(self, tables: NativeTables, size: int, put: Callable[[int, int], None]) -> None:
        """For a machine with so many bytes of storage; `put` sets a word of the state block."""
        self._tables = tables
        self._size = size
        self._put = put
        self._map: mmap.mmap | None = None
        self._table = array("q")
        self._at: dict[int, Region] = {}

    def __iter__(self) -> Iterator[Region]:
        return iter(dict.fromkeys(self._at.values()))

    def __bool__(self) -> bool:
        return bool(self._at)

    def __len__(self) -> int:
        return len(set(self._at.values()))

    def at(self, address: int) -> Region | None:
        """The region that is entered at a logical address."""
        return self._at.get(address)

    def link(self, kept: Kept, entries: tuple[int, ...], areas: tuple[tuple[int, int], ...], since: int) -> Region:
        """Let native code enter a translation whose text is in these areas. It takes over entries of other regions."""
        words = [0, 0, len(areas)]
        for (logical, text), (absolute, _), pin in zip(kept.pieces, areas, kept.texts, strict=True):
            words += [logical, absolute - logical + BIAS, len(text), pin]
        region = Region(kept, entries, areas, since, array("q", words))
        before = {other for a in entries if (other := self._at.get(a)) is not None}
        self._at.update(dict.fromkeys(entries, region))
        for other in before.difference(self._at.values()):
            self._mark(other, 0)
        self._renew()
        return region

    def unlink(self, region: Region) -> None:
        """Native code enters it no more."""
        for a in [a for a, other in self._at.items() if other is region]:
            del self._at[a]
        self._mark(region, 0)
        self._renew()

    def holding(self, absolute: int, n: int) -> list[Region]:
        """The regions with text among n bytes of absolute storage."""
        return [region for region in self if region.holds(absolute, n)]

    def count(self) -> Region | None:
        """Bring `entered` of all regions up to date; gives the one that was entered most since the last time."""
        counts: dict[Region, int] = {}
        for start in range(0, len(self._table), _WORDS):
            region = self._at.get(self._table[start])
            if region is not None:
                counts[region] = counts.get(region, 0) + self._table[start + turn.COUNT // 8]
                self._table[start + turn.COUNT // 8] = 0
        for region, often in counts.items():
            region.entered += often
        return max(counts, key=lambda region: counts[region], default=None)

    def _mark(self, region: Region, v: int) -> None:
        marks = self._map
        if marks is None:
            marks = self._map = mmap.mmap(-1, self._size // 2 + 64, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self._put(state.MAP, ctypes.addressof(ctypes.c_char.from_buffer(marks)))
        for absolute, length in region.areas:
            first, end = absolute >> 1, absolute + length + 1 >> 1
            marks[first:end] = bytes((v,)) * (end - first)

    def _renew(self) -> None:
        """Make the links anew, mark text and entries."""
        self.count()
        regions = list(self)
        for region in regions:
            self._mark(region, 1)
        blocks = {absolute >> SHIFT for region in regions for absolute, _ in region.areas}
        self._tables.mark(blocks, {self._block(region, a) for a, region in self._at.items()})
        size = max(LEAST, len(self._table) // _WORDS)
        while 2 * len(self._at) > size:
            size *= 2
        table = array("q", (turn.FREE, 0, 0, 0)) * size
        for a, region in self._at.items():
            place = a >> 1 & size - 1
            while table[_WORDS * place] != turn.FREE:
                place = place + 1 & size - 1
            link = a, region.kept.translation.address, region.descriptor.buffer_info()[0], 0
            table[_WORDS * place : _WORDS * place + _WORDS] = array("q", link)
        self._table = table
        self._put(state.LINK_MASK, size - 1)
        self._put(state.LINKS, table.buffer_info()[0] if self._at else 0)

    def _block(self, region: Region, entry: int) -> int:
        """The absolute block of an entry. It is in the region's text."""
        pieces = zip(region.kept.pieces, region.areas, strict=True)
        return next(a + entry - p >> SHIFT for (p, text), (a, _) in pieces if p <= entry < p + len(text))
