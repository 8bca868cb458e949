"""What all devices share: commands, sense, the registry of device types, and the protocols of their back ends.

A device type is a class with `@device(...)`; its commands are methods with `@command(...)`, which get the data path of
the channel program and return unit status, or SUSPENDED if the operation ends later (`Channels.complete`). Initial
status without channel end (unit check alone) means that the command was not accepted.
Source: *Principles of Operation*, GA22-7000, "Input/Output Operations"; each device's own manual.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

from cpvm.machine import guard
from cpvm.machine.datapath import DataPath
from cpvm.s370 import plugin
from cpvm.s370.ccw import Command, Sense, UnitStatus

if TYPE_CHECKING:
    from cpvm.machine.configure import Room

SUSPENDED: Final = -1
ENDED: Final = UnitStatus.ENDED
CHECK: Final = UnitStatus.UNIT_CHECK


class DeviceError(Exception):
    """Two device types claim the same name, or a saved state does not belong to the device."""


class ConfigurationError(Exception):
    """What the operator wants of a device cannot be; the text, one line for the user, says why."""


class MediaError(Exception):
    """The host cannot read or write what stands for a medium. The guest sees an equipment check."""


class NotReadyError(Exception):
    """What stands behind a device takes nothing more for now, and this card or line it has not taken.

    The guest sees that the device is not ready (intervention required), until `press("start")`.
    """


class ConsoleBackend(Protocol):
    """Whoever has the keyboard and the printer of a 3215."""

    def write(self, data: bytes, newline: bool) -> None:
        """Type EBCDIC bytes; `newline`: carriage return behind them."""

    def read(self, limit: int) -> None:
        """The guest started a read of at most `limit` bytes; answer with `Console3215.enter`."""

    def alarm(self) -> None:
        """Sound the audible alarm."""


class CardSource(Protocol):
    """A hopper of cards, in files."""

    def next(self) -> bytes | None:
        """The next card (80 bytes); None at the end of a file, and also if no file is there to begin with."""


class CardSink(Protocol):
    """A stacker of punched cards."""

    def card(self, data: bytes) -> None:
        """Take a card of 80 bytes."""


class LineSink(Protocol):
    """The paper of a printer."""

    def line(self, opcode: int, data: bytes) -> None:
        """Take a line with the command that printed it (its carriage control); no data: the carriage moved only."""


class TrackStore(Protocol):
    """The tracks of a DASD, as images (see `cpvm.s370.ckd`). Cylinder and head count from 0.

    Methods raise MediaError if the host fails them.
    """

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track; the same object as before if the track has not changed since."""

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Put a track image in place of the old one."""

    def commit(self) -> None:
        """Make what was written lasting."""


class Host(Protocol):
    """The channel side of a device, given by `Channels.attach`. `immediate`: operations take no time; `now`: virtual
    time in microseconds."""

    @property
    def immediate(self) -> bool: ...
    @property
    def now(self) -> int: ...
    def complete(self, address: int, data: bytes = b"", status: int = ENDED) -> None: ...
    def program_of(self, address: int) -> DataPath | None: ...
    def unsolicited(self, address: int, status: int) -> None: ...


Method = TypeVar("Method", bound=Callable[..., int])


def command(*codes: int, immediate: bool = False) -> Callable[[Method], Method]:
    """Make a method the command(s) with these codes. `immediate`: no data, channel end at once.

    Raises ValueError for what is no command code: X'x0', and X'x8', which is transfer in channel.
    """
    for code in codes:
        if not 0 <= code <= 0xFF or not code & 0x07:
            raise ValueError(f"X'{code:02X}' is no command code")

    def mark(method: Method) -> Method:
        method.__dict__["ccw_codes"] = (codes, immediate)
        return method

    return mark


class Device:
    """One device. `commands` maps command codes to methods; `STATE` names the attributes that are saved."""

    type: str = ""
    kind: str = ""
    STATE: ClassVar[tuple[str, ...]] = ()
    SENSE_LENGTH: ClassVar[int] = 1
    ID: ClassVar[bytes | None] = None  # what Sense ID gives; older devices do not know that command

    _commands: ClassVar[Mapping[int, Callable[[Any, DataPath], int]]] = {}
    _immediate: ClassVar[frozenset[int]] = frozenset()

    def __init__(self) -> None:
        self.address = -1
        self.channel: Host | None = None
        self.sense_length = self.SENSE_LENGTH
        self.sense = bytes(self.sense_length)
        self.duration = 0  # microseconds that the present command takes up to channel end, for the channel to fetch
        self.remainder: tuple[int, int, bool] | None = (
            None  # and up to device end: time, unit status, control unit held
        )

    def __init_subclass__(cls) -> None:
        commands: dict[int, Callable[[Any, DataPath], int]] = {}
        immediate: set[int] = set()
        for base in reversed(cls.__mro__):
            for method in vars(base).values():
                codes, at_once = getattr(method, "ccw_codes", ((), False))
                for code in codes:
                    commands[code] = method
                    if at_once:
                        immediate.add(code)
        cls._commands = commands
        cls._immediate = frozenset(immediate)

    # ---- called by the channel

    def perform(self, path: DataPath) -> int:
        """Execute the command in `path`; unit status, or SUSPENDED."""
        code = path.command
        method = self._commands.get(code)
        if code not in (Command.SENSE, Command.NOP):
            self.sense = bytes(self.sense_length)
        if method is None:
            return self.check(Sense.COMMAND_REJECT)
        return method(self, path)

    def is_immediate(self, code: int) -> bool:
        """Whether the command moves no data and gives channel end at once."""
        return code in self._immediate

    def begin(self) -> None:
        """A channel program begins."""

    def end(self) -> int:
        """A channel program has ended or is interrupted: changes are to be made lasting. Unit status if that failed."""
        return 0

    def unsaved(self) -> bool:
        """Whether the program under way has written what its end makes lasting: it should not be interrupted before."""
        return False

    def halt(self) -> None:
        """The channel gave up an operation that was SUSPENDED."""

    def reset(self) -> None:
        """System reset: sense and whatever was under way are forgotten."""
        self.halt()
        self.sense = bytes(self.sense_length)

    # ---- by the operator (see `cpvm.machine.configure`)

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Device:
        """A device of this class as the operator describes it.

        Args:
            type: which of the class's type numbers it is to have.
            path: the host file of its medium or its output; None if none is named.
            options: by name, in lower case; "" is the value of one without a value.
            room: what stands around the machine.

        Raises:
            ConfigurationError: it cannot be made so.
        """
        raise ConfigurationError(f"a device of type {type} cannot be attached in this way")

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        """Put a medium on the device while the machine runs: cards into the hopper, a reel, a pack, paper.

        The guest sees what the real device does then, as a device end. Raises ConfigurationError: the medium cannot
        be had, or is none for this device.
        """
        raise ConfigurationError(f"a {self.type} has no medium that can be mounted")

    def dismount(self) -> None:
        """Take the medium away. Raises ConfigurationError if there is none."""
        raise ConfigurationError(f"a {self.type} has no medium that can be dismounted")

    def press(self, key: str) -> None:
        """Press a key of the device's own panel, by name in lower case: `start`, `stop`, `eof`, `attention`...

        Raises ConfigurationError: it has no such key.
        """
        raise ConfigurationError(f"a {self.type} has no key {key}")

    def close(self) -> None:
        """The machine is given up: let go of host files; what was written is made lasting. May be called twice."""

    # ---- for the device types

    def later(self, microseconds: int, status: int = 0, holds: bool = False) -> int:
        """End the command with channel end now, device end so many microseconds of virtual time later.

        For `return self.later(...)` in a command. `status` (unit exception, unit check with the sense set) comes with
        device end. With command chaining the channel waits for device end. With `holds` the control unit is busy too:
        other devices on it (those whose addresses differ in the last digit only) are turned away, and if one was,
        control unit end comes with device end. If completion is immediate, all of it comes at once.
        """
        if self.channel is None or self.channel.immediate or microseconds <= 0:
            return ENDED | status
        self.remainder = (microseconds, UnitStatus.DEVICE_END | status, holds)
        return UnitStatus.CHANNEL_END

    def takes(self, microseconds: int) -> None:
        """Say that the present command occupies channel and device so many microseconds before channel end.

        Without effect if completion is immediate. Several calls add up.
        """
        if self.channel is not None and not self.channel.immediate:
            self.duration += max(0, microseconds)

    def check(self, sense0: int, sense1: int = 0) -> int:
        """Set sense bytes 0 and 1, and give unit check without channel end: the command was not accepted."""
        self.sense = bytes((sense0, sense1)).ljust(self.sense_length, b"\0")[: self.sense_length]
        return CHECK

    @command(Command.NOP, immediate=True)
    def no_operation(self, path: DataPath) -> int:
        """Do nothing."""
        return ENDED

    @command(Command.SENSE)
    def read_sense(self, path: DataPath) -> int:
        """Give the sense bytes and forget them."""
        path.send(self.sense)
        self.sense = bytes(self.sense_length)
        return ENDED

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Give control unit type and model, device type and model, if the device knows the command."""
        if self.ID is None:
            return self.check(Sense.COMMAND_REJECT)
        path.send(b"\xff" + self.ID)
        return ENDED

    def save(self) -> dict[str, Any]:
        """The state as plain data: numbers, bytes, None."""
        return {"type": self.type, "sense": self.sense, **{name: getattr(self, name) for name in self.STATE}}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up a saved state.

        Raises:
            DeviceError: the state is that of another device type or incomplete.
        """
        if state.get("type") != self.type or not {"sense", *self.STATE} <= state.keys():
            raise DeviceError(f"this is no saved state of a {self.type}")
        for name in ("sense", *self.STATE):
            setattr(self, name, state[name])


_types: dict[str, type[Device]] = {}
DeviceType = TypeVar("DeviceType", bound=type[Device])


def device(*names: str, kind: str) -> Callable[[DeviceType], DeviceType]:
    """Register a device class under its type numbers. `kind`: console, reader, punch, printer, dasd...

    Raises:
        DeviceError: the type is registered already, or cannot be one.
    """

    def register(cls: DeviceType) -> DeviceType:
        if plugin.is_loading():
            device_types()
        for name in names:
            if not name or name != name.upper() or set(name) & set(", "):
                raise DeviceError(f"device type {name!r} is not capital letters and digits")
            if name in _types:
                raise DeviceError(f"device type {name} is defined twice")
        _types.update(dict.fromkeys(names, cls))
        cls.type = names[0]
        cls.kind = kind
        plugin.claim(cls, f"device type {', '.join(names)}", lambda: _withdraw(names), machine=False)
        claimed = plugin.owner(cls)
        if claimed is not None:
            guard.device(cls, claimed, ConfigurationError, DeviceError)
        return cls

    return register


def _withdraw(names: tuple[str, ...]) -> None:
    for name in names:
        del _types[name]


def device_types() -> Mapping[str, type[Device]]:
    """All device types by number, from the modules in `cpvm.machine.devices`."""
    package = importlib.import_module("cpvm.machine.devices")
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(info.name)
    return dict(_types)
