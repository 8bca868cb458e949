"""3277, 3278 and 3279 displays on a local control unit: a 3272, or a 3274 of the models B and D.

The control unit interprets the data stream: it keeps the screen, finds errors, and answers reads. A terminal elsewhere
(`DisplayBackend`) is sent every write as well, and is asked for its buffer before reads that what the operator has
typed since may change; without one, the keyboard is `keyboard` here. So a screen is saved with its machine, and a
terminal that comes later, or comes back, is shown all of it (`power`).

Times are chosen, not measured: 2 microseconds a byte for data; 5 milliseconds from channel end to device end of Select
and Erase All Unprotected, in which the control unit exchanges buffers with the display; other displays do not notice.

Sources: GA27-2749, *3270 Component Description* (3272, 3277); GA23-0061, *3274 Description and Programmer's Guide*;
GA23-0059, *3270 Data Stream Programmer's Reference*. Only the thread that runs the machine may call a display.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from cpvm.machine.configure import accept, flag, number
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import (
    ENDED,
    SUSPENDED,
    ConfigurationError,
    Device,
    DeviceError,
    MediaError,
    command,
    device,
)
from cpvm.machine.media.screen import (
    Inhibited,
    Keyboard,
    Reply,
    Screen,
    StreamError,
    accept_buffer,
    read_buffer,
    read_modified,
    repaint,
    structured,
    write,
)
from cpvm.machine.media.screen import accept as accept_modified
from cpvm.s370.ccw import Command, Sense, UnitStatus
from cpvm.s370.datastream import KEYS, Aid, Control, Order, Read, Write, encode_address

if TYPE_CHECKING:
    from cpvm.machine.configure import Room

OPERATION_CHECK: Final = 0x01
"""Sense bit 7: an order that is incomplete, or not known, or an address behind the end of the screen."""

MODELS: Final = {1: (12, 80), 2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
"""Alternate sizes of the 3278 and 3279, rows and columns, by model; the default size is 24 by 80, model 1: 12 by 40."""

_LIMIT = 65535
_BYTE = 2  # microseconds
_EXCHANGE = 5000
_LATER_UNITS = ("3278", "3279")  # those on a 3274


class DisplayBackend(Protocol):
    """A terminal's place on the host. Methods may raise MediaError: the guest sees an equipment check."""

    def attach(self, display: Display) -> None:
        """This display's terminal is here. Tell it when the terminal comes and goes (`Display.power`)."""

    def write(self, command: int, data: bytes) -> None:
        """Show what the program writes: command as a channel gives it (`datastream.Write`), data stream."""

    def read(self) -> None:
        """Ask the terminal for its buffer, as by Read Buffer, and have it answered with `Display.answer`."""


@device("3277", "3278", "3279", kind="display")
class Display(Device):
    """A display station.

    Args:
        backend: a terminal on the host; None if `keyboard` and `screen` are all there is.
        type: 3277, 3278 or 3279.
        model: 1 (480 positions) or 2 (1920) of the 3277; 1 to 5 of the others.
        extended: whether a 3278 has the extended data stream; a 3279 always does.

    Attributes:
        screen: what is displayed.
        keyboard: for an operator without a terminal.
        ready: whether the display is switched on.
        unready: a command was refused because it was off; device end is due when it is switched on.
        position: the buffer address at which the next command of a chain goes on; None: from where it says.
        reading: the read command that waits for the terminal; 0 if none does.
        fresh: the screen is as the terminal's: nothing can have been typed since it sent its fields.
        pending: query replies, or what else a structured field asked for, to be read next.
    """

    STATE = ("picture", "ready", "unready", "position", "room", "reading", "fresh", "pending")

    def __init__(
        self, backend: DisplayBackend | None = None, type: str = "3277", model: int = 2, extended: bool = False
    ) -> None:
        super().__init__()
        if type not in ("3277", *_LATER_UNITS) or model not in (MODELS if type != "3277" else (1, 2)):
            raise DeviceError(f"there is no display {type} of model {model}")
        self.type = type
        self.model = model
        default = (12, 40) if model == 1 else MODELS[2]
        later = type in _LATER_UNITS
        extended = later and (extended or type == "3279")
        self.screen = Screen(*default, MODELS[model] if later else None, extended=extended, wide=later)
        self.keyboard = Keyboard(self.screen)
        self.backend = backend
        self.ready = True
        self.unready = False
        self.position: int | None = None
        self.room = 0  # bytes that the waiting read has room for
        self.reading = 0
        self.fresh = False
        self.pending = b""
        self._asking = False  # the terminal is being asked; it may answer at once
        if backend is not None:
            backend.attach(self)

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Device:
        """`0C0,3278`: operated by scripts and by the panel; `0C0,3278,NAME`: by the terminal at the place of that name.
        Options: `model=1` to `5` sets the size (2), `extended` gives a 3278 the extended data stream."""
        accept(options, "model", "extended")
        if type == "3277" and "extended" in options:
            raise ConfigurationError("a 3277 has no extended data stream")
        model = number(options, "model", 2, 1, 2 if type == "3277" else 5)
        return cls(room.display(path) if path else None, type, model, flag(options, "extended"))

    @property
    def picture(self) -> bytes:
        """The screen, for a saved machine."""
        return self.screen.to_bytes()

    @picture.setter
    def picture(self, data: bytes) -> None:
        try:
            self.screen.from_bytes(data)
        except ValueError as error:
            raise DeviceError(str(error)) from None
        self._repaint()

    # ---- the operator's side

    def press(self, key: str) -> None:
        """A key that gives attention, as `enter`, `clear`, `pa1`, `pf3`; or `reset`. For displays without a terminal.

        Raises ConfigurationError: there is no such key, or the keyboard is locked.
        """
        if key == "reset":
            self.keyboard.reset()
            return
        if key not in KEYS:
            raise ConfigurationError(f"a {self.type} has no key {key}")
        try:
            self.keyboard.press(key)
        except Inhibited as error:
            raise ConfigurationError(str(error)) from None
        self._attention()

    def enter(self, record: bytes) -> None:
        """The terminal sends an inbound data stream on its own: a key was pressed.

        Raises:
            StreamError: the record is none of this screen's, which keeps what it has; the guest gets attention.
        """
        try:
            if record[:1] in (bytes((Aid.STRUCTURED_FIELD,)), bytes((Aid.READ_PARTITION,))):
                self.pending = record
            else:
                self.fresh = True
                accept_modified(self.screen, record)
        except StreamError:
            self.fresh = False
            raise
        finally:
            if record:
                self._attention()

    def answer(self, record: bytes) -> bool:
        """The terminal's buffer, asked for by `DisplayBackend.read`: what Read Buffer gives. False if no read waits.

        A record that is none of this screen's is an equipment check for the guest.
        """
        if not self.reading or self.channel is None:
            return False
        try:
            accept_buffer(self.screen, record)
        except StreamError:
            self._fail(Sense.EQUIPMENT_CHECK)
            return True
        reply = self._reply()
        self.reading = 0
        if not self._asking:
            self.position = reply.address_after(min(self.room, len(reply.data)))
            self.channel.complete(self.address, reply.data, ENDED)  # the next command of a chain may read again
        return True

    def refuse(self) -> None:
        """The terminal could not carry out a command that was in order here: a unit check tells the guest."""
        if self.reading:
            self._fail(OPERATION_CHECK)
        elif self.channel is not None and self.ready:
            self.sense = bytes((OPERATION_CHECK,))
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END | UnitStatus.UNIT_CHECK)

    def power(self, on: bool) -> None:
        """The display is switched on or off, or its terminal comes or goes.

        A terminal that comes is shown the screen; to switch on what is on shows it again, and asks again for what a
        read waits for: to be done after a saved machine has been restored.
        """
        if on:
            self.fresh = False
            self.ready, was = True, self.ready
            self._repaint()
            if self.reading and self.backend is not None:  # the machine was saved while it waited for another terminal
                try:
                    self.backend.read()
                except MediaError:
                    self._fail(Sense.EQUIPMENT_CHECK)
            self.ready, on = was, self.ready
        self.present(on)

    def present(self, on: bool) -> None:
        """As `power`, but the terminal is shown the screen later, by whoever knows when it has a place there."""
        was, self.ready = self.ready, on
        self.fresh = False
        if not on and self.reading:
            self._fail(Sense.INTERVENTION_REQUIRED)
        if on and not was and self.unready:
            self.unready = False
            if self.channel is not None:
                self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def _attention(self) -> None:
        if self.channel is not None and self.ready:
            self.channel.unsolicited(self.address, UnitStatus.ATTENTION)

    def _repaint(self) -> None:
        if self.backend is not None and self.ready:
            try:
                self.backend.write(*repaint(self.screen))
            except MediaError:
                self.ready = False

    def _fail(self, sense: int) -> None:
        """End the waiting read with unit check."""
        self.reading = 0
        self.sense = bytes((sense,))
        if self.channel is not None and not self._asking:
            self.channel.complete(self.address, b"", ENDED | UnitStatus.UNIT_CHECK)

    # ---- commands

    def begin(self) -> None:
        self.position = None

    def perform(self, path: DataPath) -> int:
        if not self.ready and path.command != Command.SENSE:
            self.unready = True
            return self.check(Sense.INTERVENTION_REQUIRED)
        if path.command not in _CONTINUED:
            self.position = None
        return super().perform(path)

    def _later_unit(self) -> bool:
        return self.type in _LATER_UNITS

    @command(Write.WRITE, Write.ERASE_WRITE)
    def write(self, path: DataPath) -> int:
        """Write, Erase/Write: control character, orders and characters."""
        data = path.take(_LIMIT)
        self.takes(_BYTE * len(data))
        code = path.command
        chained = code == Write.WRITE and self.position is not None
        if chained and self.position is not None:
            self.screen.address = self.position
            start = encode_address(self.position, self.screen.size)
        try:
            write(self.screen, code, data, chained)
        except StreamError:
            self._repaint()
            return self._operation_check()
        finally:
            self.position = self.screen.address
        if data[:1] and data[0] & Control.RESTORE:
            self.fresh = False
        if chained:  # the terminal does not know of chains
            data = data[:1] + bytes((Order.SBA,)) + start + data[1:]
        self._show(code, data)
        return ENDED

    @command(Write.ERASE_WRITE_ALTERNATE)
    def erase_write_alternate(self, path: DataPath) -> int:
        """Erase/Write Alternate."""
        return self.write(path) if self._later_unit() else self.check(Sense.COMMAND_REJECT)

    @command(Write.ERASE_ALL_UNPROTECTED, immediate=True)
    def erase_all_unprotected(self, path: DataPath) -> int:
        """Erase All Unprotected: channel end at once, device end when the display has done it."""
        write(self.screen, path.command, b"")
        self.fresh = False
        self._show(path.command, b"")
        return self.later(_EXCHANGE)

    @command(Write.STRUCTURED_FIELD)
    def write_structured_field(self, path: DataPath) -> int:
        """Write Structured Field. What it asks for is announced by attention and then read by Read Modified."""
        if not self._later_unit():
            return self.check(Sense.COMMAND_REJECT)
        data = path.take(_LIMIT)
        self.takes(_BYTE * len(data))
        try:
            self.structured(data)
        except StreamError:
            self._repaint()
            return self._operation_check()
        return ENDED

    def structured(self, data: bytes) -> None:
        """Structured fields for the display. What it answers becomes `pending`, with attention. Raises StreamError."""
        if not self.screen.extended:
            raise StreamError("a display without structured fields")
        answer = structured.write(self.screen, data)
        self.fresh = False
        if self.backend is not None:  # its terminal knows best what it can do, and answers with `enter`
            self._show(Write.STRUCTURED_FIELD, data)
        elif answer:
            self.pending = answer
            self._attention()

    @command(0x0B, immediate=True)
    def select(self, path: DataPath) -> int:
        """Select: the control unit fetches the display's buffer; device end when it has it."""
        return self.later(_EXCHANGE)

    @command(0x1B, 0x2B, 0x3B, 0x4B, immediate=True)
    def select_for(self, path: DataPath) -> int:
        """A 3274's selects, for what is to follow: read buffer, read modified or buffer from a position, write."""
        return self.select(path) if self._later_unit() else self.check(Sense.COMMAND_REJECT)

    @command(Read.BUFFER, Read.MODIFIED)
    def read(self, path: DataPath) -> int:
        """Read Buffer, Read Modified."""
        if self.pending and path.command != Read.BUFFER:
            data, self.pending = self.pending, b""
            return self._send(path, Reply([(data, self.position or 0)]))
        self.reading = path.command
        if self.backend is not None and not (self.fresh and path.command == Read.MODIFIED):
            self.room = path.count
            self._asking = True
            try:
                self.backend.read()
            except MediaError:
                self.reading = 0
                raise
            finally:
                self._asking = False
            if self.reading:
                return SUSPENDED
            if any(self.sense):
                return ENDED | UnitStatus.UNIT_CHECK
            self.reading = path.command
        reply = self._reply()
        self.reading = 0
        return self._send(path, reply)

    @command(Read.MODIFIED_ALL)
    def read_modified_all(self, path: DataPath) -> int:
        """Read Modified All: fields also after CLEAR and the PA keys."""
        return self.read(path) if self._later_unit() else self.check(Sense.COMMAND_REJECT)

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Only 3274s know Sense ID."""
        if not self._later_unit():
            return self.check(Sense.COMMAND_REJECT)
        path.send(bytes((0xFF, 0x32, 0x74, 0x1D, 0x32, int(self.type[2:], 16), self.model)))
        return ENDED

    def _reply(self) -> Reply:
        start = self.position or 0
        if self.reading == Read.BUFFER:
            return read_buffer(self.screen, start)
        return read_modified(self.screen, start, self.reading == Read.MODIFIED_ALL)

    def _send(self, path: DataPath, reply: Reply) -> int:
        self.takes(_BYTE * len(reply.data))
        self.position = reply.address_after(path.send(reply.data))
        return ENDED

    def _show(self, code: int, data: bytes) -> None:
        """Pass on a write to the terminal."""
        if self.backend is not None:
            self.backend.write(code, data)

    def _operation_check(self) -> int:
        self.sense = bytes((OPERATION_CHECK,))
        return ENDED | UnitStatus.UNIT_CHECK

    def halt(self) -> None:
        self.reading = 0

    def reset(self) -> None:
        super().reset()
        self.position = None
        self.pending = b""


_CONTINUED = frozenset((Write.WRITE, Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL, Command.TIC))
