"""`cpvm get`: files of a user's disks onto this computer, through a terminal, as a person would with IND$FILE."""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import replace
from pathlib import Path

from cpvm.front.disks.copying import Form, Records, to_host
from cpvm.front.disks.place import DiskError
from cpvm.front.saying import say
from cpvm.front.status import USAGE
from cpvm.front.transferarguments import add, session
from cpvm.front.transferlist import listed
from cpvm.front.transferprogress import Progress, progress
from cpvm.front.transfersession import GuestSession, SessionError
from cpvm.machine.device import MediaError
from cpvm.terminal.indfile import DFT

_EXAMPLES = """\
examples:
  cpvm get 'PROFILE EXEC' --user CMSUSER                profile.exec, here
  cpvm get '* ASSEMBLE' --into src --user CMSUSER       all of that type
  cpvm get 'MY DATA B' --into my.data --binary --user CMSUSER --from vm.example.org:3270

exit status: 0; 1 if a file has not come over; 2 if nothing could be done
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.epilog = _EXAMPLES
    parser.add_argument("names", nargs="+", metavar="'FN FT FM'", help="files there; * is any name, type or disk")
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="PATH", help="folder, or file if there is only one (default: here)"
    )
    add(parser)
    parser.add_argument("--force", action="store_true", help="replace files that are here already")


def run(given: argparse.Namespace) -> int:
    """Get the files; the exit status."""
    try:
        names = [_parsed(name) for name in given.names]
    except DiskError as error:
        say(f"cpvm get: {error}", file=sys.stderr)
        return USAGE
    try:
        with session(given) as guest, progress("cpvm get", known=False) as shown:
            files = []
            for fn, ft, mode in names:
                found = listed(guest, fn, ft, mode)
                if not found:
                    raise DiskError(f"there is no file {fn} {ft} {mode}")
                files += found
            if len(files) > 1 and not given.into.is_dir():
                raise DiskError(f"{given.into} is not a folder, and there are {len(files)} files")
            return 0 if all([_one(guest, file, given, shown) for file in files]) else 1
    except (DiskError, SessionError) as error:
        say(f"cpvm get: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cpvm get: canceled", file=sys.stderr)
        return 1


def _parsed(name: str) -> tuple[str, str, str]:
    """Name, type and mode. Raises DiskError."""
    words = name.upper().split() if " " in name.strip() else name.upper().split(".")
    mode = words.pop() if len(words) == 3 else "A"
    if len(words) != 2 or not all(1 <= len(word) <= 8 for word in words) or not 1 <= len(mode) <= 2:
        raise DiskError(f"{name!r} is not the name of a CMS file, such as PROFILE EXEC A")
    return words[0], words[1], mode


def _one(guest: GuestSession, file: Records, given: argparse.Namespace, shown: Progress) -> bool:
    """Get one file; whether it is here. Raises SessionError: there is no session any more."""
    out = io.BytesIO()
    transfer = DFT(target=out, limit=given.buffer, progress=shown.begin(" ".join(file.name), 0))
    outcome = guest.transfer(f"IND$FILE GET {' '.join(file.name)} {file.mode} (LENGTHS", transfer)
    try:
        if not outcome.good:
            raise DiskError(f"{' '.join(file.name)}: {outcome.text}")
        whole = replace(file, records=tuple(_records(out.getvalue())))
        lines = to_host([whole], given.into, Form(given.binary, given.page, force=given.force))
    except (DiskError, MediaError) as error:
        shown.complain(str(error))
        return False
    for line in lines:
        shown.say(line)
    return True


def _records(data: bytes) -> list[bytes]:
    """The records of a stream, each behind its length. Raises DiskError."""
    records, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            raise DiskError("the last record has not come over whole")
        records.append(data[at + 2 : end])
        at = end
    return records


__all__ = ["add_arguments", "run"]
