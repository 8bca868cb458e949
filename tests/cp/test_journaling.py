"""SET JOURNAL: VM/370's accounting records of types 04, 05 and 06, and what system.config says of passwords."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp.journalrules import JournalRules
from cpvm.cp.sysconfig import read_configuration
from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site


def configured(folder: Path, text: str) -> tuple[JournalRules, list[str]]:
    (folder / "system.config").write_text(text)
    found = read_configuration(folder)
    return found.journaling, found.messages


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path, DIRECTORY)
    (tmp_path / "system.config").write_text(
        "JOURNALING FACILITY ON LOGON ACCOUNT AFTER 2 ATTEMPTS MESSAGE MAINT AFTER 3 ATTEMPTS\n"
        "JOURNALING LOGON LOCKOUT AFTER 4 ATTEMPTS FOR 5 MINUTES\n"
        "JOURNALING LINK ACCOUNT AFTER 2 MESSAGE MAINT AFTER 2 DISABLE AFTER 3 ATTEMPTS\n"
        "FEATURES PASSWORDS_ON_CMDS LOGON NO LINK NO AUTOLOG NO\n"
    )
    site = Site(tmp_path)
    yield site
    site.system.shutdown()


def cards(site: Site, operator: FakeTerminal) -> list[bytes]:
    operator.type("ACNT CLOSE")
    found = []
    for file in site.system.spool.files("PUN", "OPERATOR"):
        found += [record.data for record in site.system.spool.records(file.spoolid)]
    return found


def test_records_04_05_06(site: Site) -> None:
    operator, user = site.logon("OPERATOR"), site.logon("USER01", "SECRET")
    operator.type("SET JOURNAL ON")
    stranger = site.terminal()
    stranger.type("LOGON CMSUSER GUESS")
    user.type("LINK MAINT 191 291 R GUESS")
    user.type("LINK MAINT 191 291 R READIT")
    user.type("LINK MAINT 190 292 R")  # everybody may
    user.type("LINK * 191 293 R")  # one's own
    operator.type("AUTOLOG CMSUSER GUESS")
    found = {from_ebcdic(card[78:]) + from_ebcdic(card[40:48]).strip(): card for card in cards(site, operator)}
    assert sorted(found) == ["04", "04OPERATOR", "05MAINT", "06MAINT"]
    wrong, autolog, linked, refused = (found[key] for key in ("04", "04OPERATOR", "05MAINT", "06MAINT"))
    assert all(len(card) == 80 and from_ebcdic(card[32:40]) == " " * 8 for card in found.values())  # no password
    assert from_ebcdic(wrong[:16]) == "CMSUSER         " and from_ebcdic(wrong[28:32]) == stranger.name[-4:]
    assert (wrong[51:53], wrong[53:55]) == (b"\0\1", b"\0\1")
    assert from_ebcdic(autolog[:8]) == "CMSUSER "
    assert from_ebcdic(linked[:8]) == "USER01  " and from_ebcdic(linked[48:51]) == "191"
    assert from_ebcdic(refused[48:51]) == "191" and refused[51:53] == b"\0\1"


def test_logon_and_link_are_switched_apart(site: Site) -> None:
    operator = site.logon("OPERATOR")
    operator.type("SET JOURNAL LINK ON")
    assert operator.type("QUERY JOURNAL") == ["LOGON JOURNALING: OFF, LINK JOURNALING: ON"]
    operator.type("SET JOURNAL LOGON ON#SET JOURNAL LINK OFF")
    assert operator.type("QUERY JOURNAL") == ["LOGON JOURNALING: ON, LINK JOURNALING: OFF"]
    operator.type("SET JOURNAL OFF")
    assert operator.type("QUERY JOURNAL") == ["LOGON JOURNALING: OFF, LINK JOURNALING: OFF"]
    for bad in ("SET JOURNAL", "SET JOURNAL MAYBE", "SET JOURNAL LINK", "SET JOURNAL ON ON", "SET JOURNAL LINK X"):
        assert operator.type(bad)[0].startswith("DMKCFS0"), bad


def test_thresholds_and_messages(strict: Site) -> None:
    maint = strict.terminal()
    maint.type("LOGON MAINT")
    maint.type("CPCMS")
    stranger = strict.terminal(local=False)
    for _ in range(3):
        stranger.type("LOGON USER01")
        stranger.type("GUESS")
    assert maint.until_line("DMKJRL145I")[-1][9:] == f"DMKJRL145I USER01 AT {stranger.name}; 3 INVALID LOGON PASSWORDS"
    stranger.type("LOGON USER01")
    stranger.type("GUESS")
    other = strict.terminal(local=False)
    other.type("LOGON USER01")
    assert other.type("SECRET") == ["DMKLOG051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"]
    user = strict.terminal()
    user.type("LOGON USER01")
    user.type("SECRET")
    for _ in range(2):
        user.type("LINK MAINT 191 291 R")
        user.type("GUESS")
    assert maint.until_line("DMKJRL146I")[-1][9:] == (
        f"DMKJRL146I USER01 AT {user.name}; 2 INVALID LINK PASSWORDS, NOW FOR MAINT 191"
    )
    user.type("LINK MAINT 191 291 R")
    user.type("GUESS")
    assert user.type("LINK MAINT 191 291 R") == ["DMKLNK115E LINK INVALID; EXCESSIVE INCORRECT PASSWORDS"]
    found = [(from_ebcdic(card[78:]), card[52]) for card in cards(strict, maint)]
    assert found == [("04", 2), ("04", 3), ("04", 4), ("06", 2), ("06", 3)]


def test_passwords_are_not_typed_in_the_line(strict: Site) -> None:
    user = strict.terminal()
    assert user.type("LOGON USER01 SECRET") == ["DMKLOG118E COMMAND FORMAT INVALID"]
    user.type("LOGON USER01")
    user.type("SECRET")
    assert user.type("LINK MAINT 191 291 R READIT") == ["DMKLNK118E COMMAND FORMAT INVALID"]
    assert user.type("LINK MAINT 191 291 R") == ["ENTER READ PASSWORD:"]
    assert user.type("READIT") == ["DASD 291 LINKED R/O"]
    operator = strict.terminal()
    operator.type("LOGON OPERATOR")
    operator.type("OPERATOR")
    assert operator.type("AUTOLOG CMSUSER CMSUSER Q T") == ["DMKALG118E COMMAND FORMAT INVALID"]
    assert operator.type("AUTOLOG CMSUSER PROMPT Q T") == ["ENTER PASSWORD:"]
    assert "AUTO LOGON *** CMSUSER" in operator.type("CMSUSER")[0]


def test_set_and_query_may_be_refused(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    (tmp_path / "system.config").write_text("JOURNALING FACILITY ON SET_AND_QUERY OFF\n")
    site = Site(tmp_path)
    try:
        operator = site.logon("OPERATOR")
        assert operator.type("SET JOURNAL OFF") == ["DMKCFS003E INVALID OPTION - JOURNAL"]
        assert operator.type("QUERY JOURNAL") == ["DMKCQG003E INVALID OPTION - JOURNAL"]
        assert site.system.operations.journaling.logon
    finally:
        site.system.shutdown()


def test_statements(tmp_path: Path) -> None:
    rules, messages = configured(tmp_path, "JOURNAL LIMIT 80M\nJOURNALING LOGON LOCKOUT AFTER 3 FOR 1 MINUTE\n")
    assert messages == [] and rules.file_bytes == 10 * 1024 * 1024
    assert (rules.logon.closed, rules.logon.minutes, rules.link.closed) == (3, 1, 10)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "JOURNAL",
            "JOURNAL LIMIT",
            "JOURNAL LIMIT 5G",
            "JOURNAL SIZE 5M",
            "JOURNALING",
            "JOURNALING ACCOUNT AFTER 3",
        ),
        *("JOURNALING LOGON ACCOUNT 3", "JOURNALING LOGON ACCOUNT AFTER 0", "JOURNALING LOGON ACCOUNT AFTER 256"),
        *("JOURNALING LOGON MESSAGE AFTER 3", "JOURNALING LOGON DISABLE AFTER 3", "JOURNALING LINK LOCKOUT AFTER 3"),
        *("JOURNALING FACILITY", "JOURNALING FACILITY YES", "JOURNALING LOGON LOCKOUT AFTER 3 FOR 5"),
        *("FEATURES", "FEATURES PASSWORDS_ON_CMDS", "FEATURES PASSWORDS_ON_CMDS LINK", "FEATURES OTHER LINK NO"),
        *("FEATURES PASSWORDS_ON_CMDS DIAL NO", "FEATURES PASSWORDS_ON_CMDS LINK NO LOGON"),
    ],
)
def test_wrong_statements(tmp_path: Path, text: str) -> None:
    rules, messages = configured(tmp_path, f"{text}\nNODE HERE\n")
    assert len(messages) == 1 and messages[0].startswith("DMKCPI955E system.config LINE 1; ")
    assert rules == JournalRules()
