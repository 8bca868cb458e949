"""`cpvm link`: object decks and libraries joined into a CMS module, a storage image or one deck."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from assembler.linker import LinkError, Loader, merge, module, report
from assembler.linker.libraries import library, read_cards
from assembler.linker.loader import Library
from cpvm.front.status import USAGE

_DESCRIPTION = """\
Joins object decks, as `cpvm asm` and CMS make them, into

  module   a MODULE file of CMS: the command NAME, byte for byte what LOAD,
           INCLUDE and GENMOD make of the same decks under CMS. Records of
           variable length, each with its length in front; it goes to a CMS disk
           with `cpvm disk cp --binary --recfm V`
  image    the bytes of storage, from the origin on, for `cpvm ipl --core`
  deck     one object deck, in which what the decks refer to in each other is
           resolved; common areas, pseudo registers and other names stay open

Names that no deck defines are looked for in the libraries, in their order: a
folder (NAME.text), a TXTLIB, or a file of decks. In a deck the loader's cards
ICS SLC REP LDT ENTRY LIBRARY do what they do under CMS; they may also be lines
of a text file of their own.
"""
_EPILOG = """\
exit status: 0; 4 if names are undefined or defined twice, or a control card is
invalid; 8 if a card is damaged, and nothing is written; 2 if something cannot
be done

examples:
  cpvm link main.text sub.text                        main.module
  cpvm link main.text --lib mylib.txtlib --map -      and see the map
  cpvm link boot.text --format image --origin 1000    boot.image
  cpvm ipl --core boot.image@1000 --psw 0000000000001000
  cpvm link a.text b.text --format deck -o ab.text
"""

_FORMATS = {"module": ".module", "image": ".image", "deck": ".deck"}
_DAMAGED = 8
_TRANSIENT_END = module.TRANSIENT_AREA + 0x2000


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Fill the grammar of the command."""
    command.description, command.epilog = _DESCRIPTION, _EPILOG
    command.add_argument("files", nargs="+", metavar="FILE", help="object decks, loaded one behind the other")
    command.add_argument("-o", dest="output", metavar="FILE", help="the result (default: first name with its format)")
    command.add_argument("--format", choices=_FORMATS, default="module", help="what is made (default module)")
    command.add_argument(
        "--origin",
        type=_origin,
        metavar="HEX",
        help="where it is to run: an address, or TRANS (default 20000 for a module, 0 for an image)",
    )
    command.add_argument(
        "--entry", metavar="NAME", help="entry point (default: as the decks say, or the first section)"
    )
    command.add_argument(
        "--lib", action="append", default=[], metavar="PATH", help="a library; may be given several times"
    )
    command.add_argument("--map", metavar="FILE", help="the map as text; - for standard output")
    command.add_argument("--nomap", action="store_true", help="a module without the names in it, as GENMOD NOMAP")


def _origin(text: str) -> int:
    if text.upper() == "TRANS":
        return module.TRANSIENT_AREA
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value < 0x1000000:
        raise argparse.ArgumentTypeError(f"{text} is neither a hexadecimal address nor TRANS")
    return value


class _Refused(Exception):
    """It cannot be done; the text, one line, says why."""


def run(arguments: argparse.Namespace) -> int:
    """Link; returns the exit status."""
    try:
        return _link(arguments)
    except (LinkError, _Refused) as error:
        print(f"cpvm link: {error}", file=sys.stderr)
    except OSError as error:
        print(f"cpvm link: {error.filename or 'cannot write'}: {error.strerror or error}", file=sys.stderr)
    return USAGE


def _link(arguments: argparse.Namespace) -> int:
    files = [Path(name) for name in arguments.files]
    output = Path(arguments.output or f"{files[0].stem}{_FORMATS[arguments.format]}")
    _keep_inputs(output, files, arguments.map)
    loader = _loader(arguments, files)
    status = max((note.severity for note in loader.notes), default=0)
    for note in loader.notes:
        print(note, file=sys.stderr)
    if loader.undefined:
        merged = arguments.format == "deck"
        print(f"{'left open' if merged else 'undefined'}: {' '.join(loader.undefined)}", file=sys.stderr)
        status = max(status, 0 if merged else 4)
    if arguments.map:
        text = "".join(f"{line}\n" for line in report.lines(loader, f"{output.name}  {arguments.format.upper()}"))
        if arguments.map == "-":
            sys.stdout.write(text)
        else:
            Path(arguments.map).write_text(text, encoding="utf-8")
    if status >= _DAMAGED:
        print(f"cpvm link: {output} is not written", file=sys.stderr)
        return status
    _write(output, _bytes(arguments, loader, output.stem))
    return status


def _keep_inputs(output: Path, files: Sequence[Path], map_: str | None) -> None:
    """A slip must not cost the user a deck. Raises _Refused."""
    for result in (output, *([Path(map_)] if map_ and map_ != "-" else [])):
        for file in files:
            if result.exists() and file.exists() and result.samefile(file):
                raise _Refused(f"{result} is one of the decks to be linked")


def _loader(arguments: argparse.Namespace, files: Sequence[Path]) -> Loader:
    """Everything loaded. Raises LinkError, _Refused, OSError."""
    kind, origin = arguments.format, arguments.origin
    if kind == "deck" and origin is not None:
        raise _Refused("--origin: a deck has no place of its own")
    if origin is None:
        origin = module.USER_AREA if kind == "module" else 0
    if kind == "module" and not (module.TRANSIENT_AREA <= origin < _TRANSIENT_END or origin >= module.USER_AREA):
        raise _Refused(f"--origin: CMS runs programs from {module.USER_AREA:X} on, or at TRANS")
    limit = _TRANSIENT_END if kind == "module" and origin < _TRANSIENT_END else 0x1000000
    libraries: list[Library] = [library(Path(path)) for given in arguments.lib for path in given.split(os.pathsep)]
    loader = Loader(origin, cms=kind == "module", limit=limit)
    for file in files:
        loader.load(read_cards(file), str(file))
    loader.search(libraries)
    loader.finish((arguments.entry or "").upper()[:8], keep=kind == "deck")
    if not loader.sections:
        raise _Refused(f"{files[0]}: no object deck")
    if arguments.entry and loader.names.refer(arguments.entry.upper()[:8]).defined is False:
        raise _Refused(f"--entry: {arguments.entry.upper()} is not defined")
    return loader


def _bytes(arguments: argparse.Namespace, loader: Loader, name: str) -> bytes:
    if arguments.format == "module":
        return module.with_lengths(module.records(loader, with_map=not arguments.nomap))
    if arguments.format == "image":
        return loader.data
    return b"".join(merge.deck(loader, name))


def _write(output: Path, data: bytes) -> None:
    """All of it, or what was there before; a device or pipe is written to."""
    if output.exists() and not output.is_file() and not output.is_dir():
        output.write_bytes(data)
        return
    part = output.with_name(f"{output.name}.part")
    try:
        part.write_bytes(data)
        part.replace(output)
    except OSError:
        part.unlink(missing_ok=True)
        raise
