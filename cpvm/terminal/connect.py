"""The caller's side of a telnet connection: the local terminal on a system that runs somewhere else.

The terminal edits its lines itself and never lets the system echo. It asks for the system's state reports (see
`negotiation`), from which it knows when to hide a password, and what to show in its status bar.
"""

import codecs
import contextlib
import json
import socket
import threading

from cpvm.terminal import negotiation as tn
from cpvm.terminal.line import ReadState, Terminal

_CHUNK = 65536
_MAX_PENDING = 65536  # characters without a line end; beyond that they are shown as they are


class RemoteSession:
    """A session with a system on the other side of a socket.

    Args:
        terminal: where the output goes.
        connection: connected to the system's telnet port.
    """

    def __init__(self, terminal: Terminal, connection: socket.socket) -> None:
        self.userid = ""
        self._terminal = terminal
        self._socket = connection
        self._telnet = tn.Negotiator(frozenset((tn.BINARY,)), frozenset((tn.SGA, tn.BINARY, tn.MESSAGES)))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="connection", daemon=True)

    def start(self) -> None:
        """Begin to listen to the system."""
        self._telnet.ask(tn.MESSAGES)
        self._send(self._telnet.take())
        self._reader.start()

    def line(self, text: str) -> None:
        """Send a typed line."""
        self._send(text.encode("utf-8", "replace").replace(b"\xff", b"\xff\xff") + b"\r\n")

    def attention(self) -> None:
        """Send the attention key."""
        self._send(bytes((tn.IAC, tn.BRK)))

    def program_key(self, number: int) -> None:
        """Send a program function key."""
        self._telnet.subnegotiate(tn.MESSAGES, f"Cpvm.Key {number}".encode())
        self._send(self._telnet.take())

    def hangup(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, data: bytes) -> None:
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError:
            self._terminal.close()

    def _read(self) -> None:
        try:
            while data := self._socket.recv(_CHUNK):
                for item in self._telnet.receive(data):
                    self._item(item)
                if answer := self._telnet.take():
                    self._send(answer)
        except OSError:
            pass
        if self._pending:
            self._terminal.write(self._pending)
        self._terminal.write("CONNECTION CLOSED")
        self._terminal.close()

    def _item(self, item: tn.Item) -> None:
        if isinstance(item, bytes):
            self._text(self._decoder.decode(item))
        elif isinstance(item, tn.OptionChanged) and item.option == tn.MESSAGES and not item.on:
            self._terminal.write("THIS IS NOT A CPVM SYSTEM; USE TELNET TO REACH IT")
            self.hangup()
        elif isinstance(item, tn.Subnegotiation) and item.option == tn.MESSAGES:
            self._report(item.data)

    def _text(self, text: str) -> None:
        *lines, self._pending = (self._pending + text).replace("\r\0", "\r").split("\n")
        for line in lines:
            self._terminal.write(line.rstrip("\r"))
        if len(self._pending) > _MAX_PENDING:
            self._terminal.write(self._pending)
            self._pending = ""

    def _report(self, data: bytes) -> None:
        package, _, body = data.partition(b" ")
        if package == b"Cpvm.Fill":
            self._fill(body)
        if package != b"Cpvm.State":
            return
        try:
            report = json.loads(body)
            state = ReadState[report["state"]]
            self.userid = str(report["userid"])
        except (ValueError, KeyError, TypeError):
            return
        self._terminal.state(state)

    def _fill(self, body: bytes) -> None:
        """The system puts text where the user types, if this terminal can do that."""
        fill = getattr(self._terminal, "fill", None)
        with contextlib.suppress(ValueError):
            text = json.loads(body)
            if fill is not None and isinstance(text, str):
                fill(text)
