"""Main storage and its keys.

Source: *Principles of Operation*, GA22-7000, "Storage". Addresses here are absolute.
"""

import mmap
from collections.abc import Callable

BLOCK = 2048
"""Bytes that share a storage key."""

MAXIMUM = 1 << 24
_PAD = 4096

FETCH_PROTECTION, REFERENCE, CHANGE = 0x08, 0x04, 0x02
"""Bits of a key byte; its first four are the access-control bits."""


class Storage:
    """Main storage of a machine, with a key for each block of 2K bytes.

    Memory is taken from the host only for blocks that were touched.
    """

    def __init__(self, size: int) -> None:
        """Storage of `size` bytes, zeros. Raises ValueError unless it is a multiple of 2K from 8K to 16M."""
        if not 8192 <= size <= MAXIMUM or size % BLOCK:
            raise ValueError("storage size must be a multiple of 2K from 8K to 16M")
        self.size = size
        self.data = mmap.mmap(-1, size + _PAD, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        """The bytes, followed by some that do not belong to storage."""
        self.keys = bytearray(size // BLOCK)
        self.key_changed: Callable[[int], None] = lambda block: None
        """Called with the number of a block whose key has changed, unless only reference and change bits came on."""

    def _check(self, addr: int, n: int) -> None:
        if addr < 0 or n < 0 or addr + n > self.size:
            raise AddressError(f"{n} bytes at {addr:X} are outside of storage")

    def read(self, addr: int, n: int) -> bytes:
        """The n bytes at this absolute address, whatever their key. Raises AddressError."""
        self._check(addr, n)
        return self.data[addr : addr + n]

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store bytes at this absolute address, whatever their key. Raises AddressError."""
        n = len(data)
        self._check(addr, n)
        self.data[addr : addr + n] = bytes(data)

    def key(self, addr: int) -> int:
        """Key byte of the block: access-control bits (X'F0'), fetch protection (8), reference (4), change (2)."""
        self._check(addr, 1)
        return self.keys[addr // BLOCK]

    def set_key(self, addr: int, key: int) -> None:
        """Set the key byte of the block. Raises AddressError."""
        self._check(addr, 1)
        block = addr // BLOCK
        old = self.keys[block]
        new = self.keys[block] = key & 0xFE
        if old & ~new or (old ^ new) & ~(REFERENCE | CHANGE):
            self.key_changed(block)

    def clear(self) -> None:
        """Zeros everywhere, in the keys too."""
        self.data.madvise(mmap.MADV_DONTNEED)
        for block in range(len(self.keys)):
            self.keys[block] = 0
            self.key_changed(block)


class AddressError(Exception):
    """An absolute address outside of storage."""
