"""CMS as a saved system: its nucleus as the system disk's IPL brings it into storage, ready to be entered.

What CMS does after that depends on the machine it runs in (its storage, its disks), so it does that in each machine.
"""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.savedsys import BLOCK, PAGE, PageRange, SavedSystem, SavedSystems, State
from cpvm.machine import IPLError, Machine, StopReason
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.engines import REFERENCE
from cpvm.machine.media.minidisk import Minidisk

NAME = "CMS"
ENTRY = 0x10000
"""Where the bootstrap enters the nucleus."""
FIRST, LAST = 0x10, 0x1F
"""The pages that it may take."""
MINIMUM = 256 * 1024
PARAMETERS = (2, 15)
"""Registers for PARM of IPL: the nucleus is entered with the address of its disk in general register 1."""
_STORAGE = 1 << 20
_INSTRUCTIONS = 1_000_000


class SaveError(Exception):
    """The disk does not bring CMS into storage."""


def save(store: SavedSystems, disk: Minidisk, devtype: str, vaddr: int) -> SavedSystem:
    """IPL a machine from the disk up to the entry of the nucleus, and save what is there then.

    Raises SaveError; SavedSystemError.
    """
    machine = Machine(_STORAGE, engine=REFERENCE)
    machine.attach(vaddr, Dasd(devtype, disk, cylinders=disk.cylinders, read_only=True))
    machine.address_stop = ENTRY
    try:
        machine.ipl(vaddr)
    except IPLError as error:
        raise SaveError(f"the system disk cannot be IPLed: {error}") from error
    stop = machine.run(_INSTRUCTIONS)
    if stop.reason is not StopReason.ADDRESS_STOP:
        raise SaveError(f"the IPL of the system disk ends with {stop.reason.name.lower()}")
    pages = [machine.storage.read(page * PAGE, PAGE) for page in range(FIRST, LAST + 1)]
    while not any(pages[-1]):
        pages.pop()
    state = State(
        machine.psw.to_bytes(),
        tuple(machine.gr),
        tuple(machine.fr[register] for register in (0, 2, 4, 6)),
        tuple(machine.cr),
    )
    ranges = (PageRange(FIRST, FIRST + len(pages) - 1, "EW"),)
    keys = bytes(len(pages) * PAGE // BLOCK)
    system = SavedSystem(NAME, ranges, minimum=MINIMUM, creator="MAINT", state=state, keys=keys)
    return store.save(replace(system, parameter_registers=PARAMETERS), pages)
