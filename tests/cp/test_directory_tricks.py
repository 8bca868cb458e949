"""What somebody may try with the directory: who may replace it, names that mean something, disks of others."""

from __future__ import annotations

import pytest

from cpvm.cp.directory_source import DirectoryError, read_directory
from cpvm.cp.journal import What, read
from cpvm.s370.ebcdic import to_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site

CARD = 80
TOOK_OVER = "USER USER01 X 256K 2M ABCDEFG"


def errors(source: str) -> list[str]:
    with pytest.raises(DirectoryError) as failed:
        read_directory(source, hash_one=lambda word: "scrypt$")
    return failed.value.errors


def diagnose_13c(site: Site, terminal: FakeTerminal, userid: str, source: str) -> None:
    """Have the user's machine install a directory."""
    data = b"".join(to_ebcdic(f"{line:<80}") for line in source.splitlines())
    program = bytes.fromhex("5820 0200 5830 0204 8323 013C 8200 0208".replace(" ", ""))

    def load() -> None:
        storage = site.system.users[userid].machine.storage
        storage.write(0x100, program)
        storage.write(0x200, (0x10000).to_bytes(4, "big") + len(data).to_bytes(4, "big"))
        storage.write(0x208, bytes.fromhex("0002000000000BAD"))
        storage.write(0x10000, data)

    site.on_cp(load)
    terminal.type("BEGIN 100")


@pytest.mark.parametrize(("userid", "secret", "allowed"), [("USER01", "SECRET", False), ("MAINT", "CPCMS", True)])
def test_only_operators_replace_it(site: Site, userid: str, secret: str, allowed: bool) -> None:
    terminal = site.logon(userid, secret)
    before = set(site.system.directory.users)
    diagnose_13c(site, terminal, userid, TOOK_OVER)
    assert (set(site.system.directory.users) == before) is not allowed
    found = [entry for entry in read(site.folder) if entry is not None]
    kinds = [(entry.what, entry.user, entry.about, entry.result) for entry in found]
    if allowed:
        assert (What.DIRECTORY, userid, "REPLACED", "OK") in kinds
    else:
        assert (What.DIAGNOSE, userid, "X'13C'", "REFUSED") in kinds


def test_diagnose_3c_is_refused_and_recorded(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    site.on_cp(lambda: site.system.users["USER01"].machine.storage.write(0x100, bytes.fromhex("8323003C")))
    user.type("BEGIN 100")
    found = [entry for entry in read(site.folder) if entry is not None and entry.what == What.DIAGNOSE]
    assert [(entry.user, entry.about, entry.result) for entry in found][:1] == [("USER01", "X'03C'", "REFUSED")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("ALIAS CMS", "ALIAS MAINT"), "alias MAINT of CMSUSER is a userid"),
        (("ALIAS CMS", "ALIAS SYSTEM"), "invalid alias SYSTEM"),
        (("USER USER01", "USER SYSTEM"), "invalid userid SYSTEM"),
        (("USER USER01", "USER ALL"), "invalid userid ALL"),
        (("USER USER01", "USER *USER"), "invalid userid *USER"),
        (("USER USER01", "USER MAINT"), "user MAINT is defined twice"),
        (("USER01 SECRET", "USER01 NOPASS"), "NOPASS is no password; NOLOG and AUTOONLY let nobody log on"),
        (("USER01 SECRET", "USER01 LBYONLY"), "LBYONLY is no password; NOLOG and AUTOONLY let nobody log on"),
        (("USER01 SECRET", "USER01 *"), "USER01 has no password yet that could stay"),
        (("191 3350 40 5 TEST01 W", "191 3350 20 5 TEST01 W"), "USER01 191 overlaps MAINT 191 of line"),
        (("191 3350 40 5 TEST01 W", "191 3350 40 50 TEST01 W"), "cylinders 40 to 89 are not all on TEST01"),
        (("191 3350 40 5 TEST01 W", "191 3350 40 5 TEST01 W *"), "191 has no passwords yet that could stay"),
    ],
)
def test_sources_that_are_refused(change: tuple[str, str], said: str) -> None:
    assert change[0] in DIRECTORY
    assert any(said.lower() in error.lower() for error in errors(DIRECTORY.replace(*change)))


def test_words_for_passwords_are_none(site: Site) -> None:
    """NOLOG, ALL and the hash itself open nothing."""
    user = site.logon("USER01", "SECRET")
    hashed = site.system.directory.password_hash("MAINT")
    terminal = site.terminal()
    for word in ("NOLOG", "AUTOONLY", "ALL", "*", hashed, hashed[:8]):
        terminal.type("LOGON NOBODY NOLOG")
        terminal.type("LOGON MAINT")
        if terminal.reading is not None and terminal.transcript[-1] == "ENTER PASSWORD:":
            terminal.type(word)
        assert "MAINT" not in site.system.users and "NOBODY" not in site.system.users
        terminal = site.terminal()
    for line in (
        "LINK MAINT 191 291 R ALL",
        "LINK MAINT 191 291 W",
        "LINK MAINT 191 291 MW ALL",
        "LINK USER02 191 291",
    ):
        answer = user.type(line)
        assert answer[-1].startswith("DMKLNK"), answer


def test_ones_own_disk_by_another_name(site: Site) -> None:
    """An alias is the userid, for links as well: no way around a password, and the owner's right for the owner."""
    user, other = site.logon("USER01", "SECRET"), site.logon("CMSUSER")
    assert user.type("LINK FIRSTUSER01 191 291 R")[-1].startswith("DMKLNK104E")  # one's own, written by 191
    assert other.type("LINK FIRSTUSER01 191 291 R") == ["DMKLNK114E USER01 191 NOT LINKED; MODE OR PASSWORD INCORRECT"]
