"""`cpvm journal`: who came and went, who tried to, and who used what is not everybody's; also while the system runs."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cpvm.cp.journal import Entry, What, read
from cpvm.cp.system import DATABASE
from cpvm.front.locations import default_directory
from cpvm.front.status import USAGE

_HELP = """\
Times are yyyy-mm-dd, "yyyy-mm-dd hh:mm[:ss]" or hh:mm[:ss] (today), or how long ago: 30m, 12h, 7d.

examples:
  cpvm journal --failed --since 7d          wrong passwords and refused commands of the last week
  cpvm journal --user MAINT --event LINK    who was linked to what, and by whom MAINT's disks were linked
  cpvm journal --json | jq .                all of it, for a program
"""
_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_TODAY: Final = ("%H:%M:%S", "%H:%M")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `cpvm journal` its options."""
    parser.epilog = _HELP
    parser.add_argument("--system", type=Path, metavar="DIR", help="the system directory")
    parser.add_argument(
        "--user", type=str.upper, metavar="USERID", help="records of this user, or that have to do with that one"
    )
    parser.add_argument(
        "--event",
        action="append",
        type=str.upper,
        choices=[str(what) for what in What],
        metavar="EVENT",
        help="records of this kind; may be given more than once: " + ", ".join(What),
    )
    parser.add_argument("--place", metavar="TEXT", help="records of a line, or of an address or its beginning")
    parser.add_argument("--failed", action="store_true", help="only what was refused")
    parser.add_argument("--since", type=_when, metavar="TIME", help="records from then on")
    parser.add_argument("--until", type=_when, metavar="TIME", help="records up to then")
    parser.add_argument("--last", type=_count, metavar="N", help="only the last N of them")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(given: argparse.Namespace) -> int:
    """Show the records; returns the exit status."""
    folder = given.system or default_directory()
    if not (folder / DATABASE).exists():
        print(f"cpvm journal: {folder} is no system directory", file=sys.stderr)
        return USAGE
    damaged = 0

    def records() -> Iterator[Entry]:
        nonlocal damaged
        for entry in read(folder):
            if entry is None:
                damaged += 1
            elif _wanted(entry, given):
                yield entry

    try:
        chosen: Iterable[Entry] = deque(records(), given.last) if given.last else records()
        for entry in chosen:
            print(json.dumps(asdict(entry)) if given.json else line(entry))
    except OSError as error:
        print(f"cpvm journal: {error.filename or folder}: {error.strerror}", file=sys.stderr)
        return USAGE
    if damaged:
        print(f"cpvm journal: {damaged} lines cannot be read", file=sys.stderr)
    return 0


def line(entry: Entry) -> str:
    """A record as it is shown: time, kind, user, place, what about, and the result if it is no success."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.time))
    about = entry.about + (f" ({entry.times} times more)" if entry.times > 1 else "")
    result = entry.result if entry.failed else ""
    parts = f"{when} {entry.what:<10} {entry.user:<8} {entry.place:<22} {result:<11} {about}".rstrip()
    return "".join(char if char.isprintable() else " " for char in parts)


def _wanted(entry: Entry, given: argparse.Namespace) -> bool:
    return (
        (not given.user or given.user == entry.user or given.user in entry.about.split())
        and (not given.event or entry.what in given.event)
        and (not given.place or any(word.startswith(given.place) for word in entry.place.split()))
        and (not given.failed or entry.failed)
        and (given.since is None or entry.time >= given.since)
        and (given.until is None or entry.time <= given.until)
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _when(text: str) -> float:
    """Seconds since 1970."""
    ago = _AGO.fullmatch(text)
    now = datetime.now()
    if ago is not None:
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
    for form in (*_FORMS, *_TODAY):
        try:
            found = datetime.strptime(text, form)
            return (datetime.combine(now.date(), found.time()) if form in _TODAY else found).timestamp()
        except (ValueError, OverflowError):
            continue
    raise argparse.ArgumentTypeError(f"{text} is no time: yyyy-mm-dd, hh:mm, 30m, 12h, 7d")
