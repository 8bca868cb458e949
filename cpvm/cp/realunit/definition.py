"""How a spooled real device is defined: a line of the file `devices` whose third word is SPOOL.

    00E 1403  spool folder=printer class=AT          a printer: a file in this folder for each spool file
    00F 3211  spool file=listings.txt nosep          all listings in one host file, without separator pages
    010 1403  spool folder=pages pdf greenbar        pages of a PDF file for each
    011 1403  spool command="lpr -P laser" class=B   a command gets each on its standard input
    00D 2540P spool folder=punch ascii               a punch; ebcdic (as a rule), ascii or binary cards
    00C 2540R spool folder=reader                    a reader: files put into the folder go to users

Names are relative to the system folder. Further words: `class=` the classes served, in order, `*` for all; `form=` only
files that want this form; `sep`, `nosep`; `rate=` lines or cards a minute (else as fast as the host is); `drained`: as
after DRAIN; `shell` executes the command by the host's shell.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.cp.directory import UNIT_RECORD_TYPES
from cpvm.cp.realunit.hopper import InputUnit
from cpvm.cp.realunit.outlet import CommandOutlet, FileOutlet, FolderOutlet, Outlet, Room
from cpvm.cp.realunit.unit import ANY_CLASS, OutputUnit, Traits
from cpvm.machine.configure import accept, flag, number, parse_address
from cpvm.machine.device import ConfigurationError
from cpvm.machine.media.pages import require

if TYPE_CHECKING:
    from cpvm.cp.system import System

_PRINTER_FORMATS = {"text": ".txt", "pdf": ".pdf"}
_CARD_FORMATS = {"ebcdic": ".cards", "ascii": ".txt", "binary": ".bin"}
_PLACES = ("file", "folder", "command")
_MOST = 100_000
Unit = OutputUnit | InputUnit


def define(system: System, words: list[str]) -> Unit:
    """The device of a line. Raises ConfigurationError."""
    raddr, devtype = parse_address(words[0]), words[1].upper()
    kind = UNIT_RECORD_TYPES.get(devtype) or {"3203": "PRT"}.get(devtype)
    if kind is None:
        raise ConfigurationError(f"a {devtype} cannot be spooled")
    options: dict[str, str] = {}
    for word in words[3:]:
        name, _, value = word.partition("=")
        options[name.lower()] = value
    if kind == "RDR":
        accept(options, "folder", "drained")
        if not options.get("folder"):
            raise ConfigurationError("a spooled reader has folder=FOLDER")
        reader = InputUnit(system, raddr, devtype, system.folder / Path(options["folder"]).expanduser())
        reader.drained = flag(options, "drained")
        return reader
    return _output(system, raddr, devtype, kind, options)


def _output(system: System, raddr: int, devtype: str, kind: str, options: dict[str, str]) -> OutputUnit:
    formats = _PRINTER_FORMATS if kind == "PRT" else _CARD_FORMATS
    words = ("class", "form", "sep", "nosep", "rate", "drained", "shell", *formats, *_PLACES)
    accept(options, *words, *(("greenbar",) if kind == "PRT" else ()))
    greenbar = flag(options, "greenbar")
    chosen = [name for name in formats if flag(options, name)] or (["pdf"] if greenbar else [next(iter(formats))])
    if len(chosen) > 1 or (greenbar and chosen != ["pdf"]):
        raise ConfigurationError(f"{' and '.join([*chosen, *(['greenbar'] if greenbar else [])])} exclude each other")
    format = chosen[0]
    if format == "pdf":
        require()
    outlet, detail = _outlet(system, options, format, formats[format])
    traits = Traits(
        classes=_classes(options.get("class", "A")),
        separator=not flag(options, "nosep"),
        form_name=options.get("form", "").upper(),
    )
    rate = number(options, "rate", 0, 0, _MOST)
    unit = OutputUnit(
        system,
        raddr,
        devtype,
        kind,
        outlet=outlet,
        traits=traits,
        format=format,
        greenbar=greenbar,
        rate=rate,
        detail=detail,
    )
    unit.drained = flag(options, "drained")
    return unit


def _outlet(system: System, options: dict[str, str], format: str, suffix: str) -> tuple[Outlet, str]:
    folder, room = system.folder, Room(lambda: system.spool.reserve)
    places = [name for name in _PLACES if options.get(name)]
    if len(places) != 1:
        raise ConfigurationError("a spooled printer or punch has one of file=, folder=, command=")
    place, value = places[0], options[places[0]]
    if place == "command":
        shell = flag(options, "shell")
        return CommandOutlet([value] if shell else shlex.split(value), folder, shell=shell), value
    if "shell" in options:
        raise ConfigurationError("shell goes with command=")
    path = folder / Path(value).expanduser()
    if place == "folder":
        return FolderOutlet(path, suffix, room), value
    if format == "pdf":
        raise ConfigurationError("a PDF file holds one listing: pdf goes with folder= or command=")
    return FileOutlet(path, room), value


def _classes(text: str) -> str:
    classes = text.upper()
    if classes != ANY_CLASS and (not classes.isalnum() or not classes.isascii()):
        raise ConfigurationError(f"class={text} is not letters and digits, or {ANY_CLASS}")
    return "".join(dict.fromkeys(classes))
