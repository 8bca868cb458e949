"""Places in a guest's storage as commands name them: hexadecimal addresses, names, ranges (DMKCVT)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpvm.cp.message import INVALID_HEXLOC, INVALID_RANGE
from cpvm.cp.operand import hexadecimal

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

_ADDRESS = 0xFFFFFF
_HEX = re.compile(r"[0-9A-F]+")
_NAMED = re.compile(r"([A-Z@#$_][A-Z0-9@#$_]*)(?:\+([0-9A-F]{1,6}))?")
_RANGE = re.compile(r"([^-:.;]*)(?:([-:.])([^-:.;]*))?(?:;(.+))?")
_REGISTER = re.compile(r"G(\d{1,2}|[A-F])")


@dataclass(frozen=True)
class Range:
    """Addresses or numbers from FIRST to LAST, both included."""

    first: int
    last: int

    def __contains__(self, value: int) -> bool:
        return self.first <= value <= self.last

    def touches(self, address: int, length: int) -> bool:
        """Whether any of LENGTH bytes from ADDRESS on is in it."""
        return address <= self.last and self.first < address + length

    def __str__(self) -> str:
        return f"{self.first:06X}" if self.first == self.last else f"{self.first:06X}-{self.last:06X}"


def location(vm: VMBLOK, typed: str) -> int:
    """An address: hexadecimal digits, a name, or name+hexadecimal. INVALID HEXLOC; it need not be in storage."""
    if _HEX.fullmatch(typed):
        return hexadecimal(typed, 6)
    found = _NAMED.fullmatch(typed)
    address = vm.names.find(found.group(1)) if found is not None else None
    if found is None or address is None:
        raise INVALID_HEXLOC.error(typed)
    return address + int(found.group(2) or "0", 16) & _ADDRESS


def base(vm: VMBLOK, typed: str) -> int:
    """What stands behind a semicolon: a location, or Gn for the contents of a general register."""
    found = _REGISTER.fullmatch(typed)
    if found is not None:
        number = int(found.group(1), 16 if found.group(1).isalpha() else 10)
        if number <= 15:
            return vm.machine.gr[number] & _ADDRESS
    return location(vm, typed)


def span(vm: VMBLOK, typed: str, *, unit: int = 1, stored: bool = False) -> Range:
    """hexloc, hexloc-hexloc, hexloc:hexloc, hexloc.count, each with ;base behind it.

    UNIT bytes if there is one location only. STORED: it must be in the machine's storage, of one piece, and END and
    nothing behind the sign mean the end of that. Raises INVALID HEXLOC, INVALID RANGE.
    """
    found = _RANGE.fullmatch(typed)
    if found is None:
        raise INVALID_HEXLOC.error(typed)
    start, sign, other, behind = found.groups()
    offset = base(vm, behind) if behind else 0
    first = (location(vm, start) if start else 0) + offset
    end = vm.machine.storage.piece(first)[1] if stored else _ADDRESS + 1
    if first >= end:
        raise INVALID_HEXLOC.error(start or typed)
    if sign is None:
        return Range(first, min(first + unit, end) - 1)
    if other in ("", "END"):
        return Range(first, end - 1)
    last = first + hexadecimal(other, 6) - 1 if sign == "." else location(vm, other) + offset
    if last < first or last >= end:
        raise INVALID_RANGE.error(typed)
    return Range(first, last)


def numbers(typed: str, digits: int) -> Range | None:
    """A hexadecimal number, or two with a hyphen between; None if it is something else."""
    found = re.fullmatch(rf"([0-9A-F]{{1,{digits}}})(?:-([0-9A-F]{{1,{digits}}}))?", typed)
    if found is None:
        return None
    first = int(found.group(1), 16)
    last = int(found.group(2), 16) if found.group(2) else first
    return Range(first, last) if first <= last else None
