"""LOGON, LOGOFF, DISCONN and what comes before and after."""

from __future__ import annotations

from cpvm.cp.guard import Guard
from cpvm.cp.session import ReadState

from .helper import Site


def test_logon_asks_for_a_password_that_is_not_shown(site: Site) -> None:
    terminal = site.terminal()
    assert terminal.transcript == ["VM/370 ONLINE"]
    assert terminal.type("logon cmsuser") == ["ENTER PASSWORD:"]
    assert terminal.reading is ReadState.PASSWORD
    lines = terminal.type("cmsuser")
    assert lines[0].startswith("LOGMSG - ")
    assert lines[1] == "* WELCOME TO THE TEST SYSTEM"
    assert lines[2].startswith("LOGON AT ")
    assert len(lines) == 3
    assert terminal.reading is ReadState.CP_READ


def test_query_time_and_logoff(site: Site) -> None:
    terminal = site.logon("USER01", "SECRET")
    lines = terminal.type("q t")
    assert lines[0].startswith("TIME IS ")
    assert lines[1].startswith("CONNECT= 00:00:0")
    lines = terminal.type("LOG")
    assert lines[0].startswith("CONNECT= ")
    assert lines[1].startswith("LOGOFF AT ")
    assert lines[2] == "VM/370 ONLINE"
    assert terminal.reading is ReadState.LOGON


def test_wrong_password_and_too_many_of_them(site: Site) -> None:
    terminal = site.terminal()
    for _ in range(3):
        assert terminal.type("L USER01 WRONG") == ["DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE"]
        assert terminal.reading is ReadState.LOGON
    terminal.type("L USER01 WRONG")
    assert terminal.reading is ReadState.CLOSED
    assert terminal.transcript[-1] == "DMKLOG051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"
    assert "WRONG" not in (site.folder / "operator.log").read_text()


def test_well_known_password_only_at_a_local_terminal(site: Site) -> None:
    remote = site.terminal(local=False)
    assert remote.type("LOGON CMSUSER CMSUSER")[0].startswith("DMKLOG056E ")
    assert remote.reading is ReadState.LOGON
    remote.type("LOGON USER01 SECRET")
    assert remote.reading is ReadState.CP_READ


def test_before_logon(site: Site) -> None:
    terminal = site.terminal()
    assert terminal.type("LOGON NOSUCH") == ["DMKLOG053E NOSUCH NOT IN CP DIRECTORY"]
    assert terminal.type("LOGON NOBODY X")[0].startswith("DMKLOG055E NOBODY")
    assert terminal.type("LOGON") == ["DMKLOG020E USERID MISSING OR INVALID"]
    assert terminal.type("LOGON TOOLONGNAME") == ["DMKLOG007E INVALID USERID - TOOLONGNAME"]
    assert terminal.type("FROB X") == ["DMKCFM001E ?CP: FROB"]
    assert terminal.type("") == []
    assert terminal.reading is ReadState.LOGON
    terminal.session.line("LOGON USER01")
    terminal.until(ReadState.PASSWORD)
    terminal.session.attention()
    terminal.until(ReadState.LOGON)


def test_second_logon_is_refused(site: Site) -> None:
    site.logon("CMSUSER")
    terminal = site.terminal()
    assert terminal.type("LOGON CMSUSER CMSUSER") == ["DMKLOG054E ALREADY LOGGED ON LINE L0001"]


def test_disconnect_and_reconnect(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    lines = terminal.type("DISC")
    assert lines[0].startswith("DISCONNECT AT ")
    operator = site.logon("OPERATOR")
    assert operator.type("QUERY NAMES") == ["CMSUSER  - DSC , OPERATOR - L0002"]
    lines = terminal.type("LOGON CMSUSER CMSUSER")
    assert any(line.startswith("RECONNECTED AT ") for line in lines)
    assert terminal.reading is ReadState.CP_READ


def test_a_lost_line_disconnects(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    terminal.session.hangup()
    operator = site.logon("OPERATOR")
    assert operator.type("Q CMSUSER") == ["CMSUSER  - DSC"]


def test_remote_line_drops_after_logoff_unless_held(site: Site) -> None:
    remote = site.terminal(local=False)
    remote.type("LOGON USER01 SECRET")
    remote.type("LOGOFF HOLD")
    assert remote.reading is ReadState.LOGON
    remote.type("LOGON USER01 SECRET")
    remote.type("LOGOFF")
    assert remote.reading is ReadState.CLOSED
    site.on_cp(lambda: None)  # the line is dropped behind the state that tells so
    assert remote.closed


def test_a_userid_is_closed_to_remote_terminals_after_many_wrong_passwords(site: Site) -> None:
    first, second = site.terminal(local=False), site.terminal(local=False)
    for terminal, count in ((first, 3), (second, 2)):
        for _ in range(count):
            assert terminal.type("L USER01 WRONG")[0].startswith("DMKLOG050E")
    assert second.type("L USER01 SECRET") == ["DMKLOG051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"]
    site.logon("USER01", "SECRET")


def test_the_guard_opens_again() -> None:
    now = [0.0]
    guard = Guard(lambda: now[0])
    for _ in range(Guard.LIMIT):
        assert not guard.closed("A")
        guard.wrong("A")
    assert guard.closed("A")
    assert not guard.closed("B")
    now[0] = Guard.SECONDS + 1
    assert not guard.closed("A")
    guard.right("A")
    guard.wrong("A")
    assert not guard.closed("A")


def test_lines_typed_while_the_password_is_checked(site: Site) -> None:
    terminal = site.terminal()
    for line in ("LOGON CMSUSER CMSUSER#Q USERS", "Q USERID", "LOGOFF"):
        terminal.session.line(line)
    lines = terminal.until_line("LOGOFF AT")
    assert "001 USERS, 000 DIALED" in lines
    assert "CMSUSER  AT CPVM" in lines
    assert lines.index("001 USERS, 000 DIALED") < lines.index("CMSUSER  AT CPVM")


def test_logon_with_a_mask(site: Site) -> None:
    terminal = site.terminal()
    assert terminal.type("LOGON CMSUSER MASK") == ["ENTER PASSWORD:", "XXXXXXXX"]
    terminal.type("CMSUSER")
    assert "CMSUSER" in site.system.users
