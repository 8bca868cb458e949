"""What the definitions of channel programs may ask of the machine, whichever way they are executed."""

from __future__ import annotations

from typing import Protocol


class HostOps(Protocol):
    """Memory of the host by address, and a few numbers. All values fit a signed 64-bit word."""

    def block(self) -> int:
        """Host address of the block of the machine's channels."""

    def storage(self) -> int:
        """Host address of absolute address zero."""

    def size(self) -> int:
        """Bytes of storage."""

    def keys(self) -> int:
        """Host address of the storage keys."""

    def prefix(self) -> int: ...
    def cr(self, r: int) -> int:
        """Control register, unsigned."""

    def others(self) -> int:
        """1 if interruptions of drives that are not lent, or of other devices, are pending."""

    def word(self, a: int) -> int:
        """The number of 64 bits at a host address."""

    def put_word(self, a: int, v: int) -> None: ...
    def part(self, a: int) -> int:
        """The number of 32 bits at a host address, unsigned."""

    def byte(self, a: int) -> int:
        """The byte at a host address."""

    def big2(self, a: int) -> int:
        """The two bytes at a host address as System/370 has numbers, unsigned."""

    def big4(self, a: int) -> int: ...
    def put_big4(self, a: int, v: int) -> None: ...
    def copy(self, a1: int, a2: int, n: int) -> None:
        """Copy n bytes to a1 from a2; they do not overlap."""

    def zero(self, a: int, n: int) -> None:
        """Set n bytes to zero."""

    def spend(self, nanoseconds: int) -> None:
        """So long does something take: native code is to come back in time, whatever is left of its budget."""

    def text_may_change(self) -> None:
        """Translated regions compare their text before they go on: the channel has stored something."""

    def write_file(self, file: int, a: int, n: int, at: int) -> int:
        """Write n bytes to a file at an offset, as pwrite does; how many were written, or less than zero."""
