"""A 3270 that a program sits at, of a system somewhere else: TN3270E or TN3270 over a socket, with TLS if asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Final

from cpvm.front.address import Address
from cpvm.front.cpstation import CPStation
from cpvm.front.station import DEFAULT_TIMEOUT
from cpvm.front.tlsclient import Trust, plain, secured
from cpvm.terminal.tn3270client import HostConnection, HostRefuses

_CHUNK: Final = 16384


class NetworkStation(CPStation):
    """A display connected to HOST:PORT; see `cpvm.api.connect`.

    Attributes:
        trouble: why the connection ended, if the host refused something; else "".
    """

    local = False

    def __init__(
        self,
        host: str,
        port: int,
        model: int = 2,
        *,
        lu: str = "",
        trust: Trust | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Raises OSError: the host cannot be reached. TLSError, if there is TRUST: it is not to be trusted."""
        super().__init__(lu, model)
        self.trouble = ""
        connection = socket.create_connection((host, port), timeout=timeout)
        try:
            self._socket = plain(secured(connection, Address(host, port), trust)) if trust is not None else connection
        except BaseException:
            connection.close()
            raise
        self._socket.settimeout(None)
        self._host = HostConnection(self.size, self._obey, lu)
        threading.Thread(target=self._read, name="station", daemon=True).start()

    def _read(self) -> None:
        try:
            while data := self._socket.recv(_CHUNK):
                with self.still:
                    self._host.receive(data)
                    self.name = self._host.name or self.name
                    self._flush()
        except HostRefuses as error:
            self.trouble = str(error)
        except OSError:
            pass
        self.close()

    def _flush(self) -> None:
        data = self._host.take()
        if data:
            with contextlib.suppress(OSError):  # the reader notices
                self._socket.sendall(data)

    def _transmit(self, record: bytes) -> None:
        with self.still:
            self._host.received(record)
            self._flush()

    def attention(self) -> None:
        """ATTN."""
        with self.still:
            self._host.attention()
            self._flush()

    def system_request(self) -> None:
        """SYS REQ."""
        with self.still:
            self._host.system_request()
            self._flush()

    def hangup(self) -> None:
        """End the connection: who is logged on is disconnected."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.close()
