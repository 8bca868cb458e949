"""Access tables that native code can read.

For each PSW key, with translation and without, there is a pair of tables of 8,192 entries of 32 bits, one for fetching
and one for storing: an entry is the displacement from the logical to the absolute address plus 1, or 0 if it is not
known. They mirror the tables of `cpvm.machine.access`, which work out what is missing and drop what has changed; an
entry for storing goes with one for fetching, for what may be stored into may be fetched.

The host gives memory only for those parts of the tables that are used.
"""

import ctypes
import mmap
from collections.abc import Callable
from typing import Any, Final

from cpvm.machine.access import SHIFT, AccessTable

ENTRIES: Final = 1 << 24 - 11
TABLE_BYTES: Final = 4 * ENTRIES
PAIR_BYTES: Final = 2 * TABLE_BYTES
INDEXES: Final = 32
"""PSW keys, and the same with translation."""


class MirroredTable(AccessTable):
    """An access table that keeps its entries in native tables too."""

    def __init__(self, find: Callable[[int], int], used: bytearray, *mirrors: "memoryview[int]") -> None:
        super().__init__(find)
        self._used = used
        self._mirrors = mirrors

    def __missing__(self, block: int) -> int:
        displacement = super().__missing__(block)
        self._used[block + (displacement >> SHIFT)] = 1
        if block < ENTRIES:
            for mirror in self._mirrors:
                mirror[block] = displacement | 1
        return displacement

    def clear(self) -> None:
        for block in self:
            self._drop(block)
        super().clear()

    def pop(self, block: int, *default: Any) -> Any:
        self._drop(block)
        return super().pop(block, *default)

    def _drop(self, block: int) -> None:
        if block < ENTRIES:
            for mirror in self._mirrors:
                mirror[block] = 0


class NativeTables:
    """All tables of a CPU."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, INDEXES * PAIR_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._entries = memoryview(self._memory).cast("i")
        self.used = bytearray(ENTRIES)
        """For each block of absolute storage, whether any entry was ever made for it."""
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        """Host address of the pair for key 0: the table for fetching, then that for storing."""

    def make(self, index: int, storing: bool, find: Callable[[int], int]) -> AccessTable:
        """The table for a key (+ 16 with translation), empty."""
        start = index * 2 * ENTRIES
        fetching = self._entries[start : start + ENTRIES]
        if not storing:
            return MirroredTable(find, self.used, fetching)
        return MirroredTable(find, self.used, fetching, self._entries[start + ENTRIES : start + 2 * ENTRIES])
