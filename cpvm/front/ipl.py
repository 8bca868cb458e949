"""`cpvm ipl`: a bare virtual machine, its console on this terminal, from a deck, a core image or a saved machine.

It ends in a disabled wait; its PSW is shown, and the wait code becomes the exit status.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from cpvm.front.bare import CONSOLE, READER, BareMachine
from cpvm.front.loader import LoadError, ipl_deck, is_object
from cpvm.front.peripherals import Keyboard
from cpvm.front.status import ABANDONED, INTERRUPTED, TIMED_OUT, USAGE, exit_status
from cpvm.front.tracing import HEADING, Executed
from cpvm.machine import IPLError, Machine, SnapshotError, Stop, StopReason, snapshot
from cpvm.machine.device import DeviceError, MediaError
from cpvm.machine.media.deck import Deck
from cpvm.s370 import psa
from cpvm.s370.psw import PSW

STORAGE = 1 << 20
_INTERRUPT = "interrupt"  # tag of the stop that two presses of Ctrl-C are


class Refused(Exception):
    """It cannot be done; the text, one line, says why."""


@dataclass(frozen=True)
class Core:
    """A file whose bytes go into storage as they are."""

    file: str
    address: int


@dataclass(frozen=True)
class Options:
    """What `cpvm ipl` was asked for."""

    decks: Sequence[str] = ()
    """Card decks: IPLed, or put into the reader if there are cores or a saved machine."""
    cores: Sequence[Core] = ()
    psw: PSW | None = None
    """Where a core image or a saved machine begins; by default the PSW at location 0, or the saved one."""
    restore: str | None = None
    save: str | None = None
    """File for the machine as it is at the end."""
    storage: int | None = None
    """Bytes; by default 1M, or what the saved machine has."""
    console: int | None = None
    """Address; by default 009, or that of the saved machine."""
    printer: str | None = None
    """File for the printed lines, standard output if None."""
    punch: str | None = None
    """File for the punched cards; they are thrown away if None."""
    trace: str | None = None
    """File for the trace, `-` for standard error; no trace if None."""
    stop: int | None = None
    """Instruction address before which the machine is stopped."""
    limit: int | None = None
    """Instructions after which it is stopped."""
    registers: bool = False
    """Whether they are shown at the end."""


def ipl(options: Options) -> int:
    """Run a machine as asked; returns the exit status. What goes wrong is told on standard error, one line."""
    with ExitStack() as stack:
        try:
            machine = _machine(options, stack)
            trace = _trace(options, stack)
            _begin(machine, options)
        except Refused as error:
            _tell(f"cpvm ipl: {error}")
            return USAGE
        except IPLError as error:
            detail = f"; CSW {error.csw.hex().upper()} SENSE {error.sense.hex().upper()}" if error.csw else ""
            _tell(f"IPL FAILED: {error}{detail}")
            return USAGE
        stop = _run(machine, options.limit, trace)
        status = _told(machine, stop)
        if options.registers:
            _tell(machine.display())
        if options.save:
            try:
                machine.save(Path(options.save))
            except OSError as error:
                _tell(f"cpvm ipl: {_reason(error, options.save)}")
                return USAGE
    return status


def _reason(error: OSError, file: str = "") -> str:
    return f"{file or error.filename}: {error.strerror or error}"


def _tell(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr)


# ---- before
def _machine(options: Options, stack: ExitStack) -> BareMachine:
    """The machine with its devices and with what is in its storage. Raises Refused."""
    if not (options.decks or options.cores or options.restore):
        raise Refused("nothing to run: name a deck, or give --core or --restore")
    if options.psw and not (options.cores or options.restore):
        raise Refused("--psw goes with --core or --restore: a deck brings its own PSW")
    if options.save and not Path(options.save).absolute().parent.is_dir():
        raise Refused(f"{options.save}: no such folder")
    saved = _read(options.restore) if options.restore else b""
    storage, console = options.storage or STORAGE, options.console
    try:
        if saved:
            needed = snapshot.configuration(saved)
            consoles = [address for address, kind in needed.devices.items() if kind == "3215"]
            storage = options.storage or needed.storage
            console = console if console is not None else next(iter(consoles), None)
        machine = BareMachine(
            storage,
            cards=_cards(options),
            console=CONSOLE if console is None else console,
            out=sys.stdout,
            printer=_paper(options, stack),
            punch=_stacker(options, stack),
        )
        if saved:
            snapshot.restore(machine, saved)
    except (SnapshotError, ValueError) as error:
        raise Refused(f"{options.restore}: {error}") from None
    except DeviceError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(_reason(error)) from None
    for core in options.cores:
        image = _read(core.file)
        if not image:
            raise Refused(f"{core.file}: empty")
        try:
            machine.load(image, core.address)
        except ValueError as error:
            raise Refused(f"{core.file}: {error}") from None
    return machine


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Refused(_reason(error, file)) from None


def _cards(options: Options) -> list[bytes]:
    try:
        decks = [list(iter(Deck.open(file).next, None)) for file in options.decks]
        if decks and is_object(decks[0]) and not (options.cores or options.restore):
            return ipl_deck(decks)
    except (MediaError, LoadError) as error:
        raise Refused(str(error)) from None
    return [card for deck in decks for card in deck]


def _paper(options: Options, stack: ExitStack) -> IO[str]:
    if not options.printer:
        return sys.stdout
    return stack.enter_context(Path(options.printer).open("w", encoding="utf-8"))


def _stacker(options: Options, stack: ExitStack) -> IO[bytes]:
    return stack.enter_context(Path(options.punch or os.devnull).open("wb"))


def _trace(options: Options, stack: ExitStack) -> IO[str] | None:
    """Where the trace goes. A file that is there already must be a trace: it might be a deck, named in a slip."""
    if options.trace is None:
        return None
    if options.trace == "-":
        return sys.stderr
    path = Path(options.trace)
    try:
        if path.is_file():
            with path.open("rb") as file:
                if file.read(len(HEADING)) not in (b"", HEADING.encode()):
                    raise Refused(f"{path}: exists and is no trace; a file named behind --trace is written, not run")
        trace = stack.enter_context(path.open("w", encoding="utf-8", buffering=1 << 16))
    except OSError as error:
        raise Refused(_reason(error, options.trace)) from None
    print(HEADING, file=trace)
    return trace


def _begin(machine: BareMachine, options: Options) -> None:
    """IPL, or give the machine its PSW. Raises IPLError, Refused."""
    if options.psw:
        machine.psw = options.psw
    elif options.cores:
        psw = machine.storage.read(psa.RESTART_NEW, 8)
        if not any(core.address == 0 for core in options.cores):
            raise Refused("--psw is needed: no core image has a PSW at location 0")
        machine.psw = PSW.from_bytes(psw)
    elif not options.restore:
        machine.ipl(READER)
    if options.stop is not None or not options.restore:
        machine.address_stop = options.stop


# ---- the run
def _run(machine: BareMachine, limit: int | None, trace: IO[str] | None) -> Stop | None:
    """Run with this process's keyboard: Ctrl-C is the request key, twice within a second it ends the machine."""
    last = 0.0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 1.0:
            machine.stop(_INTERRUPT)
        last = now
        keyboard.request()

    def write(executed: Executed) -> None:
        try:
            print(executed, file=trace)
        except OSError as error:
            machine.stop(error)

    keyboard = Keyboard(sys.stdin)
    previous = signal.signal(signal.SIGINT, interrupt)
    try:
        return machine.go(limit, next_typed=keyboard.get, trace=write if trace else None)
    finally:
        signal.signal(signal.SIGINT, previous)


# ---- after
def _told(machine: BareMachine, stop: Stop | None) -> int:
    """Tell how the machine ended; returns the exit status."""
    if stop and isinstance(stop.detail, OSError):
        if isinstance(stop.detail, BrokenPipeError):
            raise stop.detail  # nobody reads what we write: no reason to complain
        _tell(f"cpvm ipl: {_reason(stop.detail, stop.detail.filename or 'cannot write')}")
        return USAGE
    image = machine.psw.to_bytes().hex().upper()
    behind = f"; PSW {image[:8]} {image[8:]}; {machine.executed} INSTRUCTIONS"
    if stop is None:
        _tell(f"END OF INPUT WHILE THE MACHINE WAITS{behind}")
        return ABANDONED
    told = {StopReason.HOST: "ENDED BY CTRL-C", StopReason.BUDGET: "INSTRUCTION LIMIT"}
    _tell(f"{told.get(stop.reason, stop.reason.upper())}{behind}{_unhandled(machine, stop)}")
    if stop.reason is StopReason.DISABLED_WAIT:
        return exit_status(machine.psw.address)
    others = {StopReason.ADDRESS_STOP: 0, StopReason.BUDGET: TIMED_OUT, StopReason.HOST: INTERRUPTED}
    return others.get(stop.reason, ABANDONED)


_NEW_PSWS = {
    psa.EXTERNAL_NEW: "EXTERNAL",
    psa.SVC_NEW: "SVC",
    psa.PROGRAM_NEW: "PROGRAM",
    psa.MACHINE_CHECK_NEW: "MACHINE CHECK",
    psa.IO_NEW: "I/O",
}
_NEW_TO_OLD = psa.EXTERNAL_NEW - psa.EXTERNAL_OLD


def _unhandled(machine: Machine, stop: Stop) -> str:
    """If the wait code is that of the loader's new PSWs: which interruption it was, and the old PSW."""
    code = machine.psw.address
    if stop.reason is not StopReason.DISABLED_WAIT or code not in _NEW_PSWS or machine.ec_mode:
        return ""
    if machine.storage.read(code, 8) != machine.psw.to_bytes():
        return ""
    old = machine.storage.read(code - _NEW_TO_OLD, 8).hex().upper()
    return f"\n{_NEW_PSWS[code]} INTERRUPTION NOT HANDLED; CODE {old[4:8]}; OLD PSW {old[:8]} {old[8:]}"
