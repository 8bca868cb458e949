"""DISPLAY and STORE."""

from __future__ import annotations

import pytest

from cpvm.s370.ebcdic import from_ebcdic

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


def test_instructions_names_and_bases(user: FakeTerminal) -> None:
    user.type("STORE S1000 58F0C010 05EF 0000 D203C0004000")
    assert user.type("D I1000.E") == [
        "001000  58F0C010      L     15,16(,12)",
        "001004  05EF          BALR  14,15",
        "001006  0000          DC    X'0000'",
        "001008  D203C0004000  MVC   0(4,12),0(4)",
    ]
    user.type("SET SYMBOLS HERE 1004")
    assert user.type("D HERE IHERE") == ["001004  05EF0000", "001004  05EF          BALR  14,15                   HERE"]
    user.type("STORE G12 00001000")
    assert user.type("D 4;GC") == ["001004  05EF0000"]
    assert user.type("D 4.4;1000 N1004") == ["001004  05EF0000"] * 2
    assert user.type("STORE SHERE+2 47;0") == ["DMKCDS012E INVALID DATA - 47;0"]
    assert user.type("STORE S2;HERE 4711") == ["STORE COMPLETE"]
    assert user.type("D HERE") == ["001004  05EF4711"]
    assert user.type("D I3FFFE") == ["03FFFE  0000          DC    X'0000'"]
    assert user.type("BEGIN 1001") == ["DMKCFP004E INVALID HEXLOC - 1001"]
    assert user.type("ADSTOP HERE+1") == ["DMKCFD004E INVALID HEXLOC - HERE+1"]


def test_translated_storage(user: FakeTerminal) -> None:
    user.type("STORE S3000 C1C2C3C4")
    # one segment, whose page 1 is the real page 3 (4K pages, 64K segments); extended control mode, translation on
    user.type("STORE S2000 F0002100")
    user.type("STORE S2100 0008 0030 0008")
    user.type("STORE X0 008000E0 00002000")
    user.type("STORE PSW 04080000 00001000")
    assert user.type("D V1000.10") == ["001000  C1C2C3C4 00000000 00000000 00000000    *ABCD............*"]
    assert user.type("D V2000.10") == ["002000  NON-ADDRESSABLE STORAGE"]


def test_dump(site: Site, user: FakeTerminal) -> None:
    user.type("STORE S1000 C1C2C3C4")
    assert user.type("DUMP 1000.100 T0-1F *WHAT IS THIS") == ["PRT FILE 0001 FOR CMSUSER  COPY 001 NOHOLD"]
    lines = [from_ebcdic(record.data) for record in site.system.spool.records(1)]
    assert lines[1].startswith("VIRTUAL MACHINE CMSUSER   STORAGE 256K") and lines[1].endswith("WHAT IS THIS")
    assert lines[2].startswith("PSW   00000000 00000000   CSW ")
    at = next(number for number, line in enumerate(lines) if line.startswith("001000"))
    assert lines[at] == "001000  C1C2C3C4" + " 00000000" * 7 + "  00 *ABCD............................*"
    assert lines[at + 1].startswith("001020")
    assert lines[at + 2] == "001040  TO  0010DF  SUPPRESSED LINE(S) SAME AS ABOVE ....."
    assert lines[at + 3].startswith("0010E0")
    assert lines[-1].startswith("000000")
    assert user.type("DUMP 40000") == ["DMKCDM004E INVALID HEXLOC - 40000"]


def test_vmdump(site: Site, user: FakeTerminal) -> None:
    user.type("STORE S1000 C1C2C3C4")
    user.type("STORE G5 12345678")
    assert user.type("VMDUMP 0-END TO * FORMAT CMS *MINE")[0] == "PUN FILE 0001 TO  CMSUSER  COPY 001 NOHOLD"
    cards = [record.data for record in site.system.spool.records(1)]
    assert {len(card) for card in cards} == {80}
    assert [from_ebcdic(card[:1]) for card in cards] == ["H", "P", "G", "X", "F", "K", "K", "S"]
    assert from_ebcdic(cards[0][8:24]) == "CMSUSER CMS     "
    assert cards[2][8 + 20 : 8 + 24].hex() == "12345678"
    assert cards[-1][4:12].hex().upper() == "00001000C1C2C3C4"
    assert site.system.spool.file(1).spool_class == "V"  # type: ignore[union-attr]
    assert user.type("VMDUMP TO NOBODY9") == ["DMKVMD053E NOBODY9 NOT IN CP DIRECTORY"]
