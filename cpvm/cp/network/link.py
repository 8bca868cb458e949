"""A link to a neighbour: what the operator wants of it, and its connection if there is one (DMTREX, DMTNJI)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from cpvm.cp.network.connection import Connection, Message, Owner
from cpvm.cp.network.messages import NOT_CONNECTED, SIGNED_OFF, SIGNED_ON
from cpvm.cp.network.wire import LinkError, call
from cpvm.cp.sysconfig import Link

FIRST_RETRY = 1.0
LAST_RETRY = 60.0
CONNECT_SECONDS: Final = 10.0


class LinkState:
    """One link. Methods may be called by any thread."""

    def __init__(self, link: Link, mine: str, owner: Owner, tell: Callable[[str], None]) -> None:
        self.link = link
        self._mine = mine
        self._owner = owner
        self._tell = tell
        self._connection: Connection | None = None
        self._guard = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._told = ""
        self.started = True

    @property
    def node(self) -> str:
        """The neighbour."""
        return self.link.node

    @property
    def status(self) -> str:
        """CONNECT: signed on; ACTIVE: waiting for that; INACTIVE: the operator has stopped it."""
        return "CONNECT" if self._connection is not None else "ACTIVE" if self.started else "INACTIVE"

    def open(self) -> None:
        """Begin to call, if it is this side that does."""
        self.started = True
        self._changed.set()
        if self.link.calls and self._thread is None:
            self._thread = threading.Thread(target=self._main, name=f"to {self.node}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """DRAIN: sign off, and do not sign on any more."""
        self.started = False
        self._drop("DRAINED")

    def close(self) -> None:
        """CP stops."""
        self._closed = True
        self._changed.set()
        self._drop("SHUTDOWN")
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There may be a file to send."""
        connection = self._connection
        if connection is not None:
            connection.wake()

    def send_message(self, message: Message) -> bool:
        """Send a line; False if the neighbour is not there."""
        connection = self._connection
        return connection is not None and connection.send_message(message)

    def serve(self, connection: Connection) -> None:
        """Use a connection until it breaks; a new one takes the place of an old one, whose neighbour is gone."""
        while True:
            with self._guard:
                old = self._connection
                if old is None:
                    if self._closed or not self.started:
                        connection.close()
                        return
                    self._connection = connection
                    break
            old.close("REPLACED")
            time.sleep(0.01)
        self._told = ""
        self._tell(SIGNED_ON.full(self.node))
        try:
            connection.run()
        finally:
            with self._guard:
                self._connection = None
            self._tell(SIGNED_OFF.full(self.node, (connection.reason or "CONNECTION LOST").upper()))

    def _drop(self, reason: str) -> None:
        connection = self._connection
        if connection is not None:
            connection.close(reason)

    def _main(self) -> None:
        wait = FIRST_RETRY
        while not self._closed:
            if self.started and self._attempt():
                wait = FIRST_RETRY
            self._changed.wait(wait if self.started else None)
            self._changed.clear()
            wait = min(2 * wait, LAST_RETRY)

    def _attempt(self) -> bool:
        """Call once and serve the connection; False if there was none."""
        try:
            connection = socket.create_connection((self.link.host, self.link.port), CONNECT_SECONDS)
        except OSError as error:
            self._trouble(str(error.strerror or error))
            return False
        try:
            channel = call(connection, self._mine, self.node, self.link.key)
        except LinkError as error:
            connection.close()
            self._trouble(str(error))
            return False
        self.serve(Connection(channel, self._owner))
        return True

    def _trouble(self, why: str) -> None:
        """Tell the operator why there is no connection, once for each reason."""
        if why != self._told and not self._closed:
            self._told = why
            self._tell(NOT_CONNECTED.full(self.node, why.upper()))
