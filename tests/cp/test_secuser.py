"""Machines that run disconnected: who sees and drives their consoles, and when they are given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System

from .helper import DIRECTORY, FakeTerminal, Site


@pytest.fixture
def watcher(site: Site) -> FakeTerminal:
    """MAINT, the secondary user of CMSUSER, who has gone."""
    maint = site.logon("MAINT", "CPCMS")
    user = site.logon("CMSUSER")
    assert user.type("SET SECUSER MAINT") == ["SECUSER OF CMSUSER INITIATED"]
    assert user.type("Q SECUSER") == ["CMSUSER  SECUSER = MAINT"]
    user.type("DISCONN")
    return maint


def test_output_and_commands(site: Site, watcher: FakeTerminal) -> None:
    watcher.session.line("SEND CP CMSUSER QUERY USERID")
    assert watcher.until_line("AT CPVM")[-1] == "CMSUSER : CMSUSER  AT CPVM"
    watcher.session.line("SEND CP CMSUSER STORE 200 00020000 00000ABC")
    watcher.session.line("SEND CP CMSUSER D 200.8")
    assert watcher.until_line("000200")[-1].startswith("CMSUSER : 000200  00020000 00000ABC")


def test_a_line_for_the_guest(site: Site, watcher: FakeTerminal) -> None:
    vm = site.system.users["CMSUSER"]

    def prepare() -> None:
        vm.machine.storage.write(0x200, bytes.fromhex("9C000009 82000240"))
        vm.machine.storage.write(0x48, bytes.fromhex("00001000"))
        vm.machine.storage.write(0x1000, bytes.fromhex("0A002000 20000010"))
        vm.machine.storage.write(0x78, bytes.fromhex("00020000 000000AB"))
        vm.machine.storage.write(0x240, bytes.fromhex("FE020000 00000000"))

    site.on_cp(prepare)
    watcher.type("SEND CP CMSUSER BEGIN 200")
    watcher.session.line("SEND CMSUSER Hello there")
    watcher.until_line("CMSUSER : DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 000000AB'")
    assert vm.machine.storage.read(0x2000, 11).decode("cp037") == "Hello there"


def test_who_may_send(site: Site, watcher: FakeTerminal) -> None:
    other = site.logon("USER01", "SECRET")
    assert other.type("SEND CMSUSER X") == ["DMKSND057E CMSUSER NOT RECEIVING; NOT YOUR SECONDARY MACHINE"]
    assert other.type("SET SECUSER CMSUSER USER01") == ["DMKCFS003E INVALID OPTION - CMSUSER"]
    assert other.type("SEND NOSUCH X") == ["DMKSND045E NOSUCH NOT LOGGED ON"]
    assert other.type("SET SECUSER NOSUCH") == ["DMKCFS053E NOSUCH NOT IN CP DIRECTORY"]
    assert watcher.type("SEND CP CMSUSER") == ["DMKSND025E DATA MISSING OR INVALID"]
    site.terminal().type("LOGON CMSUSER CMSUSER")
    assert watcher.type("SEND CMSUSER X") == ["DMKSND057E CMSUSER NOT RECEIVING; LOGGED ON"]


def test_two_who_watch_each_other(site: Site) -> None:
    one, two = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    one.type("SET OBSERVER USER01")
    two.session.line("SET OBSERVER CMSUSER")
    two.until(ReadState.CP_READ)
    one.type("QUERY USERID")
    two.until_line("CMSUSER : CMSUSER  AT CPVM")
    assert one.type("QUERY OBSERVER")[-1] == "CMSUSER  OBSERVER = USER01"
    one.type("SET OBSERVER OFF")
    assert one.type("QUERY OBSERVER")[-1] == "CMSUSER  OBSERVER = NONE"


def test_nobody_answers(site: Site) -> None:
    site.system.configuration.unanswered = 0.01
    user = site.logon("CMSUSER")
    maint = site.logon("MAINT", "CPCMS")
    operator = site.logon("OPERATOR")
    user.type("SET SECUSER MAINT")
    user.type("DISCONN")
    maint.type("SEND CP CMSUSER SET SECUSER OFF")  # now nobody is in charge
    operator.until_line("USERS = 002 FORCED")
    assert "CMSUSER" not in site.system.users


def test_reconnecting_in_time(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("DISCONN")
    console = site.system.users["CMSUSER"].console
    assert console._unanswered.running
    site.terminal().type("LOGON CMSUSER CMSUSER")
    assert not console._unanswered.running


def test_what_directory_and_configuration_say(tmp_path: Path) -> None:
    begins = "USER CMSUSER CMSUSER 256K 2M G\nALIAS CONVERSATIONAL\nALIAS CMS\nACCOUNT 3 BIN3\nCONSOLE 009 3215"
    assert begins in DIRECTORY
    text = DIRECTORY.replace(begins, f"{begins} T MAINT")
    System.create(tmp_path, text)
    (tmp_path / "system.config").write_text("DISCONNECT TIMEOUT 2\nDISCONNECT LATER\n")
    site = Site(tmp_path)
    try:
        user = site.logon("CMSUSER")
        assert user.type("Q SECUSER") == ["CMSUSER  SECUSER = MAINT"]
        user.type("SET SECUSER OFF")
        assert user.type("SET SECUSER RESET#Q SECUSER")[-1] == "CMSUSER  SECUSER = MAINT"
        assert site.system.users["CMSUSER"].console.patience == 120.0
        assert any("DISCONNECT TIMEOUT" in line for line in site.system.log.lines)
    finally:
        site.system.shutdown()
