"""Fixed-block drives where no witness helps: IPL, checks of their own, packs on and off, virtual time, saved state."""

from __future__ import annotations

from pathlib import Path

import pytest
from dasdvectors import BLOCKS, Blocks
from unitbench import Room

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words
from cpvm.machine.device import ConfigurationError, DeviceError, MediaError, device_types
from cpvm.machine.devices.fba import FixedBlockDisk
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.fba import FIXED_BLOCK

ADDRESS, PROGRAM, ARGUMENT, DATA = 0x160, 0x800, 0x1000, 0x2000
CAW, CSW = 0x48, 0x40


class Bench:
    """A drive, and a channel."""

    def __init__(self, kind: str = "3370", immediate: bool = True) -> None:
        self.blocks = Blocks()
        self.storage = Storage(0x10000)
        self.io = Channels(self.storage, immediate=immediate)
        self.drive = FixedBlockDisk(kind, self.blocks)
        self.io.attach(ADDRESS, self.drive)

    def put(self, *ccws: tuple[int, bytes | int]) -> None:
        at, reading, words = ARGUMENT, DATA, b""
        for n, (code, what) in enumerate(ccws):
            flags = 0x60 if n < len(ccws) - 1 else 0x20
            if isinstance(what, bytes):
                self.storage.write(at, what)
                words += CCW(code, at, flags, len(what)).to_bytes()
                at += len(what)
            else:
                words += CCW(code, reading, flags, what).to_bytes()
                reading += what
        self.storage.write(PROGRAM, words)
        self.storage.write(CAW, PROGRAM.to_bytes(4, "big"))

    def run(self, *ccws: tuple[int, bytes | int]) -> int:
        self.put(*ccws)
        if self.io.sio(ADDRESS) == 0:
            assert self.io.tio(ADDRESS) == 1
        return self.storage.read(CSW + 4, 1)[0]


def extent(start: int = 0, first: int = 0, last: int = BLOCKS - 1, mask: int = 0xC0) -> tuple[int, bytes]:
    return 0x63, bytes((mask, 0, 0, 0)) + b"".join(n.to_bytes(4, "big") for n in (start, first, last))


def locate(operation: int, number: int, block: int) -> tuple[int, bytes]:
    return 0x43, bytes((operation, 0)) + number.to_bytes(2, "big") + block.to_bytes(4, "big")


def test_all_types_are_there() -> None:
    assert {"3310", "3370", "3370-2"} <= device_types().keys()
    with pytest.raises(DeviceError):
        FixedBlockDisk("3350", None)


@pytest.mark.parametrize("kind", sorted(FIXED_BLOCK))
def test_ipl(kind: str) -> None:
    bench = Bench(kind)
    # the first 24 bytes: PSW, Read IPL of the whole block to X'3000', transfer to the CCWs in it
    words = (
        bytes.fromhex("0000000000001234") + CCW(0x02, 0x3000, 0x60, 512).to_bytes() + CCW(8, 0x3018, 0, 0).to_bytes()
    )
    words += CCW(0x43, 0x3030, 0x60, 8).to_bytes() + CCW(0x42, 0x4000, 0x20, 1024).to_bytes() + bytes(8)
    words += locate(0x06, 2, 7)[1]
    bench.blocks.data[0] = words.ljust(512, b"\0")
    status = bench.io.ipl(ADDRESS)
    assert (status.cc, bench.drive.sense) == (0, bytes(24))
    assert bench.storage.read(0x4000, 1024) == bench.blocks.data[7] + bench.blocks.data[8]


def test_blocks_beyond_the_extent_are_protected() -> None:
    bench = Bench()
    for number, block, status in ((1, 20, 0x0C), (5, 20, 0x0C), (6, 20, 0x0E), (1, 19, 0x0E), (1, 25, 0x0E)):
        assert bench.run(extent(50, 20, 24), locate(0x06, number, block), (0x42, 16)) == status
        if status == 0x0E:
            assert bench.drive.sense[:2] == b"\x00\x04"


def test_write_inhibited() -> None:
    bench = Bench()
    bench.drive.read_only = True
    assert bench.run(extent(), locate(0x01, 1, 3), (0x41, b"LOST")) == 0x0E
    assert bench.drive.sense[:2] == b"\x80\x02"
    assert bench.blocks.data == Blocks().data


def test_data_chaining_within_a_block() -> None:
    bench = Bench()
    bench.put(extent(), locate(0x06, 1, 3), (0x42, 100), (0x00, 412))
    bench.storage.write(PROGRAM + 20, bytes((0x80,)))
    assert bench.io.sio(ADDRESS) == 0
    assert bench.io.tio(ADDRESS) == 1
    assert bench.storage.read(CSW + 4, 4) == bytes.fromhex("0C000000")
    assert bench.storage.read(DATA, 512) == bench.blocks.data[3]


def test_not_ready() -> None:
    bench = Bench()
    bench.io.detach(ADDRESS)
    bench.io.attach(ADDRESS, FixedBlockDisk("3310", None))
    assert bench.run(extent()) == 0x02
    assert bench.run((0x04, 24)) == 0x0C
    assert bench.storage.read(DATA, 1) == b"\x40"
    assert bench.run((0x64, 32)) == 0x0C
    assert bench.storage.read(DATA + 14, 4) == (125664).to_bytes(4, "big")


def test_a_failing_host(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    def fail(*_: object) -> bytes:
        raise MediaError("out of order")

    monkeypatch.setattr(bench.blocks, "commit", fail)
    assert bench.run(extent(), locate(0x01, 1, 3), (0x41, b"DATA")) == 0x0E
    assert bench.drive.sense[0] == 0x10
    monkeypatch.setattr(bench.blocks, "read", fail)
    assert bench.run(extent(), locate(0x06, 1, 3), (0x42, 4)) == 0x0E
    assert bench.drive.sense[0] == 0x10


def test_locate_ends_with_the_device() -> None:
    bench = Bench(immediate=False)
    bench.put(extent(), locate(0x06, 1, 100))
    assert bench.io.sio(ADDRESS) == 0
    statuses: list[int] = []
    for _ in range(100):
        bench.io.elapse(1000)
        if bench.io.pending() and bench.io.take() == ADDRESS:
            statuses.append(bench.storage.read(CSW + 4, 1)[0])
    assert statuses == [0x08, 0x04]


def test_saved_state_goes_on() -> None:
    bench = Bench()
    assert bench.run(extent(10, 0, 20), locate(0x06, 1, 3)) == 0x0C
    state = bench.drive.save()
    other = FixedBlockDisk("3370", bench.blocks)
    other.load(state)
    assert other.save() == state
    with pytest.raises(DeviceError):
        FixedBlockDisk("3310", bench.blocks).load(state)


def test_configure(tmp_path: Path) -> None:
    path = tmp_path / "disk.fba"
    path.write_bytes(b"".join(Blocks().data.values()))
    drive = device_from_words(["160", "3370", str(path), "ro"], Room())[1]
    assert isinstance(drive, FixedBlockDisk)
    assert (drive.blocks, drive.read_only) == (BLOCKS, True)
    drive.close()
    with pytest.raises(ConfigurationError, match="no option"):
        device_from_words(["160", "3370", str(path), "huge"], Room())
    with pytest.raises(ConfigurationError):
        device_from_words(["160", "3350", str(path)], Room())
