"""IPL of a disk from another cylinder than the first (DMKVMI)."""

from __future__ import annotations

import struct

from cpvm.machine import IPLError, Machine
from cpvm.s370 import psa
from cpvm.s370.psw import PSW

_PLACE = 0x20000
_SMALL = 256 * 1024
_SEEK, _SEARCH, _TIC, _READ = 0x07, 0x31, 0x08, 0x06
_CHAIN, _CHAIN_ANY_LENGTH = 0x40, 0x60
_LENGTH = 24
_CCW = struct.Struct(">IBxH")


def _ccw(code: int, address: int, flags: int, count: int) -> bytes:
    return _CCW.pack(code << 24 | address, flags, count)


def load(machine: Machine, vaddr: int, cylinder: int) -> None:
    """Read 24 bytes of record 1 of a cylinder's first track to location 0, go on with the CCWs at 8, load the PSW.

    The machine was reset before. The channel program stands where VM/370's own does, at X'20000' or in the middle of
    a smaller storage; what is there comes back. Raises IPLError.
    """
    at = _PLACE if machine.storage.size >= _SMALL else machine.storage.size // 2 & ~7
    argument = at + 40
    program = (
        _ccw(_SEEK, argument, _CHAIN, 6)
        + _ccw(_SEARCH, argument + 2, _CHAIN, 5)
        + _ccw(_TIC, at + 8, 0, 1)
        + _ccw(_READ, 0, _CHAIN_ANY_LENGTH, _LENGTH)
        + _ccw(_TIC, 8, 0, 1)
        + struct.pack(">HHHB", 0, cylinder, 0, 1)
    )
    before = machine.storage.read(at, len(program))
    machine.storage.write(at, program)
    status = machine.io.execute(vaddr, at)
    if machine.storage.read(at, len(program)) == program:  # else what was loaded is there now
        machine.storage.write(at, before)
    if status.cc:
        raise IPLError(f"IPL from device {vaddr:03X} failed", status.csw.to_bytes(), status.sense)
    ec_mode = machine.storage.read(1, 1)[0] & 0x08
    machine.storage.write(psa.IO_ADDRESS + 2 if ec_mode else 2, vaddr.to_bytes(2, "big"))
    machine.psw = PSW.from_bytes(machine.storage.read(0, 8))
