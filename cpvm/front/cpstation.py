"""What one does at a 3270 with CP and CMS: log on, start CMS, give commands and take what they say, transfer files.

It goes by CP's screen, with its status in the last columns. A program's full screen is for the other methods of
`Station`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from typing import Final

from cpvm.front.console import LogonRefused, Response, TerminalError
from cpvm.front.station import DEFAULT_TIMEOUT, Station
from cpvm.terminal.indfile import DFT
from cpvm.terminal.line import ReadState

_READS: Final = {"CP READ": ReadState.CP_READ, "VM READ": ReadState.VM_READ}
_MORE: Final = ("MORE...", "HOLDING")
_ROWS_BELOW: Final = 2  # the input area
_LOGGED_ON: Final = ("LOGON AT", "RECONNECTED AT")
_ONLINE: Final = "VM/370 ONLINE"
_PASSWORD: Final = "ENTER PASSWORD"


class TransferError(TerminalError):
    """A file could not be transferred; the text is what IND$FILE said."""


class CPStation(Station):
    """A display of a VM/370."""

    def command(self, line: str, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Type a line when CP or CMS waits for one, and return what comes until one of them waits again.

        The screen is cleared first, and whenever it is full. A line of more columns than the screen has comes as
        several. A command that takes the whole screen is not for this method: use `enter` and `wait_for`.

        Raises ScreenTimeoutError.
        """
        end = time.monotonic() + timeout
        taken = self._begin(line, end)
        said: list[str] = []
        skip = -(-len(line.rstrip()) // self.screen.columns)  # the line itself is shown, too
        self.wait(taken, end - time.monotonic())
        while True:
            status = self.wait_status(*_READS, *_MORE, timeout=end - time.monotonic())
            with self.still:
                page = self.lines[: self.screen.rows - _ROWS_BELOW]
            if status not in _MORE:
                break
            said += page[skip:]
            skip = 0
            self.press("clear")
        while page and not page[-1]:
            page.pop()
        return Response(tuple(said + page[skip:]), _READS[status])

    def _begin(self, line: str, end: float) -> Callable[[], bool]:
        """Type a line on a screen that was cleared; what tells whether it has been taken.

        That the keyboard is unlocked does not: what was under way before the key was pressed may have done that.
        """
        self._ready(end)
        self.press("clear")
        self._ready(end)
        self.enter(line)
        shown = line.rstrip()[: self.screen.columns]
        return lambda: not shown or self.screen.line(0).startswith(shown)

    def _reading(self) -> bool:
        return not self.screen.locked and self.status in _READS

    def _ready(self, end: float) -> str:
        """Wait until a line can be typed, on past full screens. The status."""
        while (status := self.wait_status(*_READS, *_MORE, timeout=end - time.monotonic())) in _MORE:
            self.press("clear")
        return status

    def logon(self, userid: str, password: str | None = None, timeout: float = DEFAULT_TIMEOUT) -> tuple[str, ...]:
        """Log on here, with the userid as password if none is given. Returns what CP said.

        Raises:
            LogonRefused: CP did not accept it.
            ScreenTimeoutError: it did not answer.
        """
        end = time.monotonic() + timeout
        self._ready(end)
        self.press("clear")
        self._ready(end)
        self.enter(f"LOGON {userid}")
        self.wait(lambda: self._answered(_PASSWORD), end - time.monotonic())
        if self.find(_PASSWORD) is not None:
            self.enter(password if password is not None else userid)
            self.wait(self._answered, end - time.monotonic())
        said = tuple(line for line in self.lines[:-_ROWS_BELOW] if line)
        if not self._shown(_LOGGED_ON):
            raise LogonRefused(f"{userid.upper()} could not be logged on", said)
        return said

    def _shown(self, texts: Sequence[str]) -> bool:
        return any(self.find(text) is not None for text in texts)

    def _answered(self, *texts: str) -> bool:
        """Whether LOGON has been answered: by one of these texts, by the end of it, or by a message."""
        if self.screen.locked:
            return False
        rows = self.screen.lines()
        return self._shown((*texts, *_LOGGED_ON)) or any(row.startswith("DMK") for row in rows)

    def ipl_cms(self, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """IPL CMS, and answer its first read with an empty line; what it says. Raises ScreenTimeoutError."""
        self.command("IPL CMS", timeout)
        return self.command("", timeout)

    def logoff(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Log off, whatever is running, unless a program has the whole screen. Raises ScreenTimeoutError."""
        end = time.monotonic() + timeout
        if self.status not in _READS:
            self.attention()
        self._ready(end)
        self.press("clear")
        at = "" if self._ready(end) == "CP READ" else "#CP "
        self.enter(f"{at}LOGOFF")
        self.wait(lambda: self.closed or self.screen.find(_ONLINE) >= 0, end - time.monotonic())

    def put(self, data: bytes, command: str, timeout: float = DEFAULT_TIMEOUT) -> str:
        """Send a file to CMS: `command` is what stands behind IND$FILE PUT, as `MY FILE A (ASCII CRLF`. The message.

        Raises TransferError: IND$FILE did not take it. ScreenTimeoutError.
        """
        return self._transfer(DFT(source=io.BytesIO(data)), f"IND$FILE PUT {command}", timeout)

    def get(self, command: str, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Fetch a file of CMS: `command` is what stands behind IND$FILE GET, as `MY FILE A (ASCII CRLF`.

        Raises TransferError: IND$FILE did not give it. ScreenTimeoutError.
        """
        target = io.BytesIO()
        self._transfer(DFT(target=target), f"IND$FILE GET {command}", timeout)
        return target.getvalue()

    def _transfer(self, transfer: DFT, command: str, timeout: float) -> str:
        end = time.monotonic() + timeout
        with self.still:
            self.screen.transfer = transfer
        try:
            taken = self._begin(command, end)
            self.wait(
                lambda: transfer.outcome is not None or (taken() and self._reading()),
                end - time.monotonic(),
            )
            self.wait(lambda: self._reading() and self.screen.find("Ready") >= 0, end - time.monotonic())
        finally:
            with self.still:
                self.screen.transfer = None
        if transfer.outcome is None or not transfer.outcome.good:
            said = tuple(self.lines[:-_ROWS_BELOW])
            raise TransferError(transfer.outcome.text if transfer.outcome else "IND$FILE has not begun", said)
        return transfer.outcome.text
