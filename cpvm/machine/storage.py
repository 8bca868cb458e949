"""Main storage and its keys.

Source: *Principles of Operation*, GA22-7000, "Storage". Addresses here are absolute.
"""

import contextlib
import mmap
from collections.abc import Callable

from cpvm.machine.mapping import PAGE, forget_file, map_file, taken

BLOCK = 2048
"""Bytes that share a storage key."""

MAXIMUM = 1 << 24
_PAD = 4096
_NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0)

FETCH_PROTECTION, REFERENCE, CHANGE = 0x08, 0x04, 0x02
"""Bits of a key byte; its first four are the access-control bits."""


class Storage:
    """Main storage of a machine, with a key for each block of 2K bytes.

    Memory is taken from the host only for blocks that were touched. Pages may be those of a host file that machines
    share (`map_pages`), also beyond `size`: then there are segments (`attach_segment`), and holes between them.
    """

    def __init__(self, size: int) -> None:
        """Storage of `size` bytes, zeros. Raises ValueError unless it is a multiple of 2K from 8K to 16M."""
        if not 8192 <= size <= MAXIMUM or size % BLOCK:
            raise ValueError("storage size must be a multiple of 2K from 8K to 16M")
        self.size = size
        self.data = mmap.mmap(-1, MAXIMUM + _PAD, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE)
        """The bytes, followed by some that do not belong to storage."""
        if hasattr(mmap, "MADV_NOHUGEPAGE"):  # or a host that likes huge pages gives 2M to who touches 4K
            with contextlib.suppress(OSError):  # a host without any
                self.data.madvise(mmap.MADV_NOHUGEPAGE)
        self.keys = bytearray(MAXIMUM // BLOCK)
        self.segments: list[tuple[int, int]] = []
        """Where storage goes on beyond `size`: first address, and that behind the last."""
        self.watched: set[int] = set()
        """Blocks of pages that are shared, or that may not be had for nothing: a change of one is told, once, to
        `altered`."""
        self.altered: Callable[[int], None] = lambda block: None
        self._mapped: list[tuple[int, int]] = []
        self.key_changed: Callable[[int], None] = lambda block: None
        """Called with the number of a block whose key has changed, unless only reference and change bits came on."""

    def _check(self, addr: int, n: int) -> None:
        if (addr < 0 or n < 0 or addr + n > self.size) and not self.holds(addr, n):
            raise AddressError(f"{n} bytes at {addr:X} are outside of storage")

    def piece(self, addr: int) -> tuple[int, int]:
        """The piece of storage that holds this address: where it begins and ends; an empty one if there is none."""
        if 0 <= addr < self.size:
            return 0, self.size
        return next(((start, end) for start, end in self.segments if start <= addr < end), (addr, addr))

    def holds(self, addr: int, n: int = 1) -> bool:
        """Whether n bytes at this absolute address are storage, of one piece."""
        return n >= 0 and self.piece(addr)[1] - addr >= max(n, 1)

    def read(self, addr: int, n: int) -> bytes:
        """The n bytes at this absolute address, whatever their key. Raises AddressError."""
        self._check(addr, n)
        return self.data[addr : addr + n]

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store bytes at this absolute address, whatever their key. Raises AddressError."""
        n = len(data)
        self._check(addr, n)
        if self.watched:
            for block in range(addr // BLOCK, (addr + n - 1) // BLOCK + 1):
                self.touched(block)
        self.data[addr : addr + n] = bytes(data)

    def release(self, addr: int, n: int) -> None:
        """Zeros in n bytes at this address, whose memory goes back to the host where it can. Raises AddressError."""
        self._check(addr, n)
        first, end = -(-addr // PAGE) * PAGE, (addr + n) // PAGE * PAGE
        if first >= end or any(at < end and first < at + length for at, length in self._mapped):
            self.write(addr, bytes(n))
            return
        self.write(addr, bytes(first - addr))
        self.write(end, bytes(addr + n - end))
        for block in self.watched.intersection(range(first // BLOCK, end // BLOCK)):
            self.touched(block)
        self.data.madvise(mmap.MADV_DONTNEED, first, end - first)

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
        if new & CHANGE:
            self.touched(block)
        if old & ~new or (old ^ new) & ~(REFERENCE | CHANGE):
            self.key_changed(block)

    def touched(self, block: int) -> None:
        """Something is stored into a block. If it was shared until now, that is told."""
        if block in self.watched:
            self.watched.discard(block)
            self.altered(block)

    def clear(self) -> None:
        """Zeros everywhere, in the keys too; no page is shared, and there are no segments, any more."""
        for at, length in self._mapped:
            forget_file(self.data, at, length)
        self._mapped.clear()
        self.watched = set()
        used = [0, *(start for start, _ in self.segments)]
        ends = [self.size, *(end for _, end in self.segments)]
        self.segments.clear()
        self.data.madvise(mmap.MADV_DONTNEED)
        for start, end in zip(used, ends, strict=True):
            for block in range(start // BLOCK, end // BLOCK):
                self.keys[block] = 0
                self.key_changed(block)

    def taken(self) -> int:
        """How many bytes of the host's storage these take, not counting shared pages."""
        found = taken(self.data, MAXIMUM)
        if found is not None:
            return found.count(1) * PAGE
        blocks = self.size // BLOCK
        return (blocks - self.keys.count(0, 0, blocks)) * BLOCK  # a block in use has its reference bit on

    def untouched(self) -> set[int]:
        """The blocks whose first change will take more of the host's storage; not those that are watched."""
        found = taken(self.data, MAXIMUM)
        blocks = range(self.size // BLOCK)
        if found is None:
            free = {block for block in blocks if not self.keys[block]}
        else:
            free = {block for block in blocks if not found[block * BLOCK // PAGE]}
        return free - self.watched

    def discard(self) -> None:
        """The machine is not used any more: its memory goes back to the host now, whoever still refers to it."""
        self.data.madvise(mmap.MADV_DONTNEED)

    # ---- pages of files

    def map_pages(self, addr: int, n: int, file: int, offset: int, *, watch: bool) -> None:
        """Have n bytes at this address be those of an open host file, for this machine until it changes them.

        `watch`: a change is told to `altered`, once for each block. Whoever calls this has the access tables dropped.

        Raises:
            AddressError: they are not all in storage.
            OSError: the host cannot read the file.
        """
        if addr % PAGE or n % PAGE or n <= 0:
            raise AddressError(f"{n} bytes at {addr:X} are no whole pages")
        self._check(addr, n)
        map_file(self.data, addr, n, file, offset)
        self._mapped.append((addr, n))
        blocks = range(addr // BLOCK, (addr + n) // BLOCK)
        self.watched.difference_update(blocks)
        if watch:
            self.watched.update(blocks)

    def attach_segment(self, start: int, end: int) -> None:
        """Have zeros at these addresses beyond `size`. Raises AddressError: something is there already."""
        if start < self.size or start >= end or end > MAXIMUM:
            raise AddressError(f"{start:X}-{end - 1:X} is not beyond storage")
        if any(start < other_end and other < end for other, other_end in self.segments):
            raise AddressError(f"{start:X}-{end - 1:X} is in storage already")
        self.segments.append((start, end))
        self.segments.sort()

    def detach_segment(self, start: int, end: int) -> None:
        """Take away what `attach_segment` put there. Raises AddressError: nothing."""
        if (start, end) not in self.segments:
            raise AddressError(f"{start:X}-{end - 1:X} is not in storage")
        self.segments.remove((start, end))
        self.forget_pages(start, end - start)

    def forget_pages(self, addr: int, n: int) -> None:
        """Have zeros, and keys of zero, in these pages, which no file has any part in any more."""
        forget_file(self.data, addr, n)
        self._mapped = [(at, length) for at, length in self._mapped if not addr <= at < addr + n]
        blocks = range(addr // BLOCK, (addr + n) // BLOCK)
        self.watched.difference_update(blocks)
        for block in blocks:
            self.keys[block] = 0
            self.key_changed(block)


class AddressError(Exception):
    """An absolute address outside of storage."""
