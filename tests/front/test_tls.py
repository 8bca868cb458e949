"""Terminals over TLS: certificates given and self-made, 3270s and lines, clients that speak no TLS."""

from __future__ import annotations

import argparse
import socket
import ssl
import stat
import sys
from asyncio import sslproto
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from cp.helper import DIRECTORY

from cpvm.cp.system import System
from cpvm.front import certificate
from cpvm.front.address import Address
from cpvm.front.services import ServiceError, begin
from cpvm.front.services import tls as service
from cpvm.terminal import leantls
from cpvm.terminal import negotiation as tn

pytest.importorskip("cryptography")


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[object]:
    from cpvm import api

    folder = tmp_path / "system"
    System.create(folder, DIRECTORY)
    system = System(folder)
    system.start()
    handle = api.SystemHandle(system, folder)
    yield handle
    handle.stop()


def start(handle, **given):
    """The service on a free port; the port, and what is printed."""
    arguments = argparse.Namespace(tls=Address("127.0.0.1", 0), **{"tls_cert": None, "tls_key": None, **given})
    (running,) = begin(handle, arguments)
    return int(running.welcome[0].rpartition(":")[2]), running.welcome


def connect(port: int, trusted: Path | None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(trusted) if trusted else None)
    if trusted is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="localhost")


def until(client: socket.socket, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        data = client.recv(65536)
        assert data, seen
        seen += data
    return seen


def test_a_line_and_a_3270(handle):
    port, welcome = start(handle)
    own = handle.directory / service.OWN_FILE
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert "-noverifycert L:127.0.0.1:" in welcome[0]
    with connect(port, own) as line:
        line.sendall(b"\r\n")
        until(line, b"VM/370 ONLINE")
        digest = certificate_digest(line)
    assert digest[:47] in welcome[1] and digest[48:] in welcome[2]
    with connect(port, own) as display:
        until(display, bytes((tn.IAC, tn.DO, tn.TN3270E)))
        display.sendall(bytes((tn.IAC, tn.WONT, tn.TN3270E)))
        until(display, bytes((tn.IAC, tn.DO, tn.TERMINAL_TYPE)))
        display.sendall(bytes((tn.IAC, tn.WILL, tn.TERMINAL_TYPE)))
        until(display, bytes((tn.IAC, tn.SB, tn.TERMINAL_TYPE, 1, tn.IAC, tn.SE)))
        answer = bytes((tn.IAC, tn.SB, tn.TERMINAL_TYPE, 0)) + b"IBM-3278-2" + bytes((tn.IAC, tn.SE))
        for option in (tn.EOR_OPTION, tn.BINARY):
            answer += bytes((tn.IAC, tn.WILL, option, tn.IAC, tn.DO, option))
        display.sendall(answer)
        until(display, "VM/370 ONLINE".encode("cp037"))


def certificate_digest(client: ssl.SSLSocket) -> str:
    import hashlib

    digest = hashlib.sha256(client.getpeercert(True) or b"").hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def test_the_certificate_stays_until_it_ends(handle, monkeypatch):
    own = handle.directory / service.OWN_FILE
    start(handle)
    before = own.read_bytes()
    start(handle)
    assert own.read_bytes() == before
    monkeypatch.setattr(certificate, "RENEW_DAYS", certificate.DAYS + 1)
    start(handle)
    assert own.read_bytes() != before


def test_one_that_is_given(handle, tmp_path):
    given = tmp_path / "server.pem"
    assert certificate.make(given, "terminals.example")
    port, welcome = start(handle, tls_cert=given)
    assert len(welcome) == 1 and "-noverifycert" not in welcome[0]
    with connect(port, given) as client:
        client.sendall(b"\r\n")
        until(client, b"ONLINE")
    assert not (handle.directory / service.OWN_FILE).exists()


def test_a_long_record_comes_over_in_many_pieces(handle):
    port, _ = start(handle)
    assert sslproto.SSLProtocol.max_size == leantls.BUFFER
    with connect(port, None) as client:
        client.sendall(b"\r\n")
        until(client, b"ONLINE")
        client.sendall(b"*" + b"X" * 3000 + b"\r\nLOGON NOSUCH\r\n" + b"\r\n" * 40_000)
        until(client, b"NOSUCH NOT IN CP DIRECTORY")


def test_a_client_without_tls_hurts_nobody(handle):
    port, _ = start(handle)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"LOGON CMSUSER CMSUSER\r\n" * 10)
        assert b"ONLINE" not in plain.recv(1000)
    with socket.create_connection(("127.0.0.1", port), timeout=20), connect(port, None) as client:
        client.sendall(b"\r\n")
        until(client, b"ONLINE")


def test_mistakes_have_one_clear_line(handle, tmp_path, monkeypatch):
    other = tmp_path / "other.pem"
    certificate.make(other)
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for given, said in (
        ({"tls_key": other}, "needs --tls-cert"),
        ({"tls_cert": tmp_path / "missing.pem"}, "No such file"),
        ({"tls_cert": empty}, "in PEM"),
        ({"tls_cert": other, "tls_key": empty}, "in PEM"),
    ):
        with pytest.raises(ServiceError, match=said) as trouble:
            start(handle, **given)
        assert "\n" not in str(trouble.value)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ServiceError, match=r"pip install 'cpvm\[tls\]'"):
        start(handle)
    monkeypatch.undo()
    with pytest.raises(ServiceError, match="cannot write"):
        service.serve(SimpleNamespace(directory=tmp_path / "nowhere"), Address("127.0.0.1", 0), argparse.Namespace())
