"""SET and TERMINAL: options that change something."""

from __future__ import annotations

import pytest

from cpvm.cp.session import ReadState

from .helper import FakeTerminal, Site


@pytest.fixture
def user(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


def test_assist_and_what_else_is_remembered(user: FakeTerminal) -> None:
    for typed, shown in (
        ("ASSIST ON", "ON SVC TMR"), ("ASSIST NOTMR", "ON SVC NOTMR"), ("ASSIST NOSVC", "ON NOSVC NOTMR"),
        ("ASSIST ON SVC TMR", "ON SVC TMR"), ("ASSIST OFF", "OFF"),
    ):  # fmt: skip
        assert user.type(f"SET {typed}") == []
        assert user.type("Q SET")[2] == f"ASSIST {shown:<3}, PAGEX OFF, AUTOPOLL OFF"
    assert user.type("SET ASSIST SVC NOSVC") == ["DMKCFS013E CONFLICTING OPTION - SVC"]
    assert user.type("SET STBYPASS 64K#Q SET")[3].endswith("STBYPASS 64K")
    assert user.type("SET STBYPASS X") == ["DMKCFS002E INVALID OPERAND - X"]


def test_cpuid(site: Site, user: FakeTerminal) -> None:
    assert user.type("SET CPUID 12ABCD#Q CPUID") == ["CPUID = FF12ABCD01580000"]
    assert user.type("SET CPUID 1234567") == ["DMKCFS002E INVALID OPERAND - 1234567"]
    assert site.system.users["CMSUSER"].host.cpu_id().hex() == "ff12abcd01580000"


def test_privilege_classes(site: Site) -> None:
    maint = site.logon("MAINT", "CPCMS")
    assert maint.type("SET PRIV -ABC#Q PRIV") == ["PRIVILEGE CLASSES = DEG"]
    assert maint.type("FORCE CMSUSER") == ["DMKCFM001E ?CP: FORCE CMSUSER"]
    assert maint.type("SET PRIV +A#Q PRIV") == ["PRIVILEGE CLASSES = ADEG"]
    assert maint.type("FORCE CMSUSER") == ["DMKUSO045E CMSUSER NOT LOGGED ON"]
    assert maint.type("SET PRIV F") == ["DMKCFS002E INVALID OPERAND - F"]
    assert maint.type("SET PRIV G#SET PRIV RESET#Q PRIV") == ["PRIVILEGE CLASSES = ABCDEG"]
    assert maint.type("SET PRIV -G#Q USERS#SET PRIV ALL") == ["001 USERS, 000 DIALED"]


def test_program_function_keys(site: Site, user: FakeTerminal) -> None:
    filled: list[str] = []
    user.fill = filled.append  # type: ignore[attr-defined]
    user.type("SET PF1 IMMED Q USERID#SET PF02 Q TIME#SET PF12 RETRIEVE#SET PF3 DEL X#SET PF4 TAB 9 1 9")
    shown = user.type("Q PF")
    assert shown[:5] == [
        "PF01 IMMED Q USERID",
        "PF02 DELAYED Q TIME",
        "PF03 DELAYED X",
        "PF04 TAB 1 9",
        "PF05 UNDEFINED",
    ]
    assert shown[11] == "PF12 RETRIEVE"
    user.session.program_key(1)
    assert user.until(ReadState.CP_READ) == ["CMSUSER  AT CPVM"]
    for number in (2, 12, 12, 5):
        user.session.program_key(number)
    site.on_cp(lambda: None)
    assert filled == ["Q TIME", "Q USERID", "Q PF"]
    assert user.type("SET PF1#Q PF1") == ["PF01 UNDEFINED"]
    assert user.type("SET PF4 TAB X") == ["DMKCFS002E INVALID OPERAND - X"]


def test_terminal_lines(user: FakeTerminal) -> None:
    assert user.type("TERM LINESIZE 10#MSG * ABCDEFGH")[1:] == ["MSG FROM C", "MSUSER : A", "BCDEFGH"]
    user.type("TERM LINESIZE OFF TIMESTAMP ON")
    line = user.type("Q USERID")[0]
    assert line[2] == line[5] == ":"
    assert line[9:] == "CMSUSER  AT CPVM"
    user.type("TERM TIMESTAMP OFF ATTN ON MASK ON")
    user.session.attention()
    assert user.until(ReadState.CP_READ) == ["!", "CP"]
    assert user.type("LINK MAINT 191 391 R") == ["ENTER READ PASSWORD:", "XXXXXXXX"]
    user.type("WRONG")


def test_terminal_query_and_mistakes(user: FakeTerminal) -> None:
    user.type("TERM MODE VM APL ON MORE 1 2 HOLD OFF AUTOCR ON")
    assert user.type("Q TERM")[1:] == [
        "LINESIZE 130, ATTN OFF, APL ON , TEXT OFF, MODE VM, HILIGHT OFF",
        "AUTOCR ON , MORE 001 002, HOLD OFF, TIMESTAMP OFF, MASK OFF",
        "CONMODE 3215, BREAKIN IMMED, BRKKEY PA1",
    ]
    assert user.type('TERM TABCHAR "@') == ["DMKCFT013E CONFLICTING OPTION - @ IS CHARDEL ALREADY"]
    assert user.type("TERM LINESIZE 0") == ["DMKCFT002E INVALID OPERAND - 0"]
    assert user.type("TERM") == ["DMKCFT026E OPERAND MISSING OR INVALID"]


def console_guest(site: Site, program: str, ccw: str) -> None:
    """A guest of CMSUSER that starts CCW at its console, and then waits; its interruptions end in a disabled wait."""
    vm = site.system.users["CMSUSER"]

    def prepare() -> None:
        for at, data in (
            (0x200, program), (0x48, "00001000"), (0x1000, ccw), (0x78, "00020000 000000AB"),
            (0x240, "FE020000 00000000"), (0x2000, "C1C2C3C4"),
        ):  # fmt: skip
            vm.machine.storage.write(at, bytes.fromhex(data))

    site.on_cp(prepare)


@pytest.mark.parametrize(("setting", "expected"), [("OFF", ["ABCDABCD"]), ("ON", ["ABCD", "ABCD"])])
def test_terminal_autocr(site: Site, user: FakeTerminal, setting: str, expected: list[str]) -> None:
    user.type(f"TERM AUTOCR {setting}")
    console_guest(site, "9C000009 82000248", "01002000 60000004 01002000 20000004")
    site.on_cp(lambda: site.system.users["CMSUSER"].machine.storage.write(0x248, bytes.fromhex("0002000000000ABC")))
    assert user.type("BEGIN 200")[:-2] == expected


def test_terminal_tabchar(site: Site, user: FakeTerminal) -> None:
    user.type("TERM TABCHAR !")
    console_guest(site, "9C000009 82000240", "0A002100 20000010")
    user.type("BEGIN 200", ReadState.VM_READ)
    user.type("A!B", ReadState.CP_READ)
    assert site.system.users["CMSUSER"].machine.storage.read(0x2100, 3) == b"\xc1\x05\xc2"


def test_terminal_mode_vm(site: Site, user: FakeTerminal) -> None:
    user.type("TERM MODE VM")
    console_guest(site, "47F00200", "0A002100 20000010")  # a loop, disabled
    user.type("BEGIN 200", ReadState.RUNNING)
    device = site.system.users["CMSUSER"].console.device
    assert device is not None and device.channel is not None
    user.session.attention()
    site.on_cp(lambda: None)
    assert site.system.users["CMSUSER"].machine.io.pending()
    user.session.attention()
    assert user.until(ReadState.CP_READ) == ["CP"]


def test_acnt(site: Site, user: FakeTerminal) -> None:
    maint = site.logon("MAINT", "CPCMS")
    maint.type("ACNT CMSUSER")
    assert user.until_line("CONNECT= 00:00:0")
    user.type("SET ACNT OFF")
    maint.type("ACNT CMSUSER")
    assert user.type("Q USERID") == ["CMSUSER  AT CPVM"]
