"""Lines that somebody elsewhere wants CMS to execute, as with `ssh USERID@HOST COMMAND`: log on, IPL, type, log off.

What the lines type goes to the client, and nothing else: not what LOGON, IPL and the PROFILE say, nor Ready messages. A
program that reads gets the client's lines; when there are no more, null lines. Hard limit: `MAX_NULL_LINES`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from cpvm.cp import logon
from cpvm.cp.session import Session
from cpvm.front.console import Ready, ready_in
from cpvm.terminal.line import ReadState, StateName
from cpvm.terminal.ssh.gate import CommandClient, Guest

if TYPE_CHECKING:
    from cpvm.cp.system import System

LARGEST: Final = 250
"""Return codes 0 to this are the exit status."""

OTHER_CODE: Final = 251
"""Exit status for any other return code, which the client is told in words."""

NOT_LOGGED_ON: Final = 252
"""Exit status if the user could not be logged on, or is logged on already."""

NOT_DONE: Final = 253
"""Exit status if the lines were not all executed: there is no CMS, or it ended, or CP has stopped the machine."""

MAX_NULL_LINES: Final = 100
"""Null lines that a program may read after the end of the client's input."""

_UNKNOWN: Final = "Unknown CP/CMS command"  # after which there is no Ready message
_UNKNOWN_CODE: Final = -3


class _Ended(Exception):
    """The session is over, or nobody waits for the rest."""


class RemoteCommand:
    """The lines, and the terminal that they are typed at.

    Args:
        system: the system.
        guest: who has proven to be there.
        name: of the line.
        lines: what to execute.
        client: where the output goes, and what a program reads comes from.
    """

    def __init__(self, system: System, guest: Guest, lines: Iterable[str], client: CommandClient, *, name: str) -> None:
        self.name = name
        self.local = guest.local
        self.address = guest.address
        self._system = system
        self._userid = guest.userid
        self._lines = [line for line in lines if line.strip()]
        self._client = client
        self._changed = threading.Condition()
        self._state = ReadState.RUNNING
        self._said: list[str] = []  # before the lines are typed
        self._passing = False  # output goes to the client
        self._ready: Ready | None = None
        self._last = ""  # the last line that was not blank
        self._blanks = 0  # blank lines behind it; those before a Ready message belong to that
        self._over = False
        self._session: Session | None = None
        self._guest = False  # the machine was there before, disconnected

    # -- called by CP ----------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """One line of output."""
        ready = ready_in(text)
        if ready is not None:
            self._ready = ready
            self._blanks = 0
        elif not text.strip():
            self._blanks += 1
        else:
            if self._passing:
                for line in [*[""] * self._blanks, text]:
                    self._client.write(line)
            else:
                self._said.append(text)
                self._guest = self._guest or text.startswith("RECONNECTED AT ")
            self._last, self._blanks = text, 0

    def state(self, state: StateName) -> None:
        """What the system is doing."""
        with self._changed:
            self._state = ReadState[state.name]
            self._changed.notify_all()

    def close(self) -> None:
        """The session is over."""
        self.cancel()

    # -- called by the client --------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Nobody waits for the rest; the user is logged off."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def run(self) -> int:
        """Execute the lines; returns the exit status."""
        if not self._lines:
            return 0
        try:
            return self._run()
        except _Ended:
            self._client.complain(f"cpvm: the session of {self._userid} has ended")
            return NOT_DONE
        finally:
            self._passing = False
            self._system.post(self._leave)

    def _leave(self) -> None:
        session = self._session
        if session is not None and session.vm is not None and not self._guest:
            logon.log_off(session.vm)
        if session is not None:
            session.hangup()

    def _run(self) -> int:
        self._session = self._system.connect(self)
        self._session.proven = self._userid
        self._wait(lambda: self._state.reading)
        self._said.clear()
        self._type(f"LOGON {self._userid}")
        if self._session.vm is None:
            self._tell_all()
            return NOT_LOGGED_ON
        if self._guest:
            self._client.complain(f"cpvm: {self._userid} is logged on, and runs disconnected; ssh without a command")
            self._client.complain("cpvm: goes there, and a command needs a machine of its own")
            self._type("DISCONN")
            return NOT_LOGGED_ON
        if self._state is ReadState.CP_READ:
            self._type("IPL CMS")
        if self._state is ReadState.VM_READ and self._ready is None:
            self._type("")  # CMS waits for a first line, then there is the PROFILE
        if self._ready is None or self._state is not ReadState.VM_READ:
            self._tell_all()
            self._client.complain(f"cpvm: {self._userid} has no CMS")
            return NOT_DONE
        self._passing = True
        code = 0
        for line in self._lines:
            code = self._execute(line)
            if self._state is not ReadState.VM_READ:
                self._client.complain(f"cpvm: {self._userid} is in CP READ")
                return NOT_DONE
        if 0 <= code <= LARGEST:
            return code
        self._client.complain(f"cpvm: return code {code}")
        return OTHER_CODE

    def _tell_all(self) -> None:
        for line in self._said:
            self._client.complain(line)

    def _execute(self, line: str) -> int:
        """Type a line, and what it reads; returns its return code."""
        nulls = 0
        self._ready, self._last, self._blanks = None, "", 0
        self._type(line)
        if line.upper().startswith("#CP"):
            return 0  # CP's, of which CMS knows nothing
        while self._ready is None and self._state in (ReadState.VM_READ, ReadState.PASSWORD):
            if self._last.startswith(_UNKNOWN):
                return _UNKNOWN_CODE
            text = self._client.read()
            nulls += text is None
            if nulls > MAX_NULL_LINES:
                self._client.complain("cpvm: a program reads more than there is")
                raise _Ended
            self._type(text or "")
        return self._ready.code if self._ready is not None else 0

    def _type(self, text: str) -> None:
        """Enter a line, and wait for the next read."""
        assert self._session is not None
        seen = False

        def fence() -> None:
            nonlocal seen
            with self._changed:
                seen = True
                self._changed.notify_all()

        self._session.line(text)
        self._system.post(fence)
        self._wait(lambda: seen and self._state.reading)

    def _wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or condition())
            if self._over:
                raise _Ended
