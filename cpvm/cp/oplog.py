"""The operator's log: what CP tells the operator's console, kept in a file of the system's directory."""

from __future__ import annotations

import contextlib
import re
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from cpvm.cp import clock, hosttrouble
from cpvm.cp.message import CONTROL_PROGRAM_ERROR, Message, message
from cpvm.cp.private import opener
from cpvm.cp.session import harmless

FAILURE = message("DMKPSA908I", "CONTROL PROGRAM ERROR IN {}: {}")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_KEPT = 1000
_MAX_FILE = 4 * 1024 * 1024


class OperatorLog:
    """Lines with the time in front. `lines` holds the last thousand; `show` passes each to the operator's terminal.

    Typed lines and passwords are never written here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: deque[str] = deque(maxlen=_KEPT)
        self.show: Callable[[str], None] = lambda text: None
        self.troubles = hosttrouble.Troubles(self.write)
        """What the host refuses to do."""

    def write(self, text: str) -> None:
        """Tell the operator TEXT (one line)."""
        self._keep(text)
        try:
            self.show(text)
        except Exception as error:  # what is wrong with the operator's console must not stop CP
            self._keep(FAILURE.full("OPERATOR'S CONSOLE", type(error).__name__))

    def failure(self, where: str, error: BaseException) -> Message:
        """An error in CP itself: one line to the operator, the traceback to the file.

        What the host refuses is no error of CP's: it is told as that, now and then. Returns what the user is to be
        told whose command it was.
        """
        refused = hosttrouble.words(error)
        if refused:
            self.troubles.tell(where.upper(), refused)
            return hosttrouble.failed(refused)
        self.write(FAILURE.full(where, type(error).__name__))
        for line in _told(error):
            self._keep("  " + line)
        return CONTROL_PROGRAM_ERROR

    def _keep(self, text: str) -> None:
        now, text = time.time(), harmless(text)
        self.lines.append(f"{clock.hhmmss(now)} {text}")
        with contextlib.suppress(OSError, MemoryError):  # a full disk must not stop CP
            if self._path.exists() and self._path.stat().st_size > _MAX_FILE:
                self._path.replace(self._path.with_suffix(".old"))
            with open(self._path, "a", encoding="utf-8", opener=opener) as file:
                file.write(f"{clock.mmddyy(now)} {clock.hhmmss(now)} {text}\n")


def _told(error: BaseException) -> Iterator[str]:
    """The traceback, without what is quoted in the errors' texts: it may be what somebody typed, a password even."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        yield line if line.startswith(" ") else _QUOTED.sub("'...'", line)
