"""A bare virtual machine with the devices that programs need: console, reader, punch, printer; and its operator."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import IO

from cpvm.front.barehost import BareHost, OwnClock
from cpvm.front.clocks import Clocked
from cpvm.front.loader import ipl_deck, is_object
from cpvm.front.operate import display
from cpvm.front.operate.attendant import Attendant
from cpvm.front.operate.running import Trace, go
from cpvm.front.peripherals import Key, Operator, Paper, Stacker
from cpvm.front.room import HostRoom
from cpvm.front.tracing import Executed, Follower, registers
from cpvm.machine import Stop
from cpvm.machine.configure import (
    ConfigurationError,
    device_from_words,
    parse_address,
    path_and_options,
    split_words,
)
from cpvm.machine.device import Device, MediaError
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.machine.engines import AUTO
from cpvm.machine.host import Host
from cpvm.machine.media.deck import Hopper

READER, PUNCH, PRINTER, CONSOLE = 0x00C, 0x00D, 0x00E, 0x009
STANDARD = (READER, PUNCH, PRINTER)


class BareMachine(Clocked):
    """A System/370 without CP and CMS: a `Machine` with four devices, somebody who operates them, and its clocks.

    Console 3215 at 009 (or `console`), reader 2540 at 00C, punch 2540 at 00D, printer 1403 at 00E. Others can be
    attached, as `cpvm ipl --device` does: see `attach_words`. What the standard devices put out is kept (`typed_out`,
    `printed`, `punched`) unless it goes to a file.

    Registers, PSW, keys. General registers are numbers of 32 bits, floating-point registers of 64, all unsigned; a
    value that is assigned is cut to that. `set_cr` loads a control register. Storage keys are bytes: access-control
    bits X'F0', fetch protection 8, reference 4, change 2.

    >>> from cpvm import api
    >>> m = api.BareMachine(storage=64 << 10)
    >>> m.gr[1] = -2
    >>> m.fr[0] = 0x4110000000000000
    >>> hex(m.gr[1]), hex(m.fr[0])
    ('0xfffffffe', '0x4110000000000000')
    >>> m.storage.set_key(0x2000, 0x38)
    >>> hex(m.storage.key(0x27FF))
    '0x38'
    >>> m.psw = api.PSW.from_bytes(bytes.fromhex("FF35 4006 A0001000"))     # BC mode
    >>> m.psw.ec, m.psw.key, m.psw.problem, m.psw.cc, hex(m.psw.address)
    (False, 3, True, 2, '0x1000')
    >>> m.set_cr(0, 0x00B000E0)                                             # 4K pages, 1M segments
    >>> m.psw = api.PSW(system_mask=0x04, mode=api.EC, address=0x1000)      # EC mode, translation on
    >>> m.psw.ec, m.psw.to_bytes().hex()
    (True, '0408000000001000')

    Running. `run` executes up to so many instructions, `step` one, `trace` gives them one by one with what they
    changed; `go` is for programs that wait for their timers or for a line.

    >>> m = api.BareMachine(storage=64 << 10)
    >>> m.load(bytes.fromhex("41100005 1A11 82000200"), at=0x1000)          # LA 1,5; AR 1,1; LPSW X'200'
    >>> m.load(api.PSW(mode=api.WAIT, address=0x600D).to_bytes(), at=0x200)
    >>> m.psw = api.PSW(address=0x1000)
    >>> print(m.step())
    001000 41100005     LA    1,5
    >>> for executed in m.trace(100):
    ...     print(executed)
    001004 1A11         AR    1,1                R1=0000000A CC=2
    001006 82000200     LPSW  512                CC=0 PSW=000200000000600D
    >>> m.run(100)
    Stop(reason=<StopReason.DISABLED_WAIT: 'disabled wait'>, instructions=0, detail=24589)

    Saving. The whole state goes into a file; what is behind the devices (cards, paper) is not part of it.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "saved"
    >>> m.save(file)
    >>> again = api.BareMachine(storage=64 << 10)
    >>> again.restore(file)
    >>> again.gr[1], again.psw == m.psw
    (10, True)
    """

    def __init__(
        self,
        storage: int = 1 << 20,
        host: Host | None = None,
        *,
        devices: Iterable[str] = (),
        cards: Iterable[bytes] = (),
        console: int | None = CONSOLE,
        standard: Collection[int] = STANDARD,
        out: IO[str] | None = None,
        printer: IO[str] | None = None,
        punch: IO[bytes] | None = None,
        immediate_io: bool = True,
        engine: str = AUTO,
    ) -> None:
        """A machine, reset, its storage zeros.

        Args:
            storage: bytes, a multiple of 2048 from 8192 to 16777216.
            host: its surroundings: time of day, CPU identity, DIAGNOSE; by default this computer's clock, and the
                DIAGNOSE codes of plugins.
            devices: devices to be attached, in words (see `attach_words`). One at the address of a standard device
                takes its place, and a console takes that of the standard console.
            cards: the cards in the standard reader, 80 bytes of EBCDIC each.
            console: I/O address of the 3215; None for none.
            standard: which of the other standard devices there are, by their addresses.
            out: where the console types.
            printer: where the standard printer prints; a form feed begins a page.
            punch: where cards of the standard punch go, 80 bytes each.
            immediate_io: I/O operations end at once; otherwise they take as long as those of real devices, in virtual
                time, which goes with the instructions executed.
            engine: what executes instructions: `reference`, `compiled`, `translated`, or `auto`, the fastest there is
                (see `cpvm.machine.engines`).

        Raises:
            ValueError: the storage size is wrong.
            EngineError: the engine cannot be had.
            DeviceError: the console's address is no I/O address, or that of another device.
            ConfigurationError: one of `devices` cannot be made.
        """
        super().__init__(storage, host if host is not None else BareHost(), immediate_io, engine)
        if isinstance(host, OwnClock):
            host.passed = lambda: self.virtual_time
        self.executed = 0
        """Instructions executed by `go`."""
        self._out = out if out is not None else io.StringIO()
        self._paper = printer if printer is not None else io.StringIO()
        self._stacker = punch if punch is not None else io.BytesIO()
        self._hopper = Hopper(cards)
        self.operator = Operator(self._out, self.stop)
        """Who types at the console."""
        self.room = HostRoom(self.operator, self.stop)
        """What stands around it."""
        try:
            for words in devices:
                self.attach_words(words)
        except BaseException:
            self.close()
            raise
        if console is not None and self.room.taken is None:
            self._take_console(console, Console3215(self.operator))
        for address, make in (
            (READER, lambda: Reader2540(self._hopper)),
            (PUNCH, lambda: Punch2540(Stacker(self._stacker, self.stop))),
            (PRINTER, lambda: Printer1403(Paper(self._paper, self.stop, lambda text: self.room.heard(PRINTER, text)))),
        ):
            if address in standard and self.device(address) is None:
                self.attach(address, make())

    def _take_console(self, address: int, console: Console3215) -> None:
        self.attach(address, console)
        self.operator.console, self.room.taken = console, address

    # ---- the devices
    @property
    def typed_out(self) -> str:
        """What the console has typed; empty if it types elsewhere."""
        return self._out.getvalue() if isinstance(self._out, io.StringIO) else ""

    @property
    def printed(self) -> str:
        """What the printer has printed; empty if it prints elsewhere."""
        return self._paper.getvalue() if isinstance(self._paper, io.StringIO) else ""

    @property
    def punched(self) -> bytes:
        """The punched cards, 80 bytes each; empty if they go elsewhere."""
        return self._stacker.getvalue() if isinstance(self._stacker, io.BytesIO) else b""

    def feed(self, cards: Iterable[bytes]) -> None:
        """Put cards (80 bytes of EBCDIC each) into the reader, behind those that are there."""
        self._hopper.extend(cards)

    def attach_words(self, words: str) -> Device:
        """Attach a device as `cpvm ipl --device` does: `ADDR,TYPE[,FILE][,OPTION]...`, such as `180,3420,sys.aws,ro`.

        Raises:
            ConfigurationError: there is no such type, or it does not accept what is behind it; one line for the user.
            DeviceError: the address is taken.

        >>> from cpvm import api
        >>> m = api.BareMachine()
        >>> m.attach_words("180,3420").type
        '3420'
        >>> m.attach_words("01F,1052").type
        Traceback (most recent call last):
        cpvm.machine.device.ConfigurationError: 01F 1052: 009 is the console already; the keyboard here serves only one
        """
        room, self.room.asked = self.room, False
        split = split_words(words)
        room.address = parse_address(split[0])
        address, device = device_from_words(split, room)
        try:
            if not room.asked:
                self.attach(address, device)
            elif isinstance(device, Console3215):
                self._take_console(address, device)
            else:
                raise ConfigurationError(f"{address:03X} {device.type}: only a console can have the keyboard")
        except BaseException:
            device.close()
            raise
        return device

    def detach(self, addr: int) -> None:
        """Take a device away and let go of its files. Raises DeviceError if there is none."""
        device = self.device(addr)
        super().detach(addr)
        if device is not None:
            device.close()
        if addr == self.room.taken:
            self.operator.console = self.room.taken = None

    def mount(self, addr: int, words: str) -> None:
        """Put a medium on a device: `FILE[,OPTION]...`, such as `scratch.aws,ro`. Raises ConfigurationError."""
        path, options = path_and_options(split_words(words))
        if path is None:
            raise ConfigurationError("a file name is missing")
        self.room.address = addr
        try:
            self._device(addr).mount(path, options, self.room)
        except (MediaError, OSError) as error:
            raise ConfigurationError(f"{addr:03X}: {error}") from None

    def dismount(self, addr: int) -> None:
        """Take the medium off a device. Raises ConfigurationError if there is none."""
        self._device(addr).dismount()

    def press(self, addr: int, key: str) -> None:
        """Press a key of a device: `eof`, `start`, `attention`..., on a 3270 `enter`, `pf1`, `tab`...

        Raises ConfigurationError: it has no such key, or does not accept it now.
        """
        display.press(self._device(addr), key)

    def screen(self, addr: int) -> list[str]:
        """What a 3270 display shows, row by row. Raises ConfigurationError: it is no display."""
        return display.lines(self._device(addr))

    def type_into(self, addr: int, text: str) -> None:
        """Type at the cursor of a 3270 display. Raises ConfigurationError: it is none, or does not take that there."""
        display.type_text(self._device(addr), text)

    def _device(self, addr: int) -> Device:
        device = self.device(addr)
        if device is None:
            raise ConfigurationError(f"there is no device {addr:03X}")
        return device

    def close(self) -> None:
        """Give the machine up: its devices let go of their files, and all output is written.

        Raises:
            MediaError: something could not be written; everything is closed nevertheless.
        """
        troubles: list[Exception] = []
        for device in self.devices.values():
            try:
                device.close()
            except (MediaError, OSError) as error:
                troubles.append(error)
        troubles += self.room.close()
        for trouble in troubles[:1]:
            told = f"{trouble.filename}: {trouble.strerror}" if isinstance(trouble, OSError) else str(trouble)
            raise MediaError(told) from trouble

    def type(self, line: str) -> None:
        '''Type a line: it ends the console's read, or waits for one and gives attention.

        >>> from assembler import assemble
        >>> from cpvm import api
        >>> program = """ECHO     CSECT
        ...          USING *,15
        ...          LA    1,READ
        ...          ST    1,72                 CHANNEL ADDRESS WORD
        ...          SIO   9
        ...          LPSW  WAIT                 UNTIL THE READ HAS ENDED
        ... WAIT     DC    X'FE02000000000000'
        ... READ     CCW   X'0A',LINE,X'20',8
        ... LINE     DC    CL8' '
        ...          END   ECHO
        ... """
        >>> m = api.BareMachine()
        >>> m.load_deck([assemble(program).deck])
        >>> m.ipl()
        >>> m.go() is None                      # it waits, and nobody has typed
        True
        >>> m.type("HELLO")
        >>> m.go().reason is api.StopReason.DISABLED_WAIT
        True
        '''
        self.operator.enter(line)

    def end_of_input(self) -> None:
        """Have reads end with unit exception when all lines that were typed are read; the second such read waits."""
        self.operator.enter(Key.END)

    def request(self) -> None:
        """Press the console's request key: attention."""
        self.operator.enter(Key.REQUEST)

    # ---- storage
    def load(self, image: bytes, at: int = 0) -> None:
        """Put bytes into storage from this absolute address on. Raises ValueError if they do not fit."""
        if at < 0 or at + len(image) > self.storage.size:
            raise ValueError(f"{len(image)} bytes at {at:X} are not within {self.storage.size >> 10}K of storage")
        self.storage.write(at, image)

    def load_deck(self, decks: Sequence[Sequence[bytes]]) -> None:
        """Put a deck into the reader for IPL from 00C; object decks are linked and get a loader in front.

        Raises:
            LoadError: the object decks cannot be linked.
        """
        first = decks[0] if decks else []
        self.feed(ipl_deck(decks) if is_object(first) else [card for deck in decks for card in deck])

    def display(self) -> str:
        """PSW, registers and clocks for a reader."""
        return "\n".join(registers(self))

    # ---- running
    def ipl(self, addr: int = READER) -> None:
        """Initial program loading from the device at this I/O address; then `go`. Raises IPLError."""
        super().ipl(addr)

    def trace(self, limit: int) -> Iterator[Executed]:
        """Execute instructions one by one, at most `limit`, giving each with what it changed; ends with the machine.

        Between two of them everything about the machine may be looked at and changed.
        """
        return Follower(self).steps(limit)

    def go(
        self, limit: int | None = None, *, attendant: Attendant | None = None, trace: Trace | None = None
    ) -> Stop | None:
        """Run until the machine stops or `limit` instructions are executed; time passes for it while it waits.

        Args:
            limit: instructions; no limit if None.
            attendant: who looks after the machine meanwhile, by default nobody: see `type`.
            trace: called with each instruction after it was executed.

        Returns:
            Why it stopped (BUDGET: the limit), with the instructions of this call; None if it waits for something that
            does not come: a line for its console, above all.
        """
        return go(self, limit, attendant or Attendant(), trace)


__all__ = ["CONSOLE", "PRINTER", "PUNCH", "READER", "STANDARD", "BareMachine"]
