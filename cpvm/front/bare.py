"""A bare virtual machine with the devices that programs need: console, reader, punch, printer; and its operator."""

from __future__ import annotations

import io
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from cpvm.front.loader import ipl_deck, is_object
from cpvm.front.peripherals import Cards, Key, NextTyped, Operator, Paper, Stacker, nothing
from cpvm.front.tracing import Executed, Follower, registers
from cpvm.machine import Machine, Stop, StopReason
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.machine.host import Host
from cpvm.machine.interruptions import COMPARATOR_MASK, CPU_TIMER_MASK, TIMER_MASK
from cpvm.s370 import psa
from cpvm.s370.psw import EXTERNAL_MASK

READER, PUNCH, PRINTER, CONSOLE = 0x00C, 0x00D, 0x00E, 0x009
_SLICE = 20_000  # instructions between two looks at the keyboard
_TRACED_SLICE = 500  # the same while each one is followed
_TICK = 0.01  # seconds between two looks at the clock while the machine waits for its timer
_DOUBLEWORD = (1 << 64) - 1

Trace = Callable[[Executed], None]


class BareMachine(Machine):
    """A System/370 without CP and CMS: a `Machine` with four devices, somebody who operates them, and its clocks.

    Console 3215 at 009 (or `console`), reader 2540 at 00C, punch 2540 at 00D, printer 1403 at 00E. Others can be
    attached. What the devices put out is kept (`typed_out`, `printed`, `punched`) unless it goes to a file.

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
        cards: Iterable[bytes] = (),
        console: int = CONSOLE,
        out: IO[str] | None = None,
        printer: IO[str] | None = None,
        punch: IO[bytes] | None = None,
    ) -> None:
        """A machine, reset, its storage zeros.

        Args:
            storage: bytes, a multiple of 2048 from 8192 to 16777216.
            host: its surroundings: time of day, CPU identity, DIAGNOSE; by default this computer's clock and no more.
            cards: the cards in the reader, 80 bytes of EBCDIC each.
            console: I/O address of the 3215.
            out: where the console types.
            printer: where the printer prints; a form feed begins a page.
            punch: where punched cards go, 80 bytes each.

        Raises:
            ValueError: the storage size is wrong.
            DeviceError: the console's address is no I/O address, or that of another device.
        """
        super().__init__(storage, host)
        self.executed = 0
        """Instructions executed by `go`."""
        self._out = out if out is not None else io.StringIO()
        self._paper = printer if printer is not None else io.StringIO()
        self._stacker = punch if punch is not None else io.BytesIO()
        self._hopper = Cards(cards)
        self.operator = Operator(self._out, self.stop)
        """Who types at the console."""
        self.attach(console, self.operator.console)
        self.attach(READER, Reader2540(self._hopper))
        self.attach(PUNCH, Punch2540(Stacker(self._stacker, self.stop)))
        self.attach(PRINTER, Printer1403(Paper(self._paper, self.stop)))

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
        self._hopper.add(cards)

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
        self.operator.console.attention()

    # ---- storage and clocks
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

    @property
    def tod_clock(self) -> int:
        """The TOD clock: an unsigned number of 64 bits of which bit 51 is a microsecond, zero at the start of 1900.

        >>> from cpvm import api
        >>> m = api.BareMachine()
        >>> m.tod_clock = 0
        >>> 0 <= m.tod_clock < 60_000_000 * 4096        # not a minute has passed
        True
        """
        return self.cpu.timers.now()

    @tod_clock.setter
    def tod_clock(self, value: int) -> None:
        self.cpu.timers.set_tod(value & _DOUBLEWORD)

    @property
    def clock_comparator(self) -> int:
        """The clock comparator, in the format of the TOD clock."""
        return self.cpu.timers.comparator & _DOUBLEWORD

    @clock_comparator.setter
    def clock_comparator(self, value: int) -> None:
        self.cpu.set_clock_comparator(value)

    @property
    def cpu_timer(self) -> int:
        """The CPU timer: a signed number of 64 bits of which bit 51 is a microsecond; it counts down."""
        return self.cpu.timers.cpu_timer()

    @cpu_timer.setter
    def cpu_timer(self, value: int) -> None:
        self.cpu.set_cpu_timer(value)

    @property
    def interval_timer(self) -> int:
        """The interval timer at location X'50': a signed number of 32 bits, 76800 to the second; it counts down."""
        value = self.cpu.real4(psa.INTERVAL_TIMER) & 0xFFFFFFFF
        return value - (1 << 32) if value >> 31 else value

    @interval_timer.setter
    def interval_timer(self, value: int) -> None:
        self.cpu.put_real4(psa.INTERVAL_TIMER, value & 0xFFFFFFFF)

    @property
    def prefix(self) -> int:
        """The prefix register: the absolute address of the block that is real address 0."""
        return self.cpu.prefix_register

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
        self, limit: int | None = None, *, next_typed: NextTyped = nothing, trace: Trace | None = None
    ) -> Stop | None:
        """Run until the machine stops or `limit` instructions are executed; time passes for it while it waits.

        Args:
            limit: instructions; no limit if None.
            next_typed: gives what is typed meanwhile, by default nothing: see `type`.
            trace: called with each instruction after it was executed.

        Returns:
            Why it stopped (BUDGET: the limit), with the instructions of this call; None if it waits for something that
            does not come: a line for its console, above all.
        """
        began = self.executed
        follower = Follower(self)
        while True:
            left = _SLICE if limit is None else min(_SLICE, limit - (self.executed - began))
            stop = self._slice(left, follower, trace) if trace else self.run(left)
            self.executed += stop.instructions
            done = self.executed - began
            if stop.reason not in (StopReason.WAIT, StopReason.BUDGET):
                return Stop(stop.reason, done, stop.detail)
            if done == limit:
                return Stop(StopReason.BUDGET, done, self.psw.address)
            if self.operator.starved or (stop.reason is StopReason.WAIT and not self._wait(next_typed)):
                return None
            if stop.reason is StopReason.BUDGET:
                self._poll(next_typed)

    def _slice(self, limit: int, follower: Follower, trace: Trace) -> Stop:
        """`run` for a machine that is traced."""
        done = 0
        while done < min(limit, _TRACED_SLICE):
            executed = follower.next()
            if isinstance(executed, Stop):
                return Stop(executed.reason, done, executed.detail)
            done += executed.step.stop.instructions
            trace(executed)
            if executed.step.stop.reason is not StopReason.BUDGET:
                return Stop(executed.step.stop.reason, done, executed.step.stop.detail)
        return Stop(StopReason.BUDGET, done)

    def _poll(self, next_typed: NextTyped) -> None:
        while next_typed is not nothing and not self.operator.ended:
            try:
                self.operator.enter(next_typed(0))
            except queue.Empty:
                return

    def _wait(self, next_typed: NextTyped) -> bool:
        """Let time pass until something happens. False if nothing can."""
        enabled = self.cr[0] & (TIMER_MASK | COMPARATOR_MASK | CPU_TIMER_MASK)
        timed = self.psw.system_mask & EXTERNAL_MASK and enabled
        alone = self.operator.ended or next_typed is nothing
        if alone and not timed:
            return False
        start = time.monotonic()
        if alone:
            time.sleep(_TICK)
        else:
            with suppress(queue.Empty):
                self.operator.enter(next_typed(_TICK if timed else None))
        # On a real machine the timers count while the CPU waits, too.
        self.cpu.timers.advance(int((time.monotonic() - start) * 1_000_000))
        return True


@dataclass(frozen=True)
class DeckRun:
    """What became of a deck that was IPLed."""

    stop: Stop | None
    """Why the machine stopped; None if it waited for input when there was no more."""
    console: str
    """What the console typed."""
    printed: str
    """What the printer printed; a form feed begins a page."""
    punched: bytes
    """The punched cards, 80 bytes each."""
    machine: BareMachine
    """The machine as it was left."""


def run_deck(
    cards: Sequence[bytes], typed: Iterable[str] = (), *, storage: int = 1 << 20, limit: int | None = None
) -> DeckRun:
    """IPL a machine with console 009, reader 00C, punch 00D and printer 00E, and run it until it stops.

    Args:
        cards: the deck in the reader, 80 bytes each; an object deck is linked and gets a loader in front.
        typed: the lines that the console's reads get, one after the other.
        storage: bytes, a multiple of 2048 from 8192 to 16777216.
        limit: instructions after which it is stopped; no limit if None.

    Raises:
        IPLError: the deck cannot be IPLed.
        LoadError: an object deck cannot be linked.
        ValueError: the storage size is wrong.
    """
    machine = BareMachine(storage)
    machine.load_deck([cards])
    machine.operator.typed.extend(typed)
    machine.end_of_input()
    machine.ipl()
    stop = machine.go(limit)
    return DeckRun(stop, machine.typed_out, machine.printed, machine.punched, machine)


__all__ = ["CONSOLE", "PRINTER", "PUNCH", "READER", "BareMachine", "DeckRun", "run_deck"]
