"""Data of messages in guests' storage: one area, or a list of areas, with the key that gives access (IUCV)."""

from __future__ import annotations

from cpvm.cp.area import permitted, within
from cpvm.cp.iucvblok import Code
from cpvm.machine import Machine

_ENTRY = 8
_MOST_ENTRIES = 4096


class DataError(Exception):
    """Data cannot be had; `code` says why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


def areas(machine: Machine, address: int, length: int, key: int, *, listed: bool) -> list[tuple[int, int]]:
    """The areas that an address and a length mean: one, or those in a list of addresses and lengths.

    Raises DataError: a negative length, a list not on a doubleword, or outside of storage, or protected.
    """
    if length & 0x80000000:
        raise DataError(Code.NEGATIVE)
    if not listed:
        return [(address, length)] if length else []
    if address & 7:
        raise DataError(Code.LIST)
    found: list[tuple[int, int]] = []
    room = machine.storage.size  # no message is longer
    while length and room >= 0 and len(found) < _MOST_ENTRIES:
        entry = fetch(machine, [(address, _ENTRY)], key)
        size = int.from_bytes(entry[4:], "big")
        if size & 0x80000000:
            raise DataError(Code.NEGATIVE)
        found.append((int.from_bytes(entry[:4], "big"), min(size, length)))
        room -= found[-1][1]
        length -= found[-1][1]
        address += _ENTRY
    return found


def _check(machine: Machine, where: list[tuple[int, int]], key: int, *, store: bool) -> None:
    for address, length in where:
        if not within(machine, address, length):
            raise DataError(Code.ADDRESSING)
        if length and not permitted(machine, address, length, key, store=store):
            raise DataError(Code.PROTECTION)


def fetch(machine: Machine, where: list[tuple[int, int]], key: int) -> bytes:
    """What stands in the areas. Raises DataError."""
    _check(machine, where, key, store=False)
    return b"".join(machine.storage.read(address, length) for address, length in where if length)


def store(machine: Machine, where: list[tuple[int, int]], key: int, data: bytes) -> int:
    """Put DATA into the areas; returns the address behind the last byte. Raises DataError before anything is stored."""
    _check(machine, where, key, store=True)
    end = where[0][0] if where else 0
    for address, length in where:
        piece, data = data[:length], data[length:]
        if piece:
            machine.storage.write(address, piece)
        if piece or not data:
            end = address + len(piece)
        if not data:
            break
    return end
