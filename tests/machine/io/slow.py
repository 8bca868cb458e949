"""A device that takes its time, and a bench with several of them on channels of all types."""

from __future__ import annotations

from cpvm.machine.channel import SELECTOR, Channels
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, SUSPENDED, Device, command
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW, Sense, UnitStatus

WRITE, READ, WAIT, SEEK = 0x01, 0x02, 0x0A, 0x07
REWIND, SPACE, FAIL, SKIP_NEXT, PRINT, REFUSE = 0x0F, 0x3F, 0x17, 0x27, 0x09, 0x47
TRANSFER, MOTION = 100, 1000  # microseconds


class Slow(Device):
    """Its commands take TRANSFER to channel end, or MOTION from there to device end, or both."""

    type, kind = "slow", "tape"
    STATE = ("done",)

    def __init__(self) -> None:
        super().__init__()
        self.done = 0
        self.halted = 0

    @command(WRITE)
    def write(self, path: DataPath) -> int:
        self.takes(TRANSFER)
        self.done += len(path.take(80))
        return ENDED

    @command(READ)
    def read(self, path: DataPath) -> int:
        self.takes(TRANSFER)
        path.send(b"\xc1\xc2\xc3\xc4")
        return ENDED

    @command(WAIT)
    def wait(self, path: DataPath) -> int:
        return SUSPENDED

    @command(PRINT)
    def print(self, path: DataPath) -> int:
        self.takes(TRANSFER)
        path.take(80)
        return self.later(MOTION)

    @command(SEEK)
    def seek(self, path: DataPath) -> int:
        path.take(1)
        return self.later(MOTION)

    @command(REWIND, immediate=True)
    def rewind(self, path: DataPath) -> int:
        return self.later(MOTION)

    @command(SPACE, immediate=True)
    def space(self, path: DataPath) -> int:
        return self.later(MOTION, holds=True)

    @command(FAIL, immediate=True)
    def fail(self, path: DataPath) -> int:
        self.check(Sense.EQUIPMENT_CHECK)
        return self.later(MOTION, UnitStatus.UNIT_CHECK)

    @command(SKIP_NEXT, immediate=True)
    def skip_next(self, path: DataPath) -> int:
        return self.later(MOTION, UnitStatus.STATUS_MODIFIER)

    @command(REFUSE)
    def refuse(self, path: DataPath) -> int:
        return self.check(Sense.INTERVENTION_REQUIRED)

    def halt(self) -> None:
        self.halted += 1


BYTE, BLOCK, SELECT = 0x010, 0x180, 0x280  # the first device on each of three channels; the next is one further


class SlowBench:
    """Two slow devices on each of a byte multiplexer, a block multiplexer and a selector channel."""

    def __init__(self, immediate: bool = False) -> None:
        self.storage = Storage(65536)
        self.io = Channels(self.storage, immediate)
        self.io.types[2] = SELECTOR
        self.devices = {address + n: Slow() for address in (BYTE, BLOCK, SELECT) for n in range(2)}
        for address, device in self.devices.items():
            self.io.attach(address, device)

    def start(self, address: int, *ccws: CCW, fast: bool = False, at: int = 0x800) -> int:
        """SIO or SIOF; the condition code. Time counts from here."""
        self.storage.write(at, b"".join(ccw.to_bytes() for ccw in ccws))
        self.storage.write(0x48, at.to_bytes(4, "big"))
        self.storage.write(0x40, b"\xee" * 8)
        cc = self.io.siof(address) if fast else self.io.sio(address)
        self.io.elapse(0)
        return cc

    def csw(self) -> str:
        """The CSW in hexadecimal."""
        return self.storage.read(0x40, 8).hex()

    def taken(self) -> tuple[int | None, str]:
        """The interruption that is taken, and its CSW."""
        address = self.io.take()
        return address, self.csw() if address is not None else ""


def ccw(code: int, flags: int = 0x20, count: int = 1, address: int = 0x1000) -> CCW:
    """A CCW; the length is not checked if nothing is said."""
    return CCW(code, address, flags, count)
