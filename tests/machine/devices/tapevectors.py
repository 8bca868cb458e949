"""Vectors of channel programs for tape units: what one is, and how cpvm runs it.

A vector is a tape, and channel programs that are started one behind the other, each followed by a Sense of its own.
All addresses are offsets into a record of RECORD bytes, whose layout is the same in cpvm and in the witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cpvm.machine.channel import Channels
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW

RECORD = 0x1000
DEVICE_AT, COUNT_AT, ENTRIES_AT, ENTRY = 0x00, 0x04, 0x10, 64
CCW_AT, CC_AT, CSW_AT, SENSE_CSW_AT, SENSE_AT, SENSE_CCW_AT = 0, 4, 8, 16, 24, 56
PROGRAMS_AT, PROGRAM, DATA_AT = 0x400, 0x80, 0x800
SENSE_LENGTH = 32
CAW, CSW, ADDRESS = 0x48, 0x40, 0x180
BASE = 0x10000

TAPES: dict[str, list[str]] = {
    "blank": [],
    "three": ["C1" * 80, "C2" * 40 + "D2" * 40, "C3" * 100],
    "files": ["E5D6D3F1" * 20, "C8C4D9F1" * 20, "", "C4" * 120, "C5" * 60, "", "C5D6C6F1" * 20, "", ""],
    "marks": ["", "", ""],
    "long": [f"{n:02X}" * 1000 for n in range(1, 6)] + [""],
    "tiny": ["01", "0203", "040506"],
}
"""What is on the tapes, block by block in hexadecimal; an empty one is a tape mark."""


@dataclass
class Ending:
    """How a channel program ended: condition code of START I/O, CSW (offsets for addresses), and the sense bytes."""

    cc: int
    csw: str
    sense: str

    @property
    def unit(self) -> int:
        return int(self.csw[8:10], 16)

    @property
    def channel(self) -> int:
        return int(self.csw[10:12], 16)


@dataclass
class Outcome:
    """The endings, and digests of the data area and of the tape's file afterwards."""

    endings: list[Ending]
    data: str
    tape: str


@dataclass
class Vector:
    """A vector. `ring`: the reel may be written; `programs`: CCWs as `command address flags count`, in hexadecimal."""

    name: str
    type: str
    tape: str | None
    programs: list[list[str]]
    ring: bool = True
    data: str = ""
    hercules: Outcome = field(default_factory=lambda: Outcome([], "", ""))

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

    def outcome(self, base: int, area: bytes, tape: bytes) -> Outcome:
        """What a record that has been run tells."""
        endings = []
        for n in range(len(self.programs)):
            entry = area[ENTRIES_AT + ENTRY * n :][:ENTRY]
            csw = bytearray(entry[CSW_AT : CSW_AT + 8])
            address = int.from_bytes(csw[1:4], "big")
            csw[1:4] = max(0, address - base).to_bytes(3, "big")
            taken = SENSE_LENGTH - int.from_bytes(entry[SENSE_CSW_AT + 6 : SENSE_CSW_AT + 8], "big")
            sense = entry[SENSE_AT : SENSE_AT + SENSE_LENGTH][:taken]
            endings.append(Ending(int.from_bytes(entry[CC_AT : CC_AT + 4], "big"), bytes(csw).hex(), sense.hex()))
        return Outcome(endings, digest(area[DATA_AT:]), digest(tape))

    def to_json(self) -> dict[str, Any]:
        fields = {name: value for name, value in asdict(self).items() if value not in (None, [], "")}
        fields["hercules"]["endings"] = [list(ending.values()) for ending in fields["hercules"]["endings"]]
        return fields

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Vector:
        told = fields["hercules"]
        outcome = Outcome([Ending(*ending) for ending in told["endings"]], told["data"], told["tape"])
        return cls(**{"tape": None, **fields, "hercules": outcome})


def digest(data: bytes) -> str:
    """A short digest."""
    return sha256(data).hexdigest()[:24]


def make_tape(path: Path, blocks: Sequence[str]) -> None:
    """Write a tape."""
    store, at = open_tape(path), 0
    for block in blocks:
        at = (store.write(at, bytes.fromhex(block)) if block else store.mark(at)).end
    store.close()
    if not path.exists():
        path.touch()


def run(vector: Vector, folder: Path) -> Outcome:
    """Run a vector in cpvm, by START I/O and TEST I/O as the witness does."""
    path = folder / "vector.aws"
    path.unlink(missing_ok=True)
    unit = Tape(vector.type)
    if vector.tape is not None:
        make_tape(path, TAPES[vector.tape])
        unit = Tape(vector.type, open_tape(path, read_only=not vector.ring))
    storage = Storage(BASE + 2 * RECORD)
    io = Channels(storage)
    io.attach(ADDRESS, unit)
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
    unit.close()
    return vector.outcome(BASE, storage.read(BASE, RECORD), path.read_bytes() if path.exists() else b"")
