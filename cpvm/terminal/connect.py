"""The caller's side of a telnet connection: the local terminal on a system that runs somewhere else.

The terminal edits its lines itself and never lets the system echo. It asks for the system's state reports (see
`negotiation`), from which it knows when to hide a password, and what to show in its status bar.
"""

import codecs
import contextlib
import json
import socket
import threading
from collections.abc import Callable

from cpvm.terminal import negotiation as tn
from cpvm.terminal.filenames import Files
from cpvm.terminal.line import ReadState, Terminal
from cpvm.terminal.window import Assembly, command_of, frames, terminal_type, unpacked

_CHUNK = 65536
_SEND_TYPE, _TYPE_IS = b"\x01", b"\x00"
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
        self._size: tuple[int, int] | None = getattr(terminal, "size", None)  # of the 3270, if it can show one
        ours = {tn.BINARY} | ({tn.TERMINAL_TYPE} if self._size else set())
        self._telnet = tn.Negotiator(frozenset(ours), frozenset((tn.SGA, tn.BINARY, tn.MESSAGES)))
        self._records = Assembly(b"Cpvm.Show", b"Cpvm.Names")
        self._reply: Callable[[Files | None], None] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._lock = threading.Lock()  # of what is sent
        self._guard = threading.RLock()  # of the negotiator
        self._reader = threading.Thread(target=self._read, name="connection", daemon=True)

    def start(self) -> None:
        """Begin to listen to the system."""
        with self._guard:
            self._telnet.ask(tn.MESSAGES)
            out = self._telnet.take()
        self._send(out)
        self._reader.start()

    def line(self, text: str) -> None:
        """Send a typed line."""
        self._send(text.encode("utf-8", "replace").replace(b"\xff", b"\xff\xff") + b"\r\n")

    def attention(self) -> None:
        """Send the attention key."""
        self._send(bytes((tn.IAC, tn.BRK)))

    def program_key(self, number: int) -> None:
        """Send a program function key."""
        self._messages(f"Cpvm.Key {number}".encode())

    def received(self, record: bytes) -> None:
        """Send a record of the 3270."""
        self._messages(*frames(b"Cpvm.Record", record))

    def look(self, screen: bool) -> None:
        """Tell what the user wants to see."""
        self._messages(b"Cpvm.Look screen" if screen else b"Cpvm.Look lines")

    def escape(self) -> None:
        """Send SYSREQ."""
        self._messages(b"Cpvm.Escape")

    def files(self, reply: Callable[[Files | None], None]) -> None:
        """Ask which files the guest has; a system that does not know this question never answers."""
        self._reply = reply
        self._messages(b"Cpvm.Files")

    def _messages(self, *messages: bytes) -> None:
        with self._guard:
            for message in messages:
                self._telnet.subnegotiate(tn.MESSAGES, message)
            out = self._telnet.take()
        self._send(out)

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
                with self._guard:
                    for item in self._telnet.receive(data):
                        self._item(item)
                    answer = self._telnet.take()
                if answer:
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
        elif isinstance(item, tn.Subnegotiation) and item.option == tn.TERMINAL_TYPE and item.data[:1] == _SEND_TYPE:
            self._telnet.subnegotiate(tn.TERMINAL_TYPE, _TYPE_IS + terminal_type(self._size or (24, 80)).encode())

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
        elif self._size and (whole := self._records.add(data)) is not None:
            self._whole(*whole)
        elif self._size and package == b"Cpvm.Lines":
            getattr(self._terminal, "lines", lambda: None)()
        if package != b"Cpvm.State":
            return
        try:
            report = json.loads(body)
            state = ReadState[report["state"]]
            self.userid = str(report["userid"])
        except (ValueError, KeyError, TypeError):
            return
        self._terminal.state(state)

    def _whole(self, kind: bytes, record: bytes) -> None:
        """A command for the 3270, or the names of files."""
        if kind == b"Cpvm.Names":
            reply, self._reply = self._reply, None
            if reply is not None:
                reply(unpacked(record))
            return
        send = getattr(self._terminal, "send", None)
        command = command_of(record)
        if send is not None and command is not None:
            send(*command)

    def _fill(self, body: bytes) -> None:
        """The system puts text where the user types, if this terminal can do that."""
        fill = getattr(self._terminal, "fill", None)
        with contextlib.suppress(ValueError):
            text = json.loads(body)
            if fill is not None and isinstance(text, str):
                fill(text)
