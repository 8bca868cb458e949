"""Programs that send messages without end: what CP keeps for them has a limit, and buffers may go at any time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.diagnose.d008_command import _Response
from cpvm.cp.iucvblok import Code as IUCVCode
from cpvm.cp.iucvblok import Flag, Function
from cpvm.cp.iucvpath import MOST_PURGED
from cpvm.cp.savedsys import PageRange, SavedSystem
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.cp.vmcfblok import Code, Parameters
from cpvm.cp.vmcfblok import Function as VMCFFunction
from cpvm.s370.ebcdic import to_ebcdic

from .calling import Guest
from .helper import DIRECTORY, Site

LIST, BUFFER = 0x1000, 0x1100
SEGMENT = 0x300000
ONE_WAY = int(Flag.ONE_WAY)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path, DIRECTORY.replace("ALIAS CONV", "OPTION MAXCONN 8\nALIAS CONV"))
    site = Site(tmp_path)
    yield site
    site.system.shutdown()


class Speaker(Guest):
    """A guest that has connected to itself: what it sends on path 0 comes by path 1."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, site.logon("CMSUSER"))
        self.vm = site.system.users["CMSUSER"]
        self.size = self.machine.storage.size

    def ask(self, function: Function, data: bytes) -> int:
        """Carry out a function with a list that begins with DATA; the return code, or minus the condition code."""
        self.put(LIST, data.ljust(40, b"\0"))
        self.set(0, function)
        self.set(4, LIST)
        self.put(0x200, bytes.fromhex("B2F04000 0590 82000240"))  # BALR: the condition code
        self.put(0x240, bytes.fromhex("00020000000000C0"))
        self.put(0x68, bytes.fromhex("00020000000000EE"))
        self.terminal.type("STORE PSW 00000000 00000000")
        self.terminal.type("BEGIN 200", ReadState.CP_READ)
        assert self.machine.psw.address == 0xC0, self.machine.psw
        cc = self.get(9) >> 28 & 3
        return self.machine.storage.read(LIST + 3, 1)[0] if cc == 1 else -cc

    def connect(self) -> None:
        """The paths."""
        assert self.ask(Function.DECLARE_BUFFER, struct.pack(">12xI", BUFFER)) == 0
        assert self.ask(Function.CONNECT, struct.pack(">HBxHxx8s", 0, 0, 255, to_ebcdic("CMSUSER "))) == 0
        assert self.ask(Function.ACCEPT, struct.pack(">HBxH", 1, 0, 255)) == 0

    def send(self, length: int, flags: int = ONE_WAY, at: int = 0) -> int:
        """SEND so many bytes."""
        return self.ask(Function.SEND, struct.pack(">HBxIIII", 0, flags, 0, 0, at, length))

    def receive(self, length: int) -> int:
        """RECEIVE into so many bytes."""
        return self.ask(Function.RECEIVE, struct.pack(">HBxIIII", 1, int(Flag.BY_PATH), 0, 0, 0x3000, length))


def test_iucv_keeps_no_more_than_the_sender_has_storage(site: Site) -> None:
    guest = Speaker(site)
    guest.connect()
    half = guest.size // 2
    assert [guest.send(half), guest.send(half), guest.send(1)] == [0, 0, IUCVCode.LIMIT]
    assert guest.vm.iucv.copied == guest.size
    assert guest.ask(Function.PURGE, struct.pack(">HB", 0, int(Flag.BY_PATH))) == 0
    assert guest.send(1) == 0, "what was taken back counts no more"
    assert guest.send(half) == IUCVCode.LIMIT


def test_iucv_lists_of_areas_are_counted_before_they_are_read(site: Site) -> None:
    guest = Speaker(site)
    guest.connect()
    guest.put(0x8000, struct.pack(">II", 0, guest.size) * 1024)
    listed = ONE_WAY | int(Flag.QUIESCE)
    assert guest.send(0x7FFFFFFF, listed, 0x8000) == IUCVCode.LIMIT
    assert guest.vm.iucv.copied == 0
    assert guest.send(guest.size, listed, 0x8000) == 0


def test_messages_that_nobody_asks_for_any_more_count_too(site: Site) -> None:
    """One is received and done with, but its sender does not want to be told."""
    guest = Speaker(site)
    guest.connect()
    limit = guest.vm.iucv.paths[1].limit
    guest.vm.iucv.paths[1].limit = 3
    for _ in range(3):
        assert guest.send(8) == 0
        assert guest.receive(8) == 0
    path = guest.vm.iucv.paths[0]
    assert (len(path.sent), len(path.replies), limit) == (0, 3, 255)
    assert guest.send(8) == IUCVCode.LIMIT
    assert guest.ask(Function.TEST_COMPLETION, struct.pack(">HB", 0, int(Flag.BY_PATH))) == 0
    assert guest.send(8) == 0


def test_a_path_remembers_so_many_purged_messages(site: Site) -> None:
    guest = Speaker(site)
    guest.connect()
    path = guest.vm.iucv.paths[1]
    path.purged.update(dict.fromkeys(range(1_000_000, 1_000_000 + MOST_PURGED)))
    assert guest.send(8, 0) == 0
    assert guest.receive(8) == 0
    assert guest.ask(Function.PURGE, struct.pack(">HB", 0, int(Flag.BY_PATH))) == 0
    assert len(path.purged) == MOST_PURGED
    assert 1_000_000 not in path.purged


def vmcf(guest: Guest, function: int, address: int, length: int, identifier: int = 7) -> int:
    """Give a request of VMCF, for oneself; the return code."""
    parameters = struct.pack(
        ">BxHI8sIIII8s", 0, function, identifier, to_ebcdic("CMSUSER "), address, length, 0, 0, bytes(8)
    )
    guest.put(LIST, parameters)
    assert guest.call(0x68, 4, 5, r4=LIST) >= 0
    return guest.get(5)


def test_vmcf_keeps_no_more_than_the_sender_has_storage(site: Site) -> None:
    guest = Speaker(site)
    half = guest.size // 2
    assert vmcf(guest, VMCFFunction.AUTHORIZE, 0x2000, guest.size - 0x2000) == Code.NORMAL
    assert [vmcf(guest, VMCFFunction.SENDX, 0, half, number) for number in range(3)] == [0, 0, Code.TOO_MANY]
    assert vmcf(guest, VMCFFunction.CANCEL, 0, 0, 1) == Code.NORMAL
    assert vmcf(guest, VMCFFunction.SENDX, 0, half, 3) == Code.NORMAL
    assert sum(len(message.data) for message in guest.vm.vmcf.outgoing) == guest.size
    assert Parameters.from_bytes(guest.machine.storage.read(LIST, 40)).identifier == 3


@pytest.mark.parametrize("what", ["VMCF", "SENDX", "IUCV", "clock"])
def test_a_buffer_in_a_segment_that_goes(site: Site, what: str) -> None:
    """The interruption comes, nothing is stored, and CP has no error of its own."""
    pages = (PageRange(SEGMENT // 4096, SEGMENT // 4096, "SR"),)
    site.on_cp(lambda: site.system.saved.save(SavedSystem("SEG", pages, segment=True, keys=bytes(2)), [bytes(4096)]))
    guest = Speaker(site)
    guest.put(0x2000, to_ebcdic("SEG     "))
    assert guest.call(0x64, 2, 3, r2=0x2000, r3=0) == 0
    if what == "clock":
        assert guest.call(0x70, 4, 0, r4=SEGMENT) >= 0
    elif what == "IUCV":
        assert guest.ask(Function.DECLARE_BUFFER, struct.pack(">12xI", SEGMENT)) == 0
        assert guest.ask(Function.CONNECT, struct.pack(">HBxHxx8s", 0, 0, 255, to_ebcdic("CMSUSER "))) == 0
    else:
        assert vmcf(guest, VMCFFunction.AUTHORIZE, SEGMENT, 200) == Code.NORMAL
        function = VMCFFunction.IDENTIFY if what == "VMCF" else VMCFFunction.SENDX
        assert vmcf(guest, function, 0x2000, 8) == Code.NORMAL
    assert guest.call(0x64, 2, 3, r2=0x2000, r3=8) == 0
    if what != "clock":
        guest.put(0x58, bytes.fromhex("00020000000000AA"))
        guest.put(0x300, bytes.fromhex("00000003 00000000 01020000 00000BBB"))
        guest.put(0x200, bytes.fromhex("B7000300 82000308"))
        guest.terminal.type("STORE PSW 00000000 00000000")
        guest.terminal.type("BEGIN 200", ReadState.CP_READ)
        assert guest.machine.psw.address == 0xAA
    if what == "SENDX":
        error = [arrival.error for arrival in guest.vm.vmcf._arrivals]
        assert error == [Code.BUFFER], "and the source is told"
    assert guest.call(0x24, 2, 4, r2=0x191) == 0, "the machine goes on"
    assert not [line for line in site.system.log.lines if "908I" in line]


def test_of_a_long_response_no_more_is_kept_than_fits(site: Site) -> None:
    """DIAGNOSE X'08' with a buffer: the whole of storage displayed is counted, but not kept by CP."""
    response = _Response(100)
    for number in range(10_000):
        response.line(f"LINE {number:05}")
    assert (len(response.data), response.length) == (100, 110_000)
    guest = Guest(site, site.logon("CMSUSER"))
    guest.put(0x3000, bytes(range(256)) * 64)
    line = to_ebcdic("DISPLAY 3000.4000")
    guest.put(0x1000, line)
    assert guest.call(0x08, 4, 6, r4=0x1000, r5=0x2000, r6=0x40000000 | len(line), r7=100) == 1
    assert guest.get(7) > 0x4000
    assert guest.text(0x2000, 15) == "003000  0001020"
