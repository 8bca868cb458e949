"""Clients that do what no terminal should: each of `ATTACKS` goes on against a listener until it is told to end.

They use sockets as they are, and expect nothing of the other side: a connection that is ended is made again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cpvm.terminal import negotiation as tn

from .liars import Liar

IAC, SB, SE = tn.IAC, tn.SB, tn.SE
DISPLAY = (
    bytes((IAC, tn.WILL, tn.TN3270E, IAC, SB, tn.TN3270E, 2, 7))
    + b"IBM-3278-2"
    + bytes((IAC, SE, IAC, SB, tn.TN3270E, 3, 7, 2, 4, IAC, SE))
)
"""All that a display says until it is one."""
WINDOW = bytes((IAC, tn.WONT, tn.TN3270E, IAC, tn.WILL, tn.TERMINAL_TYPE, IAC, SB, tn.TERMINAL_TYPE, 0)) + (
    b"CPVM-24X80" + bytes((IAC, SE, IAC, tn.DO, tn.MESSAGES))
)
"""The same of `cpvm connect`."""
LINES = bytes((IAC, tn.WONT, tn.TN3270E, IAC, tn.WONT, tn.TERMINAL_TYPE, IAC, tn.DO, tn.ECHO))
"""The same of a telnet client."""
END_OF_RECORD = bytes((IAC, tn.EOR))
HUGE = 10 << 20
"""Bytes of what is too long."""
_PIECE = 16384
_SLOW = 0.02  # seconds between the bytes of somebody slow
_REST = 0.01


Send = Callable[[bytes], Awaitable[None]]


@dataclass
class Attack:
    """Where, until when, and how often so far."""

    address: tuple[str, int]
    liar: Liar
    ended: Callable[[], bool]
    userids: list[str] = field(default_factory=list)
    """Who may be logged on; the password is the userid."""
    ways: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where the other services listen, by name; those that do not are not attacked."""
    connections: int = 0
    sent: int = 0

    @asynccontextmanager
    async def connection(
        self, first: bytes = b"", *, reads: bool = True, way: str = "", tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """A connection; gives what sends. What the system says is thrown away, or never read."""
        address = self.ways[way] if way else self.address
        reader, writer = await asyncio.open_connection(*address, limit=1024, ssl=tls)
        self.connections += 1
        task = asyncio.ensure_future(_throw_away(reader)) if reads else None

        async def send(data: bytes) -> None:
            if task is not None and task.done():
                raise ConnectionError
            writer.write(data)
            self.sent += len(data)
            await writer.drain()

        try:
            if first:
                await send(first)
            yield send
        finally:
            if task is not None:
                task.cancel()
            writer.transport.abort()


async def _throw_away(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass


def record(data: bytes) -> bytes:
    """A record of a TN3270E display."""
    return bytes(5) + data.replace(b"\xff", b"\xff\xff") + END_OF_RECORD


def typed(text: str) -> bytes:
    """A line typed into the input area of CP's screen."""
    return record(b"\x7d\x5b\x60\x11\x5b\x60" + text.encode("cp037"))


# Half open, slow


async def silent(attack: Attack) -> None:
    """Says nothing, or half a word, and is gone without a farewell."""
    async with attack.connection(attack.liar.chance.choice((b"", b"\xff", b"\xff\xfa\x28", DISPLAY[:20], LINES[:5]))):
        while not attack.ended() and attack.liar.chance.random() < 0.9:
            await asyncio.sleep(_SLOW)


async def reset(attack: Attack) -> None:
    """Comes, and breaks the connection off."""
    with socket.create_connection(attack.address) as s:
        attack.connections += 1
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.sendall(attack.liar.telnet())
    await asyncio.sleep(_REST)


async def slow_writer(attack: Attack) -> None:
    """Says all that it says a byte at a time."""
    async with attack.connection() as send:
        for byte in DISPLAY + typed("LOGON NOBODY"):
            if attack.ended():
                break
            await send(bytes((byte,)))
            await asyncio.sleep(_SLOW)


async def slow_reader(attack: Attack) -> None:
    """Asks and asks and does not listen."""
    async with attack.connection(LINES, reads=False) as send:
        while not attack.ended():
            await send((bytes((IAC, tn.AYT)) * 20 + b"HELLO\r\n") * 20)


# Floods


async def _flood(attack: Attack, first: bytes, data: bytes) -> None:
    async with attack.connection(first) as send:
        while not attack.ended():
            await send(data)
            await asyncio.sleep(0)


async def flood_of_keys(attack: Attack) -> None:
    """ENTER, PA1, CLEAR and PF keys at a display, as fast as can be."""
    keys = (b"\x7d\x5b\x60", b"\x6c", b"\x6d", b"\xf1\x5b\x60", b"\x6e", b"\xf0")
    await _flood(attack, DISPLAY, b"".join(record(attack.liar.chance.choice(keys)) for _ in range(100)))


async def flood_of_lines(attack: Attack) -> None:
    """Lines and attention from a telnet client."""
    lines = (b"LOGON NOBODY\r\n", b"\x03", b"Q TIME\r\n", b"\r\n", bytes((IAC, tn.IP)), b"\x1bOP")
    await _flood(attack, LINES, b"".join(attack.liar.chance.choice(lines) for _ in range(200)))


async def flood_of_attention(attack: Attack) -> None:
    """Nothing but the attention key of either kind of terminal."""
    await _flood(attack, attack.liar.chance.choice((DISPLAY, LINES, WINDOW)), bytes((IAC, tn.BRK)) * 1000)


async def flood_of_commands(attack: Attack) -> None:
    """A user who is logged on gives commands without an end, and does not look at the answers."""
    if not attack.userids:
        await asyncio.sleep(_REST)
        return
    userid = attack.userids.pop()
    try:
        async with attack.connection(DISPLAY) as send:
            await send(typed(f"LOGON {userid}") + typed(userid))
            await asyncio.sleep(0.3)
            while not attack.ended():
                await send(typed("QUERY VIRTUAL") + record(b"\x6d") + typed("QUERY NAMES") + record(b"\x6d"))
    finally:
        attack.userids.insert(0, userid)


# Lies


async def _lie(attack: Attack, first: bytes, say: Callable[[], bytes]) -> None:
    async with attack.connection(first) as send:
        while not attack.ended() and attack.liar.chance.random() < 0.99:
            await send(say())
            await asyncio.sleep(0)


async def liar(attack: Attack) -> None:
    """Anything from the start."""
    await _lie(attack, b"", attack.liar.telnet)


async def lying_terminal(attack: Attack) -> None:
    """Says what it is and then anything."""
    await _lie(attack, attack.liar.chance.choice((DISPLAY, LINES, WINDOW)), attack.liar.telnet)


async def lying_display(attack: Attack) -> None:
    """A display that sends whole records of anything."""
    await _lie(attack, DISPLAY, lambda: record(attack.liar.inbound()))


async def lying_answers(attack: Attack) -> None:
    """A display that is asked what it is, and says anything."""
    first = DISPLAY.replace(b"3278-2", b"3278-2-E")
    async with attack.connection(first) as send:
        await send(record(b"\x88" + attack.liar.replies()))
        await asyncio.sleep(_REST)


async def lying_window(attack: Attack) -> None:
    """A window that sends any messages."""

    def message() -> bytes:
        body = attack.liar.message().replace(b"\xff", b"\xff\xff")
        return bytes((IAC, SB, tn.MESSAGES)) + body + bytes((IAC, SE))

    await _lie(attack, WINDOW, message)


async def negotiator(attack: Attack) -> None:
    """Changes its mind about everything, for ever."""
    verbs = (tn.WILL, tn.WONT, tn.DO, tn.DONT)
    options = [*range(50), tn.MESSAGES]
    loop = b"".join(bytes((IAC, verb, option)) for option in options for verb in verbs)
    more = bytes((IAC, SB, tn.TN3270E, 3, 7, 2, IAC, SE)) * 50
    first = attack.liar.chance.choice((b"", LINES, DISPLAY))
    await _flood(attack, first, attack.liar.chance.choice((loop, more, loop + more)))


async def echo(attack: Attack) -> None:
    """Sends back whatever it gets."""
    reader, writer = await asyncio.open_connection(*attack.address, limit=65536)
    attack.connections += 1
    try:
        while not attack.ended() and (data := await reader.read(4096)):
            writer.write(data)
            attack.sent += len(data)
            await writer.drain()
    finally:
        writer.transport.abort()


# Much


async def _much(attack: Attack, first: bytes, before: bytes, filler: bytes, behind: bytes) -> None:
    async with attack.connection(first + before) as send:
        for _ in range(HUGE // len(filler)):
            if attack.ended():
                break
            await send(filler)
        await send(behind)
        await asyncio.sleep(_REST)


async def huge_record(attack: Attack) -> None:
    """A record of 10 MB."""
    filler = attack.liar.chance.choice((b"A", b"\x11\x40\x40", b"\xff\xff")) * (_PIECE // 3)
    await _much(attack, DISPLAY, bytes(5) + b"\x7d\x5b\x60\x11\x5b\x60", filler, END_OF_RECORD)


async def huge_line(attack: Attack) -> None:
    """A line of 10 MB, at a client that edits its lines and at one that does not."""
    await _much(attack, attack.liar.chance.choice((LINES, WINDOW, b"")), b"", b"x" * _PIECE, b"\r\n")


async def huge_subnegotiation(attack: Attack) -> None:
    """A subnegotiation of 10 MB."""
    option = attack.liar.chance.choice((tn.TN3270E, tn.MESSAGES, tn.NAWS, 99))
    await _much(attack, b"", bytes((IAC, SB, option)), b"\x02" * _PIECE, bytes((IAC, SE)))


async def huge_message(attack: Attack) -> None:
    """A record of 10 MB in messages."""
    part = bytes((IAC, SB, tn.MESSAGES)) + b"Cpvm.Part " + b"A" * 900 + bytes((IAC, SE))
    await _much(attack, WINDOW, b"", part * 10, bytes((IAC, SB, tn.MESSAGES)) + b"Cpvm.Record A" + bytes((IAC, SE)))


ATTACKS: tuple[Callable[[Attack], Awaitable[None]], ...] = (
    *(silent, reset, slow_writer, slow_reader),
    *(flood_of_keys, flood_of_lines, flood_of_attention, flood_of_commands),
    *(liar, lying_terminal, lying_display, lying_answers, lying_window, negotiator, echo),
    *(huge_record, huge_line, huge_subnegotiation, huge_message),
)
"""All of them."""


async def carry_out(kind: Callable[[Attack], Awaitable[None]], attack: Attack, seconds: float) -> None:
    """Go on with an attack for so long, whatever becomes of its connections."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not attack.ended():
                with contextlib.suppress(ConnectionError):
                    await kind(attack)
                await asyncio.sleep(_REST)
