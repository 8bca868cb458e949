"""The Virtual Machine Communication Facility: what two guests send each other, and how they are interrupted for it."""

from __future__ import annotations

import random
import struct

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.vmcfblok import Code, Function, Parameters
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .calling import ADDRESSING, SPECIFICATION, Guest
from .helper import Site

LIST, BUFFER, DATA, REPLY = 0x1000, 0x1100, 0x2000, 0x2800
SPECIFIC, PRIORITY, SPECIAL = 0x80, 0x40, 0x20


class Speaker(Guest):
    """A guest that gives VMCF requests, and waits for interruptions."""

    def __init__(self, site: Site, userid: str, password: str = "") -> None:
        super().__init__(site, site.logon(userid, password or None), userid)
        self.vm = site.system.users[userid]

    def ask(  # noqa: PLR0917 - the fields of the parameter list
        self,
        function: int,
        user: str = "",
        a: tuple[int, int] = (0, 0),
        b: tuple[int, int] = (0, 0),
        identifier: int = 7,
        flags: int = 0,
        use: bytes = b"DOUBLEWD",
    ) -> int:
        """The return code."""
        self.put(LIST, struct.pack(">BxHI8sIIII8s", flags, function, identifier, to_ebcdic(f"{user:<8}"), *a, *b, use))
        assert self.call(0x68, 4, 5, r4=LIST) >= 0
        return self.get(5)

    def authorize(self, length: int = 200, flags: int = 0, user: str = "") -> None:
        assert self.ask(Function.AUTHORIZE, user, (BUFFER, length), flags=flags) == Code.NORMAL

    def interrupted(self) -> tuple[int, int, int, int, str, int, int, bytes]:
        """Let the interruption X'4001' come: status, error, function, identifier, user, lengths, doubleword."""
        self.put(0x58, bytes.fromhex("00020000000000AA"))
        self.put(0x300, bytes.fromhex("00000001 00000000 01020000 00000BBB"))
        self.put(0x200, bytes.fromhex("B7000300 82000308"))
        self.terminal.type("STORE PSW 00000000 00000000")
        self.terminal.session.line("BEGIN 200")
        self.terminal.until_line("DISABLED WAIT PSW '00020000 000000AA'")
        self.terminal.until(ReadState.CP_READ)
        assert self.machine.storage.read(0x1A, 2) == b"\x40\x01"
        data = self.machine.storage.read(BUFFER, 40)
        status, error, function, identifier, user, _, a, _, b, use = struct.unpack(">BBHI8sIIII8s", data)
        return status, error, function, identifier, from_ebcdic(user).rstrip(), a, b, use

    @property
    def pending(self) -> bool:
        return 0x4001 in self.machine.interruptions.others


@pytest.fixture
def pair(site: Site) -> tuple[Speaker, Speaker]:
    source, sink = Speaker(site, "CMSUSER"), Speaker(site, "USER01", "SECRET")
    source.authorize()
    sink.authorize()
    return source, sink


def test_send_is_received_and_answered(pair: tuple[Speaker, Speaker]) -> None:
    source, sink = pair
    source.put(DATA, b"twelve bytes")
    assert source.ask(Function.SEND, "USER01", (DATA, 12)) == Code.NORMAL
    assert sink.interrupted() == (0, 0, Function.SEND, 7, "CMSUSER", 12, 0, b"DOUBLEWD")
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 20), use=b"RECEIVED") == Code.NORMAL
    assert sink.machine.storage.read(DATA, 13) == b"twelve bytes\0"
    assert source.interrupted() == (0x80, 0, Function.SEND, 7, "USER01", 0, 0, b"RECEIVED")
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 20)) == Code.NOT_FOUND
    assert not source.pending and not sink.pending


def test_send_receive_and_reply(pair: tuple[Speaker, Speaker]) -> None:
    source, sink = pair
    source.put(DATA, b"question")
    assert source.ask(Function.SEND_RECEIVE, "USER01", (DATA, 8), (REPLY, 16)) == Code.NORMAL
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 8)) == Code.NOT_YET
    assert sink.interrupted()[:7] == (0, 0, Function.SEND_RECEIVE, 7, "CMSUSER", 8, 16)
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 8)) == Code.NORMAL
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 8)) == Code.PROTOCOL
    assert not source.pending
    sink.put(DATA, b"answer")
    assert sink.ask(Function.REPLY, "CMSUSER", (DATA, 6), use=b"REPLIED.") == Code.NORMAL
    assert source.interrupted() == (0x80, 0, Function.SEND_RECEIVE, 7, "USER01", 0, 10, b"REPLIED.")
    assert source.machine.storage.read(REPLY, 7) == b"answer\0"


def test_wrong_lengths_are_told_to_both(pair: tuple[Speaker, Speaker]) -> None:
    source, sink = pair
    assert source.ask(Function.SEND, "USER01", (DATA, 100)) == Code.NORMAL
    sink.interrupted()
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 30)) == Code.LENGTH
    assert source.interrupted()[:6] == (0x80, Code.LENGTH, Function.SEND, 7, "USER01", 70)
    assert source.ask(Function.SEND_RECEIVE, "USER01", (DATA, 5), (REPLY, 8)) == Code.NORMAL
    sink.interrupted()
    sink.put(DATA, b"more than eight")
    assert sink.ask(Function.REPLY, "CMSUSER", (DATA, 15)) == Code.LENGTH
    assert source.interrupted()[:7] == (0x80, Code.LENGTH, Function.SEND_RECEIVE, 7, "USER01", 5, 0)
    assert source.machine.storage.read(REPLY, 9) == b"more tha\0"


def test_sendx_brings_its_data(pair: tuple[Speaker, Speaker]) -> None:
    source, sink = pair
    source.put(DATA, b"all at once")
    assert source.ask(Function.SENDX, "USER01", (DATA, 161)) == Code.TOO_LARGE
    assert source.ask(Function.SENDX, "USER01", (DATA, 11)) == Code.NORMAL
    source.put(DATA, b"too late...")
    assert sink.interrupted()[:6] == (0, 0, Function.SENDX, 7, "CMSUSER", 11)
    assert sink.machine.storage.read(BUFFER + 40, 11) == b"all at once"
    assert source.ask(Function.CANCEL, "USER01") in (Code.TOO_LATE, Code.NOT_FOUND)
    assert source.interrupted()[:6] == (0x80, 0, Function.SENDX, 7, "USER01", 0)


def test_identify_reject_cancel(pair: tuple[Speaker, Speaker]) -> None:
    source, sink = pair
    assert source.ask(Function.IDENTIFY, "USER01") == Code.NORMAL
    assert sink.interrupted() == (0x80, 0, Function.IDENTIFY, 7, "CMSUSER", 0, 0, b"DOUBLEWD")
    assert source.ask(Function.SEND, "USER01", (DATA, 4), identifier=1) == Code.NORMAL
    assert source.ask(Function.SEND, "USER01", (DATA, 4), identifier=1) == Code.DUPLICATE
    assert source.ask(Function.SEND, "USER01", (DATA, 4), identifier=2) == Code.NORMAL
    assert source.ask(Function.CANCEL, "USER01", identifier=2) == Code.NORMAL
    assert source.ask(Function.CANCEL, "USER01", identifier=2) == Code.NOT_FOUND
    assert sink.ask(Function.CANCEL, "CMSUSER", identifier=1) == Code.PROTOCOL
    assert sink.interrupted()[3] == 1
    assert not sink.pending
    assert sink.ask(Function.REPLY, "CMSUSER", identifier=1) == Code.PROTOCOL
    assert sink.ask(Function.REJECT, "CMSUSER", identifier=1) == Code.NORMAL
    assert source.interrupted()[:5] == (0xC0, 0, Function.SEND, 1, "USER01")
    assert source.ask(Function.SEND_RECEIVE, "USER01", (DATA, 4), (REPLY, 4)) == Code.NORMAL
    sink.interrupted()
    assert sink.ask(Function.RECEIVE, "CMSUSER", (DATA, 4)) == Code.NORMAL
    assert source.ask(Function.CANCEL, "USER01") == Code.REPLY_CANCELLED
    assert sink.ask(Function.REPLY, "CMSUSER") == Code.NOT_FOUND


def test_who_may_send_to_whom(pair: tuple[Speaker, Speaker], site: Site) -> None:
    source, sink = pair
    assert source.ask(Function.SEND, "NOSUCH") == Code.NOT_AVAILABLE
    assert source.ask(Function.SEND, "USER01", flags=PRIORITY) == Code.NO_PRIORITY
    assert sink.ask(Function.QUIESCE) == Code.NORMAL
    assert source.ask(Function.SEND, "USER01") == Code.QUIESCED
    assert sink.ask(Function.SEND, "CMSUSER") == Code.NORMAL  # which does not keep it from sending
    source.interrupted()
    assert source.ask(Function.REJECT, "USER01") == Code.NORMAL
    sink.interrupted()
    assert sink.ask(Function.RESUME) == Code.NORMAL
    sink.authorize(flags=SPECIFIC | PRIORITY, user="MAINT")
    assert source.ask(Function.SEND, "USER01") == Code.NOT_AVAILABLE
    sink.authorize(flags=SPECIFIC | PRIORITY, user="CMSUSER")
    assert source.ask(Function.SEND, "USER01", identifier=1) == Code.NORMAL
    assert source.ask(Function.SEND, "USER01", identifier=2, flags=PRIORITY) == Code.NORMAL
    assert [sink.interrupted()[::3][:2] for _ in range(2)] == [(0x20, 2), (0, 1)]
    assert sink.ask(Function.UNAUTHORIZE) == Code.NORMAL
    assert sink.ask(Function.RECEIVE, "CMSUSER", identifier=1) == Code.NOT_AUTHORIZED
    assert [source.interrupted()[:4] for _ in range(2)] == [
        (0xA0, Code.NOT_AVAILABLE, Function.SEND, 2),
        (0x80, Code.NOT_AVAILABLE, Function.SEND, 1),
    ]


@pytest.mark.parametrize("end", ["LOGOFF", "SYSTEM RESET", "DEFINE STORAGE 512K"])
def test_the_other_machine_goes_away(pair: tuple[Speaker, Speaker], end: str) -> None:
    source, sink = pair
    assert source.ask(Function.SEND_RECEIVE, "USER01", (DATA, 4), (REPLY, 4), identifier=1) == Code.NORMAL
    sink.interrupted()
    assert source.ask(Function.SEND, "USER01", identifier=2) == Code.NORMAL
    assert sink.ask(Function.SEND, "CMSUSER", identifier=3) == Code.NORMAL
    sink.terminal.type(end)
    assert {source.interrupted()[:4] for _ in range(2)} == {
        (0x80, Code.NOT_AVAILABLE, Function.SEND_RECEIVE, 1),
        (0x80, Code.NOT_AVAILABLE, Function.SEND, 2),
    }
    assert not source.pending
    assert source.ask(Function.SEND, "USER01") == Code.NOT_AVAILABLE


def test_messages_to_oneself(site: Site) -> None:
    guest = Speaker(site, "CMSUSER")
    guest.authorize()
    guest.put(DATA, b"wrapped")
    assert guest.ask(Function.SEND, "CMSUSER", (DATA, 7)) == Code.NORMAL
    assert guest.interrupted()[0] == 0
    assert guest.ask(Function.RECEIVE, "CMSUSER", (DATA + 3, 7)) == Code.OVERLAP
    assert guest.ask(Function.RECEIVE, "CMSUSER", (REPLY, 7)) == Code.NORMAL
    assert guest.interrupted()[0] == 0x80
    assert guest.machine.storage.read(REPLY, 7) == b"wrapped"


def test_parameters_are_checked(site: Site) -> None:
    guest = Speaker(site, "CMSUSER")
    size = guest.machine.storage.size
    assert guest.call(0x68, 4, 5, r4=LIST + 4) == SPECIFICATION
    assert guest.call(0x68, 4, 5, r4=size - 8) == ADDRESSING
    assert guest.ask(Function.SEND, "USER01") == Code.NOT_AUTHORIZED
    assert guest.ask(12) == Code.FUNCTION
    for area in ((BUFFER, 39), (BUFFER + 4, 100), (size - 40, 48), (0xFFFFFFF8, 40)):
        assert guest.ask(Function.AUTHORIZE, a=area) == Code.BUFFER
    guest.authorize()
    for area in ((size - 1, 2), (0xFFFFFFFF, 1), (0, 0xFFFFFFFF)):
        assert guest.ask(Function.SEND, "CMSUSER", area) == Code.BUFFER
        assert guest.ask(Function.SEND_RECEIVE, "CMSUSER", (DATA, 1), area) == Code.BUFFER
    for identifier in range(50):
        assert guest.ask(Function.SEND, "CMSUSER", identifier=identifier) == Code.NORMAL
    assert guest.ask(Function.SEND, "CMSUSER", identifier=50) == Code.TOO_MANY


def test_keys_protect(pair: tuple[Speaker, Speaker], site: Site) -> None:
    source, sink = pair
    site.on_cp(lambda: sink.machine.storage.set_key(DATA, 0x30))
    assert source.ask(Function.SEND, "USER01", (DATA, 4)) == Code.NORMAL
    sink.interrupted()
    asked = struct.pack(">BxHI8sIIII8s", 0, Function.RECEIVE, 7, to_ebcdic("CMSUSER "), DATA, 4, 0, 0, bytes(8))
    codes: list[int] = []
    for key in (5, 3):
        site.on_cp(lambda key=key: codes.append(sink.vm.vmcf.perform(_parameters(asked), key)))  # type: ignore[misc]
    assert codes == [Code.PROTECTION, Code.NORMAL]


def _parameters(data: bytes) -> Parameters:
    return Parameters.from_bytes(data)


def test_special_messages(site: Site) -> None:
    sink = Speaker(site, "CMSUSER")
    other = site.logon("USER01", "SECRET")
    assert other.type("SMSG CMSUSER GO") == ["DMKMSG057E CMSUSER NOT RECEIVING; SMSG OFF"]
    sink.terminal.type("SET SMSG ON")
    assert other.type("SMSG CMSUSER GO") == ["DMKMSG057E CMSUSER NOT RECEIVING; NOT AUTHORIZED"]
    sink.terminal.type("SET SMSG OFF")
    sink.authorize(169, SPECIAL)
    assert other.type("SMSG CMSUSER Go on") == []
    status, error, function, _, user, length, _, use = sink.interrupted()
    assert (status, error, function, user, length) == (0, 0, Function.SENDX, "SYSTEM", 5)
    assert from_ebcdic(use) == "USER01  "
    assert from_ebcdic(sink.machine.storage.read(BUFFER + 40, 5)) == "Go on"
    assert other.type("SMSG NOSUCH HI") == ["DMKMSG045E NOSUCH NOT LOGGED ON"]
    assert other.type("SMSG CMSUSER") == ["DMKMSG025E DATA MISSING OR INVALID"]


@pytest.mark.parametrize("seed", range(2))
def test_wild_requests_harm_nobody(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    users = [site.logon(*names) for names in (("CMSUSER", None), ("USER01", "SECRET"), ("MAINT", "CPCMS"))]
    names = ["CMSUSER", "USER01", "MAINT", "NOBODY", ""]
    numbers = (0, 1, 40, 200, 0x1000, 0x1100, 0x3FFF8, 0x40000, 0xFFFFFFFF, 0x80000000)
    flags = (0,) * 20 + (0x80, 0x40, 0x20, 0xFF)
    codes: set[int] = set()

    def storm() -> None:
        for _ in range(3000):
            vm = site.system.users[dice.choice(names[:3])]
            asked = struct.pack(
                ">BxHI8sIIII8s", dice.choice(flags), dice.randrange(13), dice.randrange(4),
                to_ebcdic(f"{dice.choice(names):<8}"), *(dice.choice(numbers) for _ in range(4)), bytes(8),
            )  # fmt: skip
            codes.add(vm.vmcf.perform(_parameters(asked), dice.choice((0, 0, 3))))
            if dice.random() < 0.3 and 0x4001 in vm.machine.interruptions.others:
                vm.machine.interruptions.others.remove(0x4001)
                vm.machine.interruptions.presenting[0x4001]()
            if dice.random() < 0.005:
                vm.reset()

    site.on_cp(storm)
    assert len(codes) >= 8
    assert users[0].type("QUERY USERID") == ["CMSUSER  AT CPVM"]
    assert not [line for line in site.system.log.lines if "908I" in line]


ROUNDS = 1000


def test_two_machines_answer_each_other_for_long(site: Site) -> None:
    """Each answers every message with another, while both may run at the same time; nothing is lost."""
    program = {
        0x400: "B7000600 41400700 83450068 41400740 82000608",  # authorize, wait
        0x500: "91800800 47100524 58600610 41660001 50600610 50600744 83450068 1255 47700530 0700 82000608",
        0x530: "82000618",
        0x58: "00000000 00000500",
        0x68: "00020000 00000EEE",
        0x600: "00000001 00000000 01020000 00000000 00000000 00000000 00020000 00000BAD",
        0x700: "00000000 00000000 4040404040404040 00000800 00000100 00000000 00000000 0000000000000000",
    }
    names = {"CMSUSER": "USER01", "USER01": "CMSUSER"}
    terminals = [site.logon("CMSUSER"), site.logon("USER01", "SECRET")]
    machines = [site.system.users[name].machine for name in names]

    def prepare() -> None:
        for machine, peer in zip(machines, names.values(), strict=True):
            for at, data in program.items():
                machine.storage.write(at, bytes.fromhex(data))
            send = struct.pack(">BxHI8sIIII8s", 0, 4, 0, to_ebcdic(f"{peer:<8}"), 0x610, 4, 0, 0, bytes(8))
            machine.storage.write(0x740, send)

    site.on_cp(prepare)
    for terminal in terminals:
        terminal.type("SET SMSG ON#BEGIN 400", ReadState.RUNNING)
    operator = site.logon("OPERATOR")
    counts: list[int] = []
    for _ in range(200_000):
        if not counts or not any(counts):
            operator.type("SMSG CMSUSER GO")

        def look() -> None:
            counts[:] = [int.from_bytes(machine.storage.read(0x610, 4), "big") for machine in machines]

        site.on_cp(look)
        if min(counts) >= ROUNDS:
            break
    assert min(counts) >= ROUNDS
    for terminal in terminals:
        terminal.session.attention()
        assert terminal.until(ReadState.CP_READ)[-1] == "CP"
        assert not [line for line in terminal.transcript if "DISABLED WAIT" in line]
