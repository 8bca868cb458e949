"""Vectors of channel programs for disks: what one is, what is on the disks, and how cpvm runs it.

A vector is a disk, and channel programs that are started one behind the other, each followed by a Sense of its own.
Addresses are offsets into a record of RECORD bytes, whose layout is the same in cpvm and in the witness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, TypeVar

from cpvm.machine.channel import Channels
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.devices.fba import FixedBlockDisk
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import GEOMETRY, OVERFLOW, Record, Track

RECORD = 0x2000
DEVICE_AT, COUNT_AT, ENTRIES_AT, ENTRY = 0x00, 0x04, 0x10, 64
CCW_AT, CC_AT, CSW_AT, SENSE_CSW_AT, SENSE_AT, SENSE_CCW_AT = 0, 4, 8, 16, 24, 56
PROGRAMS_AT, PROGRAM, DATA_AT, READ_AT = 0x400, 0x180, 0x1000, 0x1400
SENSE_LENGTH = 32
CAW, CSW, ADDRESS = 0x48, 0x40, 0x100
BASE = 0x10000
CYLINDERS, BLOCKS = 2, 120


def content(cyl: int, head: int, rec: int, size: int) -> bytes:
    """Bytes that tell records from each other; none of them is zero."""
    return bytes(1 + (cyl * 97 + head * 41 + rec * 13 + at * 3) % 255 for at in range(size))


def ckd_disk(heads: int) -> dict[tuple[int, int], Track]:
    """The tracks of the disk on which all CKD programs run; the last two heads of a cylinder are used, too."""
    tracks = {(cyl, head): Track.empty(cyl, head) for cyl in range(CYLINDERS) for head in range(heads)}

    def fill(cyl: int, head: int, *records: tuple[bytes, int]) -> None:
        tracks[cyl, head].records = [
            Record(cyl, head, n, key, content(cyl, head, n, size)) for n, (key, size) in enumerate(records, 1)
        ]

    fill(0, 0, (b"", 10), (b"", 20), (b"", 30), (b"", 0), (b"", 40))
    keyed = [(bytes((0xC1 + 2 * n,)) * 4, 16) for n in range(4)]  # AAAA CCCC EEEE GGGG
    fill(0, 1, *keyed)
    fill(0, 3, (b"\xd1\xd1", 8), (b"", 9), (b"\xd3" * 6, 10), (b"\xd5" * 3, 0))
    fill(0, heads - 2, *keyed)
    fill(0, heads - 1, (b"\xc9\xc9\xc9\xc9", 12), (b"", 5))
    fill(1, 0, (b"", 100), (b"", 100), (b"", 100))
    fill(1, 1, (b"", 24), (b"\xe1\xe2", 32))
    tracks[1, 1].records[1].cyl |= OVERFLOW
    fill(1, 2, (b"", 48), (b"", 7))
    tracks[1, 2].records[0].cyl |= OVERFLOW
    fill(1, 3, (b"", 11), (b"", 12))
    fill(1, heads - 1, (b"", 50))
    tracks[1, heads - 1].records[0].cyl |= OVERFLOW
    return tracks


@cache
def fba_disk() -> Mapping[int, bytes]:
    """The blocks of the disk on which all fixed-block programs run."""
    return {block: content(block // 50, block % 50, 1, 512) for block in range(BLOCKS)}


@cache
def ckd_images(heads: int) -> Mapping[tuple[int, int], bytes]:
    """The same tracks as images."""
    return {place: track.to_bytes() for place, track in ckd_disk(heads).items()}


class Tracks:
    """Tracks in storage."""

    def __init__(self, heads: int) -> None:
        self.before = ckd_images(heads)
        self.images = dict(self.before)

    def read(self, cyl: int, head: int) -> bytes:
        return self.images[cyl, head]

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.images[cyl, head] = image

    def commit(self) -> None:
        return


class Blocks:
    """Blocks in storage."""

    blocks = BLOCKS

    def __init__(self) -> None:
        self.data = dict(fba_disk())

    def read(self, block: int) -> bytes:
        return self.data[block]

    def write(self, block: int, data: bytes) -> None:
        assert len(data) == 512
        assert 0 <= block < BLOCKS
        self.data[block] = data

    def commit(self) -> None:
        return


@dataclass
class Ending:
    """How a program ended: condition code of START I/O, CSW (offsets for addresses), sense without zeros at its end."""

    cc: int
    csw: str
    sense: str

    @property
    def unit(self) -> int:
        return int(self.csw[8:10], 16)

    @property
    def channel(self) -> int:
        return int(self.csw[10:12], 16)

    @property
    def at(self) -> int:
        """Offset of the byte behind the last CCW."""
        return int(self.csw[2:8], 16)


@dataclass
class Outcome:
    """The endings, what was read, and the tracks or blocks that are others than before, afterwards; hexadecimal."""

    endings: list[Ending]
    data: str
    disk: dict[str, str]


@dataclass
class Vector:
    """A vector. `programs`: CCWs as `command address flags count`; `data`: what they take; hexadecimal."""

    name: str
    type: str
    programs: list[list[str]]
    data: str = ""
    hercules: Outcome = field(default_factory=lambda: Outcome([], "", {}))

    @property
    def ckd(self) -> bool:
        return self.type in GEOMETRY

    def record(self, base: int, device: int) -> bytes:
        """The record at an address, ready to be run."""
        area = bytearray(RECORD)

        def put(at: int, data: bytes) -> None:
            area[at : at + len(data)] = data

        put(DEVICE_AT, device.to_bytes(4, "big") + len(self.programs).to_bytes(4, "big"))
        for n, program in enumerate(self.programs):
            entry, at = ENTRIES_AT + ENTRY * n, PROGRAMS_AT + PROGRAM * n
            put(entry + CCW_AT, (base + at).to_bytes(4, "big"))
            put(entry + SENSE_CCW_AT, CCW(0x04, base + entry + SENSE_AT, 0x20, SENSE_LENGTH).to_bytes())
            for i, text in enumerate(program):
                command, address, flags, count = (int(word, 16) for word in text.split())
                put(at + 8 * i, CCW(command, base + address, flags, count).to_bytes())
        put(DATA_AT, bytes.fromhex(self.data))
        return bytes(area)

    def outcome(self, base: int, area: bytes, disk: dict[str, str]) -> Outcome:
        """What a record that has been run tells."""
        endings = []
        for n in range(len(self.programs)):
            entry = area[ENTRIES_AT + ENTRY * n :][:ENTRY]
            csw = bytearray(entry[CSW_AT : CSW_AT + 8])
            csw[1:4] = max(0, int.from_bytes(csw[1:4], "big") - base).to_bytes(3, "big")
            taken = SENSE_LENGTH - int.from_bytes(entry[SENSE_CSW_AT + 6 : SENSE_CSW_AT + 8], "big")
            sense = entry[SENSE_AT : SENSE_AT + SENSE_LENGTH][:taken]
            endings.append(Ending(int.from_bytes(entry[CC_AT : CC_AT + 4], "big"), bytes(csw).hex(), trimmed(sense)))
        assert trimmed(area[DATA_AT:READ_AT]) == trimmed(bytes.fromhex(self.data))
        return Outcome(endings, trimmed(area[READ_AT:]), disk)

    def to_json(self) -> dict[str, Any]:
        fields = asdict(self)
        fields["hercules"]["endings"] = [list(ending.values()) for ending in fields["hercules"]["endings"]]
        return fields

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Vector:
        told = fields["hercules"]
        outcome = Outcome([Ending(*ending) for ending in told["endings"]], told["data"], told["disk"])
        return cls(**{**fields, "hercules": outcome})


def trimmed(data: bytes) -> str:
    """Hexadecimal, without zeros at the end."""
    return data.rstrip(b"\0").hex()


Place = TypeVar("Place")


def changes(
    before: Mapping[Place, bytes], after: Mapping[Place, bytes], name: Callable[[Place], str]
) -> dict[str, str]:
    """What is another than before."""
    return {name(place): trimmed(data) for place, data in after.items() if data != before[place]}


def place_name(place: tuple[int, int]) -> str:
    return f"{place[0]}/{place[1]}"


def run(vector: Vector) -> Outcome:
    """Run a vector in cpvm, by START I/O and TEST I/O as the witness does."""
    storage = Storage(BASE + 2 * RECORD)
    io = Channels(storage)
    if vector.ckd:
        tracks = Tracks(GEOMETRY[vector.type].heads)
        io.attach(ADDRESS, Dasd(vector.type, tracks, CYLINDERS))
    else:
        blocks = Blocks()
        io.attach(ADDRESS, FixedBlockDisk(vector.type, blocks))
    storage.write(BASE, vector.record(BASE, ADDRESS))

    def start(at: int) -> int:
        storage.write(CAW, at.to_bytes(4, "big"))
        storage.write(CSW, bytes(8))
        cc = io.sio(ADDRESS)
        if cc == 0:
            assert io.tio(ADDRESS) == 1
        return cc

    for n in range(len(vector.programs)):
        entry = BASE + ENTRIES_AT + ENTRY * n
        cc = start(BASE + PROGRAMS_AT + PROGRAM * n)
        storage.write(entry + CC_AT, cc.to_bytes(4, "big") + storage.read(CSW, 8))
        start(entry + SENSE_CCW_AT)
        storage.write(entry + SENSE_CSW_AT, storage.read(CSW, 8))
    assert storage.read(BASE + RECORD, RECORD) == bytes(RECORD)
    disk = changes(tracks.before, tracks.images, place_name) if vector.ckd else changes(fba_disk(), blocks.data, str)
    return vector.outcome(BASE, storage.read(BASE, RECORD), disk)
