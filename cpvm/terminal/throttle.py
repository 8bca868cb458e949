"""Keeps a client from taking more than the system has for it: a flood waits in the network, not in the system.

Whoever types, or runs a program that types, never notices. Hard limits: `AT_ONCE`, `RATE`, `YIELD`, `MOST_YIELDED`,
`SHARE`, `BURST` and `TURN`.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

AT_ONCE: Final = 16
"""Lines, keys and records that a client may give before the system has looked at the first of them."""

RATE: Final = 500
"""Of these a client may give so many a second; what it sends faster waits."""

SHARE: Final = 0.03
"""The part of a processor that it may take to understand what a client sends, on an average."""

BURST: Final = 0.02
"""Seconds of processor time that may be spent on it at once."""

YIELD: Final = 4
"""Times as long as the system took to catch up with a client, others have it for themselves."""

MOST_YIELDED: Final = 0.5
"""Seconds of that at most."""

TURN: Final = 0.002
"""Seconds of it after which others have their turn."""

_LOOK = 1.0
"""Seconds between looks whether the connection has ended meanwhile."""

Fence = Callable[[Callable[[], None]], None]
"""Has the system call a function when it has done everything that it was given before; callable from any thread."""


class Throttle:
    """Of one connection; for its event loop.

    Args:
        fence: the system's; without one nothing is ever held up.
        ended: whether the connection has ended.
    """

    def __init__(self, fence: Fence | None, ended: Callable[[], bool]) -> None:
        self._fence = fence
        self._ended = ended
        self._given = 0
        self._since = 0.0
        self._left = BURST
        self._refilled = time.monotonic()
        self._began = 0.0

    def count(self) -> None:
        """The system was given one thing more."""
        self._given += 1

    async def pause(self) -> None:
        """Wait, if the client has given as much as it may, until the system has caught up; let others have a turn."""
        if self._fence is None:
            return
        if self._given < AT_ONCE:
            if self._began and time.thread_time() - self._began > TURN:
                self._spend()
                await self._afford()
                await asyncio.sleep(0)
                self._began = time.thread_time()
            return
        measured = bool(self._began)  # by `read`; where that is not used, time is not counted
        self._spend()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        asked = time.monotonic()
        self._fence(lambda: _settle(loop, done))
        while not done.done() and not self._ended():
            await asyncio.wait((done,), timeout=_LOOK)
        now = time.monotonic()
        early = max(self._since + self._given / RATE - now, min((now - asked) * YIELD, MOST_YIELDED))
        if early > 0 and not self._ended():
            await asyncio.sleep(early)
        self._given, self._since = 0, time.monotonic()
        self._began = time.thread_time() if measured else 0.0

    async def read(self, reader: asyncio.StreamReader, most: int) -> bytes:
        """What comes next, when what came before has cost no more than it may; nothing at the end.

        The time from here to the next call, or to a pause, is what it costs. Raises ConnectionError.
        """
        self._spend()
        await self._afford()
        data = await reader.read(most)
        self._began = time.thread_time()
        return data

    async def _afford(self) -> None:
        if self._left < 0 and self._fence is not None and not self._ended():
            await asyncio.sleep(-self._left / SHARE)

    def _spend(self) -> None:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._refilled) * SHARE)
        self._refilled = now
        if self._began:
            self._left -= time.thread_time() - self._began
        self._began = 0.0


def _settle(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]") -> None:
    """Called by the system, on its thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(lambda: None if done.done() else done.set_result(None))
