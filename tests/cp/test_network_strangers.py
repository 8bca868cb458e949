"""The port for links, as somebody sees it who knows no key."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from cpvm.callers import place_of, who_makes_room
from cpvm.cp.network import strangers, wire
from cpvm.cp.network.connection import _header
from cpvm.cp.network.strangers import MOST_CALLERS, TOLD, Strangers
from cpvm.cp.network.wire import LinkError, answer, call

from .helper import Site
from .test_network import free_port, make, wait_until

_LENGTH = struct.Struct(">I")
HEADER: dict[str, Any] = {
    "key": "k",
    "node": "BETA",
    "userid": "CMSUSER",
    "priority": 50,
    "origin_node": "ALPHA",
    "origin_user": "MAINT",
    "origin_file": 1,
    "kind": "PUN",
    "spool_class": "A",
    "copies": 1,
    "dist": "",
    "name": "",
    "type": "",
    "form": "",
    "records": 1,
    "created": 0.0,
}


@pytest.fixture
def beta(tmp_path: Path) -> Iterator[tuple[Site, int]]:
    port = free_port()
    site = Site(make(tmp_path / "b", "NODE BETA", f"NETWORK LISTEN 127.0.0.1:{port}", "LINK ALPHA * KEY SECRET"))
    yield site, port
    site.system.shutdown()


def frame(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


def dropped(connection: socket.socket) -> bool:
    """Whether the other side ends the connection."""
    connection.settimeout(20.0)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


NONSENSE = [
    b"",
    b"GET / HTTP/1.0\r\n\r\n" * 40,
    frame(b""),
    frame(b"["),
    frame(b"[" * 1020),
    frame(b'{"a":' * 200),
    frame(b"\xff" * 1000),
    frame(b"9" * 1000),
    frame(json.dumps({"version": 1, "to": "BETA", "node": "\ud800\x1b]0;x\x07\n"}).encode()),
    frame(json.dumps({"version": 1, "to": "BETA", "node": ["ALPHA"]}).encode()),
    frame(json.dumps({"version": 1, "to": "BETA", "node": "ALPHA"}).encode()) + frame(b"x" * 32),
    _LENGTH.pack(0xFFFFFFFF) + b"x" * 1000,
]


def test_nonsense_is_refused_and_the_operator_is_told_in_one_harmless_line(
    beta: tuple[Site, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, port = beta
    monkeypatch.setattr(strangers, "TOLD", len(NONSENSE))
    loose: list[object] = []
    monkeypatch.setattr(threading, "excepthook", loose.append)
    for data in NONSENSE:
        with closing(socket.create_connection(("127.0.0.1", port))) as caller:
            caller.sendall(data)
            with suppress(OSError):  # it is dropped as soon as it has said the wrong thing
                caller.shutdown(socket.SHUT_WR)
            assert dropped(caller)
    wait_until(site, lambda: sum("152E" in line for line in site.system.log.lines) == len(NONSENSE))
    assert not loose
    assert not any("908I" in line for line in site.system.log.lines)
    assert all(line.isprintable() for line in site.system.log.lines)


def test_who_says_little_at_a_time_is_dropped_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LOGON_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def slowly() -> None:
        try:
            for byte in frame(b" " * 1000):
                theirs.sendall(bytes((byte,)))
                if ended.wait(0.01):
                    return
        except OSError:
            pass

    thread = threading.Thread(target=slowly)
    thread.start()
    with pytest.raises(LinkError, match="timed out"):
        answer(ours, "BETA", lambda node: "SECRET")
    ended.set()
    ours.close()
    thread.join()
    theirs.close()


def test_strangers_do_not_keep_a_neighbour_out(beta: tuple[Site, int]) -> None:
    site, port = beta
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST_CALLERS + 5)]
    try:
        wait_until(site, lambda: len(site.system.network._strangers._callers) == MOST_CALLERS)
        assert all(dropped(connection) for connection in idle[:5])
        with closing(socket.create_connection(("127.0.0.1", port))) as neighbour:
            channel = call(neighbour, "ALPHA", "BETA", "SECRET")
            assert channel.node == "BETA"
    finally:
        for connection in idle:
            connection.close()


def test_the_operator_is_not_told_without_end() -> None:
    said: list[str] = []
    now = 0.0
    several = Strangers(said.append, lambda: now)
    for _ in range(1000):
        several.refused("no")
    assert len(said) == TOLD
    now = 100.0
    several.refused("again")
    assert said[TOLD:] == [
        f"DMTREX152E {1000 - TOLD} MORE CALLERS REFUSED IN THE MEANTIME",
        "DMTREX152E CALLER REFUSED; AGAIN",
    ]


def test_a_neighbour_cannot_invent_names_or_numbers() -> None:
    _header(json.dumps(HEADER).encode())
    for name, value in (
        ("origin_node", "X" * 100_000),
        ("origin_user", "\x1b[2J"),
        ("userid", ""),
        ("node", "A B"),
        ("priority", 10**30),
        ("origin_file", 10**30),
        ("origin_file", -1),
        ("key", "k" * 1000),
    ):
        with pytest.raises(LinkError):
            _header(json.dumps({**HEADER, name: value}).encode())
    assert _header(json.dumps({**HEADER, "name": "A\x1bB"}).encode()).name == "A B"


def test_who_makes_room_comes_from_where_most_come_from() -> None:
    assert who_makes_room([("a", "1"), ("b", "2"), ("c", "2")]) == "b"
    assert who_makes_room([("a", "1")]) == "a"
    assert who_makes_room([]) is None


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_place_is_an_address_or_a_network(address: str, place: str) -> None:
    assert place_of(address) == place
