"""Making a system: once, whole, and never over something else."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cpvm import api, sysgen
from cpvm.front.filelock import FileLock
from cpvm.sysgen import SystemDirectoryError

CHILD = "import sys; from pathlib import Path; from cpvm import sysgen; sysgen.prepare(Path(sys.argv[1]), print)"


def test_an_existing_system_is_left_as_it_is(system_directory: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in system_directory.rglob("*")}
    steps: list[str] = []
    assert sysgen.prepare(system_directory, steps.append) == system_directory
    assert steps == []
    assert {path: path.stat().st_mtime_ns for path in system_directory.rglob("*")} == before


def test_something_else_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a").write_text("dear")
    with pytest.raises(SystemDirectoryError, match="is no cpvm system directory, and not empty"):
        sysgen.prepare(tmp_path / "letters")
    with pytest.raises(SystemDirectoryError, match="is no cpvm system directory"):
        sysgen.prepare(tmp_path / "letters" / "a")
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "a"]


def test_a_system_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / sysgen.MARK).write_text(json.dumps({"format": 99}))
    with pytest.raises(SystemDirectoryError, match="layout 99"):
        sysgen.prepare(tmp_path)
    (tmp_path / sysgen.MARK).write_text("{")
    with pytest.raises(SystemDirectoryError, match="damaged"):
        sysgen.prepare(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemDirectoryError, match="neither found nor made"):
        sysgen.prepare(tmp_path / "file" / "system")


def test_a_build_that_is_killed_leaves_nothing_and_is_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    builder = subprocess.Popen(
        [sys.executable, "-u", "-c", CHILD, folder], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert builder.stdout is not None
    assert any(line.startswith("Assembling the CMS commands") for line in builder.stdout)
    builder.kill()
    builder.communicate()
    assert not folder.exists()
    with api.start(folder) as system:
        assert system.logon("CMSUSER").logoff().state is api.ReadState.LOGON
    assert [path.name for path in tmp_path.iterdir()] == ["system"]


def test_a_system_that_is_just_being_made(tmp_path: Path) -> None:
    folder = tmp_path / "system"

    def second(step: str) -> None:
        sysgen.prepare(folder)

    with pytest.raises(SystemDirectoryError, match="is just being made"):
        sysgen.prepare(folder, second)
    assert not folder.exists()


@pytest.fixture
def quick_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system is made in no time, of nothing but its mark."""

    def build(folder: Path, progress: object) -> None:
        (folder / "volumes").mkdir()
        (folder / sysgen.MARK).write_text(json.dumps({"format": sysgen.FORMAT}))

    monkeypatch.setattr(sysgen, "_build", build)


@pytest.mark.skipif(os.name == "nt", reason="an open file keeps its folder from being renamed")
def test_nobody_clears_away_a_system_that_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_build: None
) -> None:
    folder, rename = tmp_path / "system", Path.rename

    def renamed(self: Path, target: Path) -> Path:
        with pytest.raises(SystemDirectoryError, match="is just being made"):
            sysgen.prepare(folder)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renamed)
    sysgen.prepare(folder)
    assert (folder / "volumes").is_dir() and (folder / sysgen.MARK).exists()


def test_a_lock_of_what_has_become_the_system_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_build: None
) -> None:
    """The folder has got its name between the look for it and the lock."""
    folder, meanwhile = tmp_path / "system", [1]

    class Late(FileLock):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            if meanwhile:
                meanwhile.clear()
                (path.parent / sysgen.MARK).write_text(json.dumps({"format": sysgen.FORMAT}))
                path.parent.rename(folder)

    monkeypatch.setattr(sysgen, "FileLock", Late)
    assert sysgen.prepare(folder) == folder
    assert [path.name for path in tmp_path.iterdir()] == ["system"]


def test_two_systems_in_one_process(system_directory: Path, tmp_path: Path) -> None:
    """Nothing is global: both answer, each with its own users."""
    other = shutil.copytree(system_directory, tmp_path / "other")
    with api.start(system_directory) as one, api.start(other) as two:
        users = [one.logon("CMSUSER"), two.logon("CMSUSER"), two.logon("MAINT")]
        answers: list[tuple[str, ...]] = [()] * len(users)

        def ask(number: int) -> None:
            answers[number] = users[number].type("QUERY USERS").lines

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(users))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [("001 USERS, 000 DIALED",), ("002 USERS, 000 DIALED",), ("002 USERS, 000 DIALED",)]


@pytest.mark.skipif(os.name == "nt", reason="no file modes")
def test_nobody_else_on_the_computer_can_read_a_new_system(built_system: Path) -> None:
    assert built_system.stat().st_mode & 0o077 == 0
