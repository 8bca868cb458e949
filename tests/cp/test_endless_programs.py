"""Channel programs without end: they cost the machine that has started them its slices, and nobody else anything."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from cpvm.cp.session import ReadState
from cpvm.machine.datapath import CHAIN_LIMIT, DataPath
from cpvm.machine.devices.ctca import CTCA
from cpvm.machine.media.volumefile import VolumeFile
from cpvm.machine.program import LATE_EACH
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import ChannelCondition

from .calling import Guest
from .helper import Site

PROGRAM = 0x1000
ENDLESS = bytes.fromhex("03000000 60000001 08001000 00000001")  # no operation, transfer in channel to it


def begin(site: Site, code: str) -> Guest:
    """Have CMSUSER execute CODE, and find the machine at work."""
    guest = Guest(site, site.logon("CMSUSER"))
    guest.put(PROGRAM, ENDLESS)
    guest.put(0x200, bytes.fromhex(code))
    guest.set(2, 0x191)
    guest.set(4, PROGRAM)
    guest.terminal.type("STORE PSW 00000000 00000000")
    guest.terminal.session.line("BEGIN 200")
    vm = site.system.users["CMSUSER"]
    until(site, lambda: vm.machine.io.started > 0)
    return guest


def until(site: Site, reached: Callable[[], bool]) -> None:
    """Let CP work until a state is REACHED."""
    for _ in range(10_000):
        if reached():
            return
        site.on_cp(lambda: None)
    raise AssertionError("it does not come to that")


def test_an_endless_program_of_diagnose_20_leaves_cp_to_others(site: Site) -> None:
    other = site.logon("USER01", "SECRET")
    guest = begin(site, "83240020 82000240")
    vm = site.system.users["CMSUSER"]
    for _ in range(3):
        assert other.type("QUERY USERID") == ["USER01   AT CPVM"]
    assert vm.machine.psw.address == 0x204, "the next instruction waits for the program's end"
    guest.terminal.session.attention()
    guest.terminal.until(ReadState.CP_READ)
    assert guest.terminal.type("DISPLAY PSW")[0].endswith("00000204")
    guest.terminal.session.line("BEGIN")  # the program goes on
    used = vm.usage.overhead_ns
    until(site, lambda: vm.usage.overhead_ns > used)
    guest.terminal.session.attention()
    guest.terminal.until(ReadState.CP_READ)
    guest.terminal.type("SYSTEM RESET")
    assert guest.call(0x24, 2, 4, r2=0x191) == 0, "a reset has ended it, and the device is free"
    guest.put(PROGRAM, bytes.fromhex("03000000 20000001"))
    assert guest.call(0x20, 2, 4, r2=0x191, r4=PROGRAM) == 0


def test_a_long_program_of_diagnose_20_ends_where_it_should(site: Site) -> None:
    """Made of more commands than are executed in one slice, whatever the host's speed."""
    guest = Guest(site, site.logon("CMSUSER"))
    vm = site.system.users["CMSUSER"]
    commands = 20 * LATE_EACH
    guest.put(0x3000, b"\x03\0\0\0\x60\0\0\1" * (commands - 1) + b"\x03\0\0\0\x20\0\0\1")
    asked: list[None] = []

    def late() -> bool:
        asked.append(None)
        return True

    site.on_cp(lambda: setattr(vm.machine.io, "late", late))
    assert guest.call(0x20, 2, 4, r2=0x191, r4=0x3000) == 0
    assert len(asked) >= commands // LATE_EACH


def test_a_program_that_writes_is_lasting_as_a_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its slice ends before it does, and so late as others wait for: three tracks are written all the same, or none."""
    guest = Guest(site, site.logon("CMSUSER"))
    vm = site.system.users["CMSUSER"]
    program, data = b"", b""
    for head in (0, 1, 2):
        at, track = 0x4000 + len(data), struct.pack(">HH", 3, head)
        data += b"\0\0" + track + b"\0\0" + track + b"\0" + b"\0\0\0" + track + b"\1\0\0\20" + b"ONCE" * 4
        search = 0x3000 + len(program) + 8
        for code, address, count in ((0x07, at, 6), (0x31, at + 8, 5), (0x08, search, 1), (0x1D, at + 16, 24)):
            program += struct.pack(">IBBH", code << 24 | address, 0x40, 0, count)
    program += struct.pack(">IBBH", 0x03 << 24, 0x20, 0, 1)
    guest.put(0x3000, program)
    guest.put(0x4000, data)
    commits: list[str] = []
    commit = VolumeFile._commit

    def counted(volume: VolumeFile) -> None:
        commits.append(volume.name)
        commit(volume)

    monkeypatch.setattr(VolumeFile, "_commit", counted)
    site.on_cp(lambda: setattr(vm.machine.io, "late", lambda: True))
    assert guest.call(0x20, 2, 4, r2=0x191, r4=0x3000) == 0
    assert len(commits) == 1


def test_a_device_that_goes_in_the_middle_of_a_program(site: Site) -> None:
    other = site.logon("USER01", "SECRET")
    guest = begin(site, "83240020 82000240")
    guest.terminal.session.attention()
    guest.terminal.until(ReadState.CP_READ)
    assert guest.terminal.type("DETACH 191") == ["DASD 191 DETACHED"]
    guest.put(0x240, bytes.fromhex("00020000000000C0"))
    guest.terminal.type("BEGIN", ReadState.CP_READ)
    assert guest.machine.psw.address == 0xC0
    assert guest.get(15) == 1, "the device is not attached"
    assert other.type("QUERY USERID") == ["USER01   AT CPVM"]


def test_start_io_is_not_kept_long_either(site: Site) -> None:
    other = site.logon("USER01", "SECRET")
    guest = begin(site, "50400048 9C000191 47F00208")  # goes on beside its program
    assert other.type("QUERY USERID") == ["USER01   AT CPVM"]
    active: list[bool] = []
    site.on_cp(lambda: active.append(guest.machine.io.active))
    assert active == [True]


@pytest.mark.parametrize("number", [CHAIN_LIMIT, CHAIN_LIMIT + 1])
def test_data_chaining_has_an_end(number: int) -> None:
    storage = Storage(1 << 20)
    at = 0x1000
    for _ in range(number):
        storage.write(at, bytes.fromhex("01000000 80000001"))
        at += 8
    storage.write(at, bytes.fromhex("01000000 00000001"))
    path = DataPath(storage, 0, 0x1000)
    assert path.next_command()
    taken = path.take(1 << 24)
    if number == CHAIN_LIMIT:
        assert (len(taken), path.channel) == (number + 1, 0)
    else:
        assert (len(taken), path.channel) == (number, ChannelCondition.CHAINING_CHECK)


def test_a_chain_of_the_adapter_that_has_no_end(site: Site) -> None:
    """Both sides chain data without end: the reader's program ends with a check, and CP has not stood still for it."""
    user = site.logon("CMSUSER")
    guest = Guest(site, user)
    for line in ("DEF CTCA 0E0", "DEF CTCA 0E1", "COUPLE 0E0 * 0E1"):
        user.type(line)
    guest.put(0x3000, bytes.fromhex("01003800 80000001 08003000 00000001"))
    guest.put(0x3100, bytes.fromhex("02004000 A0000001 08003100 00000001"))
    guest.put(0xF00, bytes.fromhex("00003000 00000000 00020000 000000C0"))
    guest.put(0x48, bytes.fromhex("00003100"))
    guest.put(0x200, bytes.fromhex("9C0000E0 D20300480F00 9C0000E1 82000F08"))
    user.type("STORE PSW 00000000 00000000")
    user.type("BEGIN 200", ReadState.CP_READ)
    ended = guest.machine.io
    assert guest.machine.psw.address == 0xC0
    until(site, lambda: ended.tio(0x0E1) != 2)
    assert guest.machine.storage.read(0x45, 1)[0] & ChannelCondition.CHAINING_CHECK


def test_an_adapter_without_rest_fills_no_queue(site: Site) -> None:
    """Commands that come and are halted, without end: CP has one event for them, not thousands before everybody's."""
    user = site.logon("CMSUSER")
    for line in ("DEF CTCA 0E0", "DEF CTCA 0E1", "COUPLE 0E0 * 0E1"):
        user.type(line)
    machine = site.system.users["CMSUSER"].machine
    waiting: list[int] = []

    def storm() -> None:
        machine.storage.write(PROGRAM, bytes.fromhex("02002000 20000001"))
        machine.storage.write(0x48, PROGRAM.to_bytes(4, "big"))
        side = machine.device(0x0E1)
        assert isinstance(side, CTCA)
        for _ in range(500):
            assert machine.io.sio(0x0E0) == 0
            assert machine.io.hio(0x0E0) == 1
            assert machine.io.tio(0x0E0) == 1
        waiting.extend((len(side._inbox), len(site.system._events._events)))

    site.on_cp(storm)
    assert waiting[0] == 1
    assert waiting[1] < 10, "there may be others' events, but not 500"
    site.on_cp(lambda: None)
    assert machine.io.sio(0x0E1) in (0, 1), "the other side goes on"
