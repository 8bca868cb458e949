"""The Inter-User Communication Vehicle: guests that connect, send, receive and reply, and services of CP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.iucvblok import Code, Flag, Function, List, Type
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .calling import ADDRESSING, PRIVILEGED, SPECIFICATION, Guest
from .helper import DIRECTORY, Site

LIST, BUFFER, DATA, ANSWER = 0x1000, 0x1100, 0x2000, 0x2800
CONNECTED = DIRECTORY.replace("ALIAS CONV", "IUCV ANY\nALIAS CONV").replace("ALIAS FIRST", "IUCV ALLOW\nALIAS FIRST")
OPERATION = -1
DATA_FLAG, PRIORITY, ONE_WAY = int(Flag.DATA), int(Flag.PRIORITY), int(Flag.ONE_WAY)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path, CONNECTED)
    site = Site(tmp_path)
    yield site
    site.system.shutdown()


class Speaker(Guest):
    """A guest that issues the instruction X'B2F0', and waits for interruptions."""

    def __init__(self, site: Site, userid: str, password: str = "", *, declare: bool = True) -> None:
        super().__init__(site, site.logon(userid, password or None), userid)
        self.vm = site.system.users[userid]
        self.answer = List()
        if declare:
            assert self.ask(Function.DECLARE_BUFFER, a=(BUFFER, 0)) == 0

    def run(self, function: int, address: int = LIST) -> int:
        """Issue it; the condition code, or a program interruption as a negative number."""
        self.set(0, function)
        self.set(4, address)
        self.call(0x60, 5, 0)  # prepares the program behind the instruction
        self.put(0x200, bytes.fromhex("B2F04000"))
        self.set(0, function)
        self.set(4, address)
        self.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        self.terminal.type("BEGIN 200", ReadState.CP_READ)
        end = self.machine.psw.address
        return -self.machine.storage.read(0x2B, 1)[0] if end == 0xEE else end & 3

    def ask(  # noqa: PLR0917 - the fields of the list
        self, function: int, path: int = 0, flags: int = 0, a: tuple[int, int] = (0, 0), b: tuple[int, int] = (0, 0),
        identifier: int = 0, target: int = 0, source: int = 0, tag: int = 0,
    ) -> int:  # fmt: skip
        self.put(LIST, struct.pack(">HBxIIIIIIIIxxxx", path, flags, identifier, target, *a, source, tag, *b))
        cc = self.run(function)
        self.answer = List(self.machine.storage.read(LIST, 40))
        return cc

    def connect(self, user: str, flags: int = 0, limit: int = 0, data: bytes = b"sixteen bytes...") -> int:
        text = to_ebcdic(f"{user:<8}")
        self.put(LIST, struct.pack(">HBxHxx8s16sQ", 0, flags, limit, text, data, 0))
        cc = self.run(Function.CONNECT)
        self.answer = List(self.machine.storage.read(LIST, 40))
        return cc

    @property
    def code(self) -> int:
        return self.answer.data[3]

    def interrupted(self) -> List:
        """Let the interruption X'4000' come."""
        self.put(0x58, bytes.fromhex("00020000000000AA"))
        self.put(0x300, bytes.fromhex("00000002 00000000 01020000 00000BBB"))
        self.put(0x200, bytes.fromhex("B7000300 82000308"))
        self.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        self.terminal.session.line("BEGIN 200")
        self.terminal.until_line("DISABLED WAIT PSW '00020000 000000AA'")
        self.terminal.until(ReadState.CP_READ)
        assert self.machine.storage.read(0x1A, 2) == b"\x40\x00"
        return List(self.machine.storage.read(BUFFER, 40))

    @property
    def pending(self) -> bool:
        return 0x4000 in self.machine.interruptions.others


@pytest.fixture
def pair(site: Site) -> tuple[Speaker, Speaker]:
    """CMSUSER's path 0 to USER01's path 0, complete, for data in lists and priority too."""
    one, two = Speaker(site, "CMSUSER"), Speaker(site, "USER01", "SECRET")
    assert one.connect("USER01", DATA_FLAG | PRIORITY) == 0
    event = two.interrupted()
    assert (event.path, event.data[3]) == (0, Type.PENDING)
    assert from_ebcdic(bytes(event.data[8:16])) == "CMSUSER "
    assert bytes(event.data[16:32]) == b"sixteen bytes..."
    assert two.ask(Function.ACCEPT, flags=DATA_FLAG | PRIORITY, a=(0, 0)) == 0
    event = one.interrupted()
    assert (event.path, event.data[3], event.half(4)) == (0, Type.COMPLETE, 10)
    return one, two


def test_query_and_buffers(site: Site) -> None:
    guest = Speaker(site, "CMSUSER", declare=False)
    assert guest.run(Function.QUERY) == 0
    assert (guest.get(0), guest.get(1)) == (40, 4)
    assert guest.run(Function.CONNECT) == OPERATION
    assert guest.ask(Function.DECLARE_BUFFER, a=(BUFFER + 4, 0)) == SPECIFICATION
    assert guest.ask(Function.DECLARE_BUFFER, a=(0x40000, 0)) == ADDRESSING
    assert guest.ask(Function.DECLARE_BUFFER, a=(BUFFER, 0)) == 0
    assert (guest.ask(Function.DECLARE_BUFFER, a=(BUFFER, 0)), guest.code) == (1, Code.DECLARED)
    assert guest.run(18) == SPECIFICATION
    assert guest.run(Function.SEND, LIST + 4) == SPECIFICATION
    assert guest.run(Function.SEND, 0x40000) == ADDRESSING
    assert guest.run(Function.RETRIEVE_BUFFER) == 0
    assert guest.run(Function.SEND) == OPERATION


def test_two_instructions_in_a_row_and_the_problem_state(site: Site) -> None:
    guest = Speaker(site, "CMSUSER")
    guest.put(0x200, bytes.fromhex("B2F04000 B2F04000 B2F04000 82000240"))
    guest.set(0, Function.TEST_COMPLETION)
    guest.set(4, LIST)
    guest.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
    assert guest.terminal.type("BEGIN 200", ReadState.CP_READ)[0].endswith("000000C0'")
    guest.put(0x200, bytes.fromhex("B2F14000"))
    guest.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
    guest.terminal.type("BEGIN 200", ReadState.CP_READ)
    assert guest.machine.storage.read(0x2B, 1)[0] == 1
    guest.put(0x200, bytes.fromhex("B2F04000"))
    guest.terminal.type("STORE PSW 00010000 00000200", ReadState.CP_READ)
    guest.terminal.type("BEGIN", ReadState.CP_READ)
    assert guest.machine.storage.read(0x2B, 1)[0] == -PRIVILEGED


def test_other_operation_codes_stay_operation_exceptions(site: Site) -> None:
    guest = Speaker(site, "CMSUSER")
    for address, code in ((0x3FFFE, "0000"), (0x200, "B2FF4000"), (0x200, "0100")):
        guest.put(address, bytes.fromhex(code))
        guest.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        guest.terminal.type(f"BEGIN {address:X}", ReadState.CP_READ)
        assert guest.machine.storage.read(0x2B, 1)[0] == 1


def test_a_question_and_its_answer(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    one.put(DATA, b"What is the time?")
    assert one.ask(Function.SEND, 0, 0, (DATA, 17), (ANSWER, 20), target=5, source=6, tag=7) == 0
    number = one.answer.word(4)
    told = two.interrupted()
    assert (told.path, told.data[3], told.word(4), told.word(8)) == (0, Type.MESSAGE, number, 5)
    assert (told.word(16), told.word(32)) == (17, 20)
    assert not two.pending
    assert (two.ask(Function.RECEIVE, 0, 1, (DATA, 10)), two.code) == (1, Code.SHORT)
    assert two.answer.word(16) == 7
    assert two.ask(Function.RECEIVE, 0, 1, (DATA + 10, 30)) == 0
    assert (two.answer.word(12), two.answer.word(16), two.answer.word(32)) == (DATA + 17, 23, 20)
    assert two.machine.storage.read(DATA, 17) == b"What is the time?"
    assert not one.pending
    two.put(DATA, b"Noon")
    assert two.ask(Function.REPLY, 0, 0, b=(DATA, 4), identifier=number, target=5) == 0
    assert two.answer.word(32) == 16
    told = one.interrupted()
    assert (told.data[3], told.word(4), told.word(8), told.word(20), told.word(24), told.word(32)) == (
        Type.REPLY, number, 0, 6, 7, 16,
    )  # fmt: skip
    assert one.machine.storage.read(ANSWER, 5) == b"Noon\0"
    assert two.ask(Function.REPLY, 0, 0, b=(DATA, 4), identifier=number, target=5) == 2
    assert two.ask(Function.RECEIVE, 0, 1, (DATA, 10)) == 2


def test_one_way_data_in_the_list_and_priority(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    assert one.ask(Function.SEND, 0, DATA_FLAG | ONE_WAY, (0x01020304, 0x05060708)) == 0
    first = one.answer.word(4)
    assert one.ask(Function.SEND, 0, PRIORITY | ONE_WAY, (DATA, 1)) == 0
    second = one.answer.word(4)
    told = two.interrupted()
    assert (told.data[3], told.word(4)) == (Type.PRIORITY_MESSAGE, second)
    told = two.interrupted()
    assert (told.data[3], told.word(4)) == (Type.MESSAGE, first)
    assert bytes(told.data[12:20]) == bytes(range(1, 9))
    assert two.ask(Function.RECEIVE, 0, 3, identifier=first) == 0
    assert two.answer.flags & DATA_FLAG
    assert one.interrupted().word(4) == first
    assert two.ask(Function.REJECT, 0, 3, identifier=second) == 0
    told = one.interrupted()
    assert (told.data[3], told.word(4), told.word(8)) == (Type.PRIORITY_REPLY, second, 0x00200000)


def test_lists_of_areas(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    one.put(DATA, b"abcdefgh")
    one.put(0x1200, struct.pack(">IIII", DATA + 4, 3, DATA, 2))
    one.put(0x1280, struct.pack(">IIII", ANSWER, 2, ANSWER + 8, 10))
    assert one.ask(Function.SEND, 0, 0x48, (0x1200, 5), (0x1280, 12)) == 0
    number = one.answer.word(4)
    two.interrupted()
    two.put(0x1200, struct.pack(">IIII", DATA, 1, DATA + 16, 16))
    assert two.ask(Function.RECEIVE, 0, 0x41, (0x1200, 17)) == 0
    assert (two.machine.storage.read(DATA, 1), two.machine.storage.read(DATA + 16, 4)) == (b"e", b"fgab")
    two.put(DATA, b"reply")
    assert two.ask(Function.REPLY, 0, 0, b=(DATA, 5), identifier=number) == 0
    assert one.interrupted().word(32) == 7
    assert (one.machine.storage.read(ANSWER, 2), one.machine.storage.read(ANSWER + 8, 3)) == (b"re", b"ply")
    assert (one.ask(Function.SEND, 0, 0x40, (0x1204, 5)), one.code) == (1, Code.LIST)


def test_refusals(pair: tuple[Speaker, Speaker], site: Site) -> None:
    one, two = pair
    for asked, code in (
        ({"path": 3}, Code.PATH), ({"a": (0x3FFFF, 2)}, Code.ADDRESSING), ({"a": (DATA, 0x80000000)}, Code.NEGATIVE),
        ({"b": (ANSWER, 0xFFFFFFFF)}, Code.NEGATIVE),
    ):  # fmt: skip
        assert one.ask(Function.SEND, **asked) == 1
        assert one.code == code
    for user, code in (
        ("NOSUCH", Code.NOT_LOGGED_ON), ("OPERATOR", Code.NO_BUFFER), ("*NONE", Code.NO_SERVICE),
    ):  # fmt: skip
        site.logon("OPERATOR") if user == "OPERATOR" else None
        assert (one.connect(user), one.code) == (1, code)
    assert (one.connect("USER01", limit=256), one.code) == (1, Code.LIMIT_TOO_LARGE)
    one.put(LIST, bytes.fromhex("00000000 00000001") + to_ebcdic("*MSG    ") + bytes(24))
    assert (one.run(Function.CONNECT), one.machine.storage.read(LIST + 3, 1)[0]) == (1, Code.CONTROL_CODE)
    third = Speaker(site, "MAINT", "CPCMS")
    assert (third.connect("CMSUSER"), third.code) == (1, Code.NOT_AUTHORIZED)
    assert third.connect("USER01") == 0
    assert third.connect("MAINT") == 0
    assert [third.connect("USER01") for _ in range(2)] == [0, 1]
    assert third.code == Code.TOO_MANY
    for _ in range(10):
        assert one.ask(Function.SEND, 0, ONE_WAY, (DATA, 1)) == 0
    assert (one.ask(Function.SEND, 0, ONE_WAY, (DATA, 1)), one.code) == (1, Code.LIMIT)
    assert (two.ask(Function.ACCEPT, 0), two.code) == (1, Code.PATH)


def test_quiesce_purge_sever(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    assert two.ask(Function.QUIESCE, 0) == 0
    assert one.interrupted().data[3] == Type.QUIESCED
    assert (one.ask(Function.SEND, 0, 0, (DATA, 4)), one.code) == (1, Code.QUIESCED)
    assert two.ask(Function.RESUME, 0) == 0
    assert one.interrupted().data[3] == Type.RESUMED
    assert one.ask(Function.SEND, 0, 0, (DATA, 4), (ANSWER, 4), source=9) == 0
    number = one.answer.word(4)
    assert two.ask(Function.RECEIVE, 0, 1, (DATA, 4)) == 0
    assert one.ask(Function.PURGE, 0, 4, source=8) == 2
    assert one.ask(Function.PURGE, 0, 4, source=9) == 0
    assert one.answer.word(4) == number
    assert (two.ask(Function.REPLY, 0, b=(DATA, 1), identifier=number), two.code) == (1, Code.PURGED)
    assert one.ask(Function.SEND, 0, ONE_WAY, (DATA, 4)) == 0
    assert two.ask(Function.DESCRIBE) == 0
    assert two.answer.data[3] == Type.MESSAGE
    assert not two.pending
    assert two.ask(Function.RECEIVE, 0, 1, (DATA, 4)) == 0
    assert one.ask(Function.TEST_COMPLETION, 0) == 0
    assert not one.pending
    assert one.ask(Function.TEST_COMPLETION, 0) == 2
    assert one.ask(Function.SEVER, 0) == 0
    assert two.interrupted().data[3] == Type.SEVERED
    assert (two.ask(Function.SEND, 0, 0, (DATA, 4)), two.code) == (1, Code.PATH)
    assert two.ask(Function.SEVER, 0) == 0
    assert (two.ask(Function.SEVER, 0), two.code) == (1, Code.PATH)


def test_masks(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    two.put(LIST, bytes.fromhex("7800"))
    assert two.run(Function.SET_MASK) == 0
    assert one.ask(Function.SEND, 0, ONE_WAY, (DATA, 4)) == 0
    assert not two.pending
    two.put(LIST, bytes.fromhex("D800"))
    two.run(Function.SET_CONTROL_MASK)  # all but severed paths
    two.put(LIST, bytes.fromhex("F800"))
    two.run(Function.SET_MASK)
    assert two.interrupted().data[3] == Type.MESSAGE
    assert one.ask(Function.SEVER, 0) == 0
    assert not two.pending


@pytest.mark.parametrize("end", ["LOGOFF", "SYSTEM RESET", "DEFINE STORAGE 512K"])
def test_the_other_machine_goes_away(pair: tuple[Speaker, Speaker], end: str) -> None:
    one, two = pair
    assert one.ask(Function.SEND, 0, 0, (DATA, 4), (ANSWER, 4)) == 0
    two.terminal.type(end)
    assert one.interrupted().data[3] == Type.SEVERED
    assert not one.pending
    assert (one.ask(Function.SEND, 0, 0, (DATA, 4)), one.code) == (1, Code.PATH)


def test_waiting_for_a_message(pair: tuple[Speaker, Speaker]) -> None:
    one, two = pair
    two.put(0x200, bytes.fromhex("B2F04000"))
    two.set(0, Function.TEST_MESSAGE)
    two.set(4, LIST)
    two.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
    two.terminal.type("BEGIN 200", ReadState.RUNNING)
    assert one.ask(Function.SEND, 0, ONE_WAY, (DATA, 4)) == 0
    two.terminal.until_line("DISABLED WAIT PSW '00020000 000000C1'")


def test_messages_of_other_users(site: Site) -> None:
    guest, other = Speaker(site, "CMSUSER"), site.logon("USER01", "SECRET")
    assert guest.connect("*MSG") == 0
    assert guest.interrupted().data[3] == Type.COMPLETE
    other.type("MSG CMSUSER SHOWN")
    guest.terminal.until_line("MSG FROM USER01  : SHOWN")
    guest.terminal.type("SET MSG IUCV#SET SMSG IUCV", ReadState.CP_READ)
    assert guest.terminal.type("Q SET")[0].startswith("MSG IUCV")
    for command, message_class in (("MSG CMSUSER Hello", 1), ("SMSG CMSUSER Hello", 4)):
        assert other.type(command) == []
        told = guest.interrupted()
        assert (told.data[3], told.word(8), told.word(16)) == (Type.MESSAGE, message_class, 13)
        assert guest.ask(Function.RECEIVE, 0, 1, (DATA, 100)) == 0
        assert guest.text(DATA, 13) == "USER01  Hello"
    assert (guest.ask(Function.SEND, 0, ONE_WAY, (DATA, 4)), guest.code) == (1, Code.QUIESCED)
    assert guest.ask(Function.SEVER, 0) == 0
    other.type("MSG CMSUSER SHOWN AGAIN")
    guest.terminal.until_line("MSG FROM USER01  : SHOWN AGAIN")
