"""Virtual devices without anything real: adapters that are coupled, lines that are dialed, the pseudo timer."""

from __future__ import annotations

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.special import CTCABlock
from cpvm.cp.teletype import from_line, to_line
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .calling import Guest
from .helper import FakeTerminal, Site

WAIT = "00020000 00000{:03X}"


class Program:
    """A machine with a channel program for one device: start it, and wait disabled for its end."""

    def __init__(self, site: Site, userid: str, password: str | None = None) -> None:
        self.site = site
        self.terminal = site.logon(userid, password)
        self.vm = site.system.users[userid]

    def put(self, at: int, data: bytes | str) -> None:
        data = bytes.fromhex(data) if isinstance(data, str) else data
        self.site.on_cp(lambda: self.vm.machine.storage.write(at, data))

    def get(self, at: int, length: int) -> bytes:
        return self.vm.machine.storage.read(at, length)

    def start(self, device: int, ccws: str) -> None:
        """Start the CCWs; the machine then waits for the interruption, whose CSW is looked at by `ended`."""
        self.put(0x1000, ccws)
        self.put(0x48, "00001000")
        self.put(0x78, WAIT.format(0xAB))
        self.put(0x200, f"41100{device:03X} 9C001000 82000240")
        self.put(0x240, "FE020000 00000000")
        self.put(0x68, WAIT.format(0xEE))
        self.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        self.terminal.type("BEGIN 200", ReadState.RUNNING)

    def attention(self) -> None:
        """Wait for an interruption that the machine has not asked for."""
        self.put(0x78, WAIT.format(0xAB))
        self.put(0x200, "82000240")
        self.put(0x240, "FE020000 00000000")
        self.terminal.type("STORE PSW 00000000 00000000", ReadState.CP_READ)
        self.terminal.session.line("BEGIN 200")
        assert self.ended()[0] == 0x80

    def ended(self) -> tuple[int, int]:
        """Unit status and residual count, after the interruption."""
        self.terminal.until_line("DISABLED WAIT PSW '00020000 000000AB'")
        self.terminal.until(ReadState.CP_READ)
        csw = self.get(0x40, 8)
        return csw[4], int.from_bytes(csw[6:], "big")


def test_coupled_adapters_pass_data(site: Site) -> None:
    one, two = Program(site, "CMSUSER"), Program(site, "USER01", "SECRET")
    assert one.terminal.type("DEFINE CTCA AS 0E0") == ["CTCA 0E0 DEFINED"]
    assert two.terminal.type("DEF CTCA 0E1") == ["CTCA 0E1 DEFINED"]
    assert one.terminal.type("COUPLE 0E0 TO USER01 0E1") == ["CTCA 0E0 COUPLE TO USER01 0E1"]
    two.terminal.until_line("CTCA 0E1 COUPLE BY CMSUSER 0E0")
    assert one.terminal.type("Q V 0E0") == ["CTCA 0E0 COUPLED TO USER01 0E1"]
    one.put(0x2000, b"through the adapter")
    one.start(0xE0, "01002000 20000013")
    two.attention()
    two.start(0xE1, "02002000 20000020")
    assert one.ended()[0] & 0x0C == 0x0C
    assert two.ended()[0] & 0x0C == 0x0C
    assert two.get(0x2000, 19) == b"through the adapter"


def test_the_end_of_a_connection(site: Site) -> None:
    one, two = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    one.type("DEF CTCA 0E0#DEF CTCA 0E2")
    two.type("DEF CTCA 0E1")
    assert one.type("COUPLE 0E0 * 0E2#Q 0E2") == ["CTCA 0E0 COUPLE TO CMSUSER 0E2", "CTCA 0E2 COUPLED TO CMSUSER 0E0"]
    assert two.type("COUPLE 0E1 CMSUSER 0E0") == ["DMKDIA058E CTCA 0E1 NOT COUPLED; CMSUSER 0E0 ALREADY COUPLED"]
    assert "CTCA 0E2 DETACHED" in one.type("DETACH 0E2")
    assert one.type("Q 0E0") == ["CTCA 0E0 NOT COUPLED"]
    two.type("COUPLE 0E1 CMSUSER 0E0")
    two.type("LOGOFF")
    one.until_line("CTCA 0E0 DROP FROM USER01 0E1")
    block = site.system.users["CMSUSER"].devices[0xE0]
    assert isinstance(block, CTCABlock)
    assert block.device.adapter is None


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("COUPLE 777 USER01 0E1", "DMKDIA040E DEVICE 777 DOES NOT EXIST"),
        ("COUPLE 00E USER01 0E1", "DMKDIA006E INVALID DEVICE TYPE - 00E"),
        ("COUPLE 0E0 NOSUCH 0E1", "DMKDIA045E NOSUCH NOT LOGGED ON"),
        ("COUPLE 0E0 OPERATOR 777", "DMKDIA048E OPERATOR 777 DOES NOT EXIST"),
        ("COUPLE 0E0 OPERATOR 00E", "DMKDIA006E INVALID DEVICE TYPE - OPERATOR 00E"),
        ("COUPLE 0E0 OPERATOR", "DMKDIA048E OPERATOR 0E0 DOES NOT EXIST"),
        ("COUPLE 0E0", "DMKDIA020E USERID MISSING OR INVALID"),
    ],
)
def test_couple_mistakes(site: Site, typed: str, answer: str) -> None:
    site.logon("OPERATOR")
    user = site.logon("CMSUSER")
    user.type("DEF CTCA 0E0")
    assert user.type(typed) == [answer]


def test_dial_a_3215(site: Site) -> None:
    host = Program(site, "CMSUSER")
    assert host.terminal.type("DEFINE LINE 0B0 3215#Q V LINES") == ["LINE 0B0 DEFINED", "LINE 0B0 ENABLED"]
    caller = site.terminal()
    caller.session.line("DIAL CMSUSER")
    assert caller.until(ReadState.RUNNING) == ["DIALED TO CMSUSER 0B0"]
    assert host.terminal.type("Q LINES#Q USERS") == [f"LINE 0B0 ON DEV {caller.name}", "001 USERS, 001 DIALED"]
    host.put(0x2000, to_ebcdic("Who?"))
    host.attention()
    host.start(0xB0, "09002000 60000004 0A002100 20000010")
    assert caller.until(ReadState.VM_READ) == ["Who?"]
    caller.session.line("It is me")
    assert host.ended() == (0x0C, 8)
    assert from_ebcdic(host.get(0x2100, 8)) == "It is me"
    assert host.terminal.type("DETACH 0B0") == ["LINE 0B0 DETACHED"]
    assert caller.until(ReadState.LOGON)[0] == "DROP FROM CMSUSER 0B0"
    assert caller.type("DIAL CMSUSER") == ["DMKDIA055E LINE(S) NOT AVAILABLE ON CMSUSER"]


def test_dial_a_teletypewriters_line(site: Site) -> None:
    host = Program(site, "CMSUSER")
    host.terminal.type("DEFINE LINE 0B1")
    caller = site.terminal()
    assert caller.type("DIAL CMSUSER 0B1") == ["DMKDIA055E LINE(S) NOT AVAILABLE ON CMSUSER"]
    host.start(0xB1, "27000000 60000001 01002000 60000008 02002100 20000020")
    host.put(0x2000, to_line("HELLO\r\n>"))
    caller.session.line("DIAL CMSUSER")
    assert caller.until(ReadState.VM_READ) == ["DIALED TO CMSUSER 0B1", "HELLO", ">"]
    caller.session.line("login Bob")
    assert host.ended() == (0x0C, 0x20 - 10)
    assert from_line(host.get(0x2100, 10)) == "login Bob\r"
    host.start(0xB1, "02002100 20000020")
    caller.until(ReadState.VM_READ)
    caller.session.attention()
    assert host.ended()[0] == 0x0E
    host.start(0xB1, "2F000000 20000001")
    assert caller.until(ReadState.LOGON)[0] == "DROP FROM CMSUSER 0B1"


def test_what_ends_a_dialed_connection(site: Site) -> None:
    host = site.logon("CMSUSER")
    operator = site.logon("OPERATOR")
    host.type("DEF LINE 0B0 3215")
    for end in ("RESET 0B0", "SYSTEM RESET"):
        caller = site.terminal()
        caller.session.line("DIAL CMSUSER 0B0")
        caller.until(ReadState.RUNNING)
        operator.until_line("DIALED TO CMSUSER  DIALED = 001")
        assert site.terminal().type("DIAL CMSUSER 0B0") == ["DMKDIA056E LINE 0B0 BUSY ON CMSUSER"]
        host.type(end)
        caller.until(ReadState.LOGON)
        operator.until_line("DROP FROM CMSUSER  DIALED = 000")
    caller.session.line("DIAL CMSUSER")
    caller.until(ReadState.RUNNING)
    caller.session.hangup()
    operator.until_line("DROP FROM CMSUSER  DIALED = 000")
    caller = site.terminal()
    caller.session.line("DIAL CMSUSER")
    caller.until(ReadState.RUNNING)
    host.type("LOGOFF")
    assert caller.until(ReadState.LOGON)[0] == "DROP FROM CMSUSER 0B0"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("DIAL", "DMKDIA020E USERID MISSING OR INVALID"),
        ("DIAL NOSUCH", "DMKDIA045E NOSUCH NOT LOGGED ON"),
        ("D CMSUSER", "DMKDIA055E LINE(S) NOT AVAILABLE ON CMSUSER"),
        ("DIAL CMSUSER 777", "DMKDIA040E DEVICE 777 DOES NOT EXIST"),
        ("DIAL CMSUSER 00E", "DMKDIA006E INVALID DEVICE TYPE - CMSUSER 00E"),
        ("DIAL CMSUSER 0C0", "DMKDIA055E LINE(S) NOT AVAILABLE ON CMSUSER"),
    ],
)
def test_dial_mistakes(site: Site, typed: str, answer: str) -> None:
    user = site.logon("CMSUSER")
    assert user.type("DEF GRAF 0C0#Q GRAF") == ["GRAF 0C0 DEFINED", "GRAF 0C0 ENABLED"]
    assert site.terminal().type(typed) == [answer]


def test_24_device_types(site: Site) -> None:
    guest = Guest(site, site.logon("CMSUSER"))
    guest.terminal.type("DEF GRAF 0C0#DEF LINE 0B0#DEF CTCA 0E0#DEF TIMER 0FF#DEF LINE 0B1 3215")
    types = {0xC0: 0x40040000, 0xB0: 0x80100000, 0xE0: 0x02800000, 0xFF: 0x02200000, 0xB1: 0x80000000}
    for vaddr, expected in types.items():
        assert (guest.call(0x24, 4, 6, r4=vaddr), guest.get(6)) == (2, expected)
    caller = site.terminal()
    caller.session.line("DIAL CMSUSER 0B1")
    caller.until(ReadState.RUNNING)
    assert guest.call(0x24, 4, 6, r4=0xB1) == 0


def test_the_pseudo_timer(site: Site) -> None:
    guest = Guest(site, site.logon("CMSUSER"))
    assert guest.terminal.type("DEFINE TIMER 0FF") == ["TIMR 0FF DEFINED"]
    guest.put(0x1000, bytes.fromhex("02002000 20000020"))
    assert guest.call(0x20, 4, 6, r4=0xFF, r6=0x1000) == 0
    text = guest.text(0x2000, 16)
    assert (text[2], text[5], text[10], text[13]) == ("/", "/", ":", ":")


def test_define_other_forms(site: Site) -> None:
    user: FakeTerminal = site.logon("CMSUSER")
    assert user.type("DEF GRAF AS 0C0 3278#DEF 0C0 AS 0C1#Q V GRAF") == [
        "GRAF 0C0 DEFINED", "GRAF 0C1 DEFINED", "GRAF 0C1 ENABLED",
    ]  # fmt: skip
    assert user.type("DEF GRAF 0C2 3215") == ["DMKDEF003E INVALID OPTION - 3215"]
    assert user.type("DEF LINE 0C1") == ["DMKDEF092E 0C1 ALREADY DEFINED"]
    assert user.type("DEF TIMER") == ["DMKDEF022E VADDR MISSING OR INVALID"]


def test_ipl_from_another_cylinder(site: Site) -> None:
    guest = Guest(site, site.logon("CMSUSER"))
    psw, ccw, text = "00020000 00000ABC", "06000300 20000008 00000000 00000000", b"LOADED.."
    seek, record = bytes.fromhex("0000 0003 0000 00"), bytes.fromhex("0003 0000 01 00 0018" + psw + ccw)
    guest.put(0x1000, bytes.fromhex("07001040 40000006 31001042 40000005 08001008 00000000 1D002000 20000020"))
    guest.put(0x1040, seek)
    guest.put(0x2000, record)
    assert guest.call(0x20, 4, 6, r4=0x191, r6=0x1000) == 0
    guest.put(0x1042, bytes.fromhex("0003 0000 01"))
    guest.put(0x2000, bytes.fromhex("0003 0000 02 00 0008") + text)
    assert guest.call(0x20, 4, 6, r4=0x191, r6=0x1000) == 0
    guest.put(0x20000, b"what was here before")
    assert guest.terminal.type("IPL 191 3")[0].endswith("DISABLED WAIT PSW '00020000 00000ABC'")
    assert guest.machine.storage.read(0x300, 8) == text
    assert guest.machine.storage.read(0x20000, 20) == b"what was here before"
    assert guest.machine.storage.read(2, 2) == b"\x01\x91"
    assert guest.terminal.type("IPL 191 5") == ["DMKCFG002E INVALID OPERAND - 5"]
    assert guest.terminal.type("IPL 00C 5") == ["DMKCFG002E INVALID OPERAND - 5"]
    assert guest.terminal.type("IPL 191 2")[0].startswith("DMKCFG230E IPL UNIT ERROR")
