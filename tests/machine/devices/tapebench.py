"""A bench for tape units: a channel with one unit, and what its programs bring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cpvm.machine.channel import Channels
from cpvm.machine.device import ConfigurationError
from cpvm.machine.devices.tape import Tape
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.media.tape.store import TapeStore
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW

ADDRESS, PROGRAM, DATA, CAW, CSW = 0x180, 0x800, 0x10000, 0x48, 0x40
CC, SLI = 0x40, 0x20
WRITE, READ, NOP, SENSE, REWIND, BACKWARD, UNLOAD = 0x01, 0x02, 0x03, 0x04, 0x07, 0x0C, 0x0F
ERASE, MARK, BSB, BSF, FSB, FSF, DSE, SENSE_ID = 0x17, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x97, 0xE4


class Room:
    """A room in which there is nothing."""

    def nothing(self, *operands: Any, **named: Any) -> Any:
        raise ConfigurationError("there is nothing")

    console = display = output = input = link = nothing


def ccw(command: int, count: int = 1, flags: int = SLI, address: int = DATA) -> CCW:
    return CCW(command, address, flags, count)


def reel(path: Path, *blocks: bytes) -> TapeStore:
    """A reel with these blocks; an empty one is a tape mark. It is at its load point, to be written."""
    store, at = open_tape(path), 0
    for block in blocks:
        at = (store.write(at, block) if block else store.mark(at)).end
    return store


class TapeBench:
    """The channel, with a unit at 180."""

    def __init__(self, unit: Tape, immediate: bool = True) -> None:
        self.storage = Storage(0x40000)
        self.io = Channels(self.storage, immediate=immediate)
        self.unit = unit
        self.io.attach(ADDRESS, unit)

    def start(self, *ccws: CCW) -> int:
        """START I/O; the condition code."""
        self.storage.write(PROGRAM, b"".join(word.to_bytes() for word in ccws))
        self.storage.write(CAW, PROGRAM.to_bytes(4, "big"))
        self.storage.write(CSW, bytes(8))
        cc = self.io.sio(ADDRESS)
        self.io.elapse(0)  # time counts from here
        return cc

    def run(self, *ccws: CCW | int) -> int:
        """Run a program, chained by command; unit status at its end. A number is a control command."""
        words: Sequence[CCW] = [ccw(word) if isinstance(word, int) else word for word in ccws]
        linked = [CCW(word.command, word.address, word.flags | CC, word.count) for word in words[:-1]]
        if self.start(*linked, words[-1]) == 0:
            assert self.io.take() == ADDRESS
        return self.storage.read(CSW + 4, 1)[0]

    def channel(self) -> int:
        """The channel status of the last program."""
        return self.storage.read(CSW + 5, 1)[0]

    def count(self) -> int:
        """The count left of the last program that interrupted."""
        return int.from_bytes(self.storage.read(CSW + 6, 2), "big")

    def read(self, count: int = 65535) -> bytes | int:
        """The next block; unit status if it is not simply read."""
        status = self.run(ccw(READ, count))
        return self.storage.read(DATA, count - self.count()) if status == 0x0C else status

    def write(self, data: bytes) -> int:
        """Write a block; unit status."""
        self.storage.write(DATA, data)
        return self.run(ccw(WRITE, len(data)))

    def sense(self, count: int = 32) -> bytes:
        """The sense bytes."""
        self.storage.write(DATA, bytes(count))
        assert self.run(ccw(SENSE, count)) == 0x0C
        return self.storage.read(DATA, count - self.count())
