"""Clients that do what none should, at the other doors: TLS, ssh, browsers, and the links to other systems.

As in `attackers`, each of `STRANGERS` goes on until it is told to end; one whose service is not there rests.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import struct
from collections.abc import Awaitable, Callable

from .attackers import DISPLAY, LINES, WINDOW, Attack, record
from .liars import Liar

_REST = 0.01
_SLOW = 0.02
_PIECE = 16384
_HUGE = 4 << 20

Kind = Callable[[Attack], Awaitable[None]]


def _at(way: str) -> Callable[[Kind], Kind]:
    """An attack on a service, if that is there."""

    def decorate(kind: Kind) -> Kind:
        async def attack(attack: Attack) -> None:
            if way in attack.ways:
                await kind(attack)
            else:
                await asyncio.sleep(_REST)

        attack.__name__, attack.__doc__ = kind.__name__, kind.__doc__
        return attack

    return decorate


def trusting() -> ssl.SSLContext:
    """A client's, to which any certificate will do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _until_ended(attack: Attack, most: float = 1.0) -> None:
    """Wait as long as the attack goes on, for a second at most."""
    end = asyncio.get_running_loop().time() + most
    while not attack.ended() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_SLOW)


async def _crowd(attack: Attack, way: str, first: Callable[[], bytes], count: int = 100) -> None:
    """Many connections at once that say something and then nothing."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(count):
            await stack.enter_async_context(attack.connection(first(), way=way))
        await _until_ended(attack)


# TLS


def _hello(liar: Liar) -> bytes:
    """The beginning of a handshake, more or less."""
    body = b"\x01" + liar.chance.randbytes(3) + b"\x03\x03" + liar.chance.randbytes(liar.chance.choice((0, 40, 500)))
    return b"\x16\x03\x01" + struct.pack(">H", liar.chance.choice((len(body), 0, 16384, 65535))) + body


@_at("tls")
async def tls_half_open(attack: Attack) -> None:
    """A hundred handshakes that are not begun, or not ended."""
    await _crowd(attack, "tls", lambda: attack.liar.chance.choice((b"", b"\x16", _hello(attack.liar)[:20])))


@_at("tls")
async def tls_liar(attack: Attack) -> None:
    """Handshakes that are none."""
    async with attack.connection(way="tls") as send:
        for _ in range(20):
            await send(attack.liar.chance.choice((_hello(attack.liar), attack.liar.telnet(), attack.liar.some(2000))))
            await asyncio.sleep(0)


@_at("tls")
async def tls_again_and_again(attack: Attack) -> None:
    """Whole handshakes, one after the other."""
    async with attack.connection(LINES, way="tls", tls=trusting()):
        pass


@_at("tls")
async def tls_lying_terminal(attack: Attack) -> None:
    """A terminal that says anything, within TLS."""
    first = attack.liar.chance.choice((DISPLAY, LINES, WINDOW))
    async with attack.connection(first, way="tls", tls=trusting()) as send:
        while not attack.ended() and attack.liar.chance.random() < 0.99:
            await send(attack.liar.telnet())
            await asyncio.sleep(0)


@_at("tls")
async def tls_flood(attack: Attack) -> None:
    """Keys without end, within TLS."""
    async with attack.connection(DISPLAY, way="tls", tls=trusting()) as send:
        while not attack.ended():
            await send(record(b"\x7d\x5b\x60") * 100)
            await asyncio.sleep(0)


# ssh


@_at("ssh")
async def ssh_half_open(attack: Attack) -> None:
    """Connections on which nothing is said, or a part of the greeting."""
    await _crowd(attack, "ssh", lambda: attack.liar.chance.choice((b"", b"SSH-", b"SSH-2.0-x\r\n")), 50)


@_at("ssh")
async def ssh_liar(attack: Attack) -> None:
    """A greeting, and then packets of any kind."""
    async with attack.connection(b"SSH-2.0-OpenSSH_9.2\r\n", way="ssh") as send:
        for _ in range(20):
            body = bytes((attack.liar.chance.choice((20, 21, 30, 50, 90, 2, 1)),)) + attack.liar.some(400)
            pad = 4 + -(len(body) + 9) % 8
            length = attack.liar.chance.choice((len(body) + pad + 1, 0, 5, 0x7FFFFFFF, 35000))
            await send(struct.pack(">IB", length, pad) + body + bytes(pad))
            await asyncio.sleep(0)


@_at("ssh")
async def ssh_endless_greeting(attack: Attack) -> None:
    """A greeting without an end."""
    async with attack.connection(b"SSH-2.0-", way="ssh") as send:
        for _ in range(_HUGE // _PIECE):
            await send(attack.liar.chance.choice((b"x" * _PIECE, b"hello\r\n" * 2000)))
            await asyncio.sleep(0)


@_at("ssh")
async def ssh_guesser(attack: Attack) -> None:
    """Passwords of users that there are, and that there are not."""
    import asyncssh

    name = attack.liar.chance.choice((*attack.userids, "NOBODY", "x" * 500, "+3270", "OPERATOR"))
    attack.connections += 1
    with contextlib.suppress(asyncssh.Error, OSError):
        async with asyncssh.connect(
            *attack.ways["ssh"], username=name, password="WRONG", known_hosts=None, client_keys=[], config=None
        ):
            pass


@_at("ssh")
async def ssh_looker(attack: Attack) -> None:
    """Logon screens, several on a connection, and anything typed into them."""
    import asyncssh

    attack.connections += 1
    with contextlib.suppress(asyncssh.Error, OSError):
        async with asyncssh.connect(
            *attack.ways["ssh"], username="vm", password="", known_hosts=None, client_keys=[], config=None
        ) as connection:
            screens = [
                await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None) for _ in range(3)
            ]
            for _ in range(50):
                said = attack.liar.telnet()
                attack.sent += len(said)
                attack.liar.chance.choice(screens).stdin.write(said)
                await asyncio.sleep(0)


# Browsers


def _request(attack: Attack, head: str, *more: str) -> bytes:
    host = "{}:{}".format(*attack.ways["web"])
    return "\r\n".join((f"{head} HTTP/1.1", f"Host: {host}", f"Origin: http://{host}", *more, "", "")).encode()


def _upgrade(attack: Attack, path: str = "/terminal") -> bytes:
    key = base64.b64encode(attack.liar.chance.randbytes(16)).decode()
    return _request(
        attack,
        f"GET {path}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Protocol: cpvm-3270",
    )


def frame(data: bytes, opcode: int = 2, length: int | None = None) -> bytes:
    """A frame of a WebSocket, masked with zeros; it may lie about its length."""
    size = len(data) if length is None else length
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + struct.pack(">H", size)
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + struct.pack(">Q", size)
    return head + bytes(4) + data


@_at("web")
async def web_half_open(attack: Attack) -> None:
    """A hundred connections without a request, or with a part of one."""
    await _crowd(attack, "web", lambda: attack.liar.chance.choice((b"", b"GET / HT", _request(attack, "GET /"))))


@_at("web")
async def web_liar(attack: Attack) -> None:
    """Requests that are none."""
    heads = ("GET /../../cp.sqlite", "GET /%2e%2e/%2e%2e/etc/passwd", "POST /operator/session", "BREW /", "GET /js/\0")
    async with attack.connection(way="web") as send:
        for _ in range(20):
            lies = (
                _request(attack, attack.liar.chance.choice(heads), "Content-Length: 3", "Transfer-Encoding: chunked"),
                _request(attack, "POST /operator/session", "Content-Length: 4000") + attack.liar.some(4000),
                attack.liar.some(2000),
                _request(attack, "GET /", *(f"X-{n}: {'x' * 100}" for n in range(200))),
            )
            await send(attack.liar.chance.choice(lies))
            await asyncio.sleep(0)


@_at("web")
async def web_endless_request(attack: Attack) -> None:
    """Headers, or a body, without an end; sometimes a byte at a time."""
    if attack.liar.chance.random() < 0.5:
        async with attack.connection(_request(attack, "GET /")[:-4], way="web") as send:
            for _ in range(_HUGE // _PIECE):
                await send(b"\r\nX: " + b"x" * _PIECE)
                await asyncio.sleep(0)
        return
    async with attack.connection(way="web") as send:
        for byte in _request(attack, "GET /" + "x" * 100):
            if attack.ended():
                break
            await send(bytes((byte,)))
            await asyncio.sleep(_SLOW)


@_at("web")
async def web_requests(attack: Attack) -> None:
    """Pages, one after the other, all in one connection, and nobody reads them."""
    async with attack.connection(way="web", reads=False) as send:
        while not attack.ended():
            async with asyncio.timeout(1.0):
                await send(_request(attack, "GET /js/main.js") * 50)


@_at("web")
async def web_guesser(attack: Attack) -> None:
    """Passwords at the operator's page."""
    body = json.dumps({"userid": attack.liar.chance.choice((*attack.userids, "OPERATOR", "\x1b[2J")), "password": "NO"})
    async with attack.connection(way="web") as send:
        for _ in range(10):
            head = _request(attack, "POST /operator/session", f"Content-Length: {len(body)}")
            await send(head + body.encode())
        await asyncio.sleep(_SLOW)


@_at("web")
async def web_lying_terminal(attack: Attack) -> None:
    """A terminal in a browser that sends any frames."""
    async with attack.connection(_upgrade(attack), way="web") as send:
        await send(frame(bytes.fromhex("88001781810100005000180100000A02E50002006F090C0780")))
        while not attack.ended() and attack.liar.chance.random() < 0.99:
            lies = (
                frame(attack.liar.inbound()),
                frame(attack.liar.inbound()),
                frame(attack.liar.replies()),
                frame(b"[" * 900, 1),
                frame(attack.liar.some(100), attack.liar.chance.randrange(16)),
                frame(b"", 2, attack.liar.chance.choice((1 << 17, 1 << 62))),
            )
            await send(attack.liar.chance.choice(lies))
            await asyncio.sleep(0)


@_at("web")
async def web_flood(attack: Attack) -> None:
    """ENTER without an end."""
    async with attack.connection(_upgrade(attack), way="web") as send:
        while not attack.ended():
            await send(frame(b"\x7d\x5b\x60") * 100)
            await asyncio.sleep(0)


# Links to other systems


@_at("link")
async def link_half_open(attack: Attack) -> None:
    """More callers than there may be, that say nothing."""
    await _crowd(attack, "link", lambda: attack.liar.chance.choice((b"", b"\0\0", b"\0\0\3\xff")), 40)


@_at("link")
async def link_liar(attack: Attack) -> None:
    """Callers that are no neighbour, or do not know the key."""
    hello = json.dumps({"version": 1, "node": "BETA", "to": "ALPHA", "number": "00"}).encode()
    said = attack.liar.chance.choice((hello, b"[" * 1000, attack.liar.some(900), hello.replace(b"BETA", b"\\u001b[2J")))
    async with attack.connection(struct.pack(">I", len(said)) + said, way="link") as send:
        await send(struct.pack(">I", 32) + bytes(32))
        await asyncio.sleep(_REST)


STRANGERS: tuple[Kind, ...] = (
    *(tls_half_open, tls_liar, tls_again_and_again, tls_lying_terminal, tls_flood),
    *(ssh_half_open, ssh_liar, ssh_endless_greeting, ssh_guesser, ssh_looker),
    *(web_half_open, web_liar, web_endless_request, web_requests, web_guesser, web_lying_terminal, web_flood),
    *(link_half_open, link_liar),
)
"""All of them."""
