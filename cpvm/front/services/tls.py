"""`cpvm start --tls`: telnet and 3270 terminals over TLS, on a port of their own."""

from __future__ import annotations

import argparse
import hashlib
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.front.address import Address
from cpvm.front.certificate import make
from cpvm.front.services import Service, ServiceError

if TYPE_CHECKING:
    from cpvm.api import SystemHandle

OWN_FILE = "tls.pem"
"""In the system directory: key and certificate that cpvm has made itself, readable by its owner alone."""


class _Listening:
    """The port; the system ends it with its other lines."""

    def __init__(self, welcome: Sequence[str]) -> None:
        self.welcome = welcome

    def stop(self) -> None:
        """Nothing is left to be done."""


def _add(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="the certificate (PEM), with those of its issuers behind it"
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM), if that is elsewhere")


def context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What a server with this certificate agrees to: TLS 1.2 and 1.3. Raises ServiceError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(certificate, key, password=lambda: "")  # nobody is there to be asked for one
    except ssl.SSLError as error:
        what = f"{certificate} and {key}" if key is not None else str(certificate)
        why = {
            "KEY_VALUES_MISMATCH": "the key is another certificate's",
            "BAD_DECRYPT": "the key is locked with a password",
        }.get(error.reason or "", "there must be a certificate and its private key, without a password, in PEM")
        raise ServiceError(f"--tls cannot use {what}: {why}") from error
    except OSError as error:
        raise ServiceError(f"--tls cannot read {error.filename or certificate}: {error.strerror}") from error
    return made


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the first certificate in a file, as openssl and 3270 programs print it."""
    text = certificate.read_text(encoding="ascii", errors="replace")
    start = text.index("-----BEGIN CERTIFICATE-----")
    end = text.index("-----END CERTIFICATE-----", start) + len("-----END CERTIFICATE-----")
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[start:end])).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def serve(system: SystemHandle, address: Address, arguments: argparse.Namespace) -> _Listening:
    """Listen with the certificate given, or with one of our own."""
    certificate: Path | None = getattr(arguments, "tls_cert", None)
    key: Path | None = getattr(arguments, "tls_key", None)
    if certificate is None and key is not None:
        raise ServiceError("--tls-key needs --tls-cert")
    own = certificate is None
    if certificate is None:
        certificate = system.directory / OWN_FILE
        try:
            make(certificate, address.host)
        except ImportError:
            raise ServiceError(
                "--tls makes a certificate of its own with a package that is not installed: "
                "pip install 'cpvm[tls]', or give one with --tls-cert and --tls-key"
            ) from None
        except OSError as error:
            raise ServiceError(f"--tls cannot write {certificate}: {error.strerror}") from error
    host, port = system.listen(address.host, address.port, tls=context(certificate, key))
    here = Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)
    check = "-noverifycert " if own else ""
    welcome = [f"With TLS: c3270 -codepage cp037 {check}L:{here}"]
    if own:
        welcome.append(f"          {fingerprint(certificate)[:47]}")
        welcome.append(f"          {fingerprint(certificate)[48:]} (SHA-256 of its certificate)")
    return _Listening(welcome)


SERVICE = Service(
    "tls",
    port=9923,
    help="telnet and 3270 terminals over TLS, with --tls-cert's certificate or one that is made at the first start",
    serve=serve,
    add_arguments=_add,
)

__all__ = ["OWN_FILE", "SERVICE", "context", "fingerprint"]
