"""What all listeners have in common: a thread and an event loop of their own, a beginning and an end."""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

LIBRARIES: Final = ("asyncio", "asyncssh", "aiohttp")
"""Whose own remarks about what clients do are not shown to whoever has started the system, unless he asks for them."""

Failed = Callable[[Exception], object]


class Listener(ABC):
    """A thread with an event loop, in which something listens.

    Args:
        name: of the thread.
        failed: told of errors in this program, from any thread; without it they are passed over.
    """

    def __init__(self, name: str, failed: Failed | None = None) -> None:
        for library in LIBRARIES:
            _quiet(logging.getLogger(library))
        self._failed = failed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._address = ("", 0)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._address

    def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address is in use, or is not one of this computer.
        """
        self._thread.start()
        self._ready.wait()
        if self._error:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """Stop listening, end all connections and wait for the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(self._trouble)
        try:
            try:
                host, port = (self._loop.run_until_complete(self._begin()))[:2]
                self._address = (str(host), int(port))
            except OSError as error:
                self._error = error
                return
            finally:
                self._ready.set()
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    def _trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something went wrong that nobody has caught: if it is not the network's doing, tell it."""
        error = context.get("exception")
        if isinstance(error, Exception) and not self._of_the_network(error) and self._failed is not None:
            self._failed(error)

    def _of_the_network(self, error: Exception) -> bool:
        """Whether it is what a client or the network does."""
        return isinstance(error, OSError)

    @abstractmethod
    async def _begin(self) -> tuple[str, int]:
        """Begin to listen; returns where. Raises OSError."""

    @abstractmethod
    async def _end(self) -> None:
        """End all connections."""


def _quiet(logger: logging.Logger) -> None:
    """Have a logger write nothing where no handler was given to it or to one above it."""
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
