"""TLS from the caller's side: how certificates are checked, and a plain socket on this side of the connection."""

from __future__ import annotations

import hashlib
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.front.address import Address

_CHUNK: Final = 65536


class TLSError(Exception):
    """The connection is not to be trusted, or is none of TLS; the text says why, and what to do."""


@dataclass(frozen=True)
class Trust:
    """Which certificates are accepted: those of the issuers that this computer trusts, or of `authority`, a PEM file;
    or only the one with a SHA-256 `fingerprint`, from whomever it is."""

    authority: Path | None = None
    fingerprint: str = ""

    def context(self) -> ssl.SSLContext:
        """Raises TLSError: the file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self.authority) if self.authority else None)
        except (OSError, ssl.SSLError) as error:
            raise TLSError(f"{self.authority} has no certificate: {error.strerror or error}") from None
        if self.fingerprint:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def check(self, certificate: bytes | None) -> None:
        """Raises TLSError: it is not the certificate with this fingerprint."""
        if self.fingerprint and fingerprint(certificate or b"") != self.fingerprint:
            raise TLSError(f"the certificate is another one: SHA-256 {_colons(fingerprint(certificate or b''))}")


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate, hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest().upper()


def parse_fingerprint(text: str) -> str:
    """A fingerprint as it is printed, with or without colons. Raises ValueError."""
    digits = text.upper().removeprefix("SHA256:").removeprefix("SHA-256:").replace(":", "").replace(" ", "")
    if len(digits) != 64 or set(digits) - set("0123456789ABCDEF"):
        raise ValueError("a SHA-256 fingerprint has 64 hexadecimal digits")
    return digits


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def secured(connection: socket.socket, address: Address, trust: Trust) -> ssl.SSLSocket:
    """TLS over a connection. Raises TLSError."""
    try:
        made = trust.context().wrap_socket(connection, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        raise TLSError(f"{error.verify_message}; {_advice(address)}") from None
    except ssl.SSLError as error:
        raise TLSError(f"there is no TLS at {address}: {error.reason or error}") from None
    except OSError as error:
        raise TLSError(f"the TLS handshake failed: {error.strerror or error}") from None
    trust.check(made.getpeercert(binary_form=True))
    return made


def _advice(address: Address) -> str:
    """How to accept the certificate that is there."""
    with suppress(OSError, ValueError):
        found = ssl.get_server_certificate((address.host, address.port), timeout=5.0)
        digits = fingerprint(ssl.PEM_cert_to_DER_cert(found))
        return f"if `cpvm start --tls` has told this fingerprint, use --tls-fingerprint {_colons(digits)}"
    return "--tls-ca or --tls-fingerprint say which certificate to accept"


def plain(connection: ssl.SSLSocket) -> socket.socket:
    """A socket on which the connection can be used without TLS, by several threads; it ends with the connection."""
    near, far = socket.socketpair()
    threading.Thread(target=_pump, args=(connection, far), name="tls", daemon=True).start()
    return near


def _pump(secure: ssl.SSLSocket, far: socket.socket) -> None:
    """Carry bytes both ways until either end closes. One thread, as an SSLSocket is not for two."""
    with secure, far, selectors.DefaultSelector() as selector:
        secure.setblocking(False)
        far.setblocking(False)
        inward = outward = b""
        while True:
            wanted = {
                secure: (selectors.EVENT_READ if not inward else 0) | (selectors.EVENT_WRITE if outward else 0),
                far: (selectors.EVENT_READ if not outward else 0) | (selectors.EVENT_WRITE if inward else 0),
            }
            for end, events in wanted.items():
                with suppress(KeyError):
                    selector.unregister(end)
                if events:
                    selector.register(end, events)
            if not secure.pending() or inward:
                selector.select()
            try:
                inward = inward[_moved(far.send, inward) :] if inward else _taken(secure.recv)
                outward = outward[_moved(secure.send, outward) :] if outward else _taken(far.recv)
            except (OSError, EOFError):
                return


_LATER: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _moved(send: Callable[[bytes], int], data: bytes) -> int:
    try:
        return send(data)
    except _LATER:
        return 0


def _taken(receive: Callable[[int], bytes]) -> bytes:
    """Raises EOFError at the end."""
    try:
        data = receive(_CHUNK)
    except _LATER:
        return b""
    if not data:
        raise EOFError
    return data
