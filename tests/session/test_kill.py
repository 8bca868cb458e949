"""A process killed in the middle of disk and spool writes loses nothing that it has acknowledged."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpvm import api

from .telnet_client import TelnetUser

WRITERS = ("CMSUSER", "USER01", "USER02")


@contextmanager
def served(directory: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A real `cpvm` process on the system directory, and its telnet port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cpvm.cli", "start", "--system", directory, "--listen", "127.0.0.1:0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if match := re.search(r"cpvm connect 127\.0\.0\.1:(\d+)", line):
                yield process, int(match[1])
                break
        else:
            raise AssertionError("the system did not start")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def log_on(port: int, userid: str) -> TelnetUser:
    user = TelnetUser(port)
    user.until("VM/370 ONLINE\n")
    user.type(f"LOGON {userid}")
    user.until("ENTER PASSWORD:\n")
    user.type(userid)
    user.until("LOGON AT .*\n")
    user.type("IPL CMS")
    user.until("CMS VERSION.*\n")
    user.command("")
    return user


@pytest.mark.parametrize("kill_after", [1, 4])
def test_kill(system_directory: Path, kill_after: int) -> None:
    """Every user copies and punches files in turns; the process is killed while the next commands are under way."""
    with served(system_directory) as (process, port):
        users = {userid: log_on(port, userid) for userid in WRITERS}
        for user in users.values():
            assert "Ready;" in user.command("CP SPOOL PUNCH TO MAINT")
        for number in range(kill_after):
            for user in users.values():
                assert "Ready;" in user.command(f"COPYFILE PROFILE EXEC A F{number} EXEC A")
                assert "Ready;" in user.command(f"PUNCH F{number} EXEC")
        for user in users.values():
            user.type("COPYFILE PROFILE EXEC A LAST EXEC A")
            user.type("PUNCH LAST EXEC")
        users["CMSUSER"].until("^COPYFILE|^Ready;")
        process.send_signal(signal.SIGKILL)
        process.wait()
        for user in users.values():
            user.close()

    with api.start(system_directory) as system:
        maint = system.logon("MAINT")
        lines = maint.type("QUERY READER ALL").lines
        for userid in WRITERS:
            for number in range(kill_after):
                found = [line for line in lines if line.startswith(userid) and re.search(rf"\bF{number} +EXEC\b", line)]
                assert len(found) == 1, (userid, number, lines)
        for userid in WRITERS:
            again = system.logon(userid)
            again.type("IPL CMS")
            again.type("")
            for number in range(kill_after):
                assert again.type(f"COMPARE PROFILE EXEC A F{number} EXEC A").return_code == 0
            assert again.type("COPYFILE PROFILE EXEC A AFTER EXEC A").return_code == 0
            assert again.type("STATE LAST EXEC A").return_code in (0, 28)
            assert_intact(again.type("LISTFILE * * A (L").lines)
            again.logoff()


def assert_intact(lines: tuple[str, ...]) -> None:
    """The directory of the disk is whole: a header, then files with sizes that can be, each once."""
    files = [line.split() for line in lines[1:] if line.strip() and not api.ready_in(line)]
    names = [tuple(words[:2]) for words in files]
    assert len(names) == len(set(names)) >= 3
    assert all(int(words[5]) >= 1 for words in files)


def test_a_killed_system_can_be_started_by_the_next_process_at_once(system_directory: Path) -> None:
    with served(system_directory) as (process, _):
        with pytest.raises(api.SystemDirectoryError, match="running already"):
            api.start(system_directory)
        process.kill()
        process.wait()
        api.start(system_directory).stop()


def test_sigterm_shuts_down_in_good_order(system_directory: Path) -> None:
    with served(system_directory) as (process, port):
        user = log_on(port, "CMSUSER")
        process.terminate()
        user.until("SYSTEM SHUTDOWN COMPLETE\n")
        assert process.wait(30) == 0
