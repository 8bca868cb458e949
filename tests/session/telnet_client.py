"""A user on a telnet connection: lines go out, what comes back is read up to a pattern."""

from __future__ import annotations

import re
import socket

from cpvm.terminal.negotiation import Negotiator


class TelnetUser:
    """One connection in plain line mode; nothing is negotiated."""

    def __init__(self, port: int, timeout: float = 60.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._telnet = Negotiator(frozenset(), frozenset())
        self.text = ""
        self._read = 0

    def type(self, line: str) -> None:
        """Type a line."""
        self._socket.sendall(line.encode() + b"\r\n")

    def until(self, pattern: str) -> str:
        """Everything that comes up to the end of what the regular expression finds, since the last call.

        Raises:
            AssertionError: the connection ended before.
            TimeoutError: it did not come in time.
        """
        compiled = re.compile(pattern, re.MULTILINE)
        while not (match := compiled.search(self.text, self._read)):
            data = self._socket.recv(65536)
            assert data, f"the connection ended while {pattern!r} was expected; got:\n{self.text[self._read :]}"
            for item in self._telnet.receive(data):
                if isinstance(item, bytes):
                    self.text += item.decode().replace("\r\n", "\n")
        start, self._read = self._read, match.end()
        return self.text[start : self._read]

    def command(self, line: str) -> str:
        """Type a CMS command and return what comes up to its Ready message."""
        self.type(line)
        return self.until(r"^Ready(\(-?\d+\))?; .*\n")

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
