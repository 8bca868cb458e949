"""DIAGNOSE services that system programs use: accounting, error recording, dumps, modified channel programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.diagnose import services
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.machine.devices.display3277 import Display
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .calling import ADDRESSING, PRIVILEGED, PROTECTION, SPECIFICATION, Guest
from .helper import DIRECTORY, Site

_RESTRICTED = {0x04: "CE", 0x1C: "F", 0x2C: "CEF", 0x30: "CEF", 0x34: "CE", 0x38: "CE", 0x3C: "ABC", 0x50: "ABC",
               0x74: "ABC"}  # fmt: skip


@pytest.fixture
def guest(site: Site) -> Guest:
    return Guest(site, site.logon("CMSUSER"))


@pytest.fixture
def system_guest(tmp_path: Path) -> Guest:
    """A guest whose user has all classes, and OPTION ACCT."""
    text = DIRECTORY.replace("256K 2M G\nALIAS CONV", "256K 2M ABCDEFG\nOPTION ACCT\nALIAS CONV")
    System.create(tmp_path, text)
    site = Site(tmp_path)
    guest = Guest(site, site.logon("CMSUSER"))
    request_end.append(site)
    return guest


request_end: list[Site] = []


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    while request_end:
        request_end.pop().system.shutdown()


@pytest.mark.parametrize("code", list(_RESTRICTED))
def test_privileged_codes_are_none_for_others(guest: Guest, code: int) -> None:
    assert guest.call(code, 4, 6, r4=0x1000, r6=0x1000) == PRIVILEGED
    table = {service.code: service.classes for service in services()}
    assert table[code] == _RESTRICTED[code]


def test_04_examines_cps_storage(system_guest: Guest) -> None:
    guest = system_guest
    guest.put(0x1000, bytes.fromhex("00000200 00000204 00000208"))
    assert guest.call(0x04, 4, 6, r4=0x1000, r6=3, r7=0x1100) >= 0
    assert guest.text(0x1100, 8) == "CPVM    "
    vmblok = int.from_bytes(guest.machine.storage.read(0x1108, 4), "big")
    guest.put(0x1000, (vmblok + 8).to_bytes(4, "big") + (vmblok + 12).to_bytes(4, "big"))
    guest.call(0x04, 4, 6, r4=0x1000, r6=2, r7=0x1100)
    assert guest.text(0x1100, 8) == "CMSUSER "
    assert guest.call(0x04, 4, 6, r4=0x1001, r6=2, r7=0x1100) == SPECIFICATION
    assert guest.call(0x04, 4, 6, r4=0x1000, r6=0xFFFFFFFF, r7=0x1100) == SPECIFICATION
    assert guest.call(0x04, 4, 6, r4=0x1000, r6=2, r7=0x40000) == ADDRESSING
    guest.put(0x1000, bytes.fromhex("01000000"))
    assert guest.call(0x04, 4, 6, r4=0x1000, r6=1, r7=0x1100) == ADDRESSING


def test_58_displays(guest: Guest) -> None:
    guest.terminal.type("DEFINE GRAF 0C0")
    display = guest.machine.device(0xC0)
    assert isinstance(display, Display)
    guest.put(0x2000, to_ebcdic("ON THE SCREEN"))
    guest.put(0x1000, bytes.fromhex("19002000 2082000D"))
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == 1  # it is not switched on
    guest.site.on_cp(lambda: display.power(True))
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == 0
    assert from_ebcdic(bytes(display.screen.text[160:173])) == "ON THE SCREEN"
    guest.put(0x1000, bytes.fromhex("19000000 60FF0000 29002000 2000000D"))
    guest.put(0x2000, bytes.fromhex("C2 11 4040 1D60") + to_ebcdic("NEW") + bytes.fromhex("1D40 13 C1C2"))
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == 0
    assert from_ebcdic(bytes(display.screen.text[1:4])) == "NEW"
    guest.put(0x1000, bytes.fromhex("2A003000 20000400"))
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == 0
    assert to_ebcdic("NEW") in guest.machine.storage.read(0x3000, 20)
    for wrong in ("19002000 20180001", "19002000 200006E1", "18002000 20000001"):
        guest.put(0x1000, bytes.fromhex(wrong))
        assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == 1
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0x009) == 2
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0x777) == 3
    assert guest.call(0x58, 4, 5, r4=0x1004, r5=0xC0) == SPECIFICATION
    guest.put(0x1000, bytes.fromhex("1903FFFF 20000002"))
    assert guest.call(0x58, 4, 5, r4=0x1000, r5=0xC0) == ADDRESSING


def test_1c_2c_30_error_recording(system_guest: Guest) -> None:
    guest = system_guest
    assert guest.call(0x1C, 4, 0, r4=1) == 0
    assert guest.call(0x1C, 4, 0, r4=3) == SPECIFICATION
    guest.call(0x2C, 4, 5, r4=1, r5=0)
    start, cylinders = guest.get(4), guest.get(5)
    assert (start, cylinders) == (0x100, 1)
    guest.call(0x2C, 4, 5, r4=6, r5=0x77)
    assert (guest.get(4), guest.get(5)) == (start, 0)
    assert guest.call(0x2C, 4, 5, r4=9) == SPECIFICATION
    assert guest.call(0x30, 4, 5, r4=start, r5=0x2000) == 1
    assert guest.call(0x30, 4, 5, r4=0x990000, r5=0x2000) == 3
    assert guest.call(0x30, 4, 5, r4=start, r5=0x2001) == SPECIFICATION
    assert guest.call(0x30, 4, 5, r4=start, r5=0x40000) == ADDRESSING


def test_28_modified_channel_programs(guest: Guest) -> None:
    assert (guest.call(0x28, 4, 4, r4=0x1000), guest.get(15)) == (1, 1)
    assert (guest.call(0x28, 4, 5, r4=0x1000, r5=0x777), guest.get(15)) == (1, 2)
    assert (guest.call(0x28, 4, 5, r4=0x40000, r5=9), guest.get(15)) == (1, 3)
    assert (guest.call(0x28, 4, 5, r4=0x1004, r5=9), guest.get(15)) == (1, 4)
    assert (guest.call(0x28, 4, 5, r4=0x1000, r5=9), guest.get(15)) == (2, 9)
    # a read at the console that waits, then a NOP, a TIC to X'1040' and a write there
    guest.put(0x1000, bytes.fromhex("0A002000 60000010 03000000 60000001 08001040 00000000 05000000 20000001"))
    guest.put(0x1040, bytes.fromhex("09002000 20000004"))
    guest.put(0x48, bytes.fromhex("00001000"))
    guest.put(0x200, bytes.fromhex("9C000009 82000240"))
    guest.put(0x240, bytes.fromhex("00020000 000000C0"))
    guest.terminal.type("STORE PSW 00000000 00000000")
    guest.terminal.type("BEGIN 200", ReadState.CP_READ)
    for at, expected in ((0x1008, (0, 0)), (0x1010, (0, 0)), (0x1018, (1, 6)), (0x1040, (1, 6)), (0x1048, (1, 6))):
        assert (guest.call(0x28, 4, 5, r4=at, r5=9), guest.get(15)) == expected
    guest.put(0x1048, bytes.fromhex("03"))
    assert (guest.call(0x28, 4, 5, r4=0x1048, r5=9), guest.get(15)) == (1, 5)
    guest.put(0x1010, bytes.fromhex("08001044"))
    assert (guest.call(0x28, 4, 5, r4=0x1010, r5=9), guest.get(15)) == (1, 8)
    guest.put(0x1010, bytes.fromhex("08040000"))
    assert (guest.call(0x28, 4, 5, r4=0x1010, r5=9), guest.get(15)) == (1, 7)


def test_34_38_dumps(system_guest: Guest) -> None:
    guest = system_guest
    assert guest.call(0x34, 4, 6, r4=0x2000, r6=0x00C) == 2
    assert (guest.call(0x34, 4, 6, r4=0x2000, r6=0x777), guest.get(7)) == (3, 4)
    assert (guest.call(0x34, 4, 6, r4=0x2000, r6=0x00E), guest.get(7)) == (3, 8)
    assert guest.call(0x34, 4, 15, r4=0x2000) == SPECIFICATION
    guest.put(0x2000, b"data")
    assert guest.call(0x38, 4, 0, r4=0x2000) >= 0
    assert guest.machine.storage.read(0x2000, 4) == bytes(4)
    assert guest.call(0x38, 4, 0, r4=0x2004) == SPECIFICATION


def test_3c_directory(system_guest: Guest) -> None:
    volid = to_ebcdic("TEST01")
    r4, r6 = int.from_bytes(volid[:4], "big"), int.from_bytes(volid[4:], "big") << 16
    assert system_guest.call(0x3C, 4, 6, r4=r4, r6=r6) == 0
    assert system_guest.call(0x3C, 4, 6, r4=r4, r6=0) == 2


def test_40_and_48(guest: Guest) -> None:
    assert guest.call(0x40, 4, 5) == SPECIFICATION
    assert guest.call(0x48, 1, 0, r1=5) == SPECIFICATION
    assert guest.call(0x48, 2, 0, r2=4) == SPECIFICATION
    assert guest.call(0x48, 1, 0, r1=4) >= 0
    guest.put(0x60, bytes.fromhex("00020000 000000C3"))
    assert guest.call(0x48, 1, 0, r1=8) == 3
    assert guest.machine.storage.read(0x23, 1)[0] == 76


def accounts(guest: Guest) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    db = guest.site.system.database

    def read() -> None:
        with db.transaction() as connection:
            rows.extend(connection.execute("SELECT userid, account FROM accounting"))
            rows.extend(connection.execute("SELECT userid, data FROM accounting_data"))

    guest.site.on_cp(read)
    return rows


def test_4c_accounting(system_guest: Guest) -> None:
    guest = system_guest
    guest.put(0x1000, to_ebcdic(f"{'MAINT':<8}{'4711':<8}{'BIN9':<8}"))
    assert guest.call(0x4C, 4, 6, r4=0x1000, r6=4) == 0
    assert accounts(guest) == [("CMSUSER", "3")]
    assert guest.call(0x4C, 4, 6, r4=0, r6=0) == 0
    assert accounts(guest) == [("CMSUSER", "3"), ("MAINT", "4711")]
    assert guest.call(0x4C, 4, 6, r4=0x1000, r6=5) == 3
    assert guest.call(0x4C, 4, 6, r4=0x1004, r6=0) == SPECIFICATION
    assert guest.call(0x4C, 4, 6, r4=0x40000, r6=0) == ADDRESSING
    guest.put(0x1000, to_ebcdic("NOSUCH  "))
    assert guest.call(0x4C, 4, 6, r4=0x1000, r6=0) == 2
    assert guest.call(0x4C, 4, 6, r4=0x1000, r6=16, r7=8) == 0
    assert accounts(guest)[-1] == ("CMSUSER", to_ebcdic("NOSUCH  "))
    for address, length in ((0x1000, 0), (0x1000, 71), (0x1FFF, 2), (0x1000, 0xFFFFFFFF)):
        assert guest.call(0x4C, 4, 6, r4=address, r6=16, r7=length) == SPECIFICATION
    assert guest.call(0x4C, 4, 15, r4=0x1000, r15=16) == SPECIFICATION
    assert guest.call(0x4C, 4, 6, r4=0x40000, r6=16, r7=8) == ADDRESSING


def test_4c_needs_the_option(guest: Guest) -> None:
    assert guest.call(0x4C, 4, 6, r4=0, r6=0) == 1


def test_50_54_74_78(system_guest: Guest) -> None:
    guest = system_guest
    guest.call(0x50, 4, 6, r4=0x1000)
    assert guest.get(6) == 44
    vm = guest.site.system.users["CMSUSER"]
    guest.call(0x54, 4, 0, r4=1)
    assert vm.pa2_external
    guest.call(0x54, 4, 0, r4=0)
    assert not vm.pa2_external
    guest.call(0x74, 4, 6, r4=0, r6=0x1000, r7=0x1000)
    assert guest.get(6) == 4
    assert guest.call(0x74, 4, 6, r6=0x1001, r7=0) == SPECIFICATION
    assert guest.call(0x74, 4, 6, r6=0x1000, r7=0x01000000) == SPECIFICATION
    assert guest.call(0x74, 4, 6, r6=0x3F000, r7=0x1001) == ADDRESSING
    assert guest.call(0x78, 4, 6, r6=0) == PROTECTION


def test_6c_in_the_bc_mode(guest: Guest) -> None:
    assert guest.call(0x6C, 4, 0, r4=0x1000) == 3


def test_70_tells_the_time_at_each_dispatch(guest: Guest) -> None:
    assert guest.call(0x70, 4, 0, r4=0x1004) == SPECIFICATION
    assert guest.call(0x70, 4, 0, r4=0x3FFF8) == ADDRESSING
    guest.call(0x70, 4, 0, r4=0x1000)
    guest.call(0x00, 4, 5, r4=0x2000, r5=40)
    used, when = (int.from_bytes(guest.machine.storage.read(at, 8), "big") for at in (0x1000, 0x1008))
    assert 0 < used < when
    guest.terminal.type("SYSTEM RESET")
    guest.put(0x1000, bytes(16))
    guest.call(0x00, 4, 5, r4=0x2000, r5=40)
    assert guest.machine.storage.read(0x1000, 16) == bytes(16)
    assert guest.terminal.reading is ReadState.CP_READ
