"""A thousand connections at once, and more than there is room for, at every door of a system.

    python bench/connections.py [--only NAME ...] [--json FILE]

The system with all its services runs in a process of its own, the callers in another one (niced). They come all at
once, do what their kind does, and stay, beyond what the listener has room for, too. Meanwhile somebody who was logged
on before goes on working at a 3270, and then somebody logs on who was not, through the same door. Told is how many came
through, how long the first waited for CMS, how long it took the other to come in, and what a connection costs. The exit
status is 1 if somebody could not work, or did not come in, or if anything of it was left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import crowd, everyway, figures, tnclient
from bench.terminals import plain, spread

AT_ONCE = 500
"""Connections that one process asks for before the first of them has come through."""
PATIENCE = 0.5
"""Seconds in which 95 % of the commands of whoever is logged on are done meanwhile."""
COMES_IN = 20.0
"""Seconds in which somebody else comes in, through the same door."""
LEFT = 5.0
"""Seconds after which nothing may be left of them."""
USERS = 4

Stay = Callable[[tuple[str, int]], Awaitable[Callable[[], None]]]
"""Makes a connection, and stays; gives what ends it."""


def trusting() -> ssl.SSLContext:
    """A client's, to which any certificate will do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def silent(address: tuple[str, int]) -> Callable[[], None]:
    """Says nothing at all."""
    _, writer = await asyncio.open_connection(*address, limit=1024)
    return writer.transport.abort


async def telnet(address: tuple[str, int]) -> Callable[[], None]:
    """A telnet client at VM/370 ONLINE."""
    return (await plain(address)).transport.abort


async def display(address: tuple[str, int]) -> Callable[[], None]:
    """A 3270 that shows the logo."""
    return (await tnclient.connect(address)).close


async def over_tls(address: tuple[str, int]) -> Callable[[], None]:
    """A telnet client over TLS at VM/370 ONLINE."""
    reader, writer = await asyncio.open_connection(*address, limit=1024, ssl=_TLS)
    writer.write(bytes((255, 252, 40, 255, 252, 24)))
    await reader.readuntil(b"ONLINE")
    return writer.transport.abort


async def shell(address: tuple[str, int]) -> Callable[[], None]:
    """A logon screen by ssh."""
    import asyncssh

    connection = await asyncssh.connect(
        *address, username="vm", password="", known_hosts=None, client_keys=[], config=None, agent_path=None
    )
    process: Any = await connection.create_process(term_type="dumb")
    await process.stdout.readuntil("ONLINE")
    return connection.abort


async def browser(address: tuple[str, int]) -> Callable[[], None]:
    """A terminal in a browser that shows the logo."""
    host = "{}:{}".format(*address)
    reader, writer = await asyncio.open_connection(*address, limit=65536)
    writer.write(
        f"GET /terminal HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n"
        "Sec-WebSocket-Protocol: cpvm-3270\r\n\r\n".encode()
    )
    try:
        await reader.readuntil(b"101 Switching")
        writer.write(bytes((0x82, 0x80 | len(_REPLY), 0, 0, 0, 0)) + _REPLY)
        await reader.readuntil("ONLINE".encode("cp037"))
    except BaseException:
        writer.transport.abort()
        raise
    return writer.transport.abort


_TLS: Final = trusting()
_REPLY: Final = bytes.fromhex("88 0017 8181 0100 0050 0018 01000A02E50002006F090C0780")


@dataclass(frozen=True)
class Kind:
    """Connections of one kind: how many, where, and what they do."""

    name: str
    count: int
    way: str
    stay: Stay


KINDS: Final = (
    Kind("telnet, silent", 4500, "telnet", silent),
    Kind("telnet", 1000, "telnet", telnet),
    Kind("telnet", 4500, "telnet", telnet),
    Kind("TN3270", 1000, "telnet", display),
    Kind("TN3270", 4500, "telnet", display),
    Kind("TLS, no handshake", 4500, "tls", silent),
    Kind("TLS", 1000, "tls", over_tls),
    Kind("TLS", 4500, "tls", over_tls),
    Kind("ssh, silent", 1000, "ssh", silent),
    Kind("ssh", 200, "ssh", shell),
    Kind("browser, silent", 1000, "web", silent),
    Kind("browser", 1000, "web", browser),
    Kind("link, silent", 1000, "link", silent),
)


def callers(number: int, address: tuple[str, int], pipe: Connection) -> None:
    """Their process: says how many came through, and stays until it is told to end."""
    os.nice(10)
    crowd.open_files(KINDS[number].count + 200)

    async def one(gate: asyncio.Semaphore) -> Callable[[], None] | None:
        async with gate:
            with contextlib.suppress(Exception):  # refused, or had to make room: no matter which
                return await asyncio.wait_for(KINDS[number].stay(address), 60.0)
        return None

    async def stay() -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        kind = KINDS[number]
        ends = await asyncio.gather(*(one(gate) for _ in range(kind.count)))
        pipe.send(sum(end is not None for end in ends))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        for end in ends:
            if end is not None:
                end()
        await asyncio.sleep(0.5)

    asyncio.run(stay())


class Bench:
    """A run."""

    def __init__(self, system: crowd.Crowd, ways: everyway.Ways) -> None:
        self._system, self._ways = system, ways
        self.wrong: list[str] = []
        self.rows: list[tuple[str, ...]] = []

    async def begin(self) -> None:
        """Somebody logs on and works."""
        self._witness = await tnclient.connect(self._ways["telnet"])
        await tnclient.log_on(self._witness, crowd.userid(1))

    async def _work(self, ended: asyncio.Event) -> list[float]:
        waited = []
        while not ended.is_set():
            waited.append(await self._witness.enter("STATE PROFILE EXEC A", "Ready;"))
            await asyncio.sleep(0.05)
        return waited

    async def _come_in(self, kind: Kind) -> float:
        """Seconds in which somebody comes in through the same door."""
        began = time.monotonic()
        if kind.way == "link":
            return 0.0
        if kind.way == "telnet":
            terminal = await tnclient.connect(self._ways["telnet"])
            await tnclient.log_on(terminal, crowd.userid(2))
            taken = time.monotonic() - began
            await terminal.enter("LOGOFF", "ONLINE")
            terminal.close()
            return taken
        stay = {"tls": over_tls, "ssh": shell, "web": browser}[kind.way]
        end = await stay(self._ways[kind.way])
        taken = time.monotonic() - began
        end()
        return taken

    async def run(self, number: int) -> None:
        """One kind."""
        kind, loop = KINDS[number], asyncio.get_running_loop()
        before = self._system.measure().pss
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=callers, args=(number, self._ways[kind.way], theirs))
        ended = asyncio.Event()
        working = asyncio.ensure_future(self._work(ended))
        began = time.monotonic()
        process.start()
        through = await loop.run_in_executor(None, ours.recv)
        taken = time.monotonic() - began
        memory = self._system.measure().pss - before
        try:
            comes_in = await asyncio.wait_for(self._come_in(kind), 2 * COMES_IN)
        except Exception as error:
            comes_in = float("inf")
            self.wrong.append(f"{kind.name} {kind.count}: nobody comes in: {type(error).__name__}")
        ended.set()
        waited = spread(await working)
        ours.send(None)
        await loop.run_in_executor(None, process.join)
        await asyncio.sleep(1.0)
        name = f"{kind.name}, {kind.count:,}"
        if waited["p95"] > PATIENCE:
            self.wrong.append(f"{name}: 5 % of the commands took longer than {waited['p95'] * 1000:.0f} ms")
        if comes_in > COMES_IN:
            self.wrong.append(f"{name}: it took {comes_in:.0f} s to come in")
        row = (
            name,
            f"{through:,}",
            f"{taken:.1f} s",
            f"{waited['p50'] * 1000:.0f}, {waited['p95'] * 1000:.0f} ms",
            f"{comes_in:.1f} s" if kind.way != "link" else "-",
            f"{max(0, memory) / 1024:.0f} MB",
        )
        self.rows.append(row)
        print("".join(f"{text:>20}" for text in row), flush=True)


HEADS = ("connections at once", "came through", "in", "CMS meanwhile: median, 95 %", "comes in", "memory")


async def bench(system: crowd.Crowd, ways: everyway.Ways, given: argparse.Namespace) -> list[str]:
    """All kinds; what was wrong."""
    run = Bench(system, ways)
    await run.begin()
    print("".join(f"{head[:19]:>20}" for head in HEADS))
    for number, kind in enumerate(KINDS):
        if not given.only or kind.name in given.only:
            await run.run(number)
    figures.save(given.json, "connections", "python bench/connections.py", run.rows, HEADS)
    return run.wrong


def main() -> None:
    """Carry it out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="NAME", choices=sorted({kind.name for kind in KINDS}))
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    given = parser.parse_args()
    multiprocessing.set_start_method("spawn")
    crowd.open_files(10_000)
    wrong = everyway.tried(USERS, lambda system, ways: bench(system, ways, given))
    print("\n".join(wrong) or "nothing wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
