"""Making, starting and stopping a system."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.directory_source import DirectoryError
from cpvm.cp.system import System, SystemStartError

from .helper import DIRECTORY, Site


def test_create_makes_the_volumes_of_the_directory(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    assert System.volume_path(tmp_path, "TEST01").is_file()
    with pytest.raises(SystemStartError, match="exists already"):
        System.create(tmp_path, DIRECTORY)


def test_a_wrong_directory_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError) as caught:
        System.create(tmp_path / "new", "USER A A\nFROB\n")
    assert caught.value.errors == ["line 2: unknown statement FROB"]
    assert not (tmp_path / "new").exists()


def test_where_there_is_no_system(tmp_path: Path) -> None:
    with pytest.raises(SystemStartError, match="no system was created here"):
        System(tmp_path)
    with pytest.raises(SystemStartError, match="does not exist"):
        System(tmp_path / "nowhere")


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "cp.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(SystemStartError, match=r"cp\.sqlite"):
        System(tmp_path)


def test_a_volume_that_is_not_there(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    System.volume_path(tmp_path, "TEST01").unlink()
    site = Site(tmp_path)
    try:
        assert any("DMKCPI954E VOLID TEST01 NOT MOUNTED" in line for line in site.system.log.lines)
        user = site.logon("CMSUSER")
        assert "DMKLNK108E CMSUSER 191 NOT LINKED; VOLID TEST01 NOT MOUNTED" in user.transcript
        assert user.type("IPL 191") == ["DMKCFG040E DEVICE 191 DOES NOT EXIST"]
    finally:
        site.system.shutdown()


def test_shutdown_without_a_start_and_twice(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    system = System(tmp_path)
    system.shutdown()
    system.shutdown()
    assert not system.running
    again = Site(tmp_path)
    again.system.shutdown()
    again.system.shutdown()


def test_an_event_that_fails_stops_nobody(site: Site) -> None:
    user = site.logon("CMSUSER")

    def fail() -> None:
        raise KeyError("an error in CP")

    site.system.post(fail)
    assert user.type("Q USERS") == ["001 USERS, 000 DIALED"]
    assert any("CONTROL PROGRAM ERROR IN EVENT: KeyError" in line for line in site.system.log.lines)


def test_a_terminal_that_fails_hurts_nobody(site: Site) -> None:
    broken, user = site.logon("USER01", "SECRET"), site.logon("CMSUSER")

    def fail(text: str) -> None:
        raise BrokenPipeError

    broken.write = fail  # type: ignore[method-assign]
    assert user.type("MSG USER01 HELLO") == []
    assert user.type("Q USERS") == ["002 USERS, 000 DIALED"]
