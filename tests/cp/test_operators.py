"""What operators have: INDICATE, MONITOR, ACNT, LOCATE, DCP, LOCK, VARY, ENABLE, SET and QUERY of classes A to F."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site


@pytest.fixture
def operator(site: Site) -> FakeTerminal:
    return site.logon("OPERATOR")


@pytest.fixture
def maint(site: Site) -> FakeTerminal:
    return site.logon("MAINT", "CPCMS")


def test_indicate(site: Site, operator: FakeTerminal) -> None:
    user = site.logon("CMSUSER")
    user.type("STORE S200 47F00200")
    user.type("STORE PSW 0 200")
    user.session.line("BEGIN")
    user.until(ReadState.RUNNING)
    assert re.fullmatch(
        r"CPU-\d{3}%( APU-\d{3}%)? Q1-\d\d Q2-\d\d STORAGE-\d{3}% RATIO-\d\.\d",
        operator.type("INDICATE", ReadState.CP_READ)[-1],
    )
    lines = operator.type("IND USER CMSUSER")
    assert lines[0] == "USERID=CMSUSER"
    assert re.fullmatch(r"PAGES: RES-\d{4} WS-\d{4} READS=000000 WRITES=000000 MH-0000 FH-0000", lines[1])
    assert re.fullmatch(r"VTIME=\d{3}:\d\d TTIME=\d{3}:\d\d SIO=\d{6} RDR-\d{6} PRT-\d{6} PCH-\d{6}", lines[2])
    assert operator.type("IND FAV") == ["NO USERS FAVORED"]
    assert operator.type("SET FAVORED CMSUSER 30#IND FAVORED") == ["CMSUSER  30%"]
    assert operator.type("IND PAGING") == ["NO USERS IN PAGEWAIT"]
    assert any("CMSUSER" in line for line in operator.type("IND PAGING ALL"))
    user.session.attention()
    user.until(ReadState.CP_READ)
    assert user.type("INDICATE QUEUES") == ["DMKTHI003E INVALID OPTION - QUEUES"]
    assert user.type("INDICATE USER OPERATOR") == ["DMKTHI003E INVALID OPTION - OPERATOR"]


def test_monitor_writes_records(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("MONITOR STOP") == ["DMKMCC862E MONITOR IS NOT STARTED"]
    assert operator.type("MONITOR ENABLE PERFORM USER") == []
    assert operator.type("MONITOR INTERVAL 29") == ["DMKMCC002E INVALID OPERAND - 29"]
    assert operator.type("MONITOR START TO MAINT") == ["COLLECTION ACTIVE; RDR FILE 0001 TO MAINT"]
    assert operator.type("MONITOR DISPLAY")[-1] == "COLLECTION ACTIVE; RDR FILE 0001 TO MAINT, 2 RECORDS"
    site.on_cp(site.system.operations.monitor.sample)
    assert operator.type("MONITOR STOP") == ["COLLECTION ENDED; RDR FILE 0001 TO MAINT"]
    file = site.system.spool.files("RDR", "MAINT")[0]
    cards = [from_ebcdic(record.data) for record in site.system.spool.records(file.spoolid)]
    assert [card.split()[0] for card in cards] == ["PERFORM", "USER", "PERFORM", "USER"]
    assert re.fullmatch(r"USER     \d\d/\d\d/\d\d \d\d:\d\d:\d\d OPERATOR( \d+){7} *", cards[1])
    assert cards[0].split()[3] == "1"
    assert operator.type("MONITOR ENABLE SEEKS") == ["DMKMCC002E INVALID OPERAND - SEEKS"]


def test_monitor_by_the_clock_and_by_number(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("MONITOR TIME FROM 25.00 TO 3") == ["DMKMCC002E INVALID OPERAND - 25.00"]
    operator.type("MONITOR ENABLE PERFORM#MONITOR LIMIT 10 STOP")
    assert operator.type("MONITOR TIME ALL") == []
    monitor = site.system.operations.monitor
    assert monitor.active
    assert "LIMIT 10 STOP" in operator.type("MONITOR DISPLAY")[4]
    for _ in range(10):
        site.on_cp(monitor.sample)
    assert not monitor.active
    assert operator.type("MONITOR TIME NONE")[-1:] in ([], ["PUN FILE 0001 FROM SYSTEM   COPY 01 NOHOLD"])
    assert site.system.spool.files("RDR", "OPERATOR")[0].records == 10


def test_an_open_monitor_file_is_closed_by_shutdown(site: Site, operator: FakeTerminal) -> None:
    operator.type("MONITOR START")
    site.restart()
    assert [file.name for file in site.system.spool.files("RDR", "OPERATOR")] == ["MONITOR"]


def test_accounting_cards(site: Site, operator: FakeTerminal) -> None:
    user = site.logon("CMSUSER")
    for line in ("S200 9C000009 82000280", "48 00000240", "S240 0900030020000004", "S280 000200000000DEAD"):
        user.type(f"STORE {line}")
    user.type("STORE PSW 0 200")
    user.type("BEGIN")
    assert "SIO=000001" in user.type("INDICATE USER")[1]
    user.type("LOGOFF", ReadState.LOGON)
    assert operator.type("ACNT OPERATOR")[-1] == "PUN FILE 0001 FOR OPERATOR COPY 001 NOHOLD, 0002 RECORDS"
    file = site.system.spool.files("PUN", "OPERATOR")[0]
    assert (file.spool_class, file.records) == ("C", 2)
    card = next(site.system.spool.records(file.spoolid)).data
    assert len(card) == 80
    assert from_ebcdic(card[:16]) == "CMSUSER 3       "
    assert from_ebcdic(card[78:]) == "01"
    assert int.from_bytes(card[28:32], "big") < 60
    assert int.from_bytes(card[48:52], "big") == 1
    assert operator.type("ACNT CLOSE") == ["NO ACCOUNTING RECORDS"]
    assert operator.type("ACNT NOBODY") == ["DMKCPV045E NOBODY NOT LOGGED ON"]


def test_journal(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("SET JOURNAL ON#QUERY JOURNAL") == ["LOGON JOURNALING: ON, LINK JOURNALING: ON"]
    stranger = site.terminal()
    stranger.type("LOGON CMSUSER WRONG")
    operator.type("ACNT CLOSE")
    file = site.system.spool.files("PUN", "OPERATOR")[0]
    card = from_ebcdic(next(site.system.spool.records(file.spoolid)).data)
    assert card.startswith("CMSUSER ") and card.endswith("04")


def test_blocks_can_be_followed(site: Site, maint: FakeTerminal) -> None:
    vmblok = maint.type("LOCATE MAINT")[0].removeprefix("VMBLOK = ")
    assert maint.type("DCP 200.10")[0].split()[3] == f"00{vmblok}"
    shown = maint.type(f"DCP T{int(vmblok, 16) + 8:X}.8")
    assert "MAINT" in shown[0]
    both = maint.type("LOCATE MAINT 191")
    assert both[0] == f"VMBLOK = {vmblok}" and both[1].startswith("VDEVBLOK = ")
    assert maint.type("LOCATE MAINT 777") == ["DMKCQG040E DEVICE 777 DOES NOT EXIST"]
    assert maint.type("LOCATE XYZ9") == ["DMKCQG045E XYZ9 NOT LOGGED ON"]
    assert maint.type("LOCATE 150")[0].startswith("RDEVBLOK = ")
    assert maint.type("STCP 200 0") == ["DMKCDS163E CP'S STORAGE CANNOT BE CHANGED"]
    assert maint.type("DCP 0-FFFFFF") == ["DMKCDB009E INVALID RANGE - 0-FFFFFF"]
    assert "PRT FILE" in maint.type("DMCP 200.20 *BLOCKS")[0]


def test_lock(site: Site, maint: FakeTerminal) -> None:
    assert maint.type("LOCK MAINT 0 1 MAP") == [
        "VIRTUAL PAGE = 000000 REAL ADDRESS = 000000",
        "VIRTUAL PAGE = 001000 REAL ADDRESS = 001000",
        "COMMAND COMPLETE",
    ]
    assert maint.type("UNLOCK MAINT 0 2") == ["DMKCPV161E PAGE 002000 NOT LOCKED"]
    assert maint.type("UNLOCK MAINT 0 1") == ["COMMAND COMPLETE"]
    assert maint.type("LOCK MAINT 0 100") == ["DMKCPV009E INVALID RANGE - 0 100"]


def test_lines_are_disabled_and_enabled(site: Site, operator: FakeTerminal) -> None:
    far = site.terminal(local=False)
    assert operator.type("DISABLE ALL") == ["COMMAND COMPLETE"]
    assert far.type("LOGON CMSUSER") == ["LINE DISABLED BY THE OPERATOR"]
    assert f"LINE {far.name:<8} DISABLED" in operator.type("QUERY LINES")
    assert operator.type("ENABLE ALL") == ["COMMAND COMPLETE"]
    far.until(ReadState.LOGON)
    assert far.type("LOGON CMSUSER") == ["ENTER PASSWORD:"]
    assert operator.type("DISABLE L9999") == ["DMKCPV040E DEVICE L9999 DOES NOT EXIST"]
    assert operator.type("DISABLE") == ["DMKCPV021E RADDR MISSING OR INVALID"]


def test_maximum(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("SET MAXIMUM 1#Q MAXIMUM") == ["MAXIMUM USERS = 001"]
    terminal = site.terminal()
    assert terminal.type("LOGON CMSUSER CMSUSER") == ["DMKLOG199E CMSUSER NOT LOGGED ON; 1 USERS ARE THE MAXIMUM"]
    assert operator.type("SET MAXIMUM OFF#Q MAXIMUM") == ["MAXIMUM USERS = NO LIMIT"]


def test_real_devices(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("QUERY DASD")[0].startswith("DASD 150 CP SYSTEM TEST01")
    assert operator.type("QUERY 150") == ["DASD 150 CP SYSTEM TEST01"]
    assert operator.type("QUERY TAPES") == ["NO TAPES"]
    assert operator.type("QUERY LINES ACTIVE") == ["LINE L0001    LOGON  AS OPERATOR"]
    assert operator.type("QUERY LINES OFFLINE") == ["NO LINES"]
    assert operator.type("QUERY LINES FROB") == ["DMKCQG003E INVALID OPTION - FROB"]
    assert operator.type("VARY OFFLINE 150") == ["DMKCPS123E DASD 150 CP OWNED"]
    assert operator.type("VARY ONLINE 777") == ["DMKCPS040E DEVICE 777 DOES NOT EXIST"]
    assert operator.type("VARY") == ["DMKCPS026E OPERAND MISSING OR INVALID"]
    assert operator.type("HALT 150") == ["COMMAND COMPLETE"]
    site.logon("CMSUSER")
    assert "R/W" in "".join(operator.type("QUERY SYSTEM 150"))
    assert operator.type("QUERY ALLOC")[0].startswith("TEST01 3350 PERM 00060 CYL, 00025 ALLOCATED, 041%")
    assert operator.type("QUERY ALLOC MAP TEST01")[:2] == [
        "00000 - 00009  00010 CYL  FREE",
        "00010 - 00019  00010 CYL  MAINT    190",
    ]
    assert operator.type("NETWORK QUERY") == ["NO NETWORK RESOURCES"]
    assert operator.type("NETWORK LOAD 0B0 X") == ["DMKNET040E DEVICE 0B0 DOES NOT EXIST"]
    assert operator.type("QUERY PROCESSR")[0] == "PROCESSOR 00 ONLINE (MAIN)"


def test_settings(operator: FakeTerminal) -> None:
    assert operator.type("SET PRIORITY OPERATOR 10#QUERY PRIORITY OPERATOR") == ["OPERATOR PRIORITY = 10"]
    assert operator.type("SET PRIORITY OPERATOR 100") == ["DMKCFS002E INVALID OPERAND - 100"]
    assert operator.type("SET PRIORITY NOBODY 1") == ["DMKCFS045E NOBODY NOT LOGGED ON"]
    assert operator.type("SET SASSIST OFF#Q SASSIST") == ["SASSIST OFF, PROC ALL"]
    assert operator.type("SET CPASSIST ON#Q CPASSIST") == ["CPASSIST ON, PROC ALL"]
    assert operator.type("SET DUMP AUTO ALL#Q DUMP") == ["DUMP UNIT AUTO ALL"]
    assert operator.type("SET AFFINITY OPERATOR 0#Q AFFINITY") == ["AFFINITY = 00, PROCESSOR = ANY"]
    assert operator.type("SET RESERVE OPERATOR 10") == []


def test_users_may_not(site: Site) -> None:
    user = site.logon("CMSUSER")
    for line in ("MONITOR START", "ACNT ALL", "LOCATE CMSUSER", "DCP 0", "LOCK CMSUSER 0 0", "VARY ON 150", "HCP ls"):
        assert user.type(line) == [f"DMKCFM001E ?CP: {line}"]
    assert user.type("SET PRIORITY CMSUSER 1") == ["DMKCFS003E INVALID OPTION - PRIORITY"]
    assert user.type("QUERY JOURNAL") == ["DMKCQG003E INVALID OPTION - JOURNAL"]


def test_host_commands_are_off_until_the_host_allows_them(site: Site, operator: FakeTerminal) -> None:
    assert operator.type("HCP echo hello") == ["DMKHCP890E HOST COMMANDS ARE NOT ALLOWED; SEE HELP CP HCP"]
    (site.folder / "host-commands").touch()
    assert operator.type("HCP echo hello", ReadState.CP_READ)[-1] == "hello"
    assert operator.type("HCP exit 3", ReadState.CP_READ)[-1].endswith("HCP BY OPERATOR: exit 3")
    operator.session.line("HCP exec sleep 1000")
    operator.until_line("HCP BY OPERATOR: exec sleep 1000")
    shell = site.system.users["OPERATOR"].function
    assert shell is not None
    site.on_cp(shell.cancel)
    operator.session.line("QUERY USERS")
    operator.until_line("001 USERS, 000 DIALED")


def test_temporary_disks(tmp_path: Path) -> None:
    System.create(tmp_path, "VOLUME TDSK01 3350 30 TDSK\n" + DIRECTORY)
    site = Site(tmp_path)
    terminal = site.logon("MAINT", "CPCMS")
    assert terminal.type("QUERY TDSK") == ["NO TDSKS"]
    terminal.type("DEFINE T3350 AS 291 CYL 3")
    assert terminal.type("QUERY TDSK") == ["MAINT    291 3350 TDSK01 003 CYL"]
    assert terminal.type("QUERY ALLOC TDSK") == ["TDSK01 3350 TDSK 00030 CYL, 00003 ALLOCATED, 010%"]
    site.system.shutdown()
