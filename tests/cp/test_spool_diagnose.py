"""DIAGNOSE X'14', LOADVFCB, and virtual devices that are of their own type."""

from __future__ import annotations

import struct

import pytest

from cpvm.cp.vspool import Output
from cpvm.machine.devices.printer3211 import Printer3211
from cpvm.s370.ccw import UnitStatus
from cpvm.s370.ebcdic import from_ebcdic

from .calling import SPECIFICATION, Guest
from .helper import FakeTerminal, Site
from .test_spool import FakePath, punch, read_cards, send

BUFFER = 0x4000


@pytest.fixture
def terminal(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


@pytest.fixture
def guest(site: Site, terminal: FakeTerminal) -> Guest:
    return Guest(site, terminal)


def call(guest: Guest, subcode: int, ry: int = 0x00C, rx: int = BUFFER) -> int:
    return guest.call(0x14, 2, 4, r2=rx, r4=ry, r5=subcode)


def page_records(page: bytes) -> list[tuple[int, bytes]]:
    """What a program sees that follows the CCWs of a page: operation codes and data."""
    count = struct.unpack_from(">I", page, 12)[0]
    at, records = 16, []
    for _ in range(count):
        word, _, length = struct.unpack_from(">IHH", page, at)
        if not word & 0xFFF:
            records.append((word >> 24, b""))
            at += 8
            continue
        records.append((word >> 24, page[word & 0xFFF : (word & 0xFFF) + length]))
        (tic,) = struct.unpack_from(">I", page, at + 8)
        assert tic >> 24 == 0x08
        at = tic & 0xFFF
    return records


def test_pages_of_a_file(site: Site, terminal: FakeTerminal, guest: Guest) -> None:
    terminal.type("TAG DEV PUN NODE1 USERX")
    terminal.type("SPOOL PUN TO *")
    punch(site, "CMSUSER", *[f"CARD {number}" for number in range(100)])
    terminal.type("CLOSE PUN")
    assert call(guest, 0x14) == 2  # nothing is active
    records: list[tuple[int, bytes]] = []
    pages: list[bytes] = []
    while (cc := call(guest, 0)) == 0:
        pages.append(guest.machine.storage.read(BUFFER, 4096))
        records += page_records(pages[-1])
    assert cc == 1 and len(pages) == 3
    assert struct.unpack_from(">I", pages[0], 0)[0] == 2 and struct.unpack_from(">H", pages[0], 0xFF8)[0] == 1
    assert records[0][0] == 0x03 and from_ebcdic(records[0][1]).rstrip() == "NODE1 USERX"
    assert [from_ebcdic(data).rstrip() for _, data in records[1:]] == [f"CARD {number}" for number in range(100)]
    assert all(code == 0x41 for code, _ in records[1:])
    assert call(guest, 0x18) == 0  # the page before the last one
    assert guest.machine.storage.read(BUFFER, 4096) == pages[1]
    assert call(guest, 0x24) == 0
    assert guest.machine.storage.read(BUFFER, 4096) == pages[1]
    assert call(guest, 0x14) == 0
    assert call(guest, 0) == 0 and guest.machine.storage.read(BUFFER, 4096) == pages[0]
    assert call(guest, 0x10, rx=3) == 0
    assert terminal.type("Q RDR")[1] == "CMSUSER  0001 A PUN 000100 03  NONE"
    assert terminal.type("PURGE RDR 1") == ["NO FILES PURGED"]  # it is being read
    assert terminal.type("CLOSE RDR") == []
    assert terminal.type("Q RDR") == ["NO RDR FILES"]
    assert call(guest, 0) == 2


def test_descriptions_and_selection(site: Site, terminal: FakeTerminal, guest: Guest) -> None:
    send(site, terminal, "CMSUSER", "*", "ONE", "TWO")
    printer = site.system.users["CMSUSER"].devices[0x00E]
    assert isinstance(printer, Output)
    terminal.type("SPOOL PRT TO *")
    site.on_cp(lambda: printer.line(0x09, b"\xc1"))
    terminal.type("CLOSE PRT NAME A LISTING HOLD")
    assert call(guest, 0x04) == 0
    block = guest.machine.storage.read(BUFFER, 104)
    assert from_ebcdic(block[8:16]) == "CMSUSER " and struct.unpack_from(">H", block, 0x1E)[0] == 3
    assert (block[0x20], block[0x21], from_ebcdic(block[0x28:0x40]).split()) == (0x60, 0x40, ["A", "LISTING"])
    assert call(guest, 0x04) == 1
    found = []
    while (cc := call(guest, 0x08)) == 0:
        found.append(struct.unpack_from(">H", guest.machine.storage.read(BUFFER, 104), 0x1E)[0])
    assert (cc, found) == (1, [1, 2])
    assert call(guest, 0x0C, rx=2) == 0
    assert call(guest, 0x0C, rx=9) == 2
    assert read_cards(site, "CMSUSER") == ["TWO"]
    assert call(guest, 0xFFF, ry=0) == 0
    assert struct.unpack_from(">H", guest.machine.storage.read(BUFFER, 252), 0x1E)[0] == 1
    assert call(guest, 0xFFF, ry=1) == 0
    assert call(guest, 0xFFF, ry=3) == 1
    assert call(guest, 0xFFF, ry=77) == 2


def test_wrong_calls(guest: Guest, terminal: FakeTerminal) -> None:
    assert call(guest, 0, ry=0x0FF) == 3 and guest.machine.gr[5] == 4
    assert call(guest, 0, ry=0x00D) == 3 and guest.machine.gr[5] == 8
    terminal.type("NOTREADY 00C")
    assert call(guest, 0) == 3 and guest.machine.gr[5] == 12
    terminal.type("READY 00C")
    assert call(guest, 0, rx=BUFFER + 8) == SPECIFICATION
    assert call(guest, 0x99) == SPECIFICATION
    assert guest.call(0x14, 2, 5, r2=BUFFER, r5=0x00C, r6=0) == SPECIFICATION
    assert call(guest, 4, rx=BUFFER + 4000) == SPECIFICATION
    assert call(guest, 0x1C) == 2


def test_a_virtual_3211_has_a_form(site: Site, terminal: FakeTerminal) -> None:
    assert terminal.type("DEFINE 3211 AS 00F") == ["PRT  00F DEFINED"]
    assert terminal.type("LOADVFCB 00F FCB FCB8") == []
    assert terminal.type("LOADVFCB 00F FCB FROB") == ["DMKCSB044E FROB DOES NOT EXIST"]
    assert terminal.type("LOADVFCB 00E FCB FCB8") == ["DMKCSB006E INVALID DEVICE TYPE - 00E"]
    device = site.system.users["CMSUSER"].machine.device(0x00F)
    assert isinstance(device, Printer3211) and device.form.length == 68
    statuses: list[int] = []

    def lines() -> None:
        for _ in range(63):
            statuses.append(device.perform(FakePath(0x09, b"\xc1")))  # type: ignore[arg-type]

    site.on_cp(lines)
    met = [number for number, status in enumerate(statuses, 1) if status & UnitStatus.UNIT_EXCEPTION]
    assert met == [62]  # channel 12 is at line 63
    assert terminal.type("CLOSE PRT")[-1].startswith("PRT FILE 0001 FOR CMSUSER")
    assert [record.opcode for record in site.system.spool.records(1)][:2] == [0x63, 0x09]
    file = site.system.spool.file(1)
    assert file is not None and file.records == 63
