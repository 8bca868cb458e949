"""The I/O instructions, interruptions, suspended programs, and the synchronous entry."""

from __future__ import annotations

import pytest
from iobench import CAW, CONSOLE, CSW, DISK, PRINTER, PUNCH, READER, Bench

from cpvm.machine.channel import Channels
from cpvm.machine.device import DeviceError, device_types
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.storage import Storage
from cpvm.s370 import ccw
from cpvm.s370.ccw import CCW, caw

NOP = CCW(0x03, 0, 0x20, 1)
READ = CCW(0x0A, 0x1000, 0x60, 130)
WRITE = CCW(0x09, 0x1000, 0x20, 1)


def test_read_waits_for_the_operator(bench: Bench) -> None:
    bench.program(READ, NOP)
    assert bench.io.sio(CONSOLE) == 0
    assert bench.paper.log == ["read 130"]
    assert not bench.io.pending()
    assert bench.io.sio(CONSOLE) == 2
    assert bench.io.tio(CONSOLE) == 2
    assert bench.console.enter(b"\xc1\xc2")
    assert not bench.console.enter(b"\xc3")
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "000008100c000001"
    assert bench.storage.read(0x1000, 4) == b"\xc1\xc2\0\0"  # only what was typed is stored


def test_a_line_that_was_typed_ahead_ends_the_read_at_once(bench: Bench) -> None:
    bench.paper.answer = b"\xc1"
    bench.program(CCW(0x0A, 0x1000, 0x20, 130))
    assert bench.io.sio(CONSOLE) == 0
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "000008080c000081"
    assert not bench.console.reading


def test_cancel_ends_a_read_with_unit_exception(bench: Bench) -> None:
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    assert bench.console.cancel()
    assert bench.io.tio(CONSOLE) == 1
    assert bench.csw() == "000008080d000082"


def test_attention_waits_until_the_read_is_over(bench: Bench) -> None:
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    bench.console.attention()
    assert bench.io.take() is None
    bench.console.enter(b"")
    assert bench.io.take() == CONSOLE
    assert bench.csw()[8:12] == "0c00"
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "0000000080000000"
    assert bench.io.take() is None


def test_sio_to_a_device_with_attention_shows_it_and_busy(bench: Bench) -> None:
    bench.console.attention()
    bench.program(WRITE)
    bench.storage.write(CSW, b"\xee" * 8)
    assert bench.io.sio(CONSOLE) == 1
    assert bench.csw() == "eeeeeeee9000eeee"
    assert bench.io.sio(CONSOLE) == 0
    assert bench.paper.log == ["write 00 nl"]


def test_sio_while_an_interruption_is_pending(bench: Bench) -> None:
    bench.program(WRITE)
    assert bench.io.sio(CONSOLE) == 0
    assert bench.io.sio(CONSOLE) == 2
    assert bench.io.tio(CONSOLE) == 1
    assert bench.csw() == "000008080c000000"
    assert bench.io.tio(CONSOLE) == 0
    assert bench.io.sio(CONSOLE) == 0


def test_interruptions_come_by_channel_then_age(bench: Bench) -> None:
    bench.program(CCW(0xE4, 0x1000, 0x20, 7))
    assert bench.io.sio(DISK) == 0
    bench.program(WRITE)
    assert bench.io.sio(CONSOLE) == 0
    bench.program(CCW(0x01, 0x1000, 0x20, 1))
    assert bench.io.sio(PRINTER) == 0
    assert bench.io.sio(PUNCH) == 0
    assert bench.io.waiting == 0xC0000000
    assert bench.io.take(0x20000000) is None
    assert bench.io.take(0x40000000) == DISK
    assert [bench.io.take() for _ in range(4)] == [CONSOLE, PRINTER, PUNCH, None]


def test_caw(bench: Bench) -> None:
    assert caw(bytes.fromhex("30001008")) == (3, 0x1008)
    for wrong in ("01001000", "00001004"):
        bench.storage.write(CAW, bytes.fromhex(wrong))
        bench.storage.write(CSW, b"\xee" * 8)
        assert bench.io.sio(CONSOLE) == 1
        assert bench.csw() == "eeeeeeee0020eeee"


def test_ccw_beyond_storage(bench: Bench) -> None:
    bench.storage.write(CAW, (0xFFFFF8).to_bytes(4, "big"))
    assert bench.io.sio(CONSOLE) == 1
    assert bench.csw()[8:12] == "0020"


def test_halt_io_ends_a_read(bench: Bench) -> None:
    bench.storage.write(CSW, b"\xee" * 8)
    assert bench.io.hio(CONSOLE) == 1, "the device is signalled, though it does nothing"
    assert bench.csw() == "eeeeeeee0000eeee"
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    assert bench.io.hio(CONSOLE) == 1
    assert not bench.console.reading
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "000008080c000082"
    assert bench.io.hdv(0x00F) == 3


def test_clear_io(bench: Bench) -> None:
    assert bench.io.clrio(CONSOLE) == 0
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    assert bench.io.clrio(CONSOLE) == 1
    assert not bench.io.pending()
    assert not bench.console.enter(b"")
    bench.program(WRITE)
    bench.io.sio(CONSOLE)
    assert bench.io.clrio(CONSOLE) == 1
    assert bench.csw() == "000008080c000000"
    assert bench.io.take() is None


def test_test_channel_and_store_channel_id(bench: Bench) -> None:
    assert (bench.io.tch(0x000), bench.io.tch(0x100), bench.io.tch(0x500), bench.io.tch(0xFF00)) == (0, 0, 3, 3)
    bench.console.attention()
    assert (bench.io.tch(0x000), bench.io.tch(0x100)) == (1, 0)
    assert bench.io.stidc(0x000) == 0
    assert bench.storage.read(0xA8, 4).hex() == "10000000"
    assert bench.io.stidc(0x100) == 0
    assert bench.storage.read(0xA8, 4).hex() == "20000000"
    assert bench.io.stidc(0x500) == 3


def test_prefixed_csw_and_caw(bench: Bench) -> None:
    bench.io.prefix = 0x2000
    bench.program(WRITE)
    bench.storage.write(0x2048, (0x800).to_bytes(4, "big"))
    assert bench.io.sio(CONSOLE) == 0
    bench.io.take()
    assert bench.storage.read(0x2040, 8).hex() == "000008080c000000"
    assert bench.csw() == "0" * 16


def test_an_endless_program_leaves_the_cpu_its_turn(bench: Bench) -> None:
    bench.program(CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    assert bench.io.sio(PRINTER) == 0
    for _ in range(3):
        assert bench.io.active
        bench.io.advance()
    assert bench.io.tio(PRINTER) == 2
    bench.storage.write(0x808, NOP.to_bytes())  # the CPU changes the program
    bench.io.advance()
    assert not bench.io.active
    assert bench.io.take() == PRINTER
    assert bench.csw() == "000008100c000001"


def test_halt_io_ends_an_endless_program(bench: Bench) -> None:
    bench.program(CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    bench.io.sio(PRINTER)
    assert bench.io.hio(PRINTER) == 1
    assert not bench.io.active
    bench.io.advance()
    assert bench.io.take() == PRINTER


def test_pci_while_the_program_waits(bench: Bench) -> None:
    bench.program(CCW(0x0A, 0x1000, 0x68, 130), NOP)
    assert bench.io.sio(CONSOLE) == 0
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "0000080800800082"
    assert bench.io.take() is None
    bench.console.enter(b"\xc1")
    assert bench.io.take() == CONSOLE
    assert bench.csw() == "000008100c000001"


def test_reader_becomes_ready(bench: Bench) -> None:
    bench.program(CCW(0x42, 0x1000, 0x20, 80))
    assert bench.io.sio(READER) == 1
    bench.paper.files = [[b"\xc1"], [b"\xc2"]]
    bench.reader.ready()
    assert bench.io.take() == READER
    assert bench.csw() == "0000000004000000"
    statuses = []
    for _ in range(5):
        if bench.io.sio(READER) == 0:
            bench.io.take()
        statuses.append(bench.csw()[8:10])
    assert statuses == ["0c", "0d", "0c", "0d", "02"]


def test_execute_leaves_no_interruption(bench: Bench) -> None:
    bench.program(CCW(0x01, 0x1000, 0x20, 1))
    status = bench.io.execute(PRINTER, 0x800)
    assert (status.cc, status.csw) == (0, ccw.CSW(0, 0x808, 0x0C, 0, 0))
    assert not bench.io.pending()
    assert bench.io.execute(0x00F, 0x800).cc == 3
    assert bench.io.execute(PRINTER, 0x804).csw.channel == 0x20
    bench.program(CCW(0x55, 0x1000, 0x20, 1))
    status = bench.io.execute(PRINTER, 0x800)
    assert (status.cc, status.csw.unit, status.sense) == (1, 0x02, b"\x80")
    bench.program(READ)
    assert bench.io.execute(CONSOLE, 0x800).cc == 2
    assert not bench.console.reading
    bench.program(CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    assert bench.io.execute(PRINTER, 0x800).cc == 2
    assert not bench.io.active


def test_execute_respects_the_key(bench: Bench) -> None:
    bench.storage.set_key(0x1000, 0x28)
    bench.program(CCW(0x01, 0x1000, 0x20, 1))
    assert bench.io.execute(PRINTER, 0x800, 1).csw.channel == 0x10
    assert bench.io.execute(PRINTER, 0x800, 2).cc == 0


def test_reference_and_change_bits(bench: Bench) -> None:
    bench.paper.files = [[b"\xc1"]]
    bench.program(CCW(0x42, 0x17FF, 0x20, 2))
    bench.io.sio(READER)
    assert [bench.storage.key(a) for a in (0x800, 0x1000, 0x1800, 0x2000)] == [4, 6, 6, 0]
    bench.program(CCW(0x01, 0x2000, 0x20, 1))
    bench.io.sio(PRINTER)
    assert bench.storage.key(0x2000) == 4


def test_ipl_from_cards(bench: Bench) -> None:
    first = (
        bytes.fromhex("0004000000001000") + CCW(2, 0x1000, 0x60, 80).to_bytes() + CCW(2, 0x1050, 0x20, 80).to_bytes()
    )
    bench.paper.files = [[first, b"\xc1" * 80, b"\xc2" * 80]]
    status = bench.io.ipl(READER)
    assert (status.cc, status.csw.address) == (0, 0x18)
    assert bench.storage.read(0, 8).hex() == "0004000c00001000"
    assert bench.storage.read(0x104F, 2) == b"\xc1\xc2"
    assert bench.storage.read(0xB8, 4) == bytes(4), "the BC mode has the device address at location 2 alone"
    assert bench.io.ipl(READER).cc == 1
    assert bench.io.ipl(0x00F).cc == 3


def test_ipl_to_the_ec_mode(bench: Bench) -> None:
    first = bytes.fromhex("0008000000001000") + CCW(3, 0, 0x20, 1).to_bytes() + bytes(8)
    bench.paper.files = [[first]]
    assert bench.io.ipl(READER).cc == 0
    assert bench.storage.read(0, 8).hex() == "0008000000001000"
    assert bench.storage.read(0xB8, 4).hex() == "0000000c"


def test_reset_forgets_everything(bench: Bench) -> None:
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    bench.console.attention()
    bench.program(CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    bench.io.sio(PRINTER)
    bench.io.reset()
    assert not (bench.io.pending() or bench.io.active or bench.console.reading)
    assert bench.io.tio(CONSOLE) == 0


def test_attach_and_detach(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="009 is attached already"):
        bench.io.attach(CONSOLE, Console3215(bench.paper))
    with pytest.raises(DeviceError, match="000-FFF"):
        bench.io.attach(0x1000, Console3215(bench.paper))
    bench.console.attention()
    assert bench.io.detach(CONSOLE) is bench.console
    assert not bench.io.pending()
    bench.console.attention()  # nobody hears it
    assert not bench.console.enter(b"")
    assert bench.io.sio(CONSOLE) == 3
    with pytest.raises(DeviceError, match="no device 009"):
        bench.io.detach(CONSOLE)


def test_saved_channels_go_on(bench: Bench) -> None:
    bench.program(READ, NOP)
    bench.io.sio(CONSOLE)
    bench.program(CCW(0x01, 0x1000, 0x20, 1))
    bench.io.sio(PRINTER)
    bench.io.sio(PUNCH)
    saved = bench.io.save()
    other = Bench()
    other.storage.write(0, bench.storage.read(0, 65536))
    other.io.load(saved)
    assert other.console.enter(b"\xc1")
    assert [other.io.take() for _ in range(4)] == [PRINTER, PUNCH, CONSOLE, None]
    assert other.csw() == "000008100c000001"
    with pytest.raises(DeviceError):
        Channels(Storage(8192)).load(saved)


def test_device_types_are_discovered() -> None:
    types = device_types()
    assert {"3215", "2540R", "2540P", "1403", "3350"} <= types.keys()
    assert types["3350"].kind == "dasd"
