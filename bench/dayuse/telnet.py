"""A simulated telnet terminal that edits its lines itself, and is told the system's states (package `Cpvm.State`)."""

from __future__ import annotations

import asyncio
import codecs
import json

from bench.dayuse.terminals import Lost, Terminal
from cpvm.terminal import negotiation as tn

_READING = frozenset(("LOGON", "PASSWORD", "CP_READ", "VM_READ"))


class Telnet(asyncio.Protocol, Terminal):
    """One of them."""

    kind = "telnet"

    def __init__(self) -> None:
        Terminal.__init__(self)
        self.state = ""
        self._transport: asyncio.Transport | None = None
        self._telnet = tn.Negotiator(frozenset((tn.BINARY,)), frozenset((tn.SGA, tn.BINARY, tn.MESSAGES)))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._part = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._telnet.ask(tn.MESSAGES)
        self._send(b"")

    def connection_lost(self, error: Exception | None) -> None:
        self._ended()

    def data_received(self, data: bytes) -> None:
        for item in self._telnet.receive(data):
            if isinstance(item, bytes):
                *lines, self._part = (self._part + self._decoder.decode(item)).split("\n")
                for line in lines:
                    self._line(line.rstrip("\r\0"))
            elif isinstance(item, tn.Subnegotiation) and item.data.startswith(b"Cpvm.State "):
                self.state = json.loads(item.data.partition(b" ")[2])["state"]
                self._notice()
        self._send(b"")

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._telnet.take() + data)

    @property
    def reading(self) -> bool:
        return self.state in _READING

    def enter(self, text: str) -> None:
        self.state = ""  # until the system tells another one
        self._send(text.encode().replace(b"\xff", b"\xff\xff") + b"\r\n")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def connect(address: tuple[str, int]) -> Telnet:
    """A terminal on the system that listens there. Raises Lost."""
    try:
        _, terminal = await asyncio.get_running_loop().create_connection(Telnet, *address)
    except OSError as error:
        raise Lost from error
    return terminal
