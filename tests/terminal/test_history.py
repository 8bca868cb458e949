"""Lines kept for each userid between runs: which, where, and never a password."""

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.input import create_pipe_input

from cpvm.terminal.history import Files
from cpvm.terminal.line import MAX_HISTORY, ReadState

from .test_local import Screen

UP, DOWN = "\x1b[A", "\x1b[B"


@contextmanager
def run(folder: Path) -> Iterator[Screen]:
    """One run of the terminal, in which CMSUSER is logged on."""
    with create_pipe_input() as keyboard:
        screen = Screen(keyboard, lambda: None, folder)
        try:
            log_on(screen, "CMSUSER")
            yield screen
        finally:
            screen.terminal.close()
            assert screen.ended()
            screen.system.stop()


def log_on(screen: Screen, userid: str) -> None:
    screen.keys(f"LOGON {userid}\r")
    screen.wait(ReadState.PASSWORD)
    screen.keys("secret\r")
    screen.wait(ReadState.VM_READ)
    screen.text.until(f"HELLO {userid}")


def recall(screen: Screen, presses: int, line: str) -> None:
    """Press the up arrow until the line is there (the terminal may still be fetching the lines), and enter it."""
    end = time.monotonic() + 10
    prompt = screen.terminal._prompt
    assert prompt is not None
    while True:
        screen.keys(UP * presses)
        again = time.monotonic() + 0.5
        while time.monotonic() < again:
            if prompt.default_buffer.text == line:
                return command(screen, "", line)
            time.sleep(0.002)
        assert time.monotonic() < end, f"{line} does not come back"
        screen.keys(DOWN * presses)


def command(screen: Screen, line: str, shown: str = "") -> None:
    at = len(screen.text.getvalue())
    screen.keys(f"{line}\r")
    screen.text.until(f"<{shown or line}>", at)
    screen.wait(ReadState.VM_READ)


def test_lines_come_back_in_the_next_run_to_the_same_user(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "history"
    with run(folder) as screen:
        command(screen, "LISTFILE")
        command(screen, "QUERY TIME")
    with run(folder) as screen:
        recall(screen, 1, "QUERY TIME")
        recall(screen, 2, "LISTFILE")
        screen.keys("LOGOFF\r")
        screen.wait(ReadState.LOGON)
        log_on(screen, "MAINT")
        assert screen.terminal._history.get_strings() == []  # nothing of CMSUSER's
        command(screen, "QUERY USERS")
        screen.keys("LOGOFF\r")
        screen.wait(ReadState.LOGON)
        log_on(screen, "CMSUSER")
        recall(screen, 2, "LISTFILE")
    assert sorted(path.name for path in folder.iterdir()) == ["CMSUSER", "MAINT"]
    kept = "".join(path.read_text() for path in folder.iterdir())
    assert "secret" not in kept and "LOGON" not in kept


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    with run(folder) as screen:
        command(screen, "LISTFILE")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "CMSUSER").stat().st_mode) == 0o600


def test_what_is_typed_ahead_may_be_a_password(tmp_path: Path) -> None:
    with run(tmp_path) as screen:
        command(screen, "FIRST")
        screen.keys("RUN\r")
        screen.wait(ReadState.RUNNING)
        screen.keys("hushhush\r")
        at = screen.text.until("hushhush")
        screen.keys("\x03")
        screen.wait(ReadState.CP_READ)
        screen.keys("BYE\r")
        screen.text.until("GOODBYE", at)
    kept = (tmp_path / "CMSUSER").read_text()
    assert "hushhush" not in kept
    assert all(line in kept for line in ("+FIRST", "+RUN", "+BYE"))


def test_passwords_in_commands_are_not_kept(tmp_path: Path) -> None:
    with run(tmp_path) as screen:
        command(screen, "LINK MAINT 191 291 RR PASS= hush")
        command(screen, "CP AUTOLOG MAINT hush")
        command(screen, "LISTFILE")
    assert "hush" not in (tmp_path / "CMSUSER").read_text()


@pytest.mark.parametrize("userid", ["", "../OUTSIDE", "A/B", "NINECHARS", "lower", "."])
def test_a_name_that_is_no_userid_has_no_file(userid: str, tmp_path: Path) -> None:
    files = Files(tmp_path / "history")
    files.add(userid, "LINE")
    assert files.load(userid) == [] and not list(tmp_path.rglob("*"))


def test_a_long_history_is_shortened(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for number in range(2 * MAX_HISTORY + 1):
        files.add("CMSUSER", f"LINE {number}")
    last = [f"LINE {number}" for number in range(MAX_HISTORY + 1, 2 * MAX_HISTORY + 1)]
    assert files.load("CMSUSER") == last
    assert (tmp_path / "CMSUSER").read_text().count("+LINE") == MAX_HISTORY
    assert stat.S_IMODE((tmp_path / "CMSUSER").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["CMSUSER"]


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text(""), lambda path: (path / "CMSUSER").mkdir(parents=True)]
)
def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    spoil(tmp_path / "history")
    with run(tmp_path / "history") as screen:
        command(screen, "LISTFILE")
        recall(screen, 1, "LISTFILE")
