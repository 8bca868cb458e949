"""The panel of a machine: what its operator can do besides typing at the console.

An operation is a function with `@operation`; scripts and the keyboard know the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.front.enginestats import lines
from cpvm.front.operate.attendant import LOOK
from cpvm.front.operate.display import NAMES
from cpvm.front.operate.words import PanelError, Words, split
from cpvm.front.tracing import registers
from cpvm.machine import IPLError
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import Device, DeviceError, MediaError
from cpvm.s370.ebcdic import from_ebcdic
from cpvm.s370.interruption import ExternalCode

if TYPE_CHECKING:
    from cpvm.front.bare import BareMachine

_LINE = 16  # bytes of storage displayed in a line
_MOST = 0x1000  # bytes displayed at once

Say = Callable[[str], None]


@dataclass(frozen=True)
class Quit:
    """The operator ends the run; tag of the stop."""

    status: int
    """Exit status."""


class Panel:
    """One machine's panel.

    Args:
        machine: the machine.
        say: takes lines that answer the operator.
    """

    def __init__(self, machine: BareMachine, say: Say) -> None:
        self.machine = machine
        self.say = say
        self.held = False
        """Whether the CPU was stopped with the stop key."""
        self.ended = False
        """Whether the machine has ended by itself; another IPL, or the restart key, wakes it."""
        self.quit: Quit | None = None

    def perform(self, line: str) -> None:
        """Do what a line says. Raises PanelError."""
        words = split(line)
        if not words:
            return
        name = words[0].text.lower()
        found = OPERATIONS.get(name)
        if found is None or words[0].quoted:
            raise PanelError(f"there is no operation {words[0].text}; help lists them")
        try:
            rest = Words(words[1:])
            found.body(self, rest)
        except (ConfigurationError, DeviceError, MediaError) as error:
            raise PanelError(str(error)) from None
        except OSError as error:
            raise PanelError(f"{error.filename}: {error.strerror or error}") from None

    def device(self, address: int) -> Device:
        """The device at an address."""
        found = self.machine.device(address)
        if found is None:
            raise PanelError(f"there is no device {address:03X}")
        return found


Body = Callable[[Panel, Words], None]


@dataclass(frozen=True)
class Operation:
    """One operation: its name, its operands as a reader sees them, and what it does."""

    name: str
    operands: str
    body: Body

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return (self.body.__doc__ or "").split("\n")[0].rstrip(".")


OPERATIONS: dict[str, Operation] = {}


def operation(name: str, operands: str = "") -> Callable[[Body], Body]:
    """Enter a function as an operation of the panel."""

    def enter(body: Body) -> Body:
        assert name not in OPERATIONS, f"{name} is defined twice"
        OPERATIONS[name] = Operation(name, operands, body)
        return body

    return enter


def explanation() -> Iterator[str]:
    """A line for each operation."""
    for found in OPERATIONS.values():
        yield f"{found.name + ' ' + found.operands:<28} {found.title[0].lower()}{found.title[1:]}"


# ---- devices and media
@operation("attach", "ADDR,TYPE[,FILE][,OPTION]...")
def _attach(panel: Panel, words: Words) -> None:
    """Attach a device, as --device does."""
    text = words.take("ADDR,TYPE[,FILE]")
    words.end()
    panel.machine.attach_words(text)


@operation("detach", "ADDR")
def _detach(panel: Panel, words: Words) -> None:
    """Take a device away."""
    address = words.address()
    words.end()
    panel.machine.detach(address)


@operation("mount", "ADDR FILE[,OPTION]...")
def _mount(panel: Panel, words: Words) -> None:
    """Put cards, a tape or a disk on a device."""
    address = words.address()
    medium = words.take("a file name")
    words.end()
    panel.machine.mount(address, medium)


@operation("dismount", "ADDR")
def _dismount(panel: Panel, words: Words) -> None:
    """Take the medium off a device."""
    device = panel.device(words.address())
    words.end()
    device.dismount()


@operation("press", "ADDR KEY")
def _press(panel: Panel, words: Words) -> None:
    """Press a key on a device's own panel: start, stop, eof..."""
    address = words.address()
    key = words.take("the name of a key").lower()
    words.end()
    panel.machine.press(address, key)


@operation("attention", "[ADDR]")
def _attention(panel: Panel, words: Words) -> None:
    """Press the request key of the console."""
    if words:
        address = words.address()
        words.end()
        panel.machine.press(address, "attention")
    else:
        panel.machine.request()


@operation("type", '[ADDR] "TEXT"')
def _type(panel: Panel, words: Words) -> None:
    """Type a line at the console, or at the cursor of a display."""
    address = None if words.next_is_text else words.address()
    text = words.text()
    words.end()
    if address is None:
        panel.machine.type(text)
    else:
        panel.machine.type_into(address, text)


@operation("key", "ADDR KEY...")
def _key(panel: Panel, words: Words) -> None:
    """Press keys of a display: enter, clear, pf1, tab, eof..."""
    address = words.address()
    for key in display_keys(words):
        panel.machine.press(address, key)


def display_keys(words: Words) -> list[str]:
    """The names of one or more keys of a display. Raises PanelError."""
    keys: list[str] = []
    while words or not keys:
        key = words.take("the name of a key").lower()
        if key not in NAMES:
            raise PanelError(f"{key} is not one of {', '.join(NAMES)}")
        keys.append(key)
    return keys


@operation("devices")
def _devices(panel: Panel, words: Words) -> None:
    """List the devices."""
    words.end()
    for address, device in panel.machine.devices.items():
        panel.say(f"{address:03X} {device.type}")


@operation("show", "ADDR")
def _show(panel: Panel, words: Words) -> None:
    """Show the screen of a display."""
    address = words.address()
    words.end()
    for line in panel.machine.screen(address):
        panel.say(line)


# ---- the processor
@operation("stop")
def _stop(panel: Panel, words: Words) -> None:
    """The stop key: the processor stops, until start."""
    words.end()
    panel.held = True
    panel.machine.stop(LOOK)


@operation("start")
def _start(panel: Panel, words: Words) -> None:
    """The start key: the processor goes on."""
    words.end()
    panel.held = False


@operation("restart")
def _restart(panel: Panel, words: Words) -> None:
    """The restart key: a restart interruption."""
    words.end()
    panel.machine.restart()
    panel.held = panel.ended = False


@operation("interrupt")
def _interrupt(panel: Panel, words: Words) -> None:
    """The interrupt key: an external interruption."""
    words.end()
    panel.machine.external(ExternalCode.INTERRUPT_KEY)


@operation("ipl", "ADDR")
def _ipl(panel: Panel, words: Words) -> None:
    """Initial program loading from a device."""
    address = words.address()
    words.end()
    try:
        panel.machine.ipl(address)
    except IPLError as error:
        raise PanelError(ipl_failure(error)) from None
    panel.held = panel.ended = False


def ipl_failure(error: IPLError) -> str:
    """One line about an IPL that failed."""
    detail = f"; CSW {error.csw.hex().upper()} SENSE {error.sense.hex().upper()}" if error.csw else ""
    return f"IPL FAILED: {error}{detail}"


@operation("registers")
def _registers(panel: Panel, words: Words) -> None:
    """Show PSW, registers and clocks."""
    words.end()
    for line in registers(panel.machine):
        panel.say(line)


@operation("stats")
def _stats(panel: Panel, words: Words) -> None:
    """Show how many instructions were executed, how, and how fast."""
    words.end()
    for line in lines(panel.machine.engine_statistics()):
        panel.say(line)


@operation("psw")
def _psw(panel: Panel, words: Words) -> None:
    """Show the PSW."""
    words.end()
    panel.say(registers(panel.machine)[0])


@operation("storage", "ADDR [LENGTH]")
def _storage(panel: Panel, words: Words) -> None:
    """Show storage; address and length are hexadecimal."""
    storage = panel.machine.storage
    at = words.hexadecimal("an address", storage.size - 1)
    length = words.hexadecimal("a length", _MOST) if words else 4 * _LINE
    words.end()
    data = storage.read(at, min(length, storage.size - at))
    for n in range(0, len(data), _LINE):
        piece = data[n : n + _LINE]
        text = "".join(char if char.isprintable() else "." for char in from_ebcdic(piece))
        digits = " ".join(piece[i : i + 4].hex().upper() for i in range(0, len(piece), 4))
        panel.say(f"{at + n:06X} {digits:<35} {text}")


@operation("store", "ADDR HEX")
def _store(panel: Panel, words: Words) -> None:
    """Change storage: bytes in hexadecimal digits."""
    at = words.hexadecimal("an address", panel.machine.storage.size - 1)
    digits = words.take("hexadecimal digits")
    words.end()
    try:
        panel.machine.load(bytes.fromhex(digits), at)
    except ValueError as error:
        raise PanelError(f"{digits}: {error}") from None


@operation("save", "FILE")
def _save(panel: Panel, words: Words) -> None:
    """Save the machine, for --restore."""
    path = words.take("a file name")
    words.end()
    if not Path(path).name:
        raise PanelError(f"{path or 'nothing'} is not a file name")
    try:
        panel.machine.save(Path(path))
    except OSError as error:
        raise PanelError(f"{path}: {error.strerror or error}") from None


@operation("quit", "[STATUS]")
def _quit(panel: Panel, words: Words) -> None:
    """End the run, with an exit status of 0 to 127."""
    status = words.number("an exit status", 127) if words else 0
    words.end()
    panel.quit = Quit(status)
    panel.held = False
    panel.machine.stop(panel.quit)


@operation("help")
def _help(panel: Panel, words: Words) -> None:
    """List the operations."""
    words.end()
    for line in explanation():
        panel.say(line)
