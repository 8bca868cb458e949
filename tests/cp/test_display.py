"""DISPLAY and STORE."""

from __future__ import annotations

import pytest

from .helper import FakeTerminal, Site


@pytest.fixture
def user(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


def test_storage(user: FakeTerminal) -> None:
    assert user.type("STORE 1000 C1C2C3C4 F1F2 3") == ["STORE COMPLETE"]
    assert user.type("D 1000.10") == ["001000  C1C2C3C4 0000F1F2 00000003 00000000"]
    assert user.type("DISPLAY L1004") == ["001004  0000F1F2"]
    assert user.type("d t1002") == ["001000  C1C2C3C4 0000F1F2 00000003 00000000 00 *ABCD..12........*"]
    assert user.type("ST S1003 C9D1 D2") == ["STORE COMPLETE"]
    assert user.type("D 1000-1007") == ["001000  C1C2C3C9 D1D2F1F2"]
    assert user.type("D 1000:1003 L1004.4") == ["001000  C1C2C3C9", "001004  D1D2F1F2"]


def test_equal_lines_are_told_once(user: FakeTerminal) -> None:
    lines = user.type("D 1000.80")
    assert lines == [
        "001000  00000000 00000000 00000000 00000000",
        "001010  TO  00106F  SUPPRESSED LINE(S) SAME AS ABOVE .....",
        "001070  00000000 00000000 00000000 00000000",
    ]


def test_keys(user: FakeTerminal) -> None:
    assert user.type("D K0-END") == ["000000  TO  03FFFF  KEY = 00"]


def test_registers(user: FakeTerminal) -> None:
    assert user.type("STORE G14 11111111 FFFFFFFF") == ["STORE COMPLETE"]
    assert user.type("D G14-15") == ["GPR 14 = 11111111 FFFFFFFF"]
    assert user.type("D GF") == ["GPR 15 = FFFFFFFF"]
    assert len(user.type("D G")) == 4
    assert user.type("STORE Y2 4110") == ["STORE COMPLETE"]
    assert user.type("D Y2") == ["FPR  2 = 4110000000000000  +.10000000000000000 E +01"]
    assert user.type("D X0") == ["ECR  0 = 000000E0"]
    assert user.type("STORE X1 00123456") == ["STORE COMPLETE"]
    assert user.type("D X1.1") == ["ECR  1 = 00123456"]


def test_psw_caw_csw(user: FakeTerminal) -> None:
    assert user.type("STORE PSW 00040000 00001234") == ["STORE COMPLETE"]
    assert user.type("D PSW CAW CSW") == ["PSW = 00040000 00001234", "CAW = 00000000", "CSW = 00000000 00000000"]
    assert user.type("STORE P 5678") == ["STORE COMPLETE"]
    assert user.type("D P") == ["PSW = 00040000 00005678"]
    assert user.type("STORE STATUS") == ["STORE COMPLETE"]
    assert user.type("D 100.8") == ["000100  00040000 00005678"]


@pytest.mark.parametrize(
    ("command", "response"),
    [
        ("D", "DMKCDB033E HEXLOC MISSING OR INVALID"),
        ("D 40000", "DMKCDB004E INVALID HEXLOC - 40000"),
        ("D 3FFFC.100", "DMKCDB009E INVALID RANGE - 3FFFC.100"),
        ("D 20-10", "DMKCDB009E INVALID RANGE - 20-10"),
        ("D QQQ", "DMKCDB004E INVALID HEXLOC - QQQ"),
        ("D G16", "DMKCDB010E INVALID REGISTER - 16"),
        ("D Y1", "DMKCDB010E INVALID REGISTER - 1"),
        ("D G5-3", "DMKCDB009E INVALID RANGE - G5-3"),
        ("STORE", "DMKCDS033E HEXLOC MISSING OR INVALID"),
        ("STORE 100", "DMKCDS025E DATA MISSING OR INVALID"),
        ("STORE 100 XYZ", "DMKCDS012E INVALID DATA - XYZ"),
        ("STORE 100 123456789", "DMKCDS012E INVALID DATA - 123456789"),
        ("STORE S100 123", "DMKCDS012E INVALID DATA - 123"),
        ("STORE 3FFFC 1 2", "DMKCDS004E INVALID HEXLOC - 3FFFC"),
        ("STORE G15 1 2", "DMKCDS010E INVALID REGISTER - 15"),
        ("STORE PSW 1 2 3", "DMKCDS011E INVALID PSW - 3"),
    ],
)
def test_errors(user: FakeTerminal, command: str, response: str) -> None:
    assert user.type(command) == [response]


def test_a_long_display_can_be_stopped(user: FakeTerminal) -> None:
    words = " ".join(f"{index:08X}" for index in range(12))
    for address in range(0, 0x800, 0x30):
        user.type(f"STORE {address:X} {words}")
    user.session.line("D 0-END")
    user.session.attention()
    user.session.line("Q USERS")
    user.until_line("001 USERS, 000 DIALED")
