"""`cpvm ipl` on a terminal: the console, the panel behind its escape character, Ctrl-C as the request key."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import monitor

pty = pytest.importorskip("pty")
PATIENCE = 60.0  # seconds until a test that hangs fails; never waited for otherwise


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "cpvm.cli", "ipl", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_controlling,  # noqa: PLW1509 - it takes no lock
        )
        os.close(slave)
        self._text = ""

    def until(self, text: str) -> str:
        """What comes up to this text."""
        while text not in self._text:
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            assert ready, f"no {text!r} after {self._text!r}"
            self._text += os.read(self._master, 4096).decode()
        found, _, self._text = self._text.partition(text)
        return found

    def type(self, line: str) -> None:
        os.write(self._master, line.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def _controlling() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.chdir(tmp_path)
    Path("sys.aws").write_bytes(monitor.tape())
    Path("job.txt").write_text("FIRST CARD\n")
    terminal = Terminal("--device", "180,3420,sys.aws,ro", "--printer", "paper", "--stay")
    yield terminal
    terminal.close()


def test_an_operator_at_work(terminal: Terminal) -> None:
    terminal.until("READY")
    terminal.type("RUN\n")
    terminal.until("NO CARDS")
    terminal.until("READY")
    terminal.type("%mount 00C job.txt\nRUN\n")
    terminal.until("JOB ENDED")
    terminal.until("READY")
    terminal.type("%bogus\n")
    terminal.until("there is no operation bogus; help lists them")
    terminal.type("\x03")
    terminal.type("%%ODD\n")  # for the read that the request key brought about
    terminal.until("WHAT?")
    terminal.until("READY")
    terminal.type("END\n")
    terminal.until("DISABLED WAIT; PSW 00020000 00000001")
    terminal.until("%ipl ADDR, %restart or %quit")
    terminal.type("%dismount 180\n%mount 180 sys.aws\n%ipl 180\n")
    terminal.until("READY")
    terminal.type("%stop\n%psw\n")
    terminal.until("PSW  ")
    terminal.type("%quit 3\n")
    terminal.until("ENDED BY THE OPERATOR")
    assert terminal.process.wait(PATIENCE) == 3
    assert Path("paper").read_text() == "FIRST CARD\n"


def test_the_end_of_input_is_the_end(terminal: Terminal) -> None:
    terminal.until("READY")
    terminal.type("\x04")
    terminal.until("END OF INPUT WHILE THE MACHINE WAITS")
    assert terminal.process.wait(PATIENCE) == 125
