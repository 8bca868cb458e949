"""Damage of a CMS disk of the enhanced format: blocks that two files claim, and the map of allocated blocks.

Source: VM/SP CMS Data Areas and Control Block Logic (LY24-5221), ADT and FST.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cpvm.front.disks.edf import EDFDisk, EDFError

_OUTSIDE: Final = range(1, 6)
"""IPL's two, the label, and the two places where the directory may begin."""
_MOST_TOLD: Final = 20


def edf_damage(disk: EDFDisk) -> Iterator[str]:
    """Lines of text, one for each thing that is wrong with a disk; at most some twenty of a kind."""
    owners: dict[int, str] = {number: "the system" for number in _OUTSIDE}
    wrong: list[str] = []
    for name, origin, depth, width in disk.trees():
        try:
            for number in disk.blocks_of(origin, depth, width):
                other = owners.get(number, name)
                if other != name and not (number == disk.origin and name == "the directory"):
                    wrong.append(f"block {number} belongs to both {other} and {name}")
                owners[number] = name
        except (EDFError, RecursionError) as error:
            wrong.append(f"{name}: {error}")
    for file in disk.files.values():
        try:
            file.records  # noqa: B018
        except EDFError as error:
            wrong.append(f"{file.fn} {file.ft}: {error}")
    yield from _first(wrong)
    try:
        if bits := disk.map():
            yield from _first(_unlike(owners, bits, disk.total))
    except EDFError as error:
        yield f"the map of blocks: {error}"


def _unlike(owners: dict[int, str], bits: bytes, total: int) -> list[str]:
    """Where the map says something else than the files."""
    wrong = []
    for number in range(1, total + 1):
        used = bool(bits[(number - 1) // 8] & 0x80 >> (number - 1) % 8)
        if number in owners and not used and number not in _OUTSIDE:
            wrong.append(f"block {number} is in use by {owners[number]}, but free in the map of blocks")
        elif used and number not in owners:
            wrong.append(f"block {number} is in use in the map of blocks, but belongs to no file")
    return wrong


def _first(lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_TOLD]
    if len(lines) > _MOST_TOLD:
        yield f"... and {len(lines) - _MOST_TOLD} more like these"
