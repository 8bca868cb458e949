"""Access tables that native code can read.

For each PSW key, with translation and without, there is a set of three tables of 8,192 entries of 32 bits, one behind
the other: for fetching, for storing, for branching. An entry is the displacement from the logical to the absolute
address plus BIAS, or 0 if it is not known. The tables mirror those of `cpvm.machine.access`, which work out what is
missing and drop what has changed; an entry for storing goes with one for fetching, for what may be stored into may be
fetched.

Translated regions (see `cpvm.machine.compiled.links`) leave two marks. An entry for storing has its first bit on if the
absolute block holds text of a linked region. An entry for branching is that for fetching, but 0 if a linked region may
be entered in the absolute block.

The host gives memory only for those parts of the tables that are used.
"""

import ctypes
import mmap
from collections.abc import Callable, Set
from typing import Any, Final

from cpvm.machine.access import SHIFT, AccessTable

ENTRIES: Final = 1 << 24 - 11
TABLE_BYTES: Final = 4 * ENTRIES
SET_BYTES: Final = 3 * TABLE_BYTES
BRANCH: Final = 2 * TABLE_BYTES
"""Distance of the table for branching behind that for fetching."""
INDEXES: Final = 32
"""PSW keys, and the same with translation."""
BIAS: Final = (1 << 24) + 1
"""Makes any displacement a positive number."""
CODED: Final = 1 << 31
"""In an entry for storing: there is translated text in the absolute block."""


class MirroredTable(AccessTable):
    """An access table that keeps its entries in native tables too."""

    def __init__(self, find: Callable[[int], int], tables: "NativeTables", start: int, storing: bool) -> None:
        super().__init__(find)
        entries = tables.entries[start : start + 3 * ENTRIES]
        self._tables = tables
        self._fetching = entries[:ENTRIES]
        self._storing = entries[ENTRIES : 2 * ENTRIES] if storing else None
        self._branching = entries[2 * ENTRIES :]

    def __missing__(self, block: int) -> int:
        displacement = super().__missing__(block)
        self._tables.used[block + (displacement >> SHIFT)] = 1
        self._enter(block, displacement)
        return displacement

    def clear(self) -> None:
        for block in self:
            self._drop(block)
        super().clear()

    def pop(self, block: int, *default: Any) -> Any:
        self._drop(block)
        return super().pop(block, *default)

    def mark(self, blocks: Set[int]) -> None:
        """What regions have in these absolute blocks has changed."""
        for block, displacement in self.items():
            if block + (displacement >> SHIFT) in blocks:
                self._enter(block, displacement)

    def _enter(self, block: int, displacement: int) -> None:
        if block >= ENTRIES:
            return
        absolute = block + (displacement >> SHIFT)
        entry = displacement + BIAS
        fetched = 0 if block in self._tables.fenced else entry
        self._fetching[block] = fetched
        self._branching[block] = 0 if absolute in self._tables.gates else fetched
        if self._storing is not None:
            self._storing[block] = entry - CODED if absolute in self._tables.coded else entry

    def fence(self, blocks: Set[int]) -> None:
        """What may be executed in these logical blocks has changed."""
        for block in blocks & self.keys():
            self._enter(block, self[block])

    def _drop(self, block: int) -> None:
        if block < ENTRIES:
            self._fetching[block] = 0
            self._branching[block] = 0
            if self._storing is not None:
                self._storing[block] = 0


class NativeTables:
    """All tables of a CPU."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, INDEXES * SET_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.entries = memoryview(self._memory).cast("i")
        self._made: list[MirroredTable] = []
        self.used = bytearray(ENTRIES)
        """For each block of absolute storage, whether any entry was ever made for it."""
        self.coded: Set[int] = frozenset()
        """Absolute blocks that hold text of linked regions."""
        self.gates: Set[int] = frozenset()
        """Absolute blocks in which linked regions may be entered."""
        self.fenced: Set[int] = frozenset()
        """Logical blocks in which no instruction is executed natively."""
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        """Host address of the set for key 0."""

    def make(self, index: int, storing: bool, find: Callable[[int], int]) -> AccessTable:
        """The table for a key (+ 16 with translation), empty."""
        table = MirroredTable(find, self, index * 3 * ENTRIES, storing)
        self._made.append(table)
        return table

    def fence(self, blocks: Set[int]) -> None:
        """Keep native code from executing anything in these logical blocks, and in no others."""
        changed = blocks ^ self.fenced
        self.fenced = blocks
        for table in self._made:
            table.fence(changed)

    def mark(self, coded: Set[int], gates: Set[int]) -> None:
        """Say where linked regions have text and entries."""
        changed = (coded ^ self.coded) | (gates ^ self.gates)
        self.coded, self.gates = coded, gates
        for table in self._made:
            table.mark(changed)
