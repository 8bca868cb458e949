"""Cheap 3270 terminals, many in a process: they see what they must of what comes, and answer it; for benches.

A terminal negotiates TN3270E as an IBM-3278-2-E, presses CLEAR at MORE..., types lines, and tells when a text has come.
It keeps no screen.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Final

IAC, DO, WILL, SB, SE = 255, 253, 251, 250, 240
TN3270E: Final = 40
_KIND = b"IBM-3278-2-E"
_QUERY_REPLY = bytes.fromhex("88 0017 8181 0100 0050 0018 01000A02E50002006F090C0780")
"""A usable area of 24 lines by 80 columns."""
_FUNCTIONS = bytes((2, 4))
"""RESPONSES and SYSREQ."""
_INPUT = b"\x11\x5b\x60"
"""Set buffer address, 1760: the input area of CP's screen."""
_COMMAND = re.compile(b"\xff([\xff\xec-\xf9]|[\xfb-\xfe].|\xfa.*?\xff\xf0)", re.DOTALL)


def ebcdic(text: str) -> bytes:
    """TEXT as a 3270 has it."""
    return text.encode("cp037")


_MORE = ebcdic("MORE...")
_STATUS = [(ebcdic("RUNNING"), False), (ebcdic("CP READ"), True), (ebcdic("VM READ"), True), (_MORE, False)]
_QUERY = bytes.fromhex("F3000501FF02")


PATIENCE = 120.0
"""Seconds in which what is waited for must come."""


class Ended(Exception):
    """The system has ended the connection."""


class Terminal(asyncio.Protocol):
    """One of them."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._part = bytearray()
        self._last = b""
        self._wanted: tuple[bytes, ...] = ()
        self._came: asyncio.Future[float] | None = None
        self._ended = False
        self._reading = False  # the system waits for a line
        self._free: asyncio.Future[None] | None = None
        self.received = 0
        """Bytes that have come."""
        self.cleared = 0
        """How often MORE... was answered."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        if self._came is not None and not self._came.done():
            self._came.set_exception(Ended())

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self._data:
            data, self._data = self._data + data, b""
        start = 0
        while (iac := data.find(b"\xff", start)) >= 0:
            match = _COMMAND.match(data, iac)
            if match is None:  # the rest of it has not come
                self._data = data[iac:]
                break
            self._part += data[start:iac]
            start = match.end()
            if match[1] == b"\xef":
                record, self._part = bytes(self._part), bytearray()
                self._record(record[5:])
            elif match[1] == b"\xff":
                self._part += b"\xff"
            else:
                self._command(match[1])
        else:
            iac = len(data)
        self._part += data[start:iac]

    def _command(self, command: bytes) -> None:
        if command[:2] == bytes((DO, TN3270E)):
            self._send(bytes((IAC, WILL, TN3270E)))
        elif command[:4] == bytes((SB, TN3270E, 8, 2)):
            self._send(bytes((IAC, SB, TN3270E, 2, 7)) + _KIND + bytes((IAC, SE)))
        elif command[:4] == bytes((SB, TN3270E, 2, 4)):
            self._send(bytes((IAC, SB, TN3270E, 3, 7)) + _FUNCTIONS + bytes((IAC, SE)))

    def _record(self, record: bytes) -> None:
        self._last = record
        if record.startswith(_QUERY):
            self._send_record(_QUERY_REPLY)
            return
        if self._came is not None and not self._came.done() and any(text in record for text in self._wanted):
            self._came.set_result(time.perf_counter())
        for text, reading in _STATUS:
            if text in record:
                self._reading = reading
        if self._reading and self._free is not None and not self._free.done():
            self._free.set_result(None)
        if _MORE in record:
            self.cleared += 1
            self._send_record(b"\x6d")

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _send_record(self, record: bytes) -> None:
        self._send(bytes(5) + record.replace(b"\xff", b"\xff\xff") + b"\xff\xef")

    # What its user does

    async def until(self, *texts: str) -> float:
        """Wait until one of TEXTS comes; when that was. Raises Ended, TimeoutError."""
        if self._ended:
            raise Ended
        self._wanted = tuple(map(ebcdic, texts))
        self._came = asyncio.get_running_loop().create_future()
        waiting = asyncio.get_running_loop().call_later(PATIENCE, self._give_up, self._came)
        try:
            return await self._came
        finally:
            waiting.cancel()

    def _give_up(self, awaited: asyncio.Future[float]) -> None:
        if not awaited.done():
            last = self._last.decode("cp037")
            awaited.set_exception(TimeoutError(f"{self._wanted} did not come; the last record was {last!r}"))

    async def enter(self, text: str, *then: str) -> float:
        """When the system waits for a line, type TEXT, press ENTER, wait until one of THEN comes; seconds that it took.

        Raises Ended, TimeoutError.
        """
        if not self._reading:
            self._free = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self._free, PATIENCE)
        began = time.perf_counter()
        self._send_record(b"\x7d\x5b\x60" + _INPUT + ebcdic(text))
        return await self.until(*then) - began

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()


async def connect(address: tuple[str, int]) -> Terminal:
    """A terminal that shows CP's first screen. Raises OSError, Ended."""
    loop = asyncio.get_running_loop()
    _, terminal = await loop.create_connection(Terminal, *address)
    await terminal.until("ONLINE")
    return terminal


async def log_on(terminal: Terminal, userid: str) -> float:
    """Log USERID on, with the userid as password, and IPL CMS; seconds to the first Ready. Raises Ended."""
    began = time.perf_counter()
    await terminal.enter(f"LOGON {userid}", "ENTER PASSWORD")
    await terminal.enter(userid, "LOGON AT", "LOGMSG", "CP READ")
    await terminal.enter("IPL CMS", "VM READ")
    await terminal.enter("", "Ready;")
    return time.perf_counter() - began
