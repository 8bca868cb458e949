"""Keeps a client from giving the system more than it takes: a flood waits in the network, not in the system.

Whoever types, or runs a program that types, never notices. Hard limits: `AT_ONCE` and `RATE`.
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

    def count(self) -> None:
        """The system was given one thing more."""
        self._given += 1

    async def pause(self) -> None:
        """Wait, if the client has given as much as it may, until the system has caught up."""
        if self._given < AT_ONCE or self._fence is None:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._fence(lambda: _settle(loop, done))
        while not done.done() and not self._ended():
            await asyncio.wait((done,), timeout=_LOOK)
        early = self._since + self._given / RATE - time.monotonic()
        if early > 0 and not self._ended():
            await asyncio.sleep(early)
        self._given, self._since = 0, time.monotonic()


def _settle(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]") -> None:
    """Called by the system, on its thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(lambda: None if done.done() else done.set_result(None))
