"""A window elsewhere: lines and a 3270 over one telnet connection."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from cpvm.s370.datastream import Write
from cpvm.terminal import negotiation as tn
from cpvm.terminal.connect import RemoteSession
from cpvm.terminal.filenames import Files
from cpvm.terminal.line import MAX_LINE, StateName
from cpvm.terminal.server import TelnetServer
from cpvm.terminal.window import (
    MAX_RECORD,
    Assembly,
    command_frames,
    command_of,
    frames,
    packed,
    terminal_type,
    unpacked,
    window_size,
)

from .fakewindow import FILES, WindowSession, WindowSystem, page


@pytest.fixture
def system() -> Iterator[WindowSystem]:
    fake = WindowSystem()
    yield fake
    fake.stop()


@pytest.fixture
def server(system: WindowSystem) -> Iterator[TelnetServer]:
    running = TelnetServer(system.connect, "127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


class Window:
    """The user's side."""

    name = "remote"
    local = True
    extended = True

    def __init__(self, size: tuple[int, int] = (32, 80)) -> None:
        self.size = size
        self.events: queue.SimpleQueue[tuple[object, ...]] = queue.SimpleQueue()

    def write(self, text: str) -> None:
        self.events.put(("line", text))

    def state(self, state: StateName) -> None:
        self.events.put(("state", state.name))

    def fill(self, text: str) -> None:
        self.events.put(("fill", text))

    def send(self, command: int, data: bytes) -> None:
        self.events.put(("send", command, data))

    def lines(self) -> None:
        self.events.put(("lines",))

    def close(self) -> None:
        self.events.put(("close",))

    def until(self, *event: object) -> list[tuple[object, ...]]:
        """Wait for an event; returns those before it."""
        before = []
        while (found := self.events.get(timeout=10)) != event:
            before.append(found)
        return before


class Caller:
    def __init__(self, server: TelnetServer) -> None:
        self.window = Window()
        self.connection = socket.create_connection(server.address, 10)
        self.session = RemoteSession(self.window, self.connection)
        self.session.start()
        self.window.until("state", "LOGON")

    def raw(self, *messages: bytes) -> None:
        """Send messages that no client of ours would send."""
        out = b"".join(
            bytes((tn.IAC, tn.SB, tn.MESSAGES)) + m.replace(b"\xff", b"\xff\xff") + bytes((tn.IAC, tn.SE))
            for m in messages
        )
        self.connection.sendall(out)


@pytest.fixture
def caller(server: TelnetServer) -> Iterator[Caller]:
    caller = Caller(server)
    yield caller
    caller.session.hangup()


def there(system: WindowSystem) -> WindowSession:
    session = system.sessions[-1]
    assert isinstance(session, WindowSession)
    return session


def test_lines_and_screens_come_in_order(caller: Caller, system: WindowSystem) -> None:
    assert there(system).window.size == (32, 80)
    text = "X\xff" * 1200  # more than one message, and bytes that telnet has to escape
    system.post(lambda: there(system)._show(text))
    caller.session.line("SHOW MORE")
    assert caller.window.until("send", Write.ERASE_WRITE, page(text)) == []
    assert caller.window.until("line", "BEFORE") == []
    assert caller.window.until("send", Write.ERASE_WRITE, page("MORE")) == []
    assert caller.window.until("line", "MEANWHILE") == []
    record = bytes(range(256)) * 20
    caller.session.received(record)
    assert there(system).records.get(timeout=10) == record
    caller.window.until("lines")
    assert caller.window.until("line", "BACK") == []
    caller.window.until("state", "VM_READ")


def test_what_the_user_wants_to_see(caller: Caller, system: WindowSystem) -> None:
    caller.session.look(True)
    caller.window.until("send", Write.ERASE_WRITE, page("CHOSEN"))
    caller.session.look(False)
    caller.window.until("lines")
    caller.session.escape()
    assert [there(system).looks.get(timeout=10) for _ in range(3)] == ["screen", "lines", "escape"]


def test_typed_lines_attention_keys_and_hanging_up(caller: Caller, system: WindowSystem) -> None:
    caller.session.line("Ä " + "x" * MAX_LINE)
    caller.window.until("line", f"LINE OF MORE THAN {MAX_LINE} CHARACTERS IGNORED")
    caller.session.line("Ä\xff")
    caller.window.until("line", "<Äÿ>")
    caller.session.line("e\u0301€")
    caller.window.until("line", "NOT IN CODE PAGE 037: € U+20AC")
    caller.window.until("line", "<é?>")
    caller.session.attention()
    caller.window.until("line", "CP")
    caller.session.program_key(5)
    caller.window.until("fill", "KEY 5")
    caller.session.hangup()
    assert there(system).hung_up.wait(10)


def test_the_system_ends_it(caller: Caller, system: WindowSystem) -> None:
    caller.session.line("BYE")
    caller.window.until("line", "GOODBYE")
    caller.window.until("close")


def test_names_of_files(caller: Caller, system: WindowSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.terminal.windowline.NAMES_SECONDS", 0.0)
    answers: queue.SimpleQueue[Files | None] = queue.SimpleQueue()
    caller.session.files(answers.put)
    assert answers.get(timeout=10) == FILES
    there(system).names = None
    caller.session.files(answers.put)
    assert answers.get(timeout=10) is None
    there(system).names = [(f"FILE{n:04d}", "TYPE", "A1") for n in range(5000)]
    caller.session.files(answers.put)
    assert len(answers.get(timeout=10) or ()) == 5000


def test_names_of_files_are_not_told_all_the_time(
    caller: Caller, system: WindowSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpvm.terminal.windowline.NAMES_SECONDS", 1000.0)
    answers: queue.SimpleQueue[Files | None] = queue.SimpleQueue()
    there(system).window._asked_last = -1000.0
    caller.session.files(answers.put)
    assert answers.get(timeout=10) == FILES
    for _ in range(20):
        caller.session.files(answers.put)
    caller.session.line("AFTER")
    caller.window.until("line", "<AFTER>")
    assert answers.empty()


def test_lies_are_passed_over(caller: Caller, system: WindowSystem) -> None:
    parts = [b"Cpvm.Part " + b"y" * 900] * (MAX_RECORD // 900 + 1)
    caller.raw(*parts, b"Cpvm.Record z")  # too long: thrown away, the next one counts
    caller.raw(b"Cpvm.Key 77", b"Cpvm.Key", b"Cpvm.Look", b"Cpvm.Show \xf5", b"\xff\xfe", b"", b"Cpvm.Record ")
    caller.raw(b"Cpvm.Record }")
    assert [there(system).records.get(timeout=10) for _ in range(2)] == [b"", b"}"]


def test_a_system_that_knows_no_windows_serves_lines(system: WindowSystem) -> None:
    """As one before there were any: it asks for no terminal type."""
    window = Window()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(bytes((tn.IAC, tn.WILL, tn.MESSAGES)) + b"OLD ONLINE\r\n")
                connection.recv(100)

        thread = threading.Thread(target=serve)
        thread.start()
        session = RemoteSession(window, socket.create_connection(listener.getsockname(), 10))
        session.start()
        window.until("line", "OLD ONLINE")
        thread.join(10)
    window.until("close")


@pytest.mark.parametrize(
    "kind", ["CPVM-23X80", "CPVM-24X79", "CPVM-255X255", "CPVM-300X80", "CPVM-", "XTERM", "CPVM-24X80-"]
)
def test_sizes_that_cannot_be(kind: str) -> None:
    assert window_size(kind) is None


def test_sizes() -> None:
    assert all(window_size(terminal_type(size)) == size for size in ((24, 80), (43, 80), (27, 132), (62, 160)))


def test_records_in_pieces() -> None:
    assembly = Assembly(b"Cpvm.Show", b"Cpvm.Names")
    data = bytes(range(256)) * 30
    found = [assembly.add(message) for message in command_frames(Write.WRITE, data)]
    assert found[:-1] == [None] * (len(found) - 1)
    assert found[-1] is not None and command_of(found[-1][1]) == (Write.WRITE, data)
    names = [assembly.add(message) for message in frames(b"Cpvm.Names", packed(FILES))]
    assert names[-1] is not None and names[-1][0] == b"Cpvm.Names" and unpacked(names[-1][1]) == FILES
    assert command_of(b"") is None and command_of(b"\x00abc") is None
    assert unpacked(b"rubbish") is None and unpacked(packed(None)) is None and unpacked(packed([])) == []
