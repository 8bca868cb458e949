"""What `cpvm ipl` is asked for, and the machine made from it: devices, storage contents, first PSW."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from cpvm.front.bare import CONSOLE, PRINTER, PUNCH, READER, STANDARD, BareMachine
from cpvm.front.barehost import OwnClock
from cpvm.front.loader import LoadError, ipl_deck, is_object
from cpvm.front.operate.keyboard import ESCAPE
from cpvm.machine import SnapshotError, snapshot
from cpvm.machine.channel import SELECTOR
from cpvm.machine.configure import ConfigurationError, parse_address, split_words
from cpvm.machine.device import DeviceError, MediaError
from cpvm.machine.engines import AUTO, EngineError
from cpvm.machine.host import tod_from_unix
from cpvm.machine.media.deck import Deck
from cpvm.s370 import psa
from cpvm.s370.psw import PSW

STORAGE = 1 << 20
_LOADING = ("reader", "tape", "dasd", "fba")
"""Kinds of devices from which one IPLs."""


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
    """Card decks: IPLed, or put into the reader if there is something else to begin with."""
    cores: Sequence[Core] = ()
    psw: PSW | None = None
    """Where a core image or a saved machine begins; by default the PSW at location 0, or the saved one."""
    restore: str | None = None
    save: str | None = None
    """File for the machine as it is at the end."""
    devices: Sequence[str] = ()
    """Devices in words, such as 180,3420,sys.aws,ro."""
    ipl: int | None = None
    """I/O address to IPL from; by default the reader with the decks, or else the first device that can."""
    standard: bool = True
    """Whether the standard devices are there, where `devices` does not put others."""
    immediate: bool | None = None
    """Whether I/O operations take no time; by default only if all devices are standard ones."""
    selectors: Sequence[int] = ()
    """Numbers of the channels that are selector channels."""
    tod: datetime | None = None
    """What the TOD clock shows at first; by default the time of this computer."""
    own_clock: bool = False
    """Whether the TOD clock goes with the machine's own time, not with this computer's clock."""
    engine: str = AUTO
    """What executes instructions (see `cpvm.machine.engines`)."""
    storage: int | None = None
    """Bytes; by default 1M, or what the saved machine has."""
    console: int | None = None
    """Address; by default 009, or that of the saved machine."""
    printer: str | None = None
    """File for the printed lines, standard output if None."""
    punch: str | None = None
    """File for the punched cards; they are thrown away if None."""
    script: str | None = None
    """File with the script that operates the machine; `-` is standard input."""
    escape: str | None = None
    """What lines for the panel begin with; by default `%` on a terminal, and nothing does otherwise."""
    stay: bool = False
    """Whether the operator stays when the machine has ended."""
    trace: str | None = None
    """File for the trace, `-` for standard error; no trace if None."""
    stop: int | None = None
    """Instruction address before which the machine is stopped."""
    limit: int | None = None
    """Instructions after which it is stopped."""
    registers: bool = False
    """Whether they are shown at the end."""
    stats: bool = False
    """Whether it is told at the end what the engine has done."""

    def escape_on(self, terminal: bool) -> str:
        """The escape character: as asked for, or the usual one if this is a terminal."""
        return self.escape if self.escape is not None else ESCAPE if terminal else ""


def reason(error: OSError, file: str = "") -> str:
    """Why the host could not do it, with the name of the file."""
    return f"{file or error.filename}: {error.strerror or error}"


def build(options: Options, stack: ExitStack) -> BareMachine:
    """The machine with its devices and with what is in its storage; `stack` closes it. Raises Refused."""
    if not (options.decks or options.cores or options.restore or options.devices):
        raise Refused("nothing to run: name a deck, or give --device, --core or --restore")
    if options.psw and not (options.cores or options.restore):
        raise Refused("--psw goes with --core or --restore: a deck brings its own PSW")
    if options.ipl is not None and (options.cores or options.restore):
        raise Refused("--ipl does not go with --core and --restore, which say where the machine begins")
    _consistent(options)
    if options.save is not None and (not Path(options.save).name or Path(options.save).is_dir()):
        raise Refused(f"--save {options.save}: not a file name")
    if options.save and not Path(options.save).absolute().parent.is_dir():
        raise Refused(f"{options.save}: no such folder")
    saved = _read(options.restore) if options.restore else b""
    console: int | None = CONSOLE if options.console is None else options.console
    standard: Sequence[int] = STANDARD if options.standard else ()
    storage = options.storage or STORAGE
    try:
        if saved:
            needed = snapshot.configuration(saved)
            if needed.missing:
                raise Refused(
                    f"{options.restore}: needs what is not loaded: --plugin {' --plugin '.join(needed.missing)}"
                )
            storage = options.storage or needed.storage
            named = {parse_address(words.partition(",")[0]) for words in options.devices}
            consoles = [a for a, kind in needed.devices.items() if kind == "3215" and a not in named]
            if options.console is None:
                console = next(iter(consoles), None)
            standard = tuple(address for address in standard if address in needed.devices)
        elif not options.standard and options.console is None:
            console = None
        start = None if options.tod is None else tod_from_unix(int(options.tod.timestamp() * 1_000_000) * 1000)
        machine = BareMachine(
            storage,
            OwnClock(start) if options.own_clock else None,
            devices=options.devices,
            cards=_cards(options),
            console=console,
            standard=standard,
            out=sys.stdout,
            printer=_paper(options, stack),
            punch=_stacker(options, stack),
            immediate_io=not options.devices if options.immediate is None else options.immediate,
            engine=options.engine,
        )
        stack.callback(machine.close)
        machine.io.types.update(dict.fromkeys(options.selectors, SELECTOR))
        if options.console is not None and machine.room.taken != options.console:
            raise Refused(f"--console {options.console:03X}: the console is {machine.room.taken:03X}, by --device")
        if saved:
            snapshot.restore(machine, saved)
        if start is not None:
            machine.tod_clock = start
    except (SnapshotError, ValueError) as error:
        raise Refused(f"{options.restore}: {error}") from None
    except (ConfigurationError, DeviceError, EngineError) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(reason(error)) from None
    _fill(machine, options.cores)
    return machine


def _consistent(options: Options) -> None:
    """Nothing may be said of standard devices that are not there. Raises Refused."""
    named = {split_words(words)[0].upper().rjust(3, "0") for words in options.devices}
    for option, file, address in (("--printer", options.printer, PRINTER), ("--punch", options.punch, PUNCH)):
        if file and (not options.standard or f"{address:03X}" in named):
            raise Refused(f"{option}: the standard device {address:03X} is not there; name the file with --device")


def _fill(machine: BareMachine, cores: Sequence[Core]) -> None:
    for core in cores:
        image = _read(core.file)
        if not image:
            raise Refused(f"{core.file}: empty")
        try:
            machine.load(image, core.address)
        except ValueError as error:
            raise Refused(f"{core.file}: {error}") from None


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Refused(reason(error, file)) from None


def _cards(options: Options) -> list[bytes]:
    """The cards for the reader; object decks that are to be IPLed are made so that they can be."""
    if options.decks and any(parse_address(split_words(words)[0]) == READER for words in options.devices):
        raise Refused(f"{options.decks[0]}: the standard reader is not there; --device {READER:03X} takes its place")
    try:
        decks = [list(iter(Deck.open(file).next, None)) for file in options.decks]
        if (
            decks
            and is_object(decks[0])
            and not (options.cores or options.restore or options.ipl not in (None, READER))
        ):
            return ipl_deck(decks)
    except LoadError as error:
        raise Refused(str(error)) from None
    except MediaError as error:
        hint = "; a tape or a disk goes behind --device ADDR,TYPE" if "whole cards" in str(error) else ""
        raise Refused(f"{error}{hint}") from None
    return [card for deck in decks for card in deck]


def _paper(options: Options, stack: ExitStack) -> IO[str]:
    if not options.printer:
        return sys.stdout
    return stack.enter_context(Path(options.printer).open("w", encoding="utf-8"))


def _stacker(options: Options, stack: ExitStack) -> IO[bytes]:
    return stack.enter_context(Path(options.punch or os.devnull).open("wb"))


def begin(machine: BareMachine, options: Options) -> None:
    """IPL, or give the machine its PSW. Raises IPLError, Refused."""
    if options.psw:
        machine.psw = options.psw
    elif options.cores:
        psw = machine.storage.read(psa.RESTART_NEW, 8)
        if not any(core.address == 0 for core in options.cores):
            raise Refused("--psw is needed: no core image has a PSW at location 0")
        machine.psw = PSW.from_bytes(psw)
    elif not options.restore:
        machine.ipl(options.ipl if options.ipl is not None else _loading(machine, options))
    if options.stop is not None or not options.restore:
        machine.address_stop = options.stop


def _loading(machine: BareMachine, options: Options) -> int:
    """The device to IPL from if none is named."""
    if options.decks:
        return READER
    named = [parse_address(split_words(words)[0]) for words in options.devices]
    for address in named:
        device = machine.device(address)
        if device is not None and device.kind in _LOADING:
            return address
    raise Refused("nothing to IPL: name a deck, or a reader, tape or disk with --device")
