"""Areas of a guest's storage that parameter lists name: whether they are there, and whether a key gives access."""

from __future__ import annotations

from cpvm.machine import Machine
from cpvm.machine.storage import BLOCK, FETCH_PROTECTION


def within(machine: Machine, address: int, length: int) -> bool:
    """Whether LENGTH bytes at ADDRESS (real, unsigned) are storage; an area without length always is."""
    return length == 0 or machine.storage.holds(address, length)


def permitted(machine: Machine, address: int, length: int, key: int, *, store: bool) -> bool:
    """Whether access with KEY (0 to 15) to an area inside of storage is allowed: to STORE, or to fetch."""
    if key == 0:
        return True
    for block in range(address // BLOCK * BLOCK, address + length, BLOCK):
        found = machine.storage.key(block)
        if found >> 4 != key and (store or found & FETCH_PROTECTION):
            return False
    return True


def overlap(address: int, length: int, other: int, other_length: int) -> bool:
    """Whether two areas have a byte in common."""
    return length > 0 and other_length > 0 and address < other + other_length and other < address + length
