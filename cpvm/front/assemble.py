"""`cpvm asm`: the assembler alone, on host files."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import cms
from assembler import Options, assemble
from assembler.maclib import MaclibError
from cpvm.front.status import USAGE

SYSTEM_MACLIB = Path(cms.__file__).parent / "maclib"
"""CMS's own macros, searched after the libraries that the user names."""


def asm(source: str, deck: str | None, listing: str | None, maclibs: Sequence[str]) -> int:
    """Assemble a file; returns the assembler's return code (0, 4, 8, 12, 16) as exit status, 2 if a file fails.

    Args:
        source: path of the program, `-` for standard input.
        deck: where the object deck goes; by default the source's name with `.text`, here.
        listing: where the listing goes, `-` for standard output; none by default.
        maclibs: folders of macros and COPY members, or MACLIB files, searched in this order; each may be a list of
            paths with the host's separator between them.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        paths = [path for given in maclibs for path in given.split(os.pathsep)]
        for path in paths:
            if not Path(path).exists():
                return _fail(f"{path}: no such folder or macro library")
        now = datetime.now()
        name = "ASSEMBLY" if source == "-" else Path(source).stem.upper()[:8]
        options = Options(date=f"{now:%m/%d/%y}", time=f"{now:%H.%M}", name=name)
        done = assemble(text, library=[*paths, SYSTEM_MACLIB], options=options)
        Path(deck or f"{name.lower()}.text").write_bytes(b"".join(done.deck))
        if listing == "-":
            sys.stdout.write("".join(_plain(done.listing)))
        elif listing:
            Path(listing).write_text("".join(_plain(done.listing)), encoding="utf-8")
    except MaclibError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or source}: {error.strerror or error}")
    except UnicodeDecodeError as error:
        return _fail(f"{source}: not UTF-8 text ({error.reason} at byte {error.start})")
    for message in done.messages:
        print(message, file=sys.stderr)
    return done.return_code


def _fail(text: str) -> int:
    print(f"cpvm asm: {text}", file=sys.stderr)
    return USAGE


_FEEDS = {"1": "\f", "0": "\n", "-": "\n\n"}


def _plain(listing: Iterable[str]) -> Iterable[str]:
    """Lines with ASA carriage control as text: the control character becomes line feeds or a form feed."""
    first = True
    for line in listing:
        feed = _FEEDS.get(line[:1], "")
        yield ("" if first and feed == "\f" else feed) + line[1:].rstrip() + "\n"
        first = False
