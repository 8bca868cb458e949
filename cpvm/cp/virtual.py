"""Making a machine's devices, and linking minidisks (DMKLOG, DMKDEF, DMKLNK)."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from cpvm.cp.directory import (
    ANYONE,
    UNIT_RECORD_TYPES,
    ConsoleEntry,
    DedicateEntry,
    DeviceEntry,
    LinkEntry,
    MinidiskEntry,
    SpecialEntry,
    SpoolEntry,
    TemporaryEntry,
)
from cpvm.cp.fullscreen import ConsoleDisplay
from cpvm.cp.journal import OK, What
from cpvm.cp.limits import DEVICES, TDISK
from cpvm.cp.message import CPError, message
from cpvm.cp.minidisk import users
from cpvm.cp.signon import place_of
from cpvm.cp.vdevblok import VDEVBLOK, DASDBlock
from cpvm.cp.vspool import Output, Reader
from cpvm.machine.cardpunch import CardPunch
from cpvm.machine.cardreader import CardReader
from cpvm.machine.device import ConfigurationError, ConsoleBackend, Device, device_types
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.lineprinter import LinePrinter
from cpvm.s370 import plugin

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

FORCED_RW = message("DMKLNK101W", "DASD {:03X} FORCED R/O; R/W BY {}")
FORCED_RO = message("DMKLNK102W", "DASD {:03X} FORCED R/O; R/O BY {}")
FORCED_BOTH = message("DMKLNK103W", "DASD {:03X} FORCED R/O; R/W BY {}; R/O BY {}")
FORCED_HOST = message("DMKLNK102W", "DASD {:03X} FORCED R/O; THE VOLUME IS READ-ONLY")
NOT_IN_OWNER = message("DMKLNK107E", "{} {:03X} NOT LINKED; NOT IN CP DIRECTORY")
CANNOT_BE_MADE = message("906E", "{} CANNOT BE DEFINED; {}")
ALREADY_DEFINED = message("092E", "{:03X} ALREADY DEFINED")
TOO_MANY_DEVICES = message("911E", "{:03X} NOT DEFINED; YOUR LIMIT IS {} DEVICES")
TOO_MUCH_TEMPORARY = message("091E", "DASD {:03X} NOT DEFINED; YOUR LIMIT OF TEMP SPACE IS {} CYLINDERS")


def attach(vm: VMBLOK, block: VDEVBLOK, device: Device) -> None:
    """Put a device into the machine. ALREADY DEFINED if the address is taken."""
    if block.vaddr in vm.devices:
        raise ALREADY_DEFINED.error(block.vaddr)
    check_devices(vm, block.vaddr)
    vm.machine.attach(block.vaddr, device)
    vm.devices[block.vaddr] = block


def check_devices(vm: VMBLOK, vaddr: int) -> None:
    """Raise TOO_MANY_DEVICES if the user may not have one more. What the directory gives is always made."""
    limits = vm.system.limits
    if vm.entered and not limits.room(vm.userid, DEVICES):
        raise TOO_MANY_DEVICES.error(vaddr, limits.of(vm.userid, DEVICES))


def detach(vm: VMBLOK, vaddr: int) -> VDEVBLOK:
    """Take a device out of the machine; what it had open is closed. The device must be there."""
    block = vm.devices.pop(vaddr)
    vm.machine.detach(vaddr)
    block.release()
    if block is vm.console.spool:
        if vm.console.display is not None:
            vm.console.display.ended()
        vm.console.device = vm.console.display = None
        vm.console.spool = None
    return block


def redefine(vm: VMBLOK, old: int, new: int) -> None:
    """DEFINE old AS new."""
    if new in vm.devices:
        raise ALREADY_DEFINED.error(new)
    device = vm.machine.device(old)
    assert device is not None
    block = vm.devices.pop(old)
    vm.machine.detach(old)
    device.reset()
    block.vaddr = new
    if isinstance(block, DASDBlock):
        block.link.vaddr = new
    vm.machine.attach(new, device)
    vm.devices[new] = block


def add_console(vm: VMBLOK, vaddr: int, devtype: str = "3215", spool_class: str = "T") -> None:
    """Give the machine its console. A 3270 is a 3215 unless its user is at a display."""
    block = Output(vm, vaddr, "CONS", "3215" if devtype == "3270" else devtype, spool_class)
    console = Console3215(vm.console)
    attach(vm, block, console)
    vm.console.device = console
    vm.console.spool = block
    if devtype == "3270":
        set_console_mode(vm, devtype)


def set_console_mode(vm: VMBLOK, mode: str) -> bool:
    """Make the console a 3215 or a 3270 for the machine, if there is one. False: there is no display for a 3270."""
    console, block = vm.console, vm.console.spool
    if block is None or mode == ("3215" if console.display is None else "3270"):
        return True
    graphic = console.graphic
    if mode == "3270" and graphic is None:
        return False
    vm.machine.detach(block.vaddr)
    if console.display is not None:
        console.display.ended()
    console.device = console.display = None
    if graphic is not None and mode == "3270":
        console.display = ConsoleDisplay(console)
        console.display.connect(graphic)
        block.devtype = console.display.device.type
        vm.machine.attach(block.vaddr, console.display.device)
    else:
        console.device = Console3215(console)
        block.devtype = "3215"
        vm.machine.attach(block.vaddr, console.device)
    return True


def add_unit_record(vm: VMBLOK, vaddr: int, devtype: str, spool_class: str | None = None) -> str:
    """Give the machine a reader, punch or printer; returns its kind, RDR PUN PRT."""
    kind = UNIT_RECORD_TYPES[devtype]
    cls = device_types()[devtype]
    if issubclass(cls, CardReader):
        reader = Reader(vm, vaddr, kind, devtype, spool_class or "*")
        device = cls(reader)
        device.ends_at_selection = True
        attach(vm, reader, device)
        return kind
    output = Output(vm, vaddr, kind, devtype, spool_class or "A")
    if issubclass(cls, CardPunch):
        attach(vm, output, cls(output, columns=False))
    elif issubclass(cls, LinePrinter):
        attach(vm, output, cls(output))
    else:
        raise CANNOT_BE_MADE.error(devtype, "IT CANNOT BE SPOOLED")
    return kind


class _NoRoom:
    """A guest's device has nothing of the host's: each wish is refused."""

    def console(self) -> ConsoleBackend:
        raise ConfigurationError("the console is CP's")

    def display(self, name: str) -> object:
        raise ConfigurationError("a virtual machine has no terminal of the host's")

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        raise ConfigurationError("a virtual machine has no files of the host's")

    def input(self, path: str) -> bytes:
        raise ConfigurationError("a virtual machine has no files of the host's")

    def link(self, name: str) -> object:
        raise ConfigurationError("a virtual machine is connected by CP alone")


class _Invented(VDEVBLOK):
    """A device of a type that a plugin defines."""

    def __init__(self, vaddr: int, device: Device) -> None:
        super().__init__(vaddr, "DEV", device.type)
        self.device = device

    def release(self) -> None:
        self.device.close()


def is_invented(devtype: str) -> bool:
    """Whether this is a device type that a plugin defines."""
    cls = device_types().get(devtype)
    return cls is not None and plugin.owner(cls) is not None


def add_invented(vm: VMBLOK, vaddr: int, devtype: str) -> None:
    """Give the machine a device of a plugin's, as it is without files and options."""
    if vaddr in vm.devices:
        raise ALREADY_DEFINED.error(vaddr)
    try:
        device = device_types()[devtype].configure(devtype, None, {}, _NoRoom())
    except ConfigurationError as error:
        raise CANNOT_BE_MADE.error(devtype, error) from None
    attach(vm, _Invented(vaddr, device), device)


def link_minidisk(vm: VMBLOK, owner: str, disk: MinidiskEntry, vaddr: int, mode: str) -> DASDBlock:
    """Link to a minidisk. Raises CPError if MODE's rules forbid it or VADDR is taken."""
    if vaddr in vm.devices:
        raise ALREADY_DEFINED.error(vaddr)
    check_devices(vm, vaddr)
    link = vm.system.minidisks.link(owner, disk, vm.userid, mode)
    link.vaddr = vaddr
    block = DASDBlock(vaddr, link)
    attach(vm, block, Dasd(disk.devtype, link.tracks, cylinders=disk.cylinders, read_only=not link.writable))
    if not link.writable and mode in ("W", "WR", "M", "MR", "MW"):
        writers, readers = vm.system.minidisks.others(link)
        if writers and readers:
            vm.message(FORCED_BOTH.full(vaddr, users(writers), users(readers)))
        elif writers:
            vm.message(FORCED_RW.full(vaddr, users(writers)))
        elif readers:
            vm.message(FORCED_RO.full(vaddr, users(readers)))
        else:
            vm.message(FORCED_HOST.full(vaddr))
    return block


def linked(vm: VMBLOK, about: str, result: str = OK) -> None:
    """Record a link to another user's disk, or that it was refused."""
    vm.system.journal.write(What.LINK, vm.userid, place=str(place_of(vm.console.session)), about=about, result=result)


def note_link(vm: VMBLOK, owner: str, disk: MinidiskEntry, mode: str) -> None:
    """There is an accounting record for a link to a disk that not everybody may have, if SET JOURNAL wants it."""
    if owner != vm.userid and disk.password(mode) != ANYONE:
        vm.system.operations.journaling.linked(vm, owner, disk.vaddr)


def add_temporary(vm: VMBLOK, vaddr: int, devtype: str, cylinders: int) -> DASDBlock:
    """Give the machine a temporary disk. Raises CPError if there is no room for it, or VADDR is taken."""
    if vaddr in vm.devices:
        raise ALREADY_DEFINED.error(vaddr)
    check_devices(vm, vaddr)
    limits = vm.system.limits
    if vm.entered and not limits.room(vm.userid, TDISK, cylinders):
        raise TOO_MUCH_TEMPORARY.error(vaddr, limits.of(vm.userid, TDISK))
    link = vm.system.minidisks.link_temporary(devtype, cylinders, vm.userid, vaddr)
    block = DASDBlock(vaddr, link)
    attach(vm, block, Dasd(devtype, link.tracks, cylinders=cylinders))
    return block


def dedicate(vm: VMBLOK, entry: DedicateEntry) -> None:
    """Attach a real device as a DEDICATE statement says. Raises CPError."""
    real = vm.system.real
    found = real.with_volid(entry.volid) if entry.volid else real.at(entry.raddr)
    if entry.vaddr in vm.devices:
        raise ALREADY_DEFINED.error(entry.vaddr)
    real.attach(found, vm, entry.vaddr, read_only=entry.read_only)


SPECIALS: dict[str, Callable[[VMBLOK, int], None]] = {}
"""How a machine is given a device of a SPECIAL statement, by its type."""


def add_special(vm: VMBLOK, vaddr: int, devtype: str) -> None:
    """Give the machine what a SPECIAL statement says. Raises CPError."""
    make = SPECIALS.get(devtype)
    if make is None:
        raise CANNOT_BE_MADE.error(devtype, "THERE IS NONE OF THIS TYPE")
    if vaddr in vm.devices:
        raise ALREADY_DEFINED.error(vaddr)
    make(vm, vaddr)


def add_from_directory(vm: VMBLOK, entry: DeviceEntry) -> None:
    """Make the device of one directory statement. What cannot be made is told to the user; the rest goes on."""
    try:
        match entry:
            case ConsoleEntry(vaddr, devtype, spool_class):
                add_console(vm, vaddr, devtype, spool_class)
            case SpoolEntry(vaddr, devtype, spool_class):
                add_unit_record(vm, vaddr, devtype, spool_class)
            case TemporaryEntry(vaddr, devtype, cylinders):
                add_temporary(vm, vaddr, devtype, cylinders)
            case DedicateEntry():
                dedicate(vm, entry)
            case SpecialEntry(vaddr, devtype, _):
                add_special(vm, vaddr, devtype)
            case MinidiskEntry():
                link_minidisk(vm, vm.userid, entry, entry.vaddr, entry.mode)
            case LinkEntry(vaddr, owner, owner_vaddr, mode):
                user = vm.system.directory.users.get(owner)
                disk = user.minidisk(owner_vaddr) if user is not None else None
                if disk is None:
                    raise NOT_IN_OWNER.error(owner, owner_vaddr)
                block = link_minidisk(vm, owner, disk, vaddr, mode)
                note_link(vm, owner, disk, mode)
                writable = "R/W" if block.link.writable else "R/O"
                linked(vm, f"{owner} {owner_vaddr:03X} {mode} {writable} BY DIRECTORY")
    except CPError as error:
        if isinstance(entry, LinkEntry):
            code = f"{error.module or 'DMKLNK'}{error.number:03}{error.severity}"
            linked(vm, f"{entry.owner} {entry.owner_vaddr:03X} {entry.mode} BY DIRECTORY", code)
        vm.message(f"{error.module or 'DMKLOG'}{error.number:03}{error.severity} {error.text}")
