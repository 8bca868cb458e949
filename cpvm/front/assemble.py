"""`cpvm asm`: the assembler alone, on host files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import cms
from assembler import Assembly, Options, assemble
from assembler.hostfile import MAX_FILE, read_text
from assembler.linkage import Image, LinkError
from assembler.listing import flagged, plain
from assembler.maclib import MaclibError
from assembler.options import OptionError, option_words, parse_options
from cpvm.front.complaints import Complaints
from cpvm.front.plugging import plugged
from cpvm.front.status import USAGE

SYSTEM_MACLIBS = [Path(cms.__file__).parent / folder for folder in ("maclib", "osmacro")]
"""CMS's own macros and those of OS, searched after the libraries that the user names."""

DEFAULTS = Options(
    blunders=True, flags=True, mxref=True, dxref=True, using_map=True, number=True, stmt=True
)  # fmt: skip
"""What the listing has unless an option says otherwise."""

ERROR = 8
"""The severity from which on a program is not worth running, and the status if there can be no image."""

MOST_MESSAGES = 100
"""Messages that are shown unless more are asked for; the listing has all."""

_ABOUT = """\
Assembles a System/370 assembler program into an object deck of 80-byte EBCDIC cards, or into an image of storage.
Macros and COPY members are looked for in the folders and MACLIB files given with --maclib, then among those of CMS.
"""

_MORE = """\
options of the assembler (--option, -O), as in a PARM field, NO in front of one turns it off:
{words}

  -O 'NOLIST,XREF(SHORT)' leaves out the source and the symbols that nothing uses; -O RENT tells of stores into the
  program; -O 'FLAG(8)' leaves out warnings, -O 'FLAG(NOCONT)' one of them.

examples:
  cpvm asm hello.assemble                        hello.text; messages on standard error
  cpvm asm hello.assemble --listing hello.lst --html hello.html
  cpvm asm *.assemble -o decks --html pages      each with its own deck and page, in these folders
  cpvm asm boot.assemble --format image --origin 2000
                                                 boot.image, and how cpvm ipl runs it

exit status: the assembler's return code 0, 4, 8, 12 or 16; 2 if a file cannot be read or written.
"""


@dataclass(frozen=True)
class Wanted:
    """What `cpvm asm` was asked for; each output is a file name, `-` for standard output, None for none."""

    source: str
    output: str | None = None
    """By default the source's name with `.text` or `.image`, here."""
    image: bool = False
    origin: int | None = None
    """Where the image is to be loaded; by default where START says, else 0."""
    listing: str | None = None
    asa: bool = False
    """The listing with carriage control characters in column 1, not with form feeds."""
    html: str | None = None
    json: str | None = None
    maclibs: Sequence[str] = ()
    """Folders of macros and COPY members, or MACLIB files, searched in this order; each may be a list of paths with the
    host's separator between them."""
    options: Options = field(default_factory=lambda: DEFAULTS)
    sysparm: str = ""
    brief: bool = False
    """One line a message."""
    most: int = MOST_MESSAGES

    def outputs(self) -> tuple[tuple[str, str | None], ...]:
        """The options that name files to be written, with what they name."""
        return ("-o", self.output), ("--listing", self.listing), ("--html", self.html), ("--json", self.json)

    def of(self, source: str) -> Wanted:
        """The same for one source; an output that is a folder becomes a file in it."""
        stem = "assembly" if source == "-" else Path(source).stem.lower()

        def placed(file: str | None, suffix: str) -> str | None:
            return str(Path(file, f"{stem}.{suffix}")) if file and file != "-" and Path(file).is_dir() else file

        return replace(
            self,
            source=source,
            output=placed(self.output, "image" if self.image else "text"),
            listing=placed(self.listing, "listing"),
            html=placed(self.html, "html"),
            json=placed(self.json, "json"),
        )


class _Failed(Exception):
    """It cannot be done; the text says why."""


def asm(wanted: Wanted) -> int:
    """Assemble a file; returns the assembler's return code (0, 4, 8, 12, 16) as exit status, 2 if a file fails."""
    try:
        return _asm(wanted)
    except (MaclibError, _Failed) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or wanted.source}: {error.strerror or error}")


def _asm(wanted: Wanted) -> int:
    text = _read(wanted.source)
    paths = [path for given in wanted.maclibs for path in given.split(os.pathsep)]
    for path in paths:
        if not Path(path).is_dir() and not Path(path).is_file():
            raise _Failed(f"{path}: no such folder or macro library")
    now = _now()
    name = "ASSEMBLY" if wanted.source == "-" else Path(wanted.source).stem.upper()[:8]
    options = replace(wanted.options, date=f"{now:%m/%d/%y}", time=f"{now:%H.%M}", name=name)
    _distinct(wanted)
    done = assemble(text, library=[*paths, *SYSTEM_MACLIBS], sysparm=wanted.sysparm, options=options)
    code = done.return_code
    if options.terminal:
        _tell(done, wanted, text.splitlines())
    if wanted.image:
        code = max(code, _write_image(done, wanted, name))
    elif options.object or options.deck:
        _write_bytes(wanted.output or f"{name.lower()}.text", b"".join(done.deck))
    if wanted.listing:
        lines = (f"{line}\n" for line in done.listing) if wanted.asa else plain(done.listing)
        _write(wanted.listing, lines)
    if wanted.html:
        from assembler.listing.page import page

        _write(wanted.html, page(done, _called(wanted.source)))
    if wanted.json:
        from assembler.listing.data import data

        _write(wanted.json, data(done, _called(wanted.source)))
    return code


def _called(source: str) -> str:
    """What messages call the source."""
    return "<stdin>" if source == "-" else source


def _read(source: str) -> str:
    """The source. Raises _Failed, OSError."""
    try:
        text = sys.stdin.read(MAX_FILE) if source == "-" else read_text(Path(source))
    except UnicodeDecodeError as error:
        raise _Failed(f"{source}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    return text.removeprefix("\ufeff")  # the mark that editors of Windows begin files with


def _now() -> datetime:
    """The time of the assembly: that of SOURCE_DATE_EPOCH, if it is set, so that builds can be repeated."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(given), UTC) if given else datetime.now()
    except (ValueError, OverflowError, OSError):
        raise _Failed(f"SOURCE_DATE_EPOCH={given}: not a number of seconds") from None


def _distinct(wanted: Wanted) -> None:
    """No output may be the source, or another output. Raises _Failed."""
    seen: dict[Path, str] = {}
    if wanted.source != "-":
        seen[Path(wanted.source).resolve()] = "the source"
    for option, file in wanted.outputs():
        if not file:
            continue
        place = Path("-") if file == "-" else Path(file).resolve()
        if place in seen:
            raise _Failed(f"{option} {file}: that is {seen[place]}")
        seen[place] = f"where {option} goes"


def _write(file: str, lines: Iterable[str]) -> None:
    if file == "-":
        sys.stdout.writelines(lines)
        return
    with _named(file), Path(file).open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(lines)


def _write_bytes(file: str, content: bytes) -> None:
    if file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    with _named(file):
        Path(file).write_bytes(content)


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Have what goes wrong with a file tell its name: a full disk does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or file
        raise


def _write_image(done: Assembly, wanted: Wanted, name: str) -> int:
    """Write the storage image and say how it is run; returns 0, or 8 if there is none. Raises OSError."""
    origin = wanted.origin
    if origin is None:
        first = done.assembler.first
        origin = first.base if first is not None else 0
    try:
        image = done.image(origin)
    except LinkError as error:
        return _no_image(wanted, str(error).lower())
    if image.undefined:
        names = " ".join(image.undefined)
        return _no_image(wanted, f"not defined in this assembly: {names}; cpvm link joins it with the decks that do")
    if not image.data:
        return _no_image(wanted, "the program has no storage")
    if origin + len(image.data) > 1 << 24:
        return _no_image(wanted, f"{len(image.data)} bytes do not fit behind X'{origin:06X}': storage has 16M")
    file = wanted.output or f"{name.lower()}.image"
    _write_bytes(file, image.data)
    if file != "-":
        _told_of_image(image, file)
        if done.return_code < ERROR:
            print(f"run it: cpvm ipl --core {file}@{image.origin:X} --psw {image.entry:X}")
    return 0


def _no_image(wanted: Wanted, why: str) -> int:
    print(f"{_called(wanted.source)}: error: no image: {why}", file=sys.stderr)
    return ERROR


def _told_of_image(image: Image, file: str) -> None:
    size = f"{len(image.data):,} byte{'s' if len(image.data) != 1 else ''}"
    print(f"{file}: {size}, {image.origin:06X}-{image.end - 1:06X}, entry {image.entry:06X}")
    for entry in image.map:
        print(f"  {entry.name or '(no name)':<8} {entry.kind}  {entry.address:06X}  length {entry.length:06X}")


def _tell(done: Assembly, wanted: Wanted, lines: list[str]) -> None:
    """Messages on standard error; those of severity 0 are in the listing alone."""
    found = flagged(done)
    complaints = Complaints(done, _called(wanted.source), lines, wanted.brief)
    for message in found[: wanted.most]:
        for line in complaints.lines(message):
            print(line, file=sys.stderr)
    if len(found) > wanted.most:
        print(f"... and {len(found) - wanted.most} messages more; the listing has all", file=sys.stderr)
    if found and not wanted.brief:
        count = len({message.statement for message in found})
        what = f"{count} statement{'s' if count > 1 else ''} flagged"
        print(f"{_called(wanted.source)}: {what}, highest severity {done.return_code}", file=sys.stderr)


def _fail(text: str) -> int:
    print(f"cpvm asm: {text}", file=sys.stderr)
    return USAGE


# --- the command line -------------------------------------------------------------------------------------------------


def _wrapped(words: Sequence[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > 100:
            lines.append("")
        lines[-1] += f" {word}"
    return "\n".join(f" {line}" for line in lines)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Fill the grammar of the command."""
    command.description, command.epilog = _ABOUT, _MORE.format(words=_wrapped(option_words()))
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="sources, UTF-8 text, each a program of its own; - for standard input"
    )
    command.add_argument(
        "--maclib",
        action="append",
        default=[],
        metavar="PATH",
        help="folders of macros or MACLIB files; may be given several times",
    )
    command.add_argument(
        "-O",
        "--option",
        action="append",
        default=[],
        metavar="WORDS",
        help="options of the assembler, such as 'NOLIST,XREF(SHORT)'; may be given several times",
    )
    command.add_argument("--sysparm", metavar="TEXT", help="what &SYSPARM is")
    _plugins(command)
    output = command.add_argument_group("outputs (- is standard output; in a folder they have the name of the source)")
    output.add_argument(
        "-o", dest="output", metavar="FILE", help="the deck or image (default: NAME.text or NAME.image)"
    )
    output.add_argument(
        "--format",
        choices=("deck", "image"),
        default="deck",
        help="an object deck, or the program as it lies in storage, for cpvm ipl --core",
    )
    output.add_argument(
        "--origin", type=_origin, metavar="HEX", help="where the image is loaded (default: where START says, else 0)"
    )
    output.add_argument("--listing", metavar="FILE", help="the listing as text, 120 columns, with form feeds")
    output.add_argument("--asa", action="store_true", help="the listing with carriage control in column 1 instead")
    output.add_argument("--html", metavar="FILE", help="the listing as one web page with links")
    output.add_argument("--json", metavar="FILE", help="statements, symbols and messages for tools")
    messages = command.add_argument_group("messages (on standard error)")
    messages.add_argument("--brief", action="store_true", help="one line a message: FILE:LINE:COLUMN: severity: text")
    messages.add_argument(
        "--messages", type=_count, default=MOST_MESSAGES, metavar="N", help=f"no more than N (default {MOST_MESSAGES})"
    )


def _plugins(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE",
        help="a Python file that defines instructions; may be given several times",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; returns the exit status."""
    if not plugged("asm", arguments.plugin):
        return USAGE
    options, sysparm = DEFAULTS, ""
    try:
        for words in arguments.option:
            options, given = parse_options(words, options)
            sysparm = sysparm if given is None else given
    except OptionError as error:
        return _fail(f"--option: {error}")
    image = arguments.format == "image"
    if arguments.origin is not None and not image:
        return _fail("--origin goes with --format image: a deck is relocated when it is loaded")
    wanted = Wanted(
        source="",
        output=arguments.output,
        image=image,
        origin=arguments.origin,
        listing=arguments.listing,
        asa=arguments.asa,
        html=arguments.html,
        json=arguments.json,
        maclibs=arguments.maclib,
        options=options,
        sysparm=sysparm if arguments.sysparm is None else arguments.sysparm,
        brief=arguments.brief,
        most=arguments.messages,
    )
    if len(arguments.files) > 1:
        for option, file in wanted.outputs():
            if file and not Path(file).is_dir():
                return _fail(f"{option} {file}: several sources need a folder there")
    # A file that fails counts like the worst that an assembly can come to, but has a status of its own.
    codes = [asm(wanted.of(source)) for source in arguments.files]
    return USAGE if USAGE in codes else max(codes)


def _number(convert: Callable[[str], int], text: str, low: int, high: int, what: str) -> int:
    try:
        value = convert(text)
    except ValueError:
        value = -1
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text} is not {what}")
    return value


def _origin(text: str) -> int:
    value = _number(lambda one: int(one, 16), text, 0, 0xFFFFF8, "an address: 0 to FFFFF8, hexadecimal")
    if value % 8:
        raise argparse.ArgumentTypeError(f"{text}: programs begin on a doubleword, a multiple of 8")
    return value


def _count(text: str) -> int:
    return _number(int, text, 0, 1_000_000, "a number of messages")
