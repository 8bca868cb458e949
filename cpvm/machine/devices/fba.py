"""Fixed-block DASD (3310, 3370): a program defines an extent, locates blocks in it, and reads or writes them.

Sources: GA26-1657 (3370), GA26-1660 (3310), "Channel Commands", "Sense Information".
"""

from __future__ import annotations

from typing import Any, Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, DeviceError, MediaError, command, device
from cpvm.machine.media.images.image import BlockImage, BlockStore, TrackImage
from cpvm.machine.media.pack import PackDrive
from cpvm.s370.ccw import Command, Sense, UnitStatus
from cpvm.s370.fba import (
    BLOCK,
    FIXED_BLOCK,
    FORMAT_DEFECTIVE,
    MASK_ALL,
    MASK_NO_WRITE,
    MASK_RESERVED,
    MASK_WRITES,
    MASK_ZEROS,
    READ,
    READ_REPLICATED,
    WRITE,
    WRITE_VERIFY,
)

CHECKED: Final = ENDED | UnitStatus.UNIT_CHECK
FILE_PROTECTED, WRITE_INHIBITED = 0x04, 0x02  # sense byte 1
# messages of format 0, sense byte 7
INVALID_COMMAND, SEQUENCE, SHORT_COUNT, BAD_VALUE = 1, 2, 3, 4
_KEEP_SENSE = (Command.SENSE, Command.NOP, 0x94, 0xB4, 0x14)
_UNREADY = (*_KEEP_SENSE, Command.SENSE_ID, 0xA4, 0x64)
NOTHING: Final = 0


@device(*FIXED_BLOCK, kind="fba")
class FixedBlockDisk(PackDrive):
    """A drive. Blocks are numbered from 0, first within the extent's file, then on the disk."""

    STATE = ("extent", "mask", "start", "first", "last", "operation", "ready", "block", "number", "cylinder", "ipl")
    SENSE_LENGTH = 24

    def __init__(self, name: str, store: BlockStore | None, read_only: bool = False) -> None:
        """A drive of type `name`; without a store it is not ready. Raises DeviceError: no such type."""
        super().__init__()
        if name not in FIXED_BLOCK:
            raise DeviceError(f"{name} is no fixed-block type")
        self.type = name
        self.facts = FIXED_BLOCK[name]
        self._store = store
        self.read_only = read_only
        self._written = False
        self.cylinder = 0
        self.begin()

    @property
    def blocks(self) -> int:
        """How many blocks the disk has; those of the type if there is none."""
        return self._store.blocks if self._store is not None else self.facts.blocks

    @property
    def store(self) -> BlockStore:
        """The disk. Raises MediaError if there is none."""
        if self._store is None:
            raise MediaError(f"the {self.type} is not ready")
        return self._store

    # ---- the disk

    @property
    def medium(self) -> str:
        return self.facts.name

    @classmethod
    def unready(cls, type: str) -> FixedBlockDisk:
        return cls(type, None)

    def put_image(self, image: TrackImage | BlockImage) -> None:
        if not isinstance(image, BlockImage):
            raise DeviceError(f"it is a {image.device_type} disk")
        self._store, self.read_only = image, image.read_only

    def take_away(self) -> None:
        self._store = None

    # ---- the channel program as a whole

    def begin(self) -> None:
        self.extent = False  # one is defined
        self.mask = self.start = self.first = self.last = 0
        self.operation = NOTHING  # that the command before located
        self.ready = NOTHING  # that the command under way may do
        self.block = self.number = 0  # where, and how many
        self.ipl = True  # Read IPL is permitted

    def unsaved(self) -> bool:
        return self._written

    def end(self) -> int:
        if not self._written:
            return 0
        self._written = False
        try:
            self.store.commit()
        except MediaError:
            return self._fail(Sense.EQUIPMENT_CHECK)
        return 0

    def halt(self) -> None:
        self.end()

    def reset(self) -> None:
        super().reset()
        self.cylinder = 0
        self.begin()

    def save(self) -> dict[str, Any]:
        sense = self.sense
        self.end()
        self.sense = sense
        return super().save()

    def perform(self, path: DataPath) -> int:
        code = path.command
        if code not in _KEEP_SENSE:
            self.sense = bytes(self.sense_length)
        method = self._commands.get(code)
        self.ready, self.operation = self.operation, NOTHING
        may_ipl, self.ipl = self.ipl, code == Command.IPL
        if method is None or (code == Command.IPL and not may_ipl):
            self._fail(Sense.COMMAND_REJECT, 0, INVALID_COMMAND if method is None else SEQUENCE)
            return CHECK
        if self._store is None and code not in _UNREADY:
            self._fail(Sense.INTERVENTION_REQUIRED)
            return CHECK
        try:
            return method(self, path)
        except MediaError:
            return self._fail(Sense.EQUIPMENT_CHECK)

    def _fail(self, sense0: int, sense1: int = 0, message: int = 0) -> int:
        """Unit check with channel end and device end, and sense bytes with drive and arm."""
        self.sense = self._sense_bytes(sense0, sense1, message)
        return CHECKED

    def _sense_bytes(self, sense0: int = 0, sense1: int = 0, message: int = 0) -> bytes:
        low, high = self.cylinder & 0xFF, self.cylinder >> 8 & 3
        return bytes((sense0, sense1, 0, 0, self.address & 7, low, high << 6, message)).ljust(self.sense_length, b"\0")

    def _reject(self, message: int) -> int:
        return self._fail(Sense.COMMAND_REJECT, 0, message)

    # ---- extent and place

    @command(0x63)
    def define_extent(self, path: DataPath) -> int:
        """Define Extent: mask, first block on the disk, first and last block as the file numbers them; 16 bytes."""
        data = path.take(16, exact=True)
        if path.failed:
            return ENDED
        if len(data) < 16:
            return self._reject(SHORT_COUNT)
        if self.extent:
            return self._reject(SEQUENCE)
        mask = data[0]
        start, first, last = (int.from_bytes(data[at : at + 4], "big") for at in (4, 8, 12))
        if mask & MASK_ZEROS or mask & MASK_WRITES == MASK_RESERVED:
            return self._reject(BAD_VALUE)
        if last < first or start + last - first >= self.blocks:
            return self._reject(BAD_VALUE)
        self.extent = True
        self.mask, self.start, self.first, self.last = mask, start, first, last
        return ENDED

    @command(0x43)
    def locate(self, path: DataPath) -> int:
        """Locate: operation, replication count, number of blocks, first block within the file; 8 bytes."""
        data = path.take(8, exact=True)
        if path.failed:
            return ENDED
        if len(data) < 8:
            return self._reject(SHORT_COUNT)
        if not self.extent:
            return self._reject(SEQUENCE)
        operation, copies, number, block = data[0], data[1], data[2] << 8 | data[3], int.from_bytes(data[4:], "big")
        writes = self.mask & MASK_WRITES
        if operation in (WRITE, WRITE_VERIFY):
            permitted = writes != MASK_NO_WRITE
        elif operation == FORMAT_DEFECTIVE:
            permitted = writes == MASK_ALL
        else:
            permitted = operation in (READ, READ_REPLICATED)
        if not permitted or not number:
            return self._reject(BAD_VALUE)
        extent = number
        if operation == READ_REPLICATED:
            if not copies or copies % number:
                return self._reject(BAD_VALUE)
            extent = copies
        if not self.first <= block <= block + extent - 1 <= self.last:
            return self._fail(0, FILE_PROTECTED)
        self.block, self.number, self.operation = self.start + block - self.first, number, operation
        return self._travel()

    def _travel(self) -> int:
        """Move the arm to the block: channel end now, device end when the block comes under the head."""
        cylinder = self.block // self.facts.per_cylinder
        distance, self.cylinder = abs(cylinder - self.cylinder), cylinder
        low, _, high = self.facts.seek
        way = low + (high - low) * distance * self.facts.per_cylinder // self.facts.blocks if distance else 0
        return self.later(way * 1000 + round(self.facts.rotation * 500))

    def _passing(self, blocks: int) -> int:
        """Microseconds in which so many blocks pass under the head."""
        return round(self.facts.rotation * 1000) * blocks // self.facts.per_track

    # ---- data

    @command(0x02)
    def read_ipl(self, path: DataPath) -> int:
        """Read IPL: block 0. The first command of a program, or chained from another Read IPL; all of the disk is the
        extent."""
        self.extent = True
        self.mask = self.start = self.first = 0
        self.last = self.blocks - 1
        self.block = self.cylinder = 0
        self.takes(self._passing(1))
        path.send(self.store.read(0))
        return ENDED

    @command(0x42)
    def read(self, path: DataPath) -> int:
        """Read: the blocks that Locate has named."""
        if self.ready not in (READ, READ_REPLICATED):
            return self._reject(SEQUENCE)
        for passed in range(self.number):
            if path.send(self.store.read(self.block + passed)) < BLOCK:
                break
        self.takes(self._passing(self.number))
        return ENDED

    @command(0x41)
    def write(self, path: DataPath) -> int:
        """Write: the blocks that Locate has named; what the program does not give is zeros."""
        if self.ready not in (WRITE, WRITE_VERIFY):
            return self._reject(SEQUENCE)
        if self.read_only:
            return self._fail(Sense.COMMAND_REJECT, WRITE_INHIBITED)
        zeros = bytes(BLOCK)
        given = True
        for block in range(self.block, self.block + self.number):
            data = path.take(BLOCK, exact=True) if given else b""
            given = len(data) == BLOCK
            self.store.write(block, data if given else data.ljust(BLOCK, b"\0") if data else zeros)
            self._written = True
        self.takes(self._passing(self.number))
        if self.ready == WRITE_VERIFY:
            self.takes(round(self.facts.rotation * 1000))
        return ENDED

    # ---- sense

    @command(Command.SENSE)
    def read_sense(self, path: DataPath) -> int:
        """Give the sense bytes and forget them. Without a check they still tell of the drive and its arm."""
        path.send(self.sense if any(self.sense[:2]) else self._sense_bytes())
        self.sense = bytes(self.sense_length)
        return ENDED

    @command(0x94, 0xB4)
    def reserve_release(self, path: DataPath) -> int:
        """Device Release and Device Reserve, as Sense: there is one path to the drive. Not within an extent."""
        return self._reject(SEQUENCE) if self.extent else self.read_sense(path)

    @command(0x14)
    def unconditional_reserve(self, path: DataPath) -> int:
        """Unconditional Reserve, as Sense. Only as the first command of a program."""
        return self._reject(SEQUENCE) if path.chained else self.read_sense(path)

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Give control unit type and model, device type and model."""
        f = self.facts
        path.send(b"\xff" + f.unit.to_bytes(2, "big") + b"\x01" + f.type.to_bytes(2, "big") + bytes((f.model,)))
        return ENDED

    @command(0x64)
    def read_characteristics(self, path: DataPath) -> int:
        """Read Device Characteristics: 32 bytes."""
        path.send(self.facts.characteristics(self.blocks))
        return ENDED

    @command(0xA4)
    def read_buffered_log(self, path: DataPath) -> int:
        """Read and Reset Buffered Log: no errors were counted."""
        path.send(bytes(self.sense_length))
        return ENDED
