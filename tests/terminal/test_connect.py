"""`cpvm connect` against the telnet listener."""

from __future__ import annotations

import io
import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from cpvm.terminal.connect import RemoteSession
from cpvm.terminal.line import Session, StateName, Terminal
from cpvm.terminal.local import PlainTerminal
from cpvm.terminal.server import TelnetServer

from .fake import FakeSystem


@pytest.fixture
def system() -> Iterator[FakeSystem]:
    fake = FakeSystem()
    yield fake
    fake.stop()


@pytest.fixture
def server(system: FakeSystem) -> Iterator[TelnetServer]:
    running = TelnetServer(system.connect, "127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


class Caller:
    """A terminal without a screen on the remote system."""

    def __init__(self, address: tuple[str, int], typed: str) -> None:
        self.sink = io.StringIO()
        self.sessions: list[RemoteSession] = []
        self._socket = socket.create_connection(address, 10)
        self.terminal = PlainTerminal("remote", io.StringIO(typed), self.sink)

    def run(self) -> str:
        self.terminal.run(self._attach)
        return self.sink.getvalue()

    def _attach(self, terminal: Terminal) -> Session:
        session = RemoteSession(terminal, self._socket)
        self.sessions.append(session)
        session.start()
        return session


def test_a_session_ended_by_the_system(server: TelnetServer, system: FakeSystem) -> None:
    caller = Caller(server.address, "LOGON CMSUSER\nsecret\nÄ¬\n\nBYE\nNEVER\n")
    assert caller.run() == ("FAKE ONLINE\nENTER PASSWORD:\nHELLO CMSUSER\n<Ä¬>\n<>\nGOODBYE\nCONNECTION CLOSED\n")
    assert system.sessions[0].typed == ["LOGON CMSUSER", "secret", "Ä¬", "", "BYE"]
    assert caller.sessions[0].userid == "CMSUSER"


def test_a_session_ended_by_the_user(server: TelnetServer, system: FakeSystem) -> None:
    Caller(server.address, "ONE\n").run()
    assert system.sessions[0].hung_up.wait(10)
    assert system.sessions[0].typed == ["ONE"]


def test_attention(server: TelnetServer, system: FakeSystem) -> None:
    caller = Caller(server.address, "")
    thread = threading.Thread(target=caller.run)
    thread.start()
    thread.join(10)
    session = system.sessions[0]
    assert session.hung_up.wait(10)
    remote = RemoteSession(caller.terminal, socket.create_connection(server.address, 10))
    remote.start()
    remote.attention()
    remote.line("BYE")
    remote._reader.join(10)
    assert system.sessions[1].attentions == 1


def test_another_service_is_no_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(3)
                connection.sendall(bytes((255, 252, 201)))  # WON'T
                connection.recv(100)

        thread = threading.Thread(target=refuse)
        thread.start()
        assert "THIS IS NOT A CPVM SYSTEM" in Caller(listener.getsockname(), "").run()
        thread.join(10)


class KeyedTerminal:
    """A terminal that takes text for its input line."""

    name = "remote"
    local = True

    def __init__(self) -> None:
        self.filled: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.states: queue.SimpleQueue[str] = queue.SimpleQueue()

    def write(self, text: str) -> None:
        pass

    def state(self, state: StateName) -> None:
        self.states.put(state.name)

    def fill(self, text: str) -> None:
        self.filled.put(text)

    def close(self) -> None:
        pass


def test_program_function_keys(server: TelnetServer) -> None:
    terminal = KeyedTerminal()
    session = RemoteSession(terminal, socket.create_connection(server.address, 10))
    session.start()
    assert terminal.states.get(timeout=10) == "LOGON"
    session.program_key(3)
    assert terminal.filled.get(timeout=10) == "KEY 3"
    session.program_key(99)  # there is no such key
    session.program_key(24)
    assert terminal.filled.get(timeout=10) == "KEY 24"
    session.hangup()
