"""The CMS system disk made anew, everything else left alone."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm import api, cli
from cpvm.cp.system import System
from cpvm.front import systemdisk, users
from cpvm.front.start import OUTDATED
from cpvm.sysgen import MARK

KILLED = """\
import os, signal, sys
from pathlib import Path
from cpvm import api
from cpvm.machine.media.volume import Volume
write, count = Volume.write, 0
def last(self, cyl, head, image):
    global count
    write(self, cyl, head, image)
    count += 1
    if count == 500:
        os.kill(os.getpid(), signal.SIGKILL)
Volume.write = last
api.start(Path(sys.argv[1]), rebuild_cms=True)
"""


def noted(folder: Path, level: str) -> None:
    """Have the system directory say that its CMS was built from a source with this hash."""
    mark = folder / MARK
    facts = json.loads(mark.read_text())
    facts["cms"]["level"] = level
    mark.write_text(json.dumps(facts))


def tracks(folder: Path) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """The tracks of the system disk, and all others."""
    database = sqlite3.connect(System.volume_path(folder, users.VOLUME))
    rows = database.execute("SELECT number, image FROM track").fetchall()
    database.close()
    first = users.FIRST_CYLINDER * 30
    system = range(first, first + users.SYSTEM_DISK_CYLINDERS * 30)
    return {n: image for n, image in rows if n in system}, {n: image for n, image in rows if n not in system}


@pytest.fixture
def used_system(system_directory: Path) -> Path:
    """A system in use: a command is missing, MAINT has a file of its own on 190, CMSUSER one on 191, one in spool."""
    with api.start(system_directory) as system:
        user = system.logon("CMSUSER")
        for line in ("IPL CMS", "", "COPYFILE PROFILE EXEC A MINE EXEC A", "CP SPOOL PUNCH TO *", "PUNCH MINE EXEC"):
            assert user.type(line).return_code in (0, None)
        maint = system.logon("MAINT")
        for line in ("IPL CMS", "", "ACCESS 190 B", "ERASE LISTFILE MODULE B", "COPYFILE PROFILE EXEC A SITE EXEC B2"):
            assert maint.type(line).return_code in (0, None)
        assert user.type("IPL CMS") and user.type("")
        assert user.type("LISTFILE").return_code != 0
    noted(system_directory, "of old")
    return system_directory


def check_rebuilt(folder: Path, others: dict[int, bytes]) -> None:
    assert tracks(folder)[1] == others
    with api.start(folder) as system:
        assert not system.cms_outdated
        user = system.logon("CMSUSER")
        user.type("IPL CMS")
        user.type("")
        listing = user.type("LISTFILE * * A")
        assert listing.return_code == 0 and any(line.startswith("MINE ") for line in listing.lines)
        assert any(line.startswith("SITE ") for line in user.type("LISTFILE SITE EXEC *").lines)
        assert any("MINE" in line for line in user.type("CP QUERY READER ALL").lines)


def test_a_new_system_is_up_to_date(system_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted(system_directory, systemdisk.source_level())  # the source may have changed since the test run began
    with api.start(system_directory) as system:
        assert not system.cms_outdated
    monkeypatch.setattr(systemdisk, "source_level", lambda: "another")
    with api.start(system_directory) as system:
        assert system.cms_outdated


def test_the_hash_changes_with_each_source_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nucleus").mkdir()
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr("cpvm.front.systemdisk.cms.__file__", str(tmp_path / "__init__.py"))
    levels = [systemdisk.source_level()]
    (tmp_path / "nucleus" / "dmsxxx.assemble").write_text(" END")
    levels.append(systemdisk.source_level())
    (tmp_path / "nucleus" / "dmsxxx.assemble").rename(tmp_path / "nucleus" / "dmsyyy.assemble")
    levels.append(systemdisk.source_level())
    (tmp_path / "nucleus" / "dmsyyy.assemble").write_text(" END X")
    levels.append(systemdisk.source_level())
    assert len(set(levels)) == len(levels)
    (tmp_path / "nucleus" / "dmsyyy.session").write_text("> X")
    os.utime(tmp_path / "nucleus" / "dmsyyy.assemble", (0, 0))
    assert systemdisk.source_level() == levels[-1]


def test_a_rebuild_leaves_all_else_as_it_is(used_system: Path) -> None:
    system, others = tracks(used_system)
    with api.start(used_system) as running:
        assert running.cms_outdated
    with api.start(used_system, rebuild_cms=True) as running:
        assert not running.cms_outdated
    assert tracks(used_system)[0] != system
    check_rebuilt(used_system, others)


def test_a_rebuild_that_is_killed_has_changed_nothing(used_system: Path) -> None:
    before = tracks(used_system)
    killed = subprocess.run([sys.executable, "-c", KILLED, used_system], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tracks(used_system) == before
    with api.start(used_system) as running:
        assert running.cms_outdated
        assert running.logon("CMSUSER").type("IPL CMS").lines
    api.start(used_system, rebuild_cms=True).stop()
    check_rebuilt(used_system, before[1])


def test_a_disk_that_cannot_be_read_is_rebuilt(used_system: Path) -> None:
    others = tracks(used_system)[1]
    database = sqlite3.connect(System.volume_path(used_system, users.VOLUME))
    database.execute("DELETE FROM track WHERE number < ?", (users.FIRST_CYLINDER * 30 + 20,))
    database.commit()
    database.close()
    told: list[str] = []
    with api.start(used_system, rebuild_cms=True, progress=told.append) as running:
        user = running.logon("CMSUSER")
        user.type("IPL CMS")
        user.type("")
        assert user.type("LISTFILE MINE EXEC A").return_code == 0
    assert any(line.startswith("The old disk cannot be read") for line in told)
    assert {n: image for n, image in others.items() if n >= users.FIRST_CYLINDER * 30} == tracks(used_system)[1]


def test_a_system_without_a_system_disk(used_system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemdisk, "OWNER", "USER01")
    with pytest.raises(api.SystemDirectoryError, match="USER01 has no minidisk 190"):
        api.start(used_system, rebuild_cms=True)
    api.start(used_system).stop()  # and it is not locked


def test_start_says_so_in_one_line(
    used_system: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(OUTDATED) < 80 and "--rebuild-cms" in OUTDATED
    start = [sys.executable, "-m", "cpvm.cli", "start", "--system", str(used_system), "--listen", "none"]
    for options, said in (([], True), (["--rebuild-cms"], False), ([], False)):
        done = subprocess.run([*start, *options], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0
        assert (OUTDATED in done.stdout.splitlines()) is said
    with pytest.raises(SystemExit):
        cli.main(["start", "--help"])
    assert "--rebuild-cms" in capsys.readouterr().out
