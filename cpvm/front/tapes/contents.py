"""What is on a reel: its files, and the labels among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cpvm.machine.device import MediaError
from cpvm.machine.media.tape import labels
from cpvm.machine.media.tape.labels import FileLabel
from cpvm.machine.media.tape.store import Block, TapeStore


@dataclass
class TapeFile:
    """A file: what is between two tape marks. `start` and `end` are positions, `end` that of the tape mark behind.

    `total` is the bytes in its blocks. `labels` are the standard labels that it begins with; `label` is what those in
    the file before say of this one.
    """

    number: int
    start: int
    end: int = 0
    blocks: int = 0
    total: int = 0
    shortest: int = 0
    longest: int = 0
    marked: bool = False
    labels: list[bytes] = field(default_factory=list)
    label: FileLabel | None = None
    faults: list[str] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Count a block."""
        self.blocks += 1
        self.total += block.length
        self.shortest = min(self.shortest, block.length) if self.blocks > 1 else block.length
        self.longest = max(self.longest, block.length)
        if labels.is_label(block.data) and len(self.labels) == self.blocks - 1:
            self.labels.append(block.data)
        if block.fault:
            self.faults.append(f"block {self.blocks}: {block.fault}")

    @property
    def is_labels(self) -> bool:
        """Whether it is a group of labels."""
        return bool(self.blocks) and len(self.labels) == self.blocks


def blocks(store: TapeStore, at: int = 0) -> Iterator[Block]:
    """All blocks and tape marks from a position on. Raises MediaError: nobody can tell where the next one begins."""
    while (block := store.forward(at)) is not None:
        yield block
        if block.end == block.start:
            raise MediaError(f"{store.path}: damaged at byte {block.start}: {block.fault}")
        at = block.end


def files(store: TapeStore) -> Iterator[TapeFile]:
    """The files of a reel, in order. The last one may lack its tape mark. Raises MediaError."""
    here = TapeFile(1, 0)
    said: FileLabel | None = None
    for block in blocks(store):
        here.end = block.start if block.mark else block.end
        if block.mark:
            here.marked = True
            said = _passed(here, said)
            yield here
            here = TapeFile(here.number + 1, block.end, block.end)
        else:
            here.add(block)
    if here.blocks:
        _passed(here, said)
        yield here


def _passed(file: TapeFile, said: FileLabel | None) -> FileLabel | None:
    """Give a file what the labels before it said; what those in it say of the next one."""
    if not file.is_labels:
        file.label = said
        return None
    headers = [label for label in file.labels if labels.text(label)[:3] in ("VOL", "HDR", "UHL")]
    return labels.file_label(headers)


@dataclass(frozen=True)
class End:
    """Where the recorded part of a reel ends: the position of the next file, the volume serial number if the reel has
    standard labels, and the sequence number of the last file (0: there is none)."""

    at: int
    serial: str
    sequence: int


def end_of_data(store: TapeStore) -> End:
    """Where a file would be added.

    That is behind the last file before two tape marks or before the end of what is recorded; on a reel that was just
    initialized, behind its volume label. A tape mark at the load point, and an empty file between labels, are no end.
    Raises MediaError.
    """
    at, serial, sequence = 0, "", 0
    for file in files(store):
        if not file.blocks and file.number > 1 and file.label is None:
            break
        if file.number == 1 and file.is_labels and labels.text(file.labels[0])[:4] == "VOL1":
            serial = labels.text(file.labels[0])[4:10].rstrip()
            if file.labels[1:] in ([], [labels.DUMMY]):
                first = store.forward(0, False)
                return End(first.end if first else 0, serial, 0)
        said = labels.file_label(file.labels) if file.is_labels else None
        if said:
            sequence = said.sequence
        elif not serial and file.blocks:
            sequence += 1
        if file.blocks or serial:
            mark = store.forward(file.end, False) if file.marked else None
            at = mark.end if mark else file.end
    return End(at, serial, sequence)
