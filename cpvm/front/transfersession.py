"""A user's session that `cpvm put` and `cpvm get` have at a display: log on, CMS, commands, transfers, log off."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from cpvm.front.console import LogonRefused, Response, ready_in
from cpvm.front.cpstation import CPStation
from cpvm.front.station import ScreenTimeoutError
from cpvm.machine.media.screen import Inhibited
from cpvm.terminal.indfile import DFT, Outcome

STEP_SECONDS: Final = 60.0
"""How long CP or CMS may take for one step: LOGON, IPL CMS, PROFILE EXEC, a command."""

SILENCE_SECONDS: Final = 120.0
"""How long a transfer may stand still."""

_INPUT_ROWS: Final = 2


class SessionError(Exception):
    """The session cannot go on; the text says why."""


class GuestSession:
    """A user, logged on at a display.

    Methods raise SessionError.
    """

    def __init__(self, station: CPStation) -> None:
        self._station = station
        self._logged_on = False

    def logon(self, userid: str, password: str) -> None:
        """Log on, IPL CMS if the directory does not, and let PROFILE EXEC run."""
        station = self._station
        try:
            said = station.logon(userid, password, STEP_SECONDS)
            self._logged_on = True
            if any(line.startswith("RECONNECTED") for line in said):
                self._logged_on = False
                station.enter("DISCONN")
                station.wait(lambda: station.closed or station.find("DISCONNECT AT") is not None, STEP_SECONDS)
                raise SessionError(f"{userid} was disconnected while something ran; log on, and off when it is done")
            if station.wait_status("CP READ", "VM READ", "MORE...", timeout=STEP_SECONDS) != "VM READ":
                station.command("IPL CMS", STEP_SECONDS)
            begun = station.command("", STEP_SECONDS)
            if begun.ready is None and any(line.startswith(("R;", "R(")) for line in begun.lines):
                begun = station.command("SET HISTORY OFF", STEP_SECONDS)  # a Ready as it was before 1972
            if begun.ready is None:
                raise SessionError(_more(f"CMS does not get ready for {userid}", begun.output))
        except LogonRefused as error:
            refusal = [line for line in error.lines if line.startswith("DMK")]
            raise SessionError(refusal[-1] if refusal else str(error)) from None
        except (ScreenTimeoutError, Inhibited):
            raise self._trouble(f"CMS does not get ready for {userid}") from None

    def logoff(self) -> None:
        """Log off. Never raises."""
        with suppress(ScreenTimeoutError, Inhibited):
            if self._logged_on and not self._station.closed:
                self._station.logoff(STEP_SECONDS)
        self._logged_on = False
        self._station.hangup()

    def command(self, text: str) -> Response:
        """What a command of CMS types, and how it ends."""
        try:
            return self._station.command(text, STEP_SECONDS)
        except (ScreenTimeoutError, Inhibited):
            raise self._trouble(f"{text} does not end") from None

    def transfer(self, command: str, transfer: DFT) -> Outcome:
        """Type an IND$FILE command, and transfer the file."""
        station = self._station
        with station.still:
            station.screen.transfer = transfer
        try:
            station.wait_status("VM READ", "MORE...", timeout=STEP_SECONDS)
            while any(self._output()):
                station.press("clear")
                station.wait_status("VM READ", "MORE...", timeout=STEP_SECONDS)
            station.enter(command)
            before = -1
            while transfer.outcome is None and transfer.bytes != before:
                before = transfer.bytes
                station.wait(lambda before=before: self._goes_on(transfer, before), SILENCE_SECONDS)  # type: ignore[misc]
            station.wait(lambda: self._ready() and not station.screen.locked, STEP_SECONDS)
        except (ScreenTimeoutError, Inhibited):
            raise self._trouble("the transfer stands still") from None
        finally:
            with station.still:
                station.screen.transfer = None
        return transfer.outcome or Outcome(" ".join(line for line in self._output()[1:] if line), False)

    def _output(self) -> list[str]:
        return self._station.lines[:-_INPUT_ROWS]

    def _ready(self) -> bool:
        """Whether the command that was typed at an empty screen has ended."""
        return self._station.status == "VM READ" and any(ready_in(line) for line in self._output())

    def _goes_on(self, transfer: DFT, before: int) -> bool:
        """Whether bytes have gone over, or all is over."""
        return transfer.outcome is not None or transfer.bytes != before or self._ready()

    def _trouble(self, what: str) -> SessionError:
        if self._station.closed:
            self._logged_on = False
            return SessionError(getattr(self._station, "trouble", "") or "the system has ended the connection")
        return SessionError(_more(what, tuple(line for line in self._station.lines if line)))


def _more(what: str, lines: tuple[str, ...]) -> str:
    return "\n  ".join((f"{what}:", *lines))
