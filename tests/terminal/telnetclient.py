"""A raw telnet client, and a listener with a small system behind it."""

import socket

from cpvm.terminal import negotiation as tn
from cpvm.terminal.server import TelnetServer

from .fake import FakeSystem

IAC, DO, DONT, WILL, WONT, SB, SE = tn.IAC, tn.DO, tn.DONT, tn.WILL, tn.WONT, tn.SB, tn.SE


class Client:
    """A raw client: what arrives is kept whole, telnet included."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.seen = b""
        self._read = 0

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def until(self, wanted: bytes | str) -> bytes:
        """All that came since the last call, up to and with `wanted`."""
        needle = wanted.encode() if isinstance(wanted, str) else wanted
        while (at := self.seen.find(needle, self._read)) < 0:
            data = self.socket.recv(65536)
            assert data, f"connection ended before {wanted!r}; got {self.seen[self._read :]!r}"
            self.seen += data
        start, self._read = self._read, at + len(needle)
        return self.seen[start : self._read]

    def until_end(self) -> bytes:
        while data := self.socket.recv(65536):
            self.seen += data
        start, self._read = self._read, len(self.seen)
        return self.seen[start:]

    def wait_state(self, status: str) -> None:
        """Wait until the system has announced a state."""
        for _ in range(100):
            self.send(bytes((IAC, tn.AYT)))
            self.until("[")
            if self.until("]\r\n") == f"{status}]\r\n".encode():
                return
        raise AssertionError(f"never {status}")

    def close(self) -> None:
        self.socket.close()


class Net:
    def __init__(self) -> None:
        self.system = FakeSystem()
        self.server = TelnetServer(self.system.connect, "127.0.0.1", 0)
        self.server.start()
        self.clients: list[Client] = []

    def client(self) -> Client:
        client = Client(self.server.address[1])
        self.clients.append(client)
        return client

    def character_client(self) -> Client:
        """A client such as telnet(1): the system echoes."""
        client = self.client()
        client.until("ONLINE\r\n")
        client.send(bytes((IAC, DO, tn.ECHO, IAC, DO, tn.SGA)))
        client.until(bytes((IAC, WILL, tn.BINARY)))
        client.send(bytes((IAC, DO, tn.BINARY)))
        client.wait_state("ONLINE")
        return client
