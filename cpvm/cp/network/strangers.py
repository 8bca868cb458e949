"""Callers on the port for links that have not logged on: nobody knows who they are, and all of them may be hostile.

Each has `LOGON_SECONDS` for all that it has to say (see `wire`). When there are `MOST_CALLERS` of them, the one that
came first of the address where most of them come from is dropped, so no stranger keeps a neighbour out. The operator is
told what they do, but not without end.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from cpvm.callers import place_of, who_makes_room
from cpvm.cp.network.messages import CALLER_REFUSED, CALLERS_REFUSED

MOST_CALLERS: Final = 20
"""Callers at a time that have not logged on yet."""

TOLD: Final = 5
"""Refused callers of which the operator is told in a minute; of further ones he is told how many there were."""

MINUTE: Final = 60.0
"""Seconds for which that holds."""


class Strangers:
    """Of one system. Methods may be called by any thread."""

    def __init__(self, tell: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._now = now
        self._guard = threading.Lock()
        self._callers: dict[socket.socket, str] = {}
        self._told = self._untold = 0
        self._since = now()

    def come(self, connection: socket.socket, address: str) -> None:
        """Somebody calls."""
        with self._guard:
            if len(self._callers) >= MOST_CALLERS:
                first = who_makes_room(self._callers.items())
                if first is not None:
                    del self._callers[first]
                    _break(first)
            self._callers[connection] = place_of(address)

    def known(self, connection: socket.socket) -> bool:
        """A caller has logged on, or is gone. Returns False if it had to make room."""
        with self._guard:
            return self._callers.pop(connection, None) is not None

    def refused(self, why: str) -> None:
        """Tell the operator that a caller was refused."""
        with self._guard:
            more = self._untold if self._now() - self._since >= MINUTE else 0
            if self._now() - self._since >= MINUTE:
                self._since, self._told, self._untold = self._now(), 0, 0
            self._told += 1
            told = self._told <= TOLD
            self._untold += not told
        if more:
            self._tell(CALLERS_REFUSED.full(more))
        if told:
            self._tell(CALLER_REFUSED.full(why.upper()))

    def close(self) -> None:
        """Drop them all."""
        with self._guard:
            callers = list(self._callers)
        for connection in callers:
            _break(connection)


def _break(connection: socket.socket) -> None:
    """Have the thread that waits for a connection see its end."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
