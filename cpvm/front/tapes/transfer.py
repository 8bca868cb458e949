"""Host files onto reels, and off them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cpvm.front.disks.textcode import CodeError, decode, encode
from cpvm.front.tapes.contents import End, TapeFile, blocks, end_of_data, files
from cpvm.machine.device import MediaError
from cpvm.machine.media.tape import labels
from cpvm.machine.media.tape.labels import FileLabel
from cpvm.machine.media.tape.records import VARIABLE_LIMIT, WORD, RecordError, RecordFormat
from cpvm.machine.media.tape.store import MAX_BLOCK, TapeStore

BLANK = b"\x40"


@dataclass(frozen=True)
class Form:
    """How a file's bytes are records. `page`: the code page of text, "" for binary. What is None is left to labels."""

    recfm: str | None = None
    lrecl: int | None = None
    blksize: int | None = None
    page: str = ""

    def resolved(self, label: FileLabel | None) -> RecordFormat:
        """The record format as told, or as a label says, or U."""
        if self.recfm is None and label is not None and label.recfm != "U" and label.lrecl:
            return RecordFormat.make(label.recfm, self.lrecl or label.lrecl, self.blksize or label.blksize)
        return RecordFormat.make(self.recfm or "U", self.lrecl, self.blksize)


class Writer:
    """The end of a reel, where blocks are put."""

    def __init__(self, store: TapeStore, at: int) -> None:
        self.store = store
        self.at = at

    def block(self, data: bytes) -> None:
        """Write a block."""
        self.at = self.store.write(self.at, data).end

    def mark(self) -> None:
        """Write a tape mark."""
        self.at = self.store.mark(self.at).end


def initialize(store: TapeStore, serial: str, owner: str) -> None:
    """Make an empty reel: volume label and a new tape's header, or two tape marks. Raises MediaError, LabelError."""
    writer = Writer(store, 0)
    label = labels.volume(serial, owner) if serial else b""
    store.cut(0)
    if label:
        writer.block(label)
        writer.block(labels.DUMMY)
    else:
        writer.mark()
    writer.mark()


# ---- onto the reel


def add(store: TapeStore, names: Sequence[tuple[Path, str]], form: Form, today: date) -> list[FileLabel]:
    """Add host files, each with the name it gets in labels, behind the last file of a reel; what was added.

    All files are read twice: none is begun before all are known to fit. Raises MediaError, RecordError, CodeError,
    OSError.
    """
    end = end_of_data(store)
    record_format = form.resolved(None)
    added = []
    for number, (path, name) in enumerate(names, end.sequence + 1):
        count = sum(1 for _ in record_format.blocks(_records(path, record_format, form.page)))
        label = FileLabel(name, end.serial, number, record_format.recfm, record_format.lrecl, record_format.blksize)
        added.append(replace(label, blocks=count, created=today))
    writer = Writer(store, end.at)
    for (path, _), label in zip(names, added, strict=True):
        _put(writer, end, label, record_format.blocks(_records(path, record_format, form.page)))
    writer.mark()
    return added


def _put(writer: Writer, end: End, label: FileLabel, made: Iterable[bytes]) -> None:
    if end.serial:
        for block in label.headers():
            writer.block(block)
        writer.mark()
    for block in made:
        writer.block(block)
    writer.mark()
    if end.serial:
        for block in label.trailers():
            writer.block(block)
        writer.mark()


def _records(path: Path, form: RecordFormat, page: str) -> Iterator[bytes]:
    """The records of a host file."""
    if page:
        yield from _lines(path, form, page)
    elif form.recfm.startswith("V"):
        yield from _described(path)
    else:
        length = form.lrecl or form.blksize
        with path.open("rb") as file:
            number = 0
            while record := file.read(length):
                number += 1
                if form.lrecl and len(record) < length:
                    raise RecordError(f"{path}: record {number}, the last, has {len(record)} bytes, not {length}")
                yield record


def _lines(path: Path, form: RecordFormat, page: str) -> Iterator[bytes]:
    with path.open(encoding="utf-8", newline=None) as file:
        try:
            for number, line in enumerate(file, 1):
                record = encode(line.removesuffix("\n").expandtabs(), page)
                if form.lrecl and form.recfm.startswith("F"):
                    if len(record) > form.lrecl:
                        raise RecordError(f"{path}: line {number} has {len(record)} characters, a record {form.lrecl}")
                    record = record.ljust(form.lrecl, BLANK)
                yield record or BLANK
        except UnicodeDecodeError:
            raise CodeError(f"{path}: not text in UTF-8; --binary takes it as it is") from None
        except CodeError as error:
            raise CodeError(f"{path}, line {number}: {error}") from None


def _described(path: Path) -> Iterator[bytes]:
    """Records behind their descriptor words, as an export of variable records has them."""
    with path.open("rb") as file:
        at = 0
        while word := file.read(WORD):
            length = int.from_bytes(word[:2], "big") - WORD
            record = file.read(length) if 0 <= length <= VARIABLE_LIMIT else b""
            if len(word) < WORD or length < 0 or len(record) != length:
                raise RecordError(f"{path}: no record descriptor word at byte {at}")
            at += WORD + length
            yield record


# ---- off the reel


def find(store: TapeStore, wanted: str) -> TapeFile:
    """A file by its number, or by its name in a label. Raises MediaError: there is none."""
    there = 0
    for file in files(store):
        there = file.number
        if wanted.isdecimal() and int(wanted) == file.number:
            return file
        if file.label is not None and file.label.name == wanted.upper()[-17:]:
            return file
    raise MediaError(f"{store.path}: no file {wanted} among {there}")


def content(store: TapeStore, file: TapeFile, form: Form) -> Iterator[bytes]:
    """The bytes of a file for the host: lines of UTF-8 text, or records as they are; variable ones behind descriptor
    words. Raises MediaError, RecordError.
    """
    record_format = form.resolved(file.label)
    for number, block in enumerate(blocks(store, file.start), 1):
        if block.mark:
            return
        if block.fault:
            raise MediaError(f"{store.path}, file {file.number}, block {number}: {block.fault}")
        try:
            for record in record_format.records(block.data):
                if form.page:
                    text = decode(record, form.page).replace("\n", "\x85").rstrip(" ")
                    yield text.encode() + b"\n"
                elif record_format.recfm.startswith("V"):
                    yield (len(record) + WORD).to_bytes(2, "big") + b"\0\0" + record
                else:
                    yield record
        except RecordError as error:
            raise RecordError(f"{store.path}, file {file.number}, block {number}: {error}") from None


def copy(source: TapeStore, target: TapeStore) -> tuple[int, int]:
    """Copy all blocks and tape marks; how many of each. Raises MediaError, also for what cannot be read or written."""
    writer = Writer(target, 0)
    target.cut(0)
    count = marks = 0
    for block in blocks(source):
        if block.fault:
            raise MediaError(f"{source.path}: at byte {block.start}: {block.fault}")
        if block.mark:
            marks += 1
            writer.mark()
        elif block.length > MAX_BLOCK:
            raise MediaError(
                f"{source.path}: a block of {block.length} bytes; the longest that is written has {MAX_BLOCK}"
            )
        else:
            count += 1
            writer.block(block.data)
    return count, marks
