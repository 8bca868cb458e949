"""An alias stands for its userid wherever one is typed."""

from __future__ import annotations

from cpvm.cp.session import ReadState
from cpvm.s370.ebcdic import to_ebcdic

from .helper import Site

CARD = to_ebcdic("ONE CARD".ljust(80))


def test_logon_by_alias_and_well_known_password(site: Site) -> None:
    terminal = site.logon("CONVERSATIONAL")  # both, alias and password
    assert terminal.type("QUERY USERID")[0].startswith("CMSUSER ")
    assert "CMSUSER" in site.system.users
    assert site.terminal().type("LOGON CONVERSATIONAL CMSUSER")[-1].startswith("DMKLOG054E ALREADY LOGGED ON")


def test_the_alias_is_no_password_of_one_that_was_changed(site: Site) -> None:
    terminal = site.logon("CMSUSER", "conversational")
    terminal.type("SET PASSWORD")
    terminal.type("CONVERSATIONAL")  # the old one
    terminal.type("NEWPASS")
    assert "PASSWORD CHANGED" in terminal.type("NEWPASS")
    terminal.type("LOGOFF")
    wrong = "DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE"
    assert terminal.type("LOGON CMSUSER CONVERSATIONAL") == [wrong]
    assert terminal.type("LOGON CONVERSATIONAL CMSUSER") == [wrong]
    terminal.type("LOGON CONVERSATIONAL NEWPASS")
    assert terminal.reading is ReadState.CP_READ
    other = site.terminal()
    assert other.type("LOGON USER01 FIRSTUSER01") == [wrong], "USER01's password never was a well-known one"


def test_an_alias_cannot_become_the_password(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    terminal.type("SET PASSWORD")
    terminal.type("CMSUSER")
    assert terminal.type("CMS")[-1].startswith("DMKCFS029E")


def test_a_remote_terminal_refuses_the_alias_as_the_well_known_password_that_it_is(site: Site) -> None:
    remote = site.terminal(local=False)
    assert remote.type("LOGON CONVERSATIONAL CONVERSATIONAL")[-1].startswith("DMKLOG056E PASSWORD OF CMSUSER IS WELL")


def test_messages_and_queries_by_alias(site: Site) -> None:
    maint, user = site.logon("MAINT", "CPCMS"), site.logon("FIRSTUSER01", "SECRET")
    for command, answer in (
        ("MSG FIRSTUSER01 HELLO", "MSG FROM MAINT   : HELLO"),
        ("WNG FIRSTUSER01 LOOK OUT", "WNG FROM MAINT   : LOOK OUT"),
        ("MSGNOH FIRSTUSER01 PLAIN", "PLAIN"),
    ):
        assert maint.type(command) == []
        assert user.until_line(answer)[-1] == answer
    where = f"USER01   - {user.name}"
    assert maint.type("QUERY FIRSTUSER01") == [where]
    assert maint.type("QUERY USERS FIRSTUSER01") == [where]
    assert maint.type("MSG CONVERSATIONAL HELLO") == ["DMKMSG045E CMSUSER NOT LOGGED ON"]
    assert maint.type("MSG LONGERTHANEIGHT HELLO") == ["DMKMSG007E INVALID USERID - LONGERTHANEIGHT"]
    assert maint.type("SMSG FIRSTUSER01 X") == ["DMKMSG057E USER01 NOT RECEIVING; SMSG OFF"]
    maint.type("FORCE FIRSTUSER01")
    user.until_line("LOGOFF AT")


def test_spool_and_links_by_alias(site: Site) -> None:
    maint = site.logon("MAINT", "CPCMS")

    def punch() -> str:
        site.on_cp(lambda: site.system.users["MAINT"].devices[0x00D].card(CARD))  # type: ignore[attr-defined]
        return maint.type("CLOSE PUNCH")[0]

    maint.type("SPOOL PUNCH TO FIRSTUSER01")
    assert punch() == "PUN FILE 0001 TO  USER01   COPY 001 NOHOLD"
    maint.type("SPOOL PUNCH FOR FIRSTUSER01")
    assert punch() == "PUN FILE 0002 FOR USER01   COPY 001 NOHOLD"
    assert maint.type("TRANSFER 1 FROM FIRSTUSER01") == ["0001 FILE TRANSFERRED"]
    assert maint.type("TRANSFER 1 TO CONVERSATIONAL") == ["0001 FILE TRANSFERRED"]
    assert [file.owner for file in site.system.spool.files("RDR")] == ["CMSUSER"]
    assert maint.type("LINK CONVERSATIONAL 191 391 R") == ["DASD 391 LINKED R/O"]


def test_autolog_by_alias(site: Site) -> None:
    maint = site.logon("MAINT", "CPCMS")
    failed = "DMKALG059E AUTOLOG FAILED FOR CMSUSER - "
    assert maint.type("AUTOLOG CONVERSATIONAL CONVERSATIONAL") == [failed + "NO IPL IN CP DIRECTORY"]
    assert maint.type("AUTOLOG CONVERSATIONAL WRONG") == [failed + "PASSWORD INCORRECT"]
