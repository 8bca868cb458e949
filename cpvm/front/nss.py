"""`cpvm nss`: saved systems and segments of a system, from and to files of the host."""

from __future__ import annotations

import argparse
import re
import struct
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cpvm.cp.database import Database, DatabaseError
from cpvm.cp.operand import is_vaddr
from cpvm.cp.savedsys import (
    ACCESS,
    PAGE,
    PAGES,
    SCHEMA,
    PageRange,
    SavedSystem,
    SavedSystemError,
    SavedSystems,
    State,
    overlapping,
)
from cpvm.cp.system import DATABASE
from cpvm.front.locations import default_directory
from cpvm.front.status import USAGE

SEGMENT_PAGES = 16
"""Of a segment of 64K, the unit that VM/370 shares."""
_NAME = re.compile(r"[A-Z0-9$#@]{1,8}")
_HEADER = struct.Struct(">8s16I32s16I")
_KEYS_AT = 0xA8
_MOST_IN_HEADER = PAGE - _KEYS_AT

_MAP = """\
A map is a text file, a statement a line; page numbers are hexadecimal, * begins a comment:

  NAME CMS370            the name, unless --name gives another
  PAGES 000-020 EW       pages, in the order of the image; EW ER SW SR, or EN SN for pages without contents
  PAGES F00-F0F SR
  SHARED 010-01F         makes these pages of the above shared
  SEGMENT                it is loaded by DIAGNOSE X'64', not by IPL
  MINSIZE 256K           storage that a machine needs

The image is the pages themselves, of 4096 bytes, perhaps with CP's own page before them, as VM/370's SAVESYS wrote it:
PSW, general, floating-point and control registers, and from X'A8' on a byte for each page, its storage key. Without
that page a system begins with the PSW at location 0, and all keys are zero. Without --map and --pages the image is
loaded at 0, or a segment at X'F00000'; whole segments of 64K behind a system's first are shared, a segment wholly.
"""


class ImportFailed(Exception):
    """It cannot be done; the text says why."""


@dataclass
class _Map:
    name: str = ""
    ranges: list[PageRange] = field(default_factory=list)
    shared: list[tuple[int, int]] = field(default_factory=list)
    segment: bool = False
    minimum: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `cpvm nss` its subcommands."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    form = argparse.RawDescriptionHelpFormatter
    taking = commands.add_parser("import", help="save a page image under a name", epilog=_MAP, formatter_class=form)
    taking.add_argument("image", type=Path, metavar="IMAGE")
    taking.add_argument("--name", metavar="NAME", help="what IPL or DIAGNOSE X'64' calls it")
    taking.add_argument("--map", type=Path, metavar="MAP", help="a file that says which pages the image has")
    taking.add_argument("--pages", action="append", default=[], metavar="FIRST-LAST", help="instead of a map; several")
    taking.add_argument("--shared", action="append", default=[], metavar="FIRST-LAST", help="pages that are shared")
    taking.add_argument("--segment", action="store_true", help="it is a segment, not a system")
    taking.add_argument("--minsize", metavar="nnnnK", help="storage that a machine needs")
    giving = commands.add_parser("export", help="write a saved system to a file, CP's page first")
    giving.add_argument("name", metavar="NAME")
    giving.add_argument("image", type=Path, metavar="IMAGE")
    commands.add_parser("list", help="what is saved")
    purging = commands.add_parser("purge", help="forget a saved system")
    purging.add_argument("name", metavar="NAME")
    for command in commands.choices.values():
        command.add_argument("--system", type=Path, metavar="DIR", help="the system directory")


def run(given: argparse.Namespace) -> int:
    """Carry a subcommand out; returns the exit status."""
    folder = (given.system or default_directory()).expanduser().absolute()
    try:
        database = Database(folder / DATABASE, (SCHEMA,))
    except DatabaseError as error:
        print(f"cpvm nss: {error}", file=sys.stderr)
        return USAGE
    try:
        store = SavedSystems(database, folder)
        match given.what:
            case "import":
                _import(store, given)
            case "export":
                _export(store, given)
            case "purge":
                _known(store, given.name)
                store.purge(given.name.upper())
            case _:
                _list(store)
    except (ImportFailed, SavedSystemError, OSError) as error:
        print(f"cpvm nss {given.what}: {error}", file=sys.stderr)
        return USAGE
    finally:
        database.close()
    return 0


def _known(store: SavedSystems, name: str) -> SavedSystem:
    system = store.get(name.upper())
    if system is None:
        raise ImportFailed(f"there is no saved system {name.upper()}")
    return system


def _list(store: SavedSystems) -> None:
    for system in store:
        when = f"{datetime.fromtimestamp(system.created):%Y-%m-%d %H:%M}"
        kind = "segment" if system.segment else "system"
        print(f"{system.name:<8} {kind:<8} {system.pages:5} pages {when}  {', '.join(map(str, system.ranges))}")


# ---- in


def _import(store: SavedSystems, given: argparse.Namespace) -> None:
    image = given.image.read_bytes()
    pages, rest = divmod(len(image), PAGE)
    if rest or not pages:
        raise ImportFailed(f"{given.image} has {len(image)} bytes: a page image is whole pages of {PAGE}")
    what = _described(given)
    if not _NAME.fullmatch(what.name) or is_vaddr(what.name):
        raise ImportFailed(f"{what.name or 'nothing'} is not a name of a saved system: give one with --name")
    header = _has_header(image, pages, what)
    if not what.ranges:
        start = 0xF00 if what.segment else 0
        what.ranges = [PageRange(start, start + pages - header - 1, "SR" if what.segment else "EW")]
        if not what.segment and not what.shared:
            whole = (pages - header) // SEGMENT_PAGES * SEGMENT_PAGES - 1
            what.shared = [(SEGMENT_PAGES, whole)] if whole > SEGMENT_PAGES else []
    ranges = _sorted(what)
    system = SavedSystem(what.name, ranges, segment=what.segment, minimum=what.minimum, creator="*HOST")
    if system.pages != pages - header:
        raise ImportFailed(
            f"the image has {pages} pages; {system.pages} are wanted, or {system.pages + 1} with CP's own"
        )
    body = image[header * PAGE :]
    state, keys = (_state(image), _keys(image, system)) if header else (_plain_state(body), bytes(system.pages * 2))
    saved = replace(system, state=None if what.segment else state, keys=keys)
    store.save(saved, [body])
    print(f"{saved.name}: {saved.pages} pages, {', '.join(map(str, saved.ranges))}")


def _described(given: argparse.Namespace) -> _Map:
    what = _read_map(given.map) if given.map is not None else _Map()
    what.name = (given.name or what.name).upper()
    what.segment = what.segment or given.segment
    if given.pages:
        what.ranges = [PageRange(*_numbers(text), "SR" if what.segment else "EW") for text in given.pages]
    what.shared += [_numbers(text) for text in given.shared]
    if given.minsize:
        what.minimum = _size(given.minsize)
    return what


def _read_map(path: Path) -> _Map:
    what = _Map()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("*")[0].upper().split()
        try:
            match words:
                case []:
                    pass
                case ["NAME", name]:
                    what.name = name
                case ["PAGES", numbers]:
                    what.ranges.append(PageRange(*_numbers(numbers)))
                case ["PAGES", numbers, access] if access in ACCESS:
                    what.ranges.append(PageRange(*_numbers(numbers), access))
                case ["SHARED", numbers]:
                    what.shared.append(_numbers(numbers))
                case ["SEGMENT"]:
                    what.segment = True
                case ["MINSIZE", size]:
                    what.minimum = _size(size)
                case _:
                    raise ImportFailed(f"{line.strip()} is no statement of a map")
        except ImportFailed as error:
            raise ImportFailed(f"{path} line {number}: {error}") from None
    return what


def _numbers(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9A-Fa-f]{1,5})(?:-([0-9A-Fa-f]{1,5}))?", text)
    first = int(found.group(1), 16) if found else -1
    last = int(found.group(2), 16) if found and found.group(2) else first
    if not 0 <= first <= last < PAGES:
        raise ImportFailed(f"{text} are no page numbers, 0 to {PAGES - 1:X} in hexadecimal")
    return first, last


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([KkMm])", text)
    if not found:
        raise ImportFailed(f"{text} is no size of storage, such as 256K")
    return int(found.group(1)) << (10 if found.group(2) in "Kk" else 20)


def _sorted(what: _Map) -> tuple[PageRange, ...]:
    """The ranges in their order, cut where shared pages begin and end."""
    if overlapping(what.ranges):
        raise ImportFailed("a page is named twice")
    ranges = sorted(what.ranges, key=lambda part: part.first)
    if ranges != what.ranges:
        raise ImportFailed("the pages are not in the order of their numbers")
    for first, last in what.shared:
        cut: list[PageRange] = []
        for part in ranges:
            begin, end = max(part.first, first), min(part.last, last)
            if begin > end:
                cut.append(part)
                continue
            if part.first < begin:
                cut.append(replace(part, last=begin - 1))
            cut.append(PageRange(begin, end, "S" + part.access[1]))
            if end < part.last:
                cut.append(replace(part, first=end + 1))
        ranges = cut
    return tuple(ranges)


def _has_header(image: bytes, pages: int, what: _Map) -> bool:
    """Whether CP's own page comes first: there is one page more than wanted, or the first page looks like it."""
    if what.ranges:
        return sum(part.count for part in what.ranges if part.saved) == pages - 1
    count = pages - 1
    keys = image[_KEYS_AT : _KEYS_AT + count]
    return 0 < count <= _MOST_IN_HEADER and all(key & 1 == 0 and key for key in keys)


def _state(image: bytes) -> State:
    psw, *words = _HEADER.unpack_from(image)
    floating = struct.unpack(">4Q", words[16])
    return State(psw, tuple(words[:16]), floating, tuple(words[17:33]))


def _keys(image: bytes, system: SavedSystem) -> bytes:
    """Both halves of a page have the key that CP's page has for it."""
    return bytes(key for key in image[_KEYS_AT : _KEYS_AT + system.pages] for _ in range(2))


def _plain_state(body: bytes) -> State:
    control = [0] * 16
    control[0], control[2], control[14] = 0x000000E0, 0xFFFFFFFF, 0xC2000000
    return State(body[:8], (0,) * 16, (0,) * 4, tuple(control))


# ---- out


def _export(store: SavedSystems, given: argparse.Namespace) -> None:
    system = _known(store, given.name)
    if not system.file:
        raise ImportFailed(f"{system.name} is defined, but nothing is saved")
    state = system.state or _plain_state(bytes(8))
    floating = struct.pack(">4Q", *(value & 0xFFFFFFFFFFFFFFFF for value in state.floating))
    header = _HEADER.pack(state.psw, *state.general, floating, *state.control) + system.keys[::2]
    if len(header) > PAGE:
        raise ImportFailed(f"{system.name} has more pages than CP's own page has keys for")
    given.image.write_bytes(header.ljust(PAGE, b"\0") + store.path(system).read_bytes())
    print(f"{given.image}: CP's page, {system.pages} pages")
