"""Volumes of VM/370: what CP's allocation record says, and the CMS minidisks that can be found on one.

Where minidisks lie is in the directory of the system that the volume is of. Without it they are known by their labels,
which stand at the beginning of a cylinder.

Source: VM/370 System Logic and Problem Determination Guide, Vol. 1 (SY20-0886), DMKFMT: format of a volume.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from cms.cmsdisk import BLOCK
from cpvm.front.disks.datasets import volume_label
from cpvm.front.disks.place import Part
from cpvm.machine.device import MediaError
from cpvm.s370.ckd import CKDError, decode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

_OWNER: Final = slice(46, 51)
_RECORD, _LENGTH, _END = 4, 1024, 0xFF
_KINDS: Final = {0x00: "TEMP", 0x01: "PERM", 0x02: "TDSK", 0x04: "DRCT"}
_CYLINDERS_AT: Final = {"CMS=": (4, 0x17C), "CMS1": (3, 20)}


@dataclass(frozen=True)
class Found:
    """A CMS minidisk on a volume: cylinders, label, and the size of its blocks in bytes."""

    start: int
    cylinders: int
    label: str
    block: int

    @property
    def place(self) -> str:
        """FIRST-LAST, as --cylinders takes it."""
        return f"{self.start}-{self.start + self.cylinders - 1}"


def is_cp(first: bytes) -> bool:
    """Whether the image of a disk's first track has a label that CP's format program wrote."""
    raw = volume_label(first)
    return raw is not None and raw[_OWNER] == to_ebcdic("CP370")


def allocation(first: bytes, cylinders: int) -> list[str]:
    """What CP may use which cylinders for, as `PERM 0-554`; empty if the record that says it is not there."""
    try:
        data = next((r.data for r in decode_track(first) if r.rec == _RECORD and len(r.data) >= _LENGTH), b"")
    except CKDError:
        return []
    codes = list(data[:cylinders])
    if _END in codes:
        del codes[codes.index(_END) :]
    ranges, at = [], 0
    for code, group in groupby(codes):
        size = len(list(group))
        ranges.append(f"{_KINDS.get(code, f'X{code:02X}')} {at}-{at + size - 1}")
        at += size
    return ranges


def minidisks(part: Part) -> Iterator[Found]:
    """The CMS minidisks that begin behind cylinder 0, in order; cylinders that cannot be read are passed over."""
    cyl = 1
    while cyl < part.cylinders:
        found = _at(part, cyl)
        if found is not None:
            yield found
        cyl += found.cylinders if found is not None else 1


def _at(part: Part, cyl: int) -> Found | None:
    try:
        records = {record.rec: record.data for record in decode_track(part.tracks.read(cyl, 0))}
    except (CKDError, MediaError):
        return None
    label = records.get(3, b"")
    mark = from_ebcdic(label[:4])
    if mark not in _CYLINDERS_AT:
        return None
    number, at = _CYLINDERS_AT[mark]
    size = int.from_bytes(records.get(number, b"")[at : at + 4], "big")
    block = BLOCK if mark == "CMS=" else int.from_bytes(label[12:16], "big")
    if not 1 <= size <= part.cylinders - cyl or len(label) != block:
        return None
    return Found(cyl, size, from_ebcdic(label[4:10]).rstrip(" \0"), block)
