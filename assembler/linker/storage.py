"""The storage that a program is loaded into; what was put there is remembered, for a deck made of it."""

from __future__ import annotations

from assembler.linker.names import LinkError

LIMIT = 0x1000000
"""System/370 addresses have 24 bits."""


class Storage:
    """Storage from `origin` on; grows as it is written to, zeros at first."""

    def __init__(self, origin: int, limit: int = LIMIT) -> None:
        if not 0 <= origin < limit <= LIMIT:
            raise LinkError(f"ORIGIN {origin:X} IS NOT IN STORAGE")
        self.origin = origin
        self.limit = limit
        self._data = bytearray()
        self._written: list[tuple[int, int]] = []

    def data(self, end: int) -> bytes:
        """What lies below `end`."""
        return bytes(self._data[: end - self.origin]).ljust(end - self.origin, b"\0")

    def grow(self, end: int) -> None:
        """There has to be storage up to `end`. Raises LinkError."""
        if end > self.limit:
            raise LinkError("VIRTUAL STORAGE CAPACITY EXCEEDED")
        if end - self.origin > len(self._data):
            self._data.extend(bytes(end - self.origin - len(self._data)))

    def write(self, at: int, data: bytes) -> None:
        self.grow(at + len(data))
        start = at - self.origin
        self._data[start : start + len(data)] = data
        if self._written and self._written[-1][1] == at:
            self._written[-1] = (self._written[-1][0], at + len(data))
        else:
            self._written.append((at, at + len(data)))

    def add(self, at: int, length: int, value: int) -> None:
        """Add a value to the field of so many bytes; what does not fit is lost."""
        start = at - self.origin
        old = int.from_bytes(self._data[start : start + length], "big")
        self.set(at, length, old + value)

    def set(self, at: int, length: int, value: int) -> None:
        start = at - self.origin
        self._data[start : start + length] = (value & (1 << 8 * length) - 1).to_bytes(length, "big")

    def pieces(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """What was put between two addresses: address and bytes, in order, without the gaps."""
        spans = sorted((max(a, start), min(b, end)) for a, b in self._written if a < end and b > start)
        joined: list[tuple[int, int]] = []
        for a, b in spans:
            if joined and a <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
            else:
                joined.append((a, b))
        return [(a, bytes(self._data[a - self.origin : b - self.origin])) for a, b in joined]
