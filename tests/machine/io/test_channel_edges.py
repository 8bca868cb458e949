"""Edges of channel programs: what data chaining leaves alone, who shares a control unit, the ends of storage."""

from __future__ import annotations

import pytest
from slow import BLOCK, MOTION, PRINT, REFUSE, REWIND, SPACE, TRANSFER, WAIT, Slow, SlowBench, ccw

from cpvm.machine.channel import Channels
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import command
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW, ChannelCondition, Sense

SIZE = 1 << 14
WHOLE = 1 << 24  # bytes: all that 24 bits can address
BLOCK_SIZE = 2048
CD, CC, SLI, SKIP, PCI, IDA = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
NOP, SENSE, TIC, BACKWARD, READ = 0x03, 0x04, 0x08, 0x0C, 0x02
OFFERED = 0x13


class Peculiar(Slow):
    """A slow device with a command that takes a byte before it is refused."""

    @command(OFFERED)
    def offered(self, path: DataPath) -> int:
        path.take(1)
        return self.check(Sense.COMMAND_REJECT)


# ---- chaining


@pytest.mark.parametrize("flags", [CD, CD | CC, CD | CC | SLI])
def test_an_immediate_command_with_data_chaining_is_the_last(flags: int) -> None:
    """There is no data that could be chained, and the flag for data chaining goes before that for commands."""
    bench = SlowBench(immediate=True)
    assert bench.start(BLOCK, ccw(NOP, flags), ccw(REFUSE)) == 1
    assert bench.csw() == "eeeeeeee0c00eeee"
    assert not any(bench.devices[BLOCK].sense), "the next command was not given"


def test_the_command_code_of_a_chained_ccw_does_not_matter() -> None:
    storage = Storage(SIZE)
    storage.write(0x100, CCW(BACKWARD, 0x1001, CD, 2).to_bytes() + CCW(READ, 0x200, IDA, 6).to_bytes())
    storage.write(0x200, bytes.fromhex("0000200100002FFF"))
    path = DataPath(storage, 0, 0x100)
    assert path.next_command()
    assert path.send(b"\x08\x07\x06") == 3
    assert path.backward
    assert path.send(b"\x05\x04\x03\x02\x01") == 5
    assert storage.read(0x1000, 2).hex() == "0708"
    assert storage.read(0x2000, 2).hex() == "0506"
    assert storage.read(0x2FFC, 4).hex() == "01020304"
    assert path.channel == 0


def test_bytes_that_come_in_pieces_go_on_downwards() -> None:
    storage = Storage(SIZE)
    storage.write(0x100, CCW(BACKWARD, 0x1007, 0, 8).to_bytes())
    path = DataPath(storage, 0, 0x100)
    assert path.next_command()
    assert path.send(b"\x08\x07\x06") == 3
    assert path.send(b"\x05\x04\x03\x02\x01") == 5
    assert storage.read(0x1000, 9).hex() == "010203040506070800"


def test_a_program_controlled_interruption_by_a_chained_area() -> None:
    bench = SlowBench(immediate=True)
    assert bench.start(BLOCK, ccw(READ, CD, 2), ccw(0, PCI, 2, 0x2000)) == 0
    assert bench.taken() == (BLOCK, "000008100c800000")
    assert bench.start(BLOCK, ccw(READ, CD, 4), ccw(0, PCI, 2, 0x2000)) == 0
    assert bench.taken() == (BLOCK, "000008100cc00002"), "the next CCW is fetched as soon as the last byte has moved"


def test_unit_check_behind_data_is_not_shown_by_sio() -> None:
    """Only what a device shows when it is selected is a matter of SIO; this one has asked for data first."""
    bench = SlowBench(immediate=True)
    bench.io.detach(BLOCK)
    bench.io.attach(BLOCK, Peculiar())
    assert bench.start(BLOCK, ccw(OFFERED, count=5)) == 0
    assert bench.taken() == (BLOCK, "0000080802000004")
    assert bench.start(BLOCK, ccw(REFUSE)) == 1
    assert bench.csw() == "eeeeeeee0200eeee"


def test_clear_io_takes_a_program_controlled_interruption_along() -> None:
    bench = SlowBench()
    assert bench.start(BLOCK, ccw(WAIT, PCI | SLI, 3)) == 0
    assert bench.io.pending()
    assert bench.io.clrio(BLOCK) == 1
    assert bench.csw() == "0000080800000003"
    assert not bench.io.pending()


def test_clear_io_leaves_a_device_its_motion() -> None:
    """A line is on its way to a printer: the device ends when it would have ended."""
    bench = SlowBench()
    assert bench.start(BLOCK, ccw(PRINT, SLI, 80)) == 0
    assert bench.io.clrio(BLOCK) == 1
    bench.io.elapse(TRANSFER + MOTION - 1)
    assert bench.io.take() is None
    assert bench.io.tio(BLOCK) == 1
    assert bench.csw() == "0000000010000000", "the device is busy"
    bench.io.elapse(1)
    assert bench.taken() == (BLOCK, "000000000c000000")
    assert not bench.io.timed


def test_start_io_fast_release_is_start_io_without_block_multiplexing() -> None:
    bench = SlowBench()
    bench.io.multiplexing = lambda: False
    assert bench.start(BLOCK, ccw(REWIND), fast=True) == 1
    assert bench.csw() == "eeeeeeee0800eeee"
    bench.io.elapse(MOTION)
    assert bench.taken() == (BLOCK, "0000000004000000")


# ---- control units


def test_a_control_unit_is_that_of_sixteen_devices_of_a_kind() -> None:
    bench = SlowBench()
    other_unit, other_kind = Slow(), Slow()
    other_kind.kind = "printer"
    bench.io.attach(BLOCK + 0x10, other_unit)
    bench.io.attach(BLOCK + 2, other_kind)
    bench.start(BLOCK, ccw(SPACE))
    assert bench.start(BLOCK + 1, ccw(REWIND), at=0x900) == 1
    assert bench.csw() == "eeeeeeee5000eeee"
    for free in (BLOCK + 0x10, BLOCK + 2):
        assert bench.start(free, ccw(REWIND), at=0x900) == 1
        assert bench.csw() == "eeeeeeee0800eeee", f"{free:03X} was started"


def test_control_unit_end_does_not_come_while_the_next_command_holds_the_control_unit() -> None:
    bench = SlowBench()
    assert bench.start(BLOCK, ccw(SPACE, CC | SLI), ccw(SPACE)) == 0
    assert bench.start(BLOCK + 1, ccw(REWIND), at=0x900) == 1
    assert bench.csw() == "eeeeeeee5000eeee"
    bench.io.elapse(MOTION)
    assert bench.taken() == (BLOCK, "0000081008000001"), "channel end alone"
    bench.io.elapse(MOTION)
    assert bench.taken() == (BLOCK, "0000000024000000")


# ---- the ends of storage


@pytest.fixture
def whole() -> Channels:
    """Channels of a machine with all the storage that there can be."""
    channels = Channels(Storage(WHOLE))
    channels.attach(BLOCK, Slow())
    channels.device(BLOCK).sense = b"\x5a"  # type: ignore[union-attr]
    return channels


def outcome(channels: Channels, caw: int, *ccws: tuple[int, CCW]) -> str:
    """Condition code and CSW of a program whose CCWs are at these places."""
    storage = channels.storage
    for at, word in ccws:
        storage.write(at, word.to_bytes())
    storage.write(0x48, caw.to_bytes(4, "big"))
    storage.write(0x40, b"\xee" * 8)
    cc = channels.sio(BLOCK)
    if cc == 0:
        channels.tio(BLOCK)
    return f"{cc} {storage.read(0x40, 8).hex()}"


def test_the_last_doubleword_is_a_ccw(whole: Channels) -> None:
    last = WHOLE - 8
    assert outcome(whole, last, (last, CCW(SENSE, WHOLE - 1, 0, 1))) == "0 000000000c000000"
    assert whole.storage.read(WHOLE - 1, 1) == b"\x5a"


def test_a_chain_that_reaches_the_end_of_storage(whole: Channels) -> None:
    """Behind the last address comes location 0."""
    last = WHOLE - 8
    whole.storage.write(0, bytes(8))
    assert outcome(whole, last, (last, CCW(NOP, 0, CC, 1))) == "0 0000000800200001"
    assert outcome(whole, last, (last, CCW(NOP, 0, CC, 1)), (0, CCW(SENSE, 0x1000, 0, 1))) == "0 000000080c000000"


def test_data_that_reaches_the_end_of_storage(whole: Channels) -> None:
    assert outcome(whole, 0x800, (0x800, CCW(SENSE, WHOLE - 1, 0, 2))) == "0 000008080c400001"
    whole.storage.write(WHOLE - 4, (0x3000).to_bytes(4, "big"))
    assert outcome(whole, 0x800, (0x800, CCW(SENSE, WHOLE - 4, IDA, 1))) == "0 000008080c000000", "the last word"


def test_an_indirect_address_list_ends_with_storage() -> None:
    for size in (SIZE, WHOLE):
        storage = Storage(size)
        storage.write(size - 4, (0x17F8).to_bytes(4, "big"))
        storage.write(0x100, CCW(READ, size - 4, IDA, 20).to_bytes())
        path = DataPath(storage, 0, 0x100)
        assert path.next_command()
        assert path.send(bytes(20)) == 8
        assert (path.channel, path.count) == (ChannelCondition.PROGRAM_CHECK, 12)


@pytest.mark.parametrize(("key", "lists"), [(3, 0x48), (3, 0x40), (0, 0x48), (4, 0x48)])
def test_an_indirect_address_list_is_fetched_with_the_key_of_the_program(key: int, lists: int) -> None:
    storage = Storage(SIZE)
    for at in range(0, SIZE, BLOCK_SIZE):
        storage.set_key(at, key << 4)
    storage.set_key(0x800, lists)
    storage.write(0x900, (0x1000).to_bytes(4, "big"))
    storage.write(0x100, CCW(READ, 0x900, IDA, 4).to_bytes())
    path = DataPath(storage, key, 0x100)
    assert path.next_command()
    allowed = key in (0, lists >> 4) or not lists & 8
    assert path.send(b"\1\2\3\4") == (4 if allowed else 0)
    assert path.channel == (0 if allowed else ChannelCondition.PROTECTION_CHECK)
    assert storage.read(0x1000, 4).hex() == ("01020304" if allowed else "00000000")


def test_an_indirect_address_has_24_bits_even_if_nothing_is_stored_there() -> None:
    storage = Storage(SIZE)
    storage.write(0x900, (0x01001000).to_bytes(4, "big"))
    storage.write(0x100, CCW(READ, 0x900, IDA | SKIP, 4).to_bytes())
    path = DataPath(storage, 0, 0x100)
    assert path.next_command()
    assert path.send(bytes(4)) == 0
    assert path.channel == ChannelCondition.PROGRAM_CHECK


def test_a_ccw_behind_storage() -> None:
    storage = Storage(SIZE)
    path = DataPath(storage, 0, SIZE)
    assert not path.next_command()
    assert (path.channel, path.ccw) == (ChannelCondition.PROGRAM_CHECK, SIZE + 8)
    storage.write(0x100, CCW(NOP, 0, CC, 1).to_bytes() + CCW(TIC, SIZE, 0, 0).to_bytes())
    path = DataPath(storage, 0, 0x100)
    assert path.next_command()
    assert not path.next_command()
    assert (path.channel, path.ccw) == (ChannelCondition.PROGRAM_CHECK, 0x110), "behind the transfer in channel"
