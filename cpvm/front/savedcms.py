"""CMS as a saved system: its nucleus as the system disk's IPL brings it into storage, ready to be entered; and its
segment, which the nucleus finds by name.

What CMS does after that depends on the machine it runs in (its storage, its disks), so it does that in each machine.
"""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.savedsys import BLOCK, PAGE, PageRange, SavedSystem, SavedSystems, State
from cpvm.machine import IPLError, Machine, StopReason
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.engines import REFERENCE
from cpvm.machine.media.minidisk import Minidisk
from cpvm.s370.ckd import GEOMETRY

NAME = "CMS"
SEGMENT = "CMSSEG"
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


def save(store: SavedSystems, disk: Minidisk, devtype: str, vaddr: int) -> None:
    """Save the nucleus and the segment of the disk.

    A nucleus without its segment, which a kill between the two leaves behind, takes the segment from the disk.
    Raises SaveError; SavedSystemError.
    """
    _save_segment(store, disk, devtype)
    _save_nucleus(store, disk, devtype, vaddr)


def purge(store: SavedSystems) -> None:
    """Forget the saved nucleus and segment. Raises SavedSystemError."""
    for name in (NAME, SEGMENT):
        store.purge(name)


def _save_segment(store: SavedSystems, disk: Minidisk, devtype: str) -> None:
    """The segment, and behind it the disk's directory, for all who IPL it."""
    from cms import segment_image, sstat  # brings the assembler, which no other start needs
    from cms.cmsblocks import TrackBlocks
    from cms.cmsdisk import CMSDisk, CMSDiskError

    try:
        files = CMSDisk.load(disk.read, disk.cylinders)
        text = segment_image.text_of(files.read(segment_image.NAME, segment_image.TYPE).records)
        blocks = TrackBlocks(disk.read, disk.cylinders, GEOMETRY[devtype])
        text = sstat.with_directory(text, segment_image.ORIGIN, blocks.read)
    except (CMSDiskError, segment_image.SegmentError, MediaError) as error:
        raise SaveError(f"the system disk has no CMS segment: {error}") from error
    pages = [text[at : at + PAGE].ljust(PAGE, b"\0") for at in range(0, len(text), PAGE)]
    first = segment_image.ORIGIN // PAGE
    ranges = (PageRange(first, first + len(pages) - 1, "SR"),)
    keys = bytes(len(pages) * PAGE // BLOCK)
    store.save(SavedSystem(SEGMENT, ranges, segment=True, creator="MAINT", keys=keys), pages)


def _save_nucleus(store: SavedSystems, disk: Minidisk, devtype: str, vaddr: int) -> SavedSystem:
    """IPL a machine from the disk up to the entry of the nucleus, and save what is there then."""
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
