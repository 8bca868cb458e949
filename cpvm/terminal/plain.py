"""The local terminal without a screen, as input or output is redirected: one line for each read of the system."""

from __future__ import annotations

import getpass
import sys
import threading
from collections import deque
from typing import IO

from cpvm.terminal.codepage import taken
from cpvm.terminal.line import Connect, ReadState, Session, StateName, printable
from cpvm.terminal.lines import Lines


class LocalBase:
    """The part that CP sees."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.local = True
        self._session: Session | None = None
        self._state = ReadState.RUNNING

    @property
    def userid(self) -> str:
        """The user logged on, or an empty string."""
        return self._session.userid if self._session else ""

    @property
    def read_state(self) -> ReadState:
        """What the system does, as far as it is known here."""
        return self._state


class PlainTerminal(LocalBase):
    """A terminal without a screen: lines from `source` when the system reads, output to `sink`.

    Args:
        name: shown by QUERY NAMES.
        source: where the lines come from.
        sink: where the output goes.
        keep: whether `run` goes on when the input has ended, until the system closes the terminal.
    """

    def __init__(self, name: str, source: IO[str], sink: IO[str], *, keep: bool = False) -> None:
        super().__init__(name)
        self._source = source
        self._lines = Lines(source)
        self._sink = sink
        self._keep = keep
        self._changed = threading.Condition()
        self._reads: deque[ReadState] = deque()
        self._closed = False

    def write(self, text: str) -> None:
        """Show one line of output."""
        try:
            self._sink.write(printable(text) + "\n")
            self._sink.flush()
        except (OSError, ValueError):  # nobody listens any more
            self.close()

    def state(self, state: StateName) -> None:
        """Note the state."""
        with self._changed:
            self._state = ReadState[state.name]
            if self._state.reading:
                self._reads.append(self._state)
            else:
                self._reads.clear()
            self._changed.notify_all()
        if self._state is ReadState.CLOSED:
            self.close()

    def close(self) -> None:
        """End `run`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._lines.close()

    def run(self, connect: Connect) -> None:
        """Serve until the input ends or the terminal is closed."""
        self._session = connect(self)
        while self._wait_for_read():
            line = self._next_line()
            if not line:
                break
            line, complaint = taken(line.rstrip("\r\n"), hidden=self._state is ReadState.PASSWORD)
            if complaint:
                self.write(complaint)
            self._session.line(line)
        if self._keep:
            with self._changed:
                self._changed.wait_for(lambda: self._closed)
        if not self._closed:
            self._session.hangup()

    def _next_line(self) -> str:
        """The next line with its end; nothing when the input has ended."""
        if self._state is ReadState.PASSWORD and self._source is sys.stdin and sys.stdin.isatty():
            try:
                return getpass.getpass("") + "\n"  # somebody types it, while the output goes elsewhere
            except EOFError:
                return ""
        return self._lines.next()

    def attention(self) -> None:
        """Press the attention key; for a signal handler."""
        if self._session:
            self._session.attention()

    def _wait_for_read(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._reads or self._closed)
            self._reads.clear()
            return not self._closed
