"""A user's session that a program has at a display: log on, CMS, commands, transfers of files, log off."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cpvm.front.station import ScreenTimeoutError
from cpvm.front.transferdisplay import Display, DisplayLost
from cpvm.machine.media.screen import Inhibited
from cpvm.terminal.indfile import DFT, Outcome

LOGON_SECONDS: Final = 60.0
"""How long CP and CMS may take for one step on the way to the first Ready."""

SILENCE_SECONDS: Final = 120.0
"""How long a transfer may stand still."""

MOST_PAGES: Final = 5000
"""Screens of output of one command."""

_OUTPUT_LINES: Final = 22
_READY = re.compile(r"(?:Ready|R)(?:\((-?\d+)\))?;|[ER]\((\d+)\)?[;]?$")
_ERROR = re.compile(r"DMK\w{3}\d{3}[EWSAI]? .*")


class SessionError(Exception):
    """The session cannot go on; the text says why."""


@dataclass(frozen=True)
class Reply:
    """What a command of CMS typed, and its return code."""

    lines: list[str]
    code: int


class GuestSession:
    """A user, logged on at a display.

    Methods raise SessionError.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._logged_on = False

    # On and off

    def logon(self, userid: str, password: str) -> None:
        """Log on, IPL CMS if the directory does not, and let PROFILE EXEC run."""
        try:
            self._wait(lambda: self._display.status == "CP READ" and not self._locked)
            self._display.enter(f"LOGON {userid}")
            self._answer("ENTER PASSWORD:")
            self._display.enter(password)
            self._answer("LOGON AT", "RECONNECTED")
            self._logged_on = True
            if self._seen("RECONNECTED"):
                self._display.enter("DISCONN")
                self._logged_on = False
                raise SessionError(f"{userid} was disconnected while something ran; log on, and off when it is done")
            self._pause("CP READ", "VM READ")
            if self._display.status == "CP READ":
                self._display.enter("IPL CMS")
                self._pause("VM READ")
            if not self._ready():
                self._display.enter("")
                self._pause("VM READ", ready=True)
        except ScreenTimeoutError:
            raise SessionError(f"CMS does not get ready for {userid}:{self._screen()}") from None
        except (DisplayLost, Inhibited) as error:
            raise SessionError(str(error)) from None

    def logoff(self) -> None:
        """Log off. Never raises."""
        if self._logged_on:
            with suppress(ScreenTimeoutError, DisplayLost, Inhibited, SessionError):
                while self._display.status == "MORE...":
                    self._clear()
                self._display.enter("CP LOGOFF" if self._display.status == "VM READ" else "#CP LOGOFF")
                self._display.wait(lambda: self._seen("LOGOFF AT"), LOGON_SECONDS)
        self._logged_on = False
        self._display.hangup()

    # Commands

    def command(self, text: str) -> Reply:
        """Type a command of CMS, and collect what it types until CMS is ready again."""
        lines: list[str] = []
        try:
            self._begin(text)
            for _ in range(MOST_PAGES):
                self._display.wait(self._paged, LOGON_SECONDS)
                lines += self._page()
                if self._display.status != "MORE...":
                    return _reply(lines, text)
                self._clear()
        except ScreenTimeoutError:
            raise SessionError(f"{text} does not end:{self._screen()}") from None
        except (DisplayLost, Inhibited) as error:
            raise SessionError(str(error)) from None
        raise SessionError(f"{text} types more than {MOST_PAGES} screens")

    def transfer(self, command: str, transfer: DFT) -> Outcome:
        """Type an IND$FILE command, and transfer the file."""
        screen = self._display.screen
        screen.transfer = transfer
        try:
            self._begin(command)
            while transfer.outcome is None:
                before = transfer.bytes
                self._display.wait(
                    lambda before=before: transfer.outcome is not None or transfer.bytes != before or self._paged(),  # type: ignore[misc]
                    SILENCE_SECONDS,
                )
                if transfer.outcome is None and transfer.bytes == before:
                    break
            self._display.wait(self._paged, LOGON_SECONDS)
            if transfer.outcome is not None:
                return transfer.outcome
            said = _reply(self._page(), command).lines
            return Outcome(" ".join(said) or "IND$FILE has ended before the file had gone over", False)
        except ScreenTimeoutError:
            raise SessionError("the transfer stands still") from None
        except (DisplayLost, Inhibited) as error:
            raise SessionError(str(error)) from None
        finally:
            screen.transfer = None

    def _begin(self, text: str) -> None:
        self._clear()
        self._display.wait(lambda: self._display.status == "VM READ" and not self._locked, LOGON_SECONDS)
        self._display.enter(text)

    # The screen

    @property
    def _locked(self) -> bool:
        return self._display.screen.locked

    def _seen(self, *texts: str) -> bool:
        return any(text in line for text in texts for line in self._display.lines)

    def _ready(self) -> bool:
        return any(_READY.match(line) for line in self._page())

    def _page(self) -> list[str]:
        return [line for line in self._display.lines[:_OUTPUT_LINES] if line]

    def _paged(self) -> bool:
        """Whether a screen full of output has come, or all of it."""
        status = self._display.status
        return not self._locked and (status == "MORE..." or (status == "VM READ" and self._ready()))

    def _clear(self) -> None:
        """Make room for output."""
        before = self._page()
        self._display.press("clear")
        self._display.wait(lambda: self._page() != before or not before, LOGON_SECONDS)

    def _wait(self, condition: Callable[[], bool]) -> None:
        self._display.wait(condition, LOGON_SECONDS)

    def _answer(self, *texts: str) -> None:
        """Wait for one of these texts. A message of CP instead of them is an error."""
        errors: list[str] = []

        def answered() -> bool:
            errors[:] = [line for line in self._display.lines if _ERROR.match(line)]
            return not self._locked and (self._seen(*texts) or bool(errors))

        self._wait(answered)
        if errors and not self._seen(*texts):
            raise SessionError(errors[-1])

    def _pause(self, *states: str, ready: bool = False) -> None:
        """Wait for one of these states, turning pages on the way."""

        def come() -> bool:
            status = self._display.status
            return not self._locked and (status == "MORE..." or (status in states and (not ready or self._ready())))

        for _ in range(MOST_PAGES):
            self._wait(come)
            if self._display.status != "MORE...":
                return
            if ready and self._ready():
                self._clear()
                return
            self._clear()

    def _screen(self) -> str:
        return "".join(f"\n  {line}" for line in self._display.lines if line)


def _reply(lines: list[str], command: str) -> Reply:
    """The lines between the echo of a command and Ready."""
    code = 0
    kept = []
    for line in lines:
        if match := _READY.match(line):
            code = int(match[1] or match[2] or 0)
        elif line != command:
            kept.append(line)
    return Reply(kept, code)
