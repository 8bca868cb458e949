"""`cpvm run`: types a script's lines as a user would, each when the system waits for it; prints the transcript."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cpvm import api
from cpvm.front.console import ready_in
from cpvm.front.start import Progress
from cpvm.front.status import ABANDONED, TIMED_OUT, USAGE, exit_status
from cpvm.machine.engines import AUTO, telling
from cpvm.terminal.line import ReadState

_LOGON = re.compile(r"\s*(L|LO|LOG|LOGO|LOGON|LOGI|LOGIN)\s+\S", re.IGNORECASE)
_IPL = re.compile(r"\s*(#?CP\s+)?(I|IPL)\s+\S", re.IGNORECASE)
_STOPPED = re.compile(r"CP ENTERED;")
_INTERRUPTED = 130


class ScriptError(Exception):
    """The script cannot be read."""


def read_script(path: str) -> list[str]:
    """The lines of a script, from a file or, for `-`, from standard input.

    Raises:
        ScriptError: there is no such file, or it is not UTF-8 text.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    return text.splitlines()


class Typist:
    """Types a script on one terminal and keeps the account from which the exit status is made.

    Args:
        terminal: nobody logged on.
        timeout: seconds that one line may take.
    """

    def __init__(self, terminal: api.User, timeout: float) -> None:
        self._terminal = terminal
        self._timeout = timeout
        self._code = 0
        self._trouble = ""
        self._commands = False
        """Whether a command interpreter is at work: one Ready message at least has come since the last IPL."""
        self._reading = False
        """Whether a command waits for input of its own, as EDIT does."""

    @property
    def status(self) -> int:
        """The exit status so far: the last nonzero return code, or that of a script that cannot be carried on."""
        return ABANDONED if self._trouble else exit_status(self._code)

    @property
    def trouble(self) -> str:
        """What was wrong at the end, if anything was."""
        return self._trouble

    def logon(self, userid: str, password: str | None) -> None:
        """Log on before the script begins. Raises api.LogonRefused and what `type` raises."""
        self._note(self._terminal.logon(userid, password, self._timeout))

    def type(self, lines: Iterable[str]) -> None:
        """Type the lines. Raises api.NoAnswer, and api.LineClosed if the system shuts down before the last line."""
        for line in lines:
            before = self._terminal.read_state
            response = self._terminal.type(line, self._timeout)
            if response.state is ReadState.LOGON and before in (ReadState.LOGON, ReadState.PASSWORD):
                self._trouble = "the last LOGON was not accepted"
            elif before in (ReadState.LOGON, ReadState.PASSWORD) or response.state is ReadState.LOGON:
                self._trouble = ""
            if _IPL.match(line):
                self._commands = False
            self._note(response)

    def finish(self) -> None:
        """Log off, unless the script has done so. Raises as `type` does."""
        if self._terminal.closed:
            return
        if self._terminal.read_state is ReadState.PASSWORD:
            self._trouble = "the script ended where a password was asked for"
        elif self._terminal.userid:
            if self._reading and self._commands and not self._trouble:
                self._trouble = "the script ended where a command still read its input: what it had not stored is lost"
            self._terminal.logoff(self._timeout)

    def _note(self, response: api.Response) -> None:
        if response.state is not ReadState.VM_READ:
            self._reading = False
        elif any(line.strip() for line in response.lines):
            self._reading = not any(ready_in(line) or line.strip() == "CMS" for line in response.lines)
        for line in response.lines:
            ready = ready_in(line)
            if ready:
                self._trouble = ""
                self._commands = True
                self._code = ready.code or self._code
            elif _STOPPED.search(line):
                self._trouble = f"the virtual machine has stopped: {line.strip()}"


@dataclass(frozen=True)
class Script:
    """A script to be run.

    Attributes:
        path: where its lines are, `-` for standard input.
        user: who is logged on first; None for CMSUSER, or nobody if the script begins with LOGON.
        password: the user's; None for the userid.
        timeout: seconds that one line may take.
        engine: what executes instructions (see `cpvm.machine.engines`).
    """

    path: str
    user: str | None = None
    password: str | None = None
    timeout: float = 300.0
    engine: str = AUTO

    def run(self, directory: Path | None) -> int:
        """Start the system in `directory`, run the script, shut down. Returns the exit status."""
        with telling(lambda text: print(f"cpvm run: {text}", file=sys.stderr)):
            return self._started(directory)

    def _started(self, directory: Path | None) -> int:
        progress = Progress()
        try:
            lines = read_script(self.path)
            system = api.start(directory, progress=progress, engine=self.engine)
        except (ScriptError, api.SystemDirectoryError) as error:
            progress.done()
            print(f"cpvm run: {error}", file=sys.stderr)
            return USAGE
        progress.done()
        with system:
            return self._run(system, lines)

    def _run(self, system: api.SystemHandle, lines: list[str]) -> int:
        terminal = system.terminal(_show)
        typist = Typist(terminal, self.timeout)
        try:
            first = next((line for line in lines if line.strip()), "")
            if self.user or not _LOGON.match(first):
                typist.logon(self.user or "CMSUSER", self.password)
            typist.type(lines)
            typist.finish()
        except api.NoAnswer as error:
            print(f"cpvm run: {error.text}", file=sys.stderr)
            return TIMED_OUT
        except api.TerminalError as error:
            print(f"cpvm run: {error.text}", file=sys.stderr)
            return ABANDONED
        except KeyboardInterrupt:
            print("cpvm run: interrupted", file=sys.stderr)
            return _INTERRUPTED
        finally:
            terminal.hangup()
        if typist.trouble:
            print(f"cpvm run: {typist.trouble}", file=sys.stderr)
        return typist.status


def _show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
