"""Who gets a place at a listener, and who loses it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpvm.front.certificate import make
from cpvm.front.services.tls import context
from cpvm.terminal import places, server
from cpvm.terminal.places import House, Places
from cpvm.terminal.server import TelnetServer

from .fake import FakeSystem

FILES = 10


class Hotel:
    """Guests are numbers; even ones are known."""

    def __init__(self, most: int, house: House | None = None) -> None:
        self.known: set[int] = set()
        self.dropped: list[int] = []
        self.places: Places[int] = Places(lambda: most, lambda who: who not in self.known, self.dropped.append, house)


def test_the_first_of_the_greediest_makes_room() -> None:
    hotel = Hotel(4)
    assert all(hotel.places.enter(who, address) for who, address in enumerate(("a", "b", "b", "c")))
    assert hotel.places.enter(4, "d")
    assert hotel.dropped == [1]
    assert hotel.places.enter(5, "d")
    assert hotel.dropped == [1, 0]


def test_who_is_known_stays_and_may_be_a_stranger_again() -> None:
    hotel = Hotel(2)
    hotel.known |= {0, 1}
    assert hotel.places.enter(0, "a") and hotel.places.enter(1, "a")
    assert not hotel.places.enter(2, "b")
    assert not hotel.dropped and 2 not in hotel.places
    hotel.known.remove(1)
    assert hotel.places.enter(3, "b")
    assert hotel.dropped == [1]
    hotel.places.leave(0)
    hotel.places.leave(0)
    assert len(hotel.places) == 1


def test_listeners_share_what_the_host_allows() -> None:
    house = House(lambda wanted: places.OTHER_FILES + 3)
    one, other = Hotel(10, house), Hotel(10, house)
    soon: list[Callable[[], object]] = []
    for hotel in (one, other):
        house.open(hotel.places, 10, soon.append)
    assert all(one.places.enter(who, "a") for who in range(3))
    assert other.places.enter(0, "b")  # in the place of somebody at the other listener
    assert len(soon) == 1 and soon.pop()()
    assert one.dropped == [0] and len(one.places) == 2
    one.known |= {1, 2}
    one.places.drop_one()  # looks who is known
    other.known.add(0)
    assert not other.places.enter(1, "b")
    assert not soon
    one.places.leave(1)
    assert other.places.enter(1, "b")
    assert other.places.enter(2, "b") and other.dropped == [1]
    house.close(one.places)
    assert other.places.enter(3, "b") and other.dropped == [1]


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, int]]:
    pytest.importorskip("cryptography")
    certificate = tmp_path / "tls.pem"
    make(certificate, "127.0.0.1")
    system = FakeSystem()
    listener = TelnetServer(system.connect, "127.0.0.1", 0, tls=context(certificate, None), prefix="T")
    listener.start()
    yield listener.address
    listener.stop()
    system.stop()
    assert not listener._places


def talk(address: tuple[str, int]) -> bytes:
    """Speak TLS, and read the greeting."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, 20) as plain, client.wrap_socket(plain) as wrapped:
        said = b""
        while b"ONLINE" not in said:
            said += wrapped.recv(100)
        return said


def test_connections_without_a_handshake_count_and_make_room(
    tls: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", FILES)
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(tls, 20)) for _ in range(3 * FILES)]
        assert b"ONLINE" in talk(tls)
        for one in silent[:FILES]:
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b""


def test_what_is_no_handshake_ends_the_connection_and_nothing_else(tls: tuple[str, int]) -> None:
    loose: list[object] = []
    threading.excepthook, before = loose.append, threading.excepthook
    try:
        for said in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x40\x00" + b"x" * 100, b"\xff\xfb\x18" * 100):
            with socket.create_connection(tls, 20) as plain, contextlib.suppress(ConnectionError):
                plain.sendall(said)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):
                    pass
    finally:
        threading.excepthook = before
    assert not loose
    assert b"ONLINE" in talk(tls)
