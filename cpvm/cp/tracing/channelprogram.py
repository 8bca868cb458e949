"""The CCWs of a guest's channel program, as they stand in its storage (DMKTRC).

The guest's CCWs are the ones that are executed: there is no translated copy beside them, which VM/370 shows too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cpvm.machine import Machine
from cpvm.s370 import psa

LIMIT: Final = 64
"""CCWs that are shown of one program."""
_CHAIN_DATA, _CHAIN_COMMAND, _IDA = 0x80, 0x40, 0x04
_TIC, _SEEKS = 0x08, (0x07, 0x0B, 0x1B)
_IDA_BLOCK = 2048


def ccw_lines(machine: Machine) -> Iterator[str]:
    """A line for each CCW of the program that the CAW names, and for what indirect addresses and seeks refer to.

    A transfer in channel to where the program has been ends it, and so does an address outside of storage.
    """
    caw = _word(machine, machine.io.prefix + psa.CAW)
    at: int | None = (caw or 0) & 0xFFFFFF
    seen: set[int] = set()
    previous_tic = False
    while at is not None and at not in seen and len(seen) < LIMIT:
        seen.add(at)
        first, second = _word(machine, at), _word(machine, at + 4)
        if first is None or second is None:
            yield f"CCW {at:06X} OUTSIDE STORAGE"
            return
        yield f"CCW {at:06X} {first:08X} {second:08X}"
        command, address, flags, count = first >> 24, first & 0xFFFFFF, second >> 24, second & 0xFFFF
        if command & 0x0F == _TIC:
            at = None if previous_tic else address
            previous_tic = True
            continue
        previous_tic = False
        yield from _referred(machine, command, address, flags, count)
        at = at + 8 if flags & (_CHAIN_DATA | _CHAIN_COMMAND) else None


def _referred(machine: Machine, command: int, address: int, flags: int, count: int) -> Iterator[str]:
    if flags & _IDA:
        first = _word(machine, address)
        blocks = ((first or 0) % _IDA_BLOCK + count + _IDA_BLOCK - 1) // _IDA_BLOCK
        words = [_word(machine, address + 4 * number) for number in range(min(max(blocks, 1), 8))]
        yield "CCW IDAL " + " ".join("????????" if word is None else f"{word:08X}" for word in words)
    elif command in _SEEKS and machine.storage.holds(address, 6):
        yield f"CCW SEEK {machine.storage.read(address, 6).hex().upper()}"


def _word(machine: Machine, address: int) -> int | None:
    if not machine.storage.holds(address, 4):
        return None
    return int.from_bytes(machine.storage.read(address, 4), "big")
