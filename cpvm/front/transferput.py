"""`cpvm put`: files of this computer onto a disk of a user, through a terminal, as a person would with IND$FILE."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import NamedTuple

from cpvm.front.disks import cmsfiles, textcode
from cpvm.front.disks.copying import DEFAULT_LRECL, Form, Records, from_bytes
from cpvm.front.disks.place import DiskError
from cpvm.front.saying import say
from cpvm.front.status import USAGE
from cpvm.front.transferarguments import add, session
from cpvm.front.transferprogress import Progress, progress
from cpvm.front.transfersession import GuestSession, SessionError
from cpvm.s370.ebcdic import CODEC
from cpvm.terminal.indfile import DFT

_EXAMPLES = """\
examples:
  cpvm put notes.txt --user CMSUSER                        NOTES TXT A
  cpvm put prog.asm --as 'PROG ASSEMBLE' --user CMSUSER    records of 80 bytes
  cpvm put *.script --as '= SCRIPT B' --user CMSUSER --to vm.example.org:3270
  cpvm put data.bin --as 'MY DATA' --binary --recfm F --lrecl 512 --user CMSUSER

exit status: 0; 1 if a file has not gone over; 2 if nothing could be done
"""


class _File(NamedTuple):
    """A file of this computer, and what it is called there."""

    path: Path
    name: tuple[str, str, str]
    data: bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.epilog = _EXAMPLES
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="host files")
    parser.add_argument(
        "--as",
        dest="name",
        default="",
        metavar="'FN FT FM'",
        help="name there (default: the file's, on disk A); = stays",
    )
    add(parser)
    parser.add_argument(
        "--recfm", type=str.upper, choices=("F", "V"), help="record format (default: as it was, or fits)"
    )
    parser.add_argument("--lrecl", type=_lrecl, metavar="N", help="record length, of V the most")
    parser.add_argument("--append", action="store_true", help="behind what the file there has already")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")
    parser.add_argument(
        "--substitute", action="store_true", help="put ? for characters that the code page does not have"
    )


def _lrecl(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 65535")
    return int(text)


def run(given: argparse.Namespace) -> int:
    """Put the files there; the exit status."""
    if given.append and (given.recfm or given.lrecl):
        return _usage("with --append the file there has its format and length already")
    try:
        files = [_File(path, _named(path, given), _read(path, given)) for path in given.files]
    except DiskError as error:
        return _usage(str(error))
    try:
        with session(given) as guest, progress("cpvm put", known=True) as shown:
            return 0 if all([_one(guest, file, given, shown) for file in files]) else 1
    except SessionError as error:
        say(f"cpvm put: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cpvm put: canceled", file=sys.stderr)
        return 1


def _usage(text: str) -> int:
    say(f"cpvm put: {text}", file=sys.stderr)
    return USAGE


def _named(path: Path, given: argparse.Namespace) -> tuple[str, str, str]:
    """Name, type and mode that a file gets there. Raises DiskError."""
    words = given.name.upper().split()
    mode = words.pop() if len(words) == 3 else "A"
    if not (1 <= len(mode) <= 2 and "A" <= mode[0] <= "Z" and mode[1:] in ("", *"0123456")):
        raise DiskError(f"{mode} is no file mode")
    if len(given.files) > 1 and words and not {"=", "*"} & set(words):
        raise DiskError(f"{len(given.files)} files cannot all be called {given.name.upper()}")
    fn, ft = cmsfiles.file_name(" ".join(words)) if words else ("=", "=")
    if {"=", "*"} & {fn, ft}:
        try:
            own = cmsfiles.file_name(path.name)
        except DiskError:
            raise DiskError(f"{path.name}: say what it is called there, as in --as 'PROFILE EXEC'") from None
        fn, ft = (own[0] if fn in "=*" else fn), (own[1] if ft in "=*" else ft)
    return fn, ft, mode


def _read(path: Path, given: argparse.Namespace) -> bytes:
    """The bytes of a file; with --substitute of text that the code page has. Raises DiskError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror}") from None
    if not data:
        raise DiskError(f"{path} is empty; CMS has no empty files")
    if given.binary:
        return data
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DiskError(f"{path}: not UTF-8 text ({error.reason})") from None
    if lost := textcode.unmappable(text.replace("\r\n", "\n").split("\n"), given.page):
        if not given.substitute:
            raise DiskError(f"{path}: {lost}; --substitute puts ? there")
        say(f"cpvm put: {path}: {lost}; ? is there instead", file=sys.stderr)
        data = text.encode(CODEC, "replace").decode(CODEC).encode()
    return data


def _one(guest: GuestSession, file: _File, given: argparse.Namespace, shown: Progress) -> bool:
    path, (fn, ft, mode), data = file
    form = Form(given.binary, given.page, given.recfm, given.lrecl)
    try:
        old = _there(guest, file.name)
        if old is not None and not (given.force or given.append):
            raise DiskError(f"{fn} {ft} {mode} is there already; --force replaces it, --append adds to it")
        if old is not None and given.append:
            form = Form(given.binary, given.page, old.recfm, old.lrecl if old.recfm == "F" else None)
        made = from_bytes(data, path, form, old)
    except DiskError as error:
        shown.complain(str(error))
        return False
    stream = b"".join(len(record).to_bytes(2, "big") + record for record in made.records)
    options = "LENGTHS APPEND" if given.append else f"LENGTHS RECFM {made.recfm} LRECL {_length(made, form)}"
    transfer = DFT(source=io.BytesIO(stream), limit=given.buffer, progress=shown.begin(path.name, len(stream)))
    outcome = guest.transfer(f"IND$FILE PUT {fn} {ft} {mode} ({options}", transfer)
    if not outcome.good:
        shown.complain(f"{path}: {outcome.text}")
        return False
    count = len(made.records)
    shown.say(f"{path} -> {fn} {ft} {mode}, {count} record{'s' if count != 1 else ''}")
    if outcome.segmented:
        shown.complain(f"{path}: lines longer than {form.lrecl} have become several records")
    return True


def _length(file: Records, form: Form) -> int:
    if file.recfm == "F":
        return file.lrecl or DEFAULT_LRECL
    return form.lrecl or 65535


def _there(guest: GuestSession, name: tuple[str, str, str]) -> Records | None:
    """Format and length of the file of this name, if there is one."""
    from cpvm.front.transferlist import listed

    found = listed(guest, *name)
    return found[0] if found else None


__all__ = ["add_arguments", "run"]
