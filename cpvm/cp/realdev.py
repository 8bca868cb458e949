"""The real devices of the system: volumes, tapes, unit record machines, terminals (RDEVBLOK, DMKRIO, DMKSCN).

Each has a real address, X'000' to X'FFF', by which the operator's commands name it. Some are CP's own: the volumes of
the directory, and whatever other parts of CP enter with `RealDevices.add`. The others stand in the file `devices` of
the system folder, one a line, as VM/370's DMKRIO named them:

    180  3420  tapes/work.aws         a tape; file names are relative to the system folder
    340  3350  disks/os.cckd  ro      a disk image
    00C  3505  cards.txt              a card reader

They belong to nobody until the operator attaches them to a user (ATTACH), or a directory entry dedicates them.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cpvm.cp.message import message
from cpvm.cp.vdevblok import VDEVBLOK
from cpvm.machine.configure import device_from_words, parse_address, path_and_options
from cpvm.machine.device import (
    ConfigurationError,
    ConsoleBackend,
    Device,
    DeviceError,
    MediaError,
    device_types,
)
from cpvm.machine.media.hostfile import to_write, whole
from cpvm.machine.media.images import BlockImage, open_image
from cpvm.s370.ckd import CKDError, Track
from cpvm.s370.ebcdic import from_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.directory import VolumeEntry
    from cpvm.cp.vmblok import VMBLOK

FILE = "devices"
MEDIA = "media"
"""The folder of the system folder with what the operator can mount."""
_LABEL_RECORD = 3
FIRST_VOLUME = 0x150
"""Where the addresses of the directory's volumes begin, unless they are taken."""

RADDR_MISSING = message("021E", "RADDR MISSING OR INVALID")
NO_SUCH_DEVICE = message("040E", "DEVICE {:03X} DOES NOT EXIST")
OFFLINE = message("046E", "{} {:03X} OFFLINE")
NOT_ATTACHED_TO = message("120E", "{} {:03X} NOT ATTACHED; {}")
ALREADY_ATTACHED = message("122E", "{} {:03X} ALREADY ATTACHED TO {}")
IN_USE_BY_SYSTEM = message("140E", "{} {:03X} ATTACHED TO SYSTEM")
NOT_MOUNTED = message("126E", "VOLID {} NOT MOUNTED")
BAD_LINE = message("DMKCPI955E", "{} LINE {}; {}")

_KINDS = {
    "dasd": "DASD",
    "fba": "DASD",
    "tape": "TAPE",
    "reader": "RDR",
    "punch": "PUN",
    "printer": "PRT",
    "console": "CONS",
    "display": "GRAF",
    "ctca": "CTCA",
}


def is_spooled(words: list[str]) -> bool:
    """Whether a line of `devices` defines a device that serves the spool: its third word is SPOOL."""
    return len(words) > 2 and words[2].upper() == "SPOOL"


class RealDevice:
    """One real device.

    KIND is DASD TAPE RDR PRT PUN GRAF LINE CONS CTCA. It is free; or SYSTEM, which is CP's own (a volume, a spooled
    unit record device); or attached to a user at VADDR. `make` gives the device that a machine gets.
    """

    def __init__(
        self,
        raddr: int,
        devtype: str,
        kind: str,
        *,
        system: bool = False,
        volid: str = "",
        make: Callable[[bool], Device] | None = None,
        mount: Callable[[Device | None, list[str]], str] | None = None,
        detail: str = "",
    ) -> None:
        self.raddr = raddr
        self.devtype = devtype
        self.kind = kind
        self.system = system
        self.volid = volid
        self.detail = detail
        """What stands behind it, for whoever asks: the name of a file."""
        self.online = True
        self.read_only = False
        self.vm: VMBLOK | None = None
        self.vaddr = -1
        self.drained = False
        self._make = make
        self._mount = mount

    @property
    def user(self) -> str:
        """The userid that it is attached to; "" if to none."""
        return self.vm.userid if self.vm is not None else ""

    @property
    def free(self) -> bool:
        """Online, and nobody's."""
        return self.online and not self.system and self.vm is None

    def need_free(self) -> None:
        """OFFLINE, ALREADY ATTACHED or ATTACHED TO SYSTEM if it cannot be given to anybody."""
        if not self.online:
            raise OFFLINE.error(self.kind, self.raddr)
        if self.vm is not None:
            raise ALREADY_ATTACHED.error(self.kind, self.raddr, self.user)
        if self.system:
            raise IN_USE_BY_SYSTEM.error(self.kind, self.raddr)

    def line(self) -> str:
        """What QUERY tells of it: kind, address, and whose it is."""
        if not self.online:
            state = "OFFLINE"
        elif self.vm is not None:
            state = f"ATTACHED TO {self.user:<8} {self.vaddr:03X}{' R/O' if self.read_only else ''}"
        elif self.system:
            state = f"CP SYSTEM {self.volid}".rstrip()
        else:
            state = "FREE"
        return f"{self.kind:<4} {self.raddr:03X} {state}"

    def lines(self) -> list[str]:
        """All that there is to tell of it."""
        return [self.line()]

    def make(self, *, read_only: bool = False) -> Device:
        """The device for a machine. Raises ConfigurationError if the host has not what is behind it."""
        if self._make is None:
            raise ConfigurationError(f"a {self.devtype} of the system cannot be given to a user")
        return self._make(read_only)

    def mount(self, words: list[str]) -> None:
        """Put another medium on it: a file of the folder `media` and options; no words: have none.

        Who has the device sees it become ready. Raises ConfigurationError.
        """
        if self._mount is None:
            raise ConfigurationError(f"a {self.devtype} of the system has no medium that can be changed")
        block = self.vm.devices.get(self.vaddr) if self.vm is not None else None
        self.detail = self._mount(block.device if isinstance(block, Dedicated) else None, words)


class Dedicated(VDEVBLOK):
    """A real device in a virtual machine: ATTACH, or DEDICATE in the directory."""

    def __init__(self, vm: VMBLOK, vaddr: int, real: RealDevice, device: Device) -> None:
        super().__init__(vaddr, real.kind, real.devtype)
        self.vm = vm
        self.real = real
        self.device = device

    def release(self) -> None:
        """Give the device back; what it had open is closed."""
        if self.vm.machine.device(self.vaddr) is self.device:
            self.vm.machine.detach(self.vaddr)
        self.real.vm, self.real.vaddr, self.real.read_only = None, -1, False
        self.device.close()


class RealDevices:
    """All real devices of the system, by address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._devices: dict[int, RealDevice] = {}
        self._links: dict[str, dict[str, Any]] = {}
        self.spooled: Callable[[list[str]], None] | None = None
        """Enters a device that serves the spool, from the words of its line (see `cpvm.cp.realunit.definition`)."""

    def __iter__(self) -> Iterator[RealDevice]:
        """In order of address."""
        return iter([self._devices[raddr] for raddr in sorted(self._devices)])

    def add(self, real: RealDevice) -> None:
        """Enter a device. Raises ConfigurationError if the address is taken."""
        if real.raddr in self._devices:
            raise ConfigurationError(f"{real.raddr:03X} is defined twice")
        self._devices[real.raddr] = real

    def remove(self, raddr: int) -> None:
        """Take a device out of the table."""
        del self._devices[raddr]

    def of_kind(self, *kinds: str) -> list[RealDevice]:
        """The devices of these kinds, in order of address."""
        return [real for real in self if real.kind in kinds]

    def find(self, typed: str | None) -> RealDevice:
        """The device whose address was typed. RADDR MISSING OR INVALID, DEVICE DOES NOT EXIST."""
        try:
            raddr = parse_address(typed or "")
        except ConfigurationError:
            raise RADDR_MISSING.error() from None
        return self.at(raddr)

    def at(self, raddr: int) -> RealDevice:
        """The device at an address. DEVICE DOES NOT EXIST."""
        real = self._devices.get(raddr)
        if real is None:
            raise NO_SUCH_DEVICE.error(raddr)
        return real

    def with_volid(self, volid: str) -> RealDevice:
        """The disk with a volume identifier. VOLID volid NOT MOUNTED."""
        for real in self.of_kind("DASD"):
            if volid == (real.volid if real.system else _label(self._folder / real.detail)):
                return real
        raise NOT_MOUNTED.error(volid)

    def attach(self, real: RealDevice, vm: VMBLOK, vaddr: int, *, read_only: bool = False) -> Dedicated:
        """Give a device to a user's machine. Raises CPError if it is not free or cannot be had.

        The caller has seen that VADDR is not taken.
        """
        real.need_free()
        try:
            device = real.make(read_only=read_only)
            block = Dedicated(vm, vaddr, real, device)
            vm.machine.attach(vaddr, device)
        except (ConfigurationError, DeviceError) as error:
            raise NOT_ATTACHED_TO.error(real.kind, real.raddr, str(error).upper()) from None
        real.vm, real.vaddr, real.read_only = vm, vaddr, read_only
        vm.devices[vaddr] = block
        return block

    # Where they come from

    def add_volume(self, volume: VolumeEntry) -> None:
        """Enter a volume of the directory at the first free address from X'150' on."""
        raddr = next(raddr for raddr in range(FIRST_VOLUME, 0x1000) if raddr not in self._devices)
        self._devices[raddr] = RealDevice(raddr, volume.devtype, "DASD", system=True, volid=volume.volid)

    def read(self) -> list[str]:
        """Enter the devices of the file `devices`. Returns a message for each line that is wrong."""
        path = self._folder / FILE
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            return [BAD_LINE.full(FILE, 0, str(error).upper())]
        messages = []
        for number, line in enumerate(lines, 1):
            try:
                words = shlex.split(line, comments=True)
                if words:
                    self._enter(words)
            except (ConfigurationError, ValueError) as error:
                messages.append(BAD_LINE.full(FILE, number, str(error).upper()))
        return messages

    def _enter(self, words: list[str]) -> None:
        if self.spooled is not None and is_spooled(words):
            self.spooled(words)
            return
        raddr = parse_address(words[0])
        devtype = words[1].upper() if len(words) > 1 else ""
        cls = device_types().get(devtype)
        if cls is None:
            raise ConfigurationError(f"{devtype or 'nothing'} is not a device type")
        kind = _KINDS.get(cls.kind, "DEV")
        room = _Room(self._folder, self._links)
        there = [f"{raddr:03X}", devtype, *(self._located(word, index == 0) for index, word in enumerate(words[2:]))]

        def make(read_only: bool) -> Device:
            protect = read_only and kind in ("DASD", "TAPE") and len(there) > 2 and "ro" not in there
            return device_from_words([*there, "ro"] if protect else there, room)[1]

        def mount(device: Device | None, medium: list[str]) -> str:
            located = [self._medium(medium[0]), *medium[1:]] if medium else []
            path, options = path_and_options(located)
            if device is not None:
                with contextlib.suppress(ConfigurationError):  # there may be nothing on it
                    device.dismount()
                if path is not None:
                    device.mount(path, options, room)
            elif located:
                device_from_words([*there[:2], *located], room)[1].close()  # it can be had
            there[2:] = located
            return medium[0] if medium else ""

        detail = words[2] if len(words) > 2 and "=" not in words[2] else ""
        self.add(RealDevice(raddr, devtype, kind, make=make, mount=mount, detail=detail))

    def _medium(self, name: str) -> str:
        """The path of a file in the folder `media`. Raises ConfigurationError if it would lie elsewhere."""
        folder = self._folder / MEDIA
        if (
            Path(name).is_absolute()
            or ".." in Path(name).parts
            or not (folder / name).resolve().is_relative_to(folder.resolve())
        ):
            raise ConfigurationError(f"{name} is not in the folder {MEDIA}")
        return str(folder / name)

    def _located(self, word: str, first: bool) -> str:
        """A word with the file in it, if there is one, found from the system folder."""
        name, equals, value = word.partition("=")
        if equals and name.lower() in ("overlay", "shadow") and value:
            return f"{name}={self._folder / value}"
        return str(self._folder / word) if first and word and not equals else word


class _Room:
    """What a real device finds on the host: files, by names relative to the system folder."""

    def __init__(self, folder: Path, links: dict[str, dict[str, Any]]) -> None:
        self._folder = folder
        self._links = links

    def console(self) -> ConsoleBackend:
        raise ConfigurationError("consoles are CP's")

    def display(self, name: str) -> Any:
        raise ConfigurationError("terminals are CP's")

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        mode = ("a" if append else "w") + ("b" if binary else "")
        return open(self._folder / path, mode, encoding=None if binary else "utf-8", opener=to_write)

    def input(self, path: str) -> bytes:
        return whole(self._folder / path)

    def link(self, name: str) -> object:
        return self._links.setdefault(name, {})


def _label(path: Path) -> str:
    """The volume identifier in the label of a disk; "" if it has none or cannot be read."""
    try:
        with open_image(path, read_only=True) as disk:
            if isinstance(disk, BlockImage):
                data = disk.read(1)
            else:
                records = Track.from_bytes(disk.read(0, 0)).records
                data = next((record.data for record in records if record.rec == _LABEL_RECORD), b"")
    except (MediaError, CKDError, OSError, ValueError):
        return ""
    text = from_ebcdic(data[:10])
    return text[4:].rstrip() if text.startswith("VOL1") else ""
