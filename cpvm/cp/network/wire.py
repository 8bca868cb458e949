"""Frames between two systems over a TCP connection, after each has shown that it knows the key of the link.

Who calls tells its node name and a random number; who is called answers in the same way; then the caller proves that it
knows the key, and the called one does so too: a hash over both numbers and names with the key. Each frame after that
bears a hash with a key of this connection and direction and the frame's number, so none can be changed, left out,
repeated or sent back. Nothing is encrypted: across a network that others can read, let the link go through a tunnel.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

VERSION: Final = 1
LOGON_SECONDS: Final = 10.0
"""For all that is said until both sides know each other, however many pieces it comes in."""
SILENCE_SECONDS: Final = 90.0
"""A neighbour that says nothing for so long, not even that it is there, is taken for gone."""
MOST_BEFORE: Final = 1024  # bytes of a frame before the key has been proved
MOST: Final = 1 << 20  # bytes of a frame
_LENGTH: Final = struct.Struct(">I")
_NUMBER: Final = struct.Struct(">QB")
_WORDS: Final = 100  # characters of what a neighbour says of its reasons
_MAC: Final = 16
_NONCE: Final = 16
_COST, _BLOCK = 1 << 13, 8  # scrypt: guessing the key from what was overheard shall cost something


class LinkError(Exception):
    """The neighbour is gone, is not who it should be, or does not keep to the protocol; the text says which."""


class Channel:
    """A connection whose two ends know each other. One thread may send while another one receives."""

    def __init__(self, connection: socket.socket, node: str, send_key: bytes, receive_key: bytes) -> None:
        self.node = node
        """The neighbour's name."""
        self._socket = connection
        self._send_key, self._receive_key = send_key, receive_key
        self._sent = self._received = 0

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send a frame of up to MOST bytes. Raises LinkError."""
        head = _NUMBER.pack(self._sent, kind)
        self._sent += 1
        mac = _hash(self._send_key, head, payload)[:_MAC]
        _send(self._socket, bytes((kind,)) + payload + mac)

    def receive(self) -> tuple[int, bytes]:
        """The next frame. Raises LinkError."""
        frame = _receive(self._socket, MOST + _MAC + 1)
        if len(frame) < 1 + _MAC:
            raise LinkError("a frame is too short")
        kind, payload, mac = frame[0], frame[1:-_MAC], frame[-_MAC:]
        expected = _hash(self._receive_key, _NUMBER.pack(self._received, kind), payload)[:_MAC]
        self._received += 1
        if not hmac.compare_digest(mac, expected):
            raise LinkError("a frame has been tampered with")
        return kind, payload

    def close(self) -> None:
        """Break the connection; a thread that waits for it gets a LinkError."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()


def call(connection: socket.socket, mine: str, other: str, secret: str) -> Channel:
    """Log on to a neighbour that has been called. Raises LinkError."""
    until = _until(connection)
    hello = _hello(mine, other)
    _send(connection, hello)
    answer = _receive(connection, MOST_BEFORE, until)
    said = _parse(answer)
    if said.get("refused"):
        raise LinkError(f"{other} refuses: {str(said['refused'])[:_WORDS]}")
    if said.get("node") != other:
        raise LinkError(f"{str(said.get('node'))[:8]} answers, not {other}")
    key, transcript = _key(secret), hello + answer
    _send(connection, _proof(key, b"caller", transcript))
    if not hmac.compare_digest(_receive(connection, MOST_BEFORE, until), _proof(key, b"called", transcript)):
        raise LinkError(f"{other} does not know the key, or has another one")
    connection.settimeout(SILENCE_SECONDS)
    return Channel(connection, other, _hash(key, b"to called", transcript), _hash(key, b"to caller", transcript))


def answer(connection: socket.socket, mine: str, secret_of: Callable[[str], str | None]) -> Channel:
    """Let a neighbour log on that has called. Raises LinkError."""
    until = _until(connection)
    hello = _receive(connection, MOST_BEFORE, until)
    said = _parse(hello)
    node = said.get("node")
    secret = secret_of(node) if isinstance(node, str) else None
    if said.get("version") != VERSION or said.get("to") != mine or not isinstance(node, str) or secret is None:
        _send(connection, json.dumps({"refused": f"no such link at {mine}"}).encode())
        raise LinkError(f"{str(node)[:8]} is not a neighbour, or calls somebody else")
    reply = _hello(mine, node)
    _send(connection, reply)
    key, transcript = _key(secret), hello + reply
    if not hmac.compare_digest(_receive(connection, MOST_BEFORE, until), _proof(key, b"caller", transcript)):
        raise LinkError(f"{node} does not know the key")
    _send(connection, _proof(key, b"called", transcript))
    connection.settimeout(SILENCE_SECONDS)
    return Channel(connection, node, _hash(key, b"to caller", transcript), _hash(key, b"to called", transcript))


def _hello(mine: str, other: str) -> bytes:
    return json.dumps({"version": VERSION, "node": mine, "to": other, "number": os.urandom(_NONCE).hex()}).encode()


def _parse(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise LinkError("that is no cpvm") from None
    if not isinstance(said, dict):
        raise LinkError("that is no cpvm")
    return said


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=b"cpvm link", n=_COST, r=_BLOCK, p=1, dklen=32)


def _hash(key: bytes, *parts: bytes) -> bytes:
    found = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        found.update(_LENGTH.pack(len(part)) + part)
    return found.digest()


def _proof(key: bytes, who: bytes, transcript: bytes) -> bytes:
    return _hash(key, who, transcript)


def _until(connection: socket.socket) -> float:
    """When a connection has to have logged on."""
    connection.settimeout(LOGON_SECONDS)
    return time.monotonic() + LOGON_SECONDS


def _send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(_LENGTH.pack(len(data)) + data)
    except OSError as error:
        raise LinkError(str(error.strerror or error)) from error


def _receive(connection: socket.socket, most: int, until: float | None = None) -> bytes:
    """A frame; complete at UNTIL at the latest, or else never silent for longer than the connection allows."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, until))
    if length > most:
        raise LinkError("a frame is too long")
    return _exactly(connection, length, until)


def _exactly(connection: socket.socket, count: int, until: float | None) -> bytes:
    data = bytearray()
    while len(data) < count:
        try:
            if until is not None:
                connection.settimeout(max(until - time.monotonic(), 0.001))
            piece = connection.recv(min(count - len(data), 1 << 16))
        except OSError as error:
            raise LinkError(str(error.strerror or error)) from error
        if not piece:
            raise LinkError("the connection is gone")
        data += piece
    return bytes(data)
