"""Telnet clients that break the rules."""

import contextlib
from collections.abc import Iterator

import pytest

from cpvm.terminal import arrival, server
from cpvm.terminal import negotiation as tn
from cpvm.terminal.line import MAX_LINE

from .telnetclient import DO, DONT, IAC, SB, SE, Client, Net


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(arrival, "SILENCE", 0.01)  # nobody here takes time to answer
    net = Net()
    yield net
    for client in net.clients:
        client.close()
    net.server.stop()
    net.system.stop()


class TestAbuse:
    """Clients that break the rules, beside one that must not notice."""

    @pytest.fixture(autouse=True)
    def bystander(self, net: Net) -> Iterator[None]:
        client = net.client()
        client.until("ONLINE\r\n")
        yield
        client.send("STILL HERE\n")
        client.until("<STILL HERE>\r\n")

    def test_a_megabyte_without_a_line_end(self, net: Net) -> None:
        client = net.client()
        client.until("ONLINE\r\n")
        client.send(b"x" * (1 << 20) + b"\nNEXT\n")
        assert f"MORE THAN {MAX_LINE} CHARACTERS IGNORED\r\n".encode() in client.until("<NEXT>\r\n")
        assert net.system.sessions[1].typed == ["NEXT"]

    def test_random_bytes(self, net: Net) -> None:
        import random

        noise = random.Random(370)
        client = net.client()
        client.until("ONLINE\r\n")
        for _ in range(50):
            client.send(noise.randbytes(4096).translate(None, b"\x04\xec"))  # without the ends of input
        client.send(bytes((IAC, SE)) + b"\x15\r\nEND\r\n")
        client.until("END>\r\n")

    def test_a_negotiation_loop(self, net: Net) -> None:
        client = net.client()
        client.until("ONLINE\r\n")
        client.send(bytes((IAC, DO, tn.ECHO, IAC, DONT, tn.ECHO, IAC, DO, 77)) * 20_000)
        client.send("DONE\r\n")
        client.until("<DONE>\r\n")
        assert len(client.seen) < 10_000

    def test_a_subnegotiation_without_end(self, net: Net) -> None:
        client = net.client()
        client.until("ONLINE\r\n")
        client.send(bytes((IAC, SB, tn.NAWS)) + b"\0" * 2_000_000 + bytes((IAC, SE)) + b"DONE\r\n")
        client.until("<DONE>\r\n")

    def test_a_client_that_does_not_read_is_dropped(self, net: Net) -> None:
        client = net.client()
        client.until("ONLINE\r\n")
        client.send("FLOOD 200000\n")
        assert net.system.sessions[1].hung_up.wait(60)
        with pytest.raises((ConnectionError, AssertionError)):
            client.until("00199999")


class TestAllPlacesTaken:
    """One listener, and more callers than it has lines for."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)

    def user(self, net: Net, name: str) -> Client:
        client = net.client()
        client.until("ONLINE\r\n")
        client.send(f"LOGON {name}\r\n")
        client.until("PASSWORD:\r\n")
        client.send("secret\r\n")
        client.until(f"HELLO {name}\r\n")
        return client

    def test_all_lines_busy_with_users(self, net: Net) -> None:
        users = [self.user(net, f"USER{number}") for number in range(3)]
        assert net.client().until_end() == b"ALL LINES BUSY\r\n"
        users[0].send("LOGOFF\r\n")
        users[0].wait_state("ONLINE")
        net.client().until("ONLINE\r\n")
        for number, user in enumerate(users[1:]):
            user.send(f"HERE {number}\r\n")
            user.until(f"<HERE {number}>\r\n")

    def test_who_is_not_logged_on_makes_room_and_users_notice_nothing(self, net: Net) -> None:
        user = self.user(net, "ANN")
        idle = [net.client() for _ in range(10)]
        late = self.user(net, "BOB")
        for one in idle[:8]:
            one.socket.settimeout(20)
            with contextlib.suppress(ConnectionError):
                one.until_end()
        for one, name in ((user, "ANN"), (late, "BOB")):
            one.send(f"I AM {name}\r\n")
            one.until(f"<I AM {name}>\r\n")
        net.system.settle()
        assert all(session.hung_up.wait(20) for session in net.system.sessions[1:-3])
