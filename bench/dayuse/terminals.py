"""What all simulated terminals have in common: lines come, lines are typed, and the connection may be lost."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 60.0
"""Seconds in which an answer must come; under the load of a bench on few processors, not in real life."""


class Lost(Exception):
    """The system has ended the connection, or cannot be reached."""


class Silence(Exception):
    """What must come did not; the text says what did."""


class Terminal(ABC):
    """A terminal that keeps the lines which have come and are not yet looked at.

    Attributes:
        kind: `telnet`, `3270` or `ssh`.
        lines: what has come; users take lines away from the front.
        lost: whether the connection has ended.
    """

    kind = ""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.lost = False
        self._changed = asyncio.Event()

    def _notice(self) -> None:
        self._changed.set()

    def _line(self, text: str) -> None:
        self.lines.append(text.rstrip())
        self._notice()

    def _ended(self) -> None:
        self.lost = True
        self._notice()

    async def until(self, done: Callable[[], bool], patience: float = PATIENCE) -> float:
        """Wait until DONE, asked whenever something has come; when that was. Raises Lost, TimeoutError."""
        deadline = time.perf_counter() + patience
        while not done():
            if self.lost:
                raise Lost
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), max(0.0, deadline - time.perf_counter()))
        return time.perf_counter()

    @property
    @abstractmethod
    def reading(self) -> bool:
        """Whether the system waits for a line, as far as the terminal can know."""

    @abstractmethod
    def enter(self, text: str) -> None:
        """Type a line and press ENTER."""

    @abstractmethod
    def close(self) -> None:
        """End the connection, if there is one."""


Connect = Callable[[tuple[str, int]], "asyncio.Future[Terminal]"]
