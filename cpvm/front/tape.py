"""`cpvm tape`: reels of tape in host files: made, listed, filled, emptied and converted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from cpvm.front.disks.textcode import PAGES, CodeError
from cpvm.front.saying import say
from cpvm.front.status import USAGE
from cpvm.front.tapes import transfer
from cpvm.front.tapes.contents import TapeFile, blocks, files
from cpvm.front.tapes.transfer import Form
from cpvm.machine.device import MediaError
from cpvm.machine.media.tape import labels
from cpvm.machine.media.tape.labels import LabelError
from cpvm.machine.media.tape.open import FORMATS, open_tape
from cpvm.machine.media.tape.records import FORMATS as RECFM
from cpvm.machine.media.tape.records import RecordError
from cpvm.machine.media.tape.store import TapeStore
from cpvm.s370.ebcdic import printable

_DESCRIPTION = """\
Works on reels of tape in host files, in these formats:

  aws   AWSTAPE, of the P/390 and Hercules
  het   HET, of Hercules: AWSTAPE with each block compressed
  tap   SIMH
  e11   E11: as SIMH, without padding

and reads OMA tapes (a list *.tdf of files). What a file holds tells its format;
the ending of its name tells that of a new one, which is AWSTAPE for any other.
A file on a tape is what is between two tape marks, so standard labels are files
of their own here, as they are for the tape unit.
"""
_EPILOG = """\
exit status: 0; 1 if what is on a tape is damaged; 2 if something cannot be done

examples:
  cpvm tape init work.aws --volume WORK01 --owner STUDENT
  cpvm tape import work.aws job.txt prog.txt --recfm FB --lrecl 80 --text
  cpvm tape list work.aws
  cpvm tape export work.aws JOB.TXT back.txt --text
  cpvm tape copy work.aws work.het
"""
_DAMAGED = 1


class _Refused(Exception):
    """It cannot be done; the text, one line, says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Fill the grammar of the command."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    def add(name: str, does: Callable[[argparse.Namespace], int], title: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=title, description=title[0].upper() + title[1:] + ".")
        made.set_defaults(does=does)
        return made

    init = add("init", _init, "make an empty tape")
    init.add_argument("tape", type=Path, metavar="TAPE", help="the new file")
    init.add_argument("--volume", metavar="SERIAL", help="standard labels, with this volume serial number")
    init.add_argument("--owner", default="", metavar="NAME", help="the owner, for the volume label")
    init.add_argument("--force", action="store_true", help="erase a tape that is there already")
    _writing(init)

    listing = add("list", _list, "show files, blocks and labels")
    listing.add_argument("tape", type=Path, metavar="TAPE", help="the tape")
    listing.add_argument("--labels", action="store_true", help="show the labels as they are")
    listing.add_argument("--blocks", action="store_true", help="show each block: position, length, first bytes")

    put = add("import", _import, "add host files behind the last file of a tape")
    put.add_argument("tape", type=Path, metavar="TAPE", help="the tape; a new one without labels if there is none")
    put.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the host files, each a file of the tape")
    put.add_argument("--name", metavar="NAME", help="name of the one file in its labels (default: the host file's)")
    _records(put)
    _writing(put)

    get = add("export", _export, "write a file of a tape to a host file")
    get.add_argument("tape", type=Path, metavar="TAPE", help="the tape")
    get.add_argument("file", metavar="N", help="its number in the list, or its name in the labels")
    get.add_argument("target", type=Path, metavar="FILE", help="the host file; - for standard output")
    _records(get)

    copy = add("copy", _copy, "copy a tape, into any format")
    copy.add_argument("tape", type=Path, metavar="FROM", help="the tape")
    copy.add_argument("target", type=Path, metavar="TO", help="the new file")
    copy.add_argument("--force", action="store_true", help="overwrite a file that is there already")
    _writing(copy)


def _writing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=FORMATS, default="", help="format of a new file (default: by its name)")
    command.add_argument("--bzip2", action="store_true", help="compress the blocks of a HET file by bzip2, not zlib")


def _records(command: argparse.ArgumentParser) -> None:
    command.add_argument("--recfm", type=str.upper, choices=RECFM, help="record format (default: of the labels, or U)")
    command.add_argument("--lrecl", type=int, metavar="N", help="bytes of a record, with descriptor word if variable")
    command.add_argument("--blksize", type=int, metavar="N", help="longest block, in bytes")
    kind = command.add_mutually_exclusive_group()
    kind.add_argument("--text", action="store_true", help="records are lines of UTF-8 text, in EBCDIC on the tape")
    kind.add_argument("--binary", action="store_true", help="bytes are as they are (this is the default)")
    command.add_argument("--code", choices=PAGES, default="037", help="code page of text (default 037)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the arguments say; returns the exit status. What goes wrong is told on standard error, in one line."""
    try:
        status: int = arguments.does(arguments)
        return status
    except (MediaError, LabelError, RecordError, CodeError, _Refused) as error:
        _tell(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        _tell(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
    return USAGE


def _tell(text: str) -> None:
    sys.stdout.flush()
    say(f"cpvm tape: {text}", file=sys.stderr)


@contextmanager
def _opened(path: Path, arguments: argparse.Namespace | None = None) -> Iterator[TapeStore]:
    """The tape in a file; to be written if there are arguments that say how."""
    if arguments is None:
        store = open_tape(path, read_only=True)
    else:
        store = open_tape(path, format=arguments.format, bzip2=arguments.bzip2)
        if store.read_only:
            raise _Refused(f"{path}: not to be written")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _new(path: Path, arguments: argparse.Namespace) -> Iterator[TapeStore]:
    """A new tape. What was there is replaced, if it may be, when all is written."""
    if path.exists() and not arguments.force:
        raise _Refused(f"{path}: exists already; --force replaces it")
    if path.is_dir():
        raise _Refused(f"{path}: a folder")
    if path.exists():
        open_tape(path, read_only=True, format="aws").close()  # refused while a machine may write it
    if not path.absolute().parent.is_dir():
        raise _Refused(f"{path}: no such folder")
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    name = arguments.format or path.suffix.lower()[1:]
    store = open_tape(partial, format=name if name in FORMATS else "aws", bzip2=arguments.bzip2)
    try:
        yield store
        store.close()
        partial.replace(path)
    finally:
        with suppress(MediaError):
            store.close()
        partial.unlink(missing_ok=True)


def _init(arguments: argparse.Namespace) -> int:
    if arguments.owner and not arguments.volume:
        raise _Refused("--owner goes with --volume")
    with _new(arguments.tape, arguments) as store:
        transfer.initialize(store, arguments.volume or "", arguments.owner)
    return 0


# ---- list


def _list(arguments: argparse.Namespace) -> int:
    with _opened(arguments.tape) as store:
        say(f"{arguments.tape}: {store.FORMAT}")
        try:
            damaged = _list_blocks(store) if arguments.blocks else _list_files(store, arguments.labels)
        except MediaError as error:
            _tell(str(error))
            return _DAMAGED
    return _DAMAGED if damaged else 0


def _list_files(store: TapeStore, with_labels: bool) -> bool:
    damaged, end = False, 0
    say(f"{'FILE':>4} {'BLOCKS':>8} {'BYTES':>11} {'SHORTEST':>8} {'LONGEST':>8}")
    for file in files(store):
        counts = f"{file.number:4} {file.blocks:8} {file.total:11} {file.shortest:8} {file.longest:8}"
        say(f"{counts}  {_about(file)}".rstrip())
        for label in file.labels if with_labels and file.is_labels else ():
            say(f"     {labels.text(label).rstrip()}")
        for fault in file.faults:
            damaged = True
            _tell(f"{store.path}, file {file.number}, {fault}")
        end = file.end
        if file.marked:
            mark = store.forward(file.end, False)
            end = mark.end if mark else end
    if tail := store.tail(end):
        _tell(f"{store.path}: the last {tail} bytes are the beginning of a block that was not written to its end")
    return damaged


def _about(file: TapeFile) -> str:
    """What a line says of a file: its name and record format, or which labels it is."""
    if not file.blocks:
        return "empty"
    if file.is_labels:
        kinds = " ".join(labels.text(label)[:4] for label in file.labels)
        first = labels.text(file.labels[0])
        owner = first[41:51].strip()
        volume = f", volume {first[4:10].rstrip()}{f' of {owner}' if owner else ''}" if first[:4] == "VOL1" else ""
        return f"labels {kinds}{volume}"
    label = file.label
    form = f"{label.name} {label.recfm} {label.lrecl} {label.blksize}" if label else ""
    return form if file.marked else f"{form} no tape mark behind it".strip()


def _list_blocks(store: TapeStore) -> bool:
    damaged, number, count, at = False, 1, 0, 0
    for block in blocks(store):
        at = block.end
        if block.mark:
            say(f"{block.start:10} file {number}: tape mark")
            number, count = number + 1, 0
            continue
        count += 1
        damaged |= bool(block.fault)
        start = block.data[:16]
        note = f"  {block.fault}" if block.fault else ""
        say(f"{block.start:10} {block.length:6}  {start.hex().upper():32}  {printable(start)}{note}")
    if tail := store.tail(at):
        _tell(f"{store.path}: the last {tail} bytes are the beginning of a block that was not written to its end")
    return damaged


# ---- import, export, copy


def _form(arguments: argparse.Namespace) -> Form:
    page = arguments.code if arguments.text else ""
    recfm = arguments.recfm
    if recfm is None and arguments.lrecl is not None:
        recfm = "FB"
    return Form(recfm, arguments.lrecl, arguments.blksize, page)


def _import(arguments: argparse.Namespace) -> int:
    if arguments.name and len(arguments.files) > 1:
        raise _Refused("--name names one file")
    form = _form(arguments)
    if form.recfm is None and form.page:
        form = Form("FB", None, form.blksize, form.page)
    names = [(path, labels.data_set_name(arguments.name or path.name)) for path in arguments.files]
    for path, _ in names:
        if not path.is_file():
            raise _Refused(f"{path}: no such file")
    with _opened(arguments.tape, arguments) as store:
        for label in transfer.add(store, names, form, date.today()):
            say(f"{label.name}: {label.blocks} blocks, {label.recfm} {label.lrecl} {label.blksize}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    with _opened(arguments.tape) as store:
        file = transfer.find(store, arguments.file)
        parts = transfer.content(store, file, _form(arguments))
        if str(arguments.target) == "-":
            for part in parts:
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
            return 0
        partial = arguments.target.with_name(f"{arguments.target.name}.partial")
        try:
            with partial.open("wb") as out:
                for part in parts:
                    out.write(part)
            partial.replace(arguments.target)
        finally:
            partial.unlink(missing_ok=True)
    return 0


def _copy(arguments: argparse.Namespace) -> int:
    with _opened(arguments.tape) as store, _new(arguments.target, arguments) as target:
        count, marks = transfer.copy(store, target)
    say(f"{count} blocks, {marks} tape marks")
    return 0
