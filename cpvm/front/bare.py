"""`cpvm ipl`: a bare virtual machine, its console on this terminal, IPLed from a deck of cards.

Console 3215 at 009 or where asked, reader 2540 at 00C with the decks one behind the other, punch 2540 at 00D, printer
1403 at 00E. The machine ends in a disabled wait; its PSW is shown, and the wait code becomes the exit status.
"""

from __future__ import annotations

import io
import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import Enum
from types import FrameType
from typing import IO

from cpvm.front.loader import LoadError, ipl_deck, is_object
from cpvm.front.status import USAGE, exit_status
from cpvm.machine import IPLError, Machine, Stop, StopReason
from cpvm.machine.device import MediaError
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.machine.media.deck import Deck
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

READER, PUNCH, PRINTER, CONSOLE = 0x00C, 0x00D, 0x00E, 0x009
_SLICE = 20_000  # instructions between two looks at the keyboard
_TICK = 0.01  # seconds between two looks at the clock while the machine waits for its timer


def _text(data: bytes) -> str:
    return "".join(char if char.isprintable() else " " for char in from_ebcdic(data))


class Cards:
    """The hopper of the reader: all decks as one file."""

    def __init__(self, cards: Iterable[bytes]) -> None:
        self._cards = deque(cards)

    def next(self) -> bytes | None:
        """The next card, or None at the end."""
        return self._cards.popleft() if self._cards else None


class Stacker:
    """Punched cards, written to a file as 80-byte EBCDIC images."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file

    def card(self, data: bytes) -> None:
        """Take a card."""
        if self._file:
            self._file.write(data)


class Paper:
    """Printed lines as text: line feeds for spaces, a form feed for a skip to channel 1, CR for overprinting."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def line(self, opcode: int, data: bytes) -> None:
        """Print `data`, then move the carriage as the command says."""
        motion = opcode >> 3
        feed = ("\r", "\n", "\n\n", "\n\n\n")[motion] if motion < 4 else "\n\f" if motion == 0x11 else "\n"
        if opcode & 2:  # the carriage alone
            feed = "\n" * motion if motion < 4 else "\f" if motion == 0x11 else "\n"
        self._file.write(_text(data).rstrip() + feed)
        self._file.flush()


class Key(Enum):
    """What can be typed that is no line."""

    REQUEST = "request"
    END = "end of input"


Typed = str | Key
NextTyped = Callable[[float | None], Typed]


class Keyboard:
    """What is typed on standard input, which a thread of its own reads."""

    def __init__(self, file: IO[str]) -> None:
        self._typed: queue.SimpleQueue[Typed] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(file,), name="keyboard", daemon=True).start()

    def _read(self, file: IO[str]) -> None:
        try:
            for line in file:
                self._typed.put(line.rstrip("\r\n"))
        except (OSError, ValueError):  # closed under our feet: the same as its end
            pass
        self._typed.put(Key.END)

    def request(self) -> None:
        """Press the request key; may be called from a signal handler."""
        self._typed.put(Key.REQUEST)

    def get(self, timeout: float | None) -> Typed:
        """The next line or key. Raises queue.Empty after `timeout` seconds (0: if there is none now)."""
        return self._typed.get(timeout != 0, timeout)


@dataclass
class Operator:
    """The console's back end: types what the machine writes, answers its reads with what was typed."""

    out: IO[str]
    typed: deque[str] = field(default_factory=deque)
    ended: bool = False
    cancelled: bool = False
    starved: bool = False
    """The machine read on after the end of input."""
    console: Console3215 = field(init=False)

    def __post_init__(self) -> None:
        self.console = Console3215(self)

    def write(self, data: bytes, newline: bool) -> None:
        """Type on the terminal."""
        self.out.write(_text(data) + ("\n" if newline else ""))
        self.out.flush()

    def read(self, limit: int) -> None:
        """The machine wants a line: it gets one that was typed before, if there is one."""
        if self.typed:
            self.console.enter(to_ebcdic(self.typed.popleft())[:limit])
        elif self.ended:
            self._end()

    def alarm(self) -> None:
        """Ring the bell."""
        self.out.write("\a")
        self.out.flush()

    def enter(self, typed: Typed) -> None:
        """A line was typed: it answers the outstanding read, or waits for one and gives attention."""
        if typed is Key.END:
            self.ended = True
            if self.console.reading:
                self._end()
        elif isinstance(typed, Key):
            self.console.attention()
        elif not self.console.enter(to_ebcdic(typed)):
            self.typed.append(typed)
            self.console.attention()

    def _end(self) -> None:
        """Tell the first read behind the last line by unit exception, as the CANCEL key does; the next one waits."""
        self.starved = self.cancelled
        if not self.cancelled:
            self.cancelled = True
            self.console.cancel()


@dataclass
class BareMachine:
    """A machine with its devices, ready for IPL."""

    cards: list[bytes]
    storage: int = 1 << 20
    console_address: int = CONSOLE
    printer: IO[str] = field(default_factory=lambda: sys.stdout)
    punch: IO[bytes] | None = None
    out: IO[str] = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self.machine = Machine(self.storage)
        self.operator = Operator(self.out)
        self.machine.attach(self.console_address, self.operator.console)
        self.machine.attach(READER, Reader2540(Cards(self.cards)))
        self.machine.attach(PUNCH, Punch2540(Stacker(self.punch)))
        self.machine.attach(PRINTER, Printer1403(Paper(self.printer)))

    def run(self, next_typed: NextTyped) -> Stop | None:
        """IPL from the reader and run until the machine stops; None if it waits for input that cannot come any more.

        Args:
            next_typed: gives what is typed as `Keyboard.get` does.

        Raises:
            IPLError: the deck cannot be IPLed.
        """
        self.machine.ipl(READER)
        instructions = 0
        while True:
            stop = self.machine.run(_SLICE)
            instructions += stop.instructions
            if stop.reason is StopReason.WAIT:
                if not self._wait(next_typed):
                    return None
            elif stop.reason is StopReason.BUDGET:
                self._poll(next_typed)
                if self.operator.starved:
                    return None
            else:
                return Stop(stop.reason, instructions, stop.detail)

    def _poll(self, next_typed: NextTyped) -> None:
        while not self.operator.ended:
            try:
                self.operator.enter(next_typed(0))
            except queue.Empty:
                return

    def _wait(self, next_typed: NextTyped) -> bool:
        """Let time pass until something happens. False if nothing can."""
        timed = bool(self.machine.psw.system_mask & 1)  # external interruptions, in both modes
        if self.operator.ended and not timed:
            return False
        start = time.monotonic()
        if self.operator.ended:
            time.sleep(_TICK)
        else:
            with suppress(queue.Empty):
                self.operator.enter(next_typed(_TICK if timed else None))
        # On a real machine the timers count while the CPU waits, too.
        self.machine.cpu.timers.advance(int((time.monotonic() - start) * 1_000_000))
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
    machine: Machine
    """The machine as it was left."""


def run_deck(cards: Sequence[bytes], typed: Iterable[str] = (), *, storage: int = 1 << 20) -> DeckRun:
    """IPL a machine with console 009, reader 00C, punch 00D and printer 00E, and run it until it stops.

    Args:
        cards: the deck in the reader, 80 bytes each; an object deck is linked and gets a loader in front.
        typed: the lines that the console's reads get, one after the other.
        storage: bytes, a multiple of 2048 from 8192 to 16777216.

    Raises:
        IPLError: the deck cannot be IPLed.
        LoadError: an object deck cannot be linked.
        ValueError: the storage size is wrong.
    """
    console, paper, stacker = io.StringIO(), io.StringIO(), io.BytesIO()
    deck = ipl_deck([cards]) if is_object(cards) else list(cards)
    bare = BareMachine(deck, storage, printer=paper, punch=stacker, out=console)
    bare.operator.typed.extend(typed)
    bare.operator.ended = True

    def nothing(timeout: float | None) -> Typed:
        raise queue.Empty

    stop = bare.run(nothing)
    return DeckRun(stop, console.getvalue(), paper.getvalue(), stacker.getvalue(), bare.machine)


def ipl(bare: BareMachine) -> int:
    """Run `bare` with this process's terminal, tell how it ended on standard error, and return the exit status.

    Ctrl-C is the request key; pressed twice within a second it ends the machine.
    """
    last = 0.0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 1.0:
            bare.machine.stop("interrupt")
        last = now
        keyboard.request()

    keyboard = Keyboard(sys.stdin)
    previous = signal.signal(signal.SIGINT, interrupt)
    try:
        stop = bare.run(keyboard.get)
    except IPLError as error:
        detail = f"; CSW {error.csw.hex().upper()} SENSE {error.sense.hex().upper()}" if error.csw else ""
        _tell(f"IPL FAILED: {error}{detail}")
        return USAGE
    finally:
        signal.signal(signal.SIGINT, previous)
    psw = bare.machine.psw.to_bytes().hex().upper()
    psw = f"{psw[:8]} {psw[8:]}"
    if stop is None:
        _tell(f"END OF INPUT WHILE THE MACHINE WAITS; PSW {psw}")
        return 1
    if stop.reason is StopReason.DISABLED_WAIT:
        _tell(f"DISABLED WAIT; PSW {psw}; {stop.instructions} INSTRUCTIONS{_unhandled(bare.machine)}")
        return exit_status(bare.machine.psw.address)
    _tell(f"{stop.reason.upper()}; PSW {psw}; {stop.instructions} INSTRUCTIONS")
    return 1


_INTERRUPTIONS = {0x58: "EXTERNAL", 0x60: "SVC", 0x68: "PROGRAM", 0x70: "MACHINE CHECK", 0x78: "I/O"}
_NEW_TO_OLD = 0x40  # from an interruption's new PSW to its old one


def _unhandled(machine: Machine) -> str:
    """If the wait code is that of the loader's new PSWs: which interruption it was, and the old PSW."""
    code = machine.psw.address
    if code not in _INTERRUPTIONS or machine.ec_mode:
        return ""
    old = machine.storage.read(code - _NEW_TO_OLD, 8).hex().upper()
    return f"\n{_INTERRUPTIONS[code]} INTERRUPTION NOT HANDLED; CODE {old[4:8]}; OLD PSW {old[:8]} {old[8:]}"


def _tell(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr)


def run_decks(
    files: Sequence[str], storage: int, console: int, *, printer: str | None = None, punch: str | None = None
) -> int:
    """`cpvm ipl`: read the decks, run the machine; returns the exit status.

    Args:
        files: decks in host files.
        storage: bytes.
        console: address of the 3215.
        printer: file for the printed lines; standard output if None.
        punch: file for the punched cards; they are thrown away if None.
    """
    with ExitStack() as stack:
        try:
            decks = [list(iter(Deck.open(file).next, None)) for file in files]
            cards = ipl_deck(decks) if is_object(decks[0]) else [card for deck in decks for card in deck]
            paper = stack.enter_context(open(printer, "w", encoding="utf-8")) if printer else sys.stdout
            stacker = stack.enter_context(open(punch, "wb")) if punch else None
        except OSError as error:
            _tell(f"cpvm ipl: {error.filename}: {error.strerror or error}")
            return USAGE
        except (MediaError, LoadError) as error:
            _tell(f"cpvm ipl: {error}")
            return USAGE
        return ipl(BareMachine(cards, storage, console, paper, stacker))
