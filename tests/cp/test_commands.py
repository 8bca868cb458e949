"""The table of commands, messages between users, options, links, DEFINE and DETACH, and the rest."""

from __future__ import annotations

import pytest

from cpvm.cp.command import COMMANDS
from cpvm.cp.registry import RegistryError, WordTable, discover
from cpvm.cp.session import ReadState

from .helper import FakeTerminal, Site

# VM/370's command table (DMKCFC) in its order, with the shortest abbreviations; LOGON, LOGIN and DIAL, which stand in
# front of it, are commands of those who are not logged on.
COMND = (
    "ATTACH 3", "ATTN 4", "ADSTOP 6", "ACNT 4", "AUTOLOG 6", "BEGIN 1", "BACKSPAC 2", "CHANGE 2", "CLOSE 1",
    "COUPLE 6", "DISPLAY 1", "DCP 3", "DEFINE 3", "DETACH 3", "DISCONN 4", "DISABLE 4", "DMCP 4", "DRAIN 2", "DUMP 2",
    "ECHO 2", "EXTERNAL 3", "ENABLE 2", "FLUSH 1", "FORCE 5", "HALT 4", "HCP 3", "HOLD 2", "IPL 1", "LINK 4",
    "LOADBUF 7", "LOADVFCB 8", "LOCATE 3", "LOCK 4", "LOGOFF 3", "LOGOUT 3", "MONITOR 3", "MSG 1", "MSGNOH 6",
    "MESSAGE 2", "NETWORK 3", "NOTREADY 4", "ORDER 3", "PURGE 3", "QUERY 1", "READY 5", "FREE 2", "REPEAT 3",
    "REQUEST 3", "RESET 5", "REWIND 3", "SYSTEM 3", "SAVESYS 7", "INDICATE 3", "TRANSFER 4", "SET 3", "SHUTDOWN 8",
    "SLEEP 2", "SPACE 3", "SPOOL 2", "STORE 2", "START 3", "STCP 4", "TAG 2", "TERMINAL 4", "TRACE 2", "PER 3",
    "UNLOCK 6", "VARY 4", "VMDUMP 3", "WNG 1", "WARNING 1", "SMSG 2", "* 1", "CP 2",
)  # fmt: skip


def test_abbreviations_find_the_first_match_of_the_original_table() -> None:
    discover("cpvm.cp.commands")
    table = [(row.split()[0], int(row.split()[1])) for row in COMND]
    original = {name for name, _ in table}
    assert original <= {name for name, _, _ in COMMANDS}
    for word, _ in table:
        for length in range(1, len(word) + 1):
            typed = word[:length]
            first = next((name for name, least in table if name.startswith(typed) and len(typed) >= least), None)
            found = COMMANDS.find(typed)
            if typed == "W":  # WNG and WARNING are the same command
                first = "WARNING"
            if first is None and found is not None and found.name not in original:
                continue  # a command that VM/370 has not
            assert (found.name if found else None) == first, typed


def test_a_word_twice_is_refused() -> None:
    table: WordTable[int] = WordTable("test")
    table.add("WORD", 1, 1)
    with pytest.raises(RegistryError):
        table.add("WORD", 2, 2)


@pytest.fixture
def user(site: Site) -> FakeTerminal:
    return site.logon("CMSUSER")


def test_unknown_commands_and_emsg(user: FakeTerminal) -> None:
    assert user.type("FROB 1 2") == ["DMKCFM001E ?CP: FROB 1 2"]
    assert user.type("SET EMSG TEXT#FROB") == ["?CP: FROB"]
    assert user.type("SET EMSG CODE#FROB") == ["DMKCFM001E"]
    assert user.type("SET EMSG OFF#FROB") == []
    assert user.type("SET EMSG ON#CP FROB") == ["DMKCFM001E ?CP: FROB"]
    assert user.type("SHUTDOWN") == ["DMKCFM001E ?CP: SHUTDOWN"]
    assert user.type("* A COMMENT#Q USERS#Q FROB X") == ["001 USERS, 000 DIALED", "DMKCQG003E INVALID OPTION - FROB"]


def test_two_users_exchange_messages(site: Site, user: FakeTerminal) -> None:
    other = site.logon("USER01", "SECRET")
    assert user.type("MSG USER01 Hello there") == []
    lines = other.type("Q USERS")
    assert lines[1] == "MSG FROM CMSUSER : Hello there"
    assert lines[2] == "002 USERS, 000 DIALED"
    other.type("SET MSG OFF")
    assert user.type("M USER01 AGAIN") == ["DMKMSG057E USER01 NOT RECEIVING; MSG OFF"]
    assert user.type("M NOSUCH X") == ["DMKMSG045E NOSUCH NOT LOGGED ON"]
    assert user.type("M USER01") == ["DMKMSG025E DATA MISSING OR INVALID"]
    assert user.type("W USER01 X") == ["DMKCFM001E ?CP: W USER01 X"]
    assert user.type("MSG * TO ME")[1] == "MSG FROM CMSUSER : TO ME"
    operator = site.logon("OPERATOR")
    assert user.type("MSG OP HELP") == []
    assert "MSG FROM CMSUSER : HELP" in operator.type("WNG USER01 GOING DOWN")
    assert "WNG FROM OPERATOR: GOING DOWN" in other.type("Q USERS")


def test_operator_sees_logons_and_can_force(site: Site, user: FakeTerminal) -> None:
    operator = site.logon("OPERATOR")
    site.logon("USER01", "SECRET")
    lines = operator.type("FORCE CMSUSER")
    assert any(line.endswith("LINE L0003 LOGON  AS USER01   USERS = 003") for line in lines)
    assert any(line.endswith("LINE L0001 LOGOFF AS CMSUSER  USERS = 002 FORCED") for line in lines)
    assert user.until(ReadState.LOGON)[-1] == "VM/370 ONLINE"
    assert operator.type("FORCE CMSUSER") == ["DMKUSO045E CMSUSER NOT LOGGED ON"]


def test_query_virtual(user: FakeTerminal) -> None:
    assert user.type("QUERY VIRTUAL") == [
        "STORAGE = 00256K",
        "CHANNELS = SEL",
        "CONS 009 ON LINE L0001  TERM STOP",
        "     009 CL T NOCONT NOHOLD COPY 01 READY",
        "     009 FOR CMSUSER  DIST BIN3",
        "RDR  00C CL * NOCONT NOHOLD EOF   READY",
        "PUN  00D CL A NOCONT NOHOLD COPY 01 READY",
        "     00D FOR CMSUSER  DIST BIN3",
        "PRT  00E CL A NOCONT NOHOLD COPY 01 READY",
        "     00E FOR CMSUSER  DIST BIN3",
        "DASD 190 3350 TEST01 R/O  010 CYL",
        "DASD 191 3350 TEST01 R/W  005 CYL",
    ]
    assert user.type("Q DASD") == ["DASD 190 3350 TEST01 R/O  010 CYL", "DASD 191 3350 TEST01 R/W  005 CYL"]
    assert user.type("Q V 191") == ["DASD 191 3350 TEST01 R/W  005 CYL"]
    assert user.type("Q 0191") == user.type("Q V 191")
    assert user.type("Q 0195") == ["DMKCQG040E DEVICE 195 DOES NOT EXIST"]
    assert user.type("Q 195") == ["DMKCQG040E DEVICE 195 DOES NOT EXIST"]
    assert user.type("Q V TAPES") == ["NO TAPES"]
    assert user.type("Q STORAGE") == ["STORAGE = 00256K"]


def test_query_set_and_terminal(user: FakeTerminal) -> None:
    assert user.type("SET RUN ON#SET WNG OFF#SET TIMER REAL#Q SET") == [
        "MSG ON , WNG OFF, EMSG ON  , ACNT ON , RUN ON",
        "LINEDIT ON , TIMER REAL, ISAM OFF, ECMODE OFF",
        "ASSIST OFF, PAGEX OFF, AUTOPOLL OFF",
        "IMSG ON , SMSG OFF, AFFINITY NONE, NOTRAN OFF, STBYPASS OFF",
    ]
    assert user.type("SET RUN MAYBE") == ["DMKCFS003E INVALID OPTION - MAYBE"]
    assert user.type("SET LOGMSG X") == ["DMKCFS003E INVALID OPTION - LOGMSG"]
    assert user.type("TERM LINEND ; CHARDEL OFF") == []
    assert user.type("Q USERS;Q TERM")[:2] == [
        "001 USERS, 000 DIALED",
        'LINEND ;  , LINEDEL ¢  , CHARDEL OFF, ESCAPE "  , TABCHAR OFF',
    ]
    assert user.type('TERM CHARDEL "¢') == ["DMKCFT013E CONFLICTING OPTION - ¢ IS LINEDEL ALREADY"]


def test_line_editing(user: FakeTerminal) -> None:
    assert user.type("GARBAGE¢Q UX@SERS") == ["001 USERS, 000 DIALED"]
    assert user.type('MSG * A"#B"@C""D')[1] == 'MSG FROM CMSUSER : A#B@C"D'


def test_define_and_detach(user: FakeTerminal) -> None:
    assert user.type("DEF STOR 1M") == ["STORAGE = 01024K"]
    assert user.type("D FFFFC") == ["0FFFFC  00000000"]
    assert user.type("DEF STOR 4M") == ["DMKDEF094E STORAGE EXCEEDS ALLOWED MAXIMUM"]
    assert user.type("DEF STOR 1G") == ["DMKDEF002E INVALID OPERAND - 1G"]
    assert user.type("DEFINE 1403 AS 01E") == ["PRT  01E DEFINED"]
    assert user.type("DEF PUNCH 01D") == ["PUN  01D DEFINED"]
    assert user.type("DEF 191 AS 291") == ["DASD 291 DEFINED"]
    assert user.type("DEF 291 00C") == ["DMKDEF092E 00C ALREADY DEFINED"]
    assert user.type("DEF CONSOLE 01F") == ["DMKDEF093E CONSOLE ALREADY DEFINED"]
    assert user.type("DETACH 291") == ["DASD 291 DETACHED"]
    assert user.type("DET 291") == ["DMKVDD040E DEVICE 291 DOES NOT EXIST"]
    assert user.type("SET IMSG OFF#DET 01E") == []


def test_link_by_the_rules(site: Site, user: FakeTerminal) -> None:
    assert user.type("LINK MAINT 190 290 RR") == ["DASD 290 LINKED R/O; R/O BY CMSUSER"]
    assert user.type("LINK MAINT 190 290 RR") == ["DMKLNK110E MAINT 190 NOT LINKED; VADDR 290 ALREADY DEFINED"]
    assert user.type("LINK NOSUCH 190 291 RR") == ["DMKLNK053E NOSUCH NOT IN CP DIRECTORY"]
    assert user.type("LINK MAINT 199 291 RR") == ["DMKLNK107E MAINT 199 NOT LINKED; NOT IN CP DIRECTORY"]
    assert user.type("LINK MAINT 190 291 W NOTIT") == [
        "DMKLNK114E MAINT 190 NOT LINKED; MODE OR PASSWORD INCORRECT",
    ]
    assert user.type("LINK MAINT 190 291 W WRITEME") == ["DMKLNK105E MAINT 190 NOT LINKED; R/O BY 002 USERS"]
    assert user.type("LINK TO MAINT 190 AS 291 M") == ["ENTER MULT PASSWORD:"]
    assert user.reading is ReadState.PASSWORD
    assert user.type("MULTME") == ["DASD 291 LINKED R/W; R/O BY 002 USERS"]
    other = site.logon("USER01", "SECRET")
    assert other.type("LINK MAINT 190 290 R") == ["DMKLNK106E MAINT 190 NOT LINKED; R/W BY CMSUSER; R/O BY 003 USERS"]
    assert other.type("LINK MAINT 190 290 MR PASS= MULTME") == [
        "DMKLNK103W DASD 290 FORCED R/O; R/W BY CMSUSER; R/O BY 003 USERS",
        "DASD 290 LINKED R/O; R/W BY CMSUSER; R/O BY 003 USERS",
    ]
    assert other.type("LINK MAINT 190 291 MW PASS=MULTME")[0].startswith("DASD 291 LINKED R/W; R/W BY CMSUSER")
    assert other.type("LINK MAINT 191 391 W X") == ["DMKLNK114E MAINT 191 NOT LINKED; MODE OR PASSWORD INCORRECT"]
    assert "CMSUSER  291 R/W" in user.type("QUERY LINKS 190")[0]
    assert other.type("LINK CMSUSER 191 391 RR") == ["DASD 391 LINKED R/O; R/W BY CMSUSER"]
    maint = site.logon("MAINT", "CPCMS")
    assert any(line.startswith("DMKLNK103W DASD 190 FORCED R/O; R/W BY 002 USERS") for line in maint.transcript)


def test_set_password(site: Site, user: FakeTerminal) -> None:
    assert user.type("SET PASSWORD") == ["ENTER OLD PASSWORD:"]
    assert user.reading is ReadState.PASSWORD
    assert user.type("CMSUSER") == ["ENTER NEW PASSWORD:"]
    assert user.type("CMSUSER") == ["DMKCFS029E PASSWORD MUST HAVE 1 TO 8 CHARACTERS, NO BLANKS, AND NOT BE THE USERID"]
    user.type("SET PASSWORD")
    user.type("CMSUSER")
    assert user.type("NEWONE") == ["ENTER NEW PASSWORD AGAIN:"]
    assert user.type("NEWONE") == ["PASSWORD CHANGED"]
    user.type("LOGOFF")
    remote = site.terminal(local=False)
    assert remote.type("LOGON CMSUSER CMSUSER")[0].startswith("DMKLOG050E")
    remote.type("LOGON CMSUSER NEWONE")
    assert remote.reading is ReadState.CP_READ


def test_sleep_and_echo(user: FakeTerminal) -> None:
    user.session.line("SLEEP")
    user.until(ReadState.SLEEPING)
    user.session.attention()
    user.until(ReadState.CP_READ)
    user.session.line("SLEEP 99 HRS")
    user.until(ReadState.SLEEPING)
    assert user.type("") == []
    assert user.reading is ReadState.CP_READ
    assert user.type("SLEEP 0") == ["DMKCFM002E INVALID OPERAND - 0"]
    assert user.type("ECHO 2") == ["ECHO ENTERED; TO TERMINATE TEST, TYPE END", "ENTER LINE"]
    assert user.type("abc#d") == ["abc#d", "abc#d", "ENTER LINE"]
    assert user.type("END") == []


def test_logmsg(site: Site, user: FakeTerminal) -> None:
    operator = site.logon("OPERATOR")
    assert operator.type("SET LOGMSG 1 New text") == []
    assert operator.type("SET LOGMSG Another line") == []
    assert user.type("Q LOGMSG")[1:] == ["* New text", "* Another line"]
    operator.type("SET LOGMSG NULL")
    assert user.type("Q LOG") == ["THERE IS NO LOGMSG DATA"]


def test_autolog(site: Site) -> None:
    operator = site.logon("OPERATOR")
    assert operator.type("AUTOLOG NOSUCH X") == ["DMKALG053E NOSUCH NOT IN CP DIRECTORY"]
    assert operator.type("AUTOLOG USER01 WRONG") == ["DMKALG059E AUTOLOG FAILED FOR USER01 - PASSWORD INCORRECT"]
    assert operator.type("AUTOLOG USER01 SECRET") == [
        "DMKALG059E AUTOLOG FAILED FOR USER01 - NO IPL IN CP DIRECTORY",
    ]


def test_shutdown_logs_everybody_off(site: Site, user: FakeTerminal) -> None:
    stopped: list[bool] = []
    site.system.on_shutdown.append(lambda: stopped.append(True))
    operator = site.logon("OPERATOR")
    operator.session.line("SHUTDOWN")
    lines = user.until(ReadState.CLOSED)
    assert lines[-1] == "DMKCKP961W SYSTEM SHUTDOWN COMPLETE"
    assert "VM/370 ONLINE" not in lines
    assert site.system.wait(30)
    assert stopped == [True]
    assert user.closed


def test_ready_reset_and_external(user: FakeTerminal) -> None:
    assert user.type("NOTREADY 00C#Q V 00C") == ["RDR  00C CL * NOCONT NOHOLD EOF   NOTREADY"]
    assert user.type("READY 00C#Q V 00C") == ["RDR  00C CL * NOCONT NOHOLD EOF   READY"]
    assert user.type("RESET 00C") == []
    assert user.type("RESET FFF") == ["DMKCPB040E DEVICE FFF DOES NOT EXIST"]
    assert user.type("SYSTEM RESET") == ["SYSTEM RESET"]
    assert user.type("STORE 1000 1#SYSTEM CLEAR#D 1000") == [
        "STORE COMPLETE",
        "STORAGE CLEARED - SYSTEM RESET",
        "001000  00000000",
    ]
    user.type("STORE PSW 01020000 00000000#STORE 58 00020000 00000ABC")
    assert user.type("EXTERNAL") == ["DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000ABC'", "CP"]
    user.type("STORE 0 00020000 00000111")
    assert user.type("SYSTEM RESTART") == ["DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000111'", "CP"]
