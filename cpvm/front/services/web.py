"""`cpvm start --web`: terminals and the operator's page in a browser."""

from __future__ import annotations

import argparse
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.front.address import Address, is_loopback
from cpvm.front.certificate import make
from cpvm.front.services import Service, ServiceError
from cpvm.front.services.tls import OWN_FILE, context

if TYPE_CHECKING:
    from cpvm.api import SystemHandle
    from cpvm.terminal.web.server import WebServer

_MISSING: Final = "--web needs the extra `web`: pip install 'cpvm[web]'"


class _Web:
    def __init__(self, server: WebServer, address: Address, secure: bool) -> None:
        self._server, self.address, self._secure = server, address, secure

    @property
    def welcome(self) -> Sequence[str]:
        """Where the pages are."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address.host, self.address.host)
        at = f"{'https' if self._secure else 'http'}://{Address(host, self.address.port)}"
        return [f"Browser: {at}/", f"       {at}/operator for the operator"]

    def stop(self) -> None:
        """End all terminals in browsers."""
        self._server.stop()


def serve(system: SystemHandle, address: Address, arguments: argparse.Namespace) -> _Web:
    """Begin to serve browsers. Raises ServiceError, OSError."""
    try:
        from cpvm.terminal.web.server import WebServer
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "aiohttp":
            raise
        raise ServiceError(_MISSING) from error
    from cpvm.front.link import display_connector
    from cpvm.front.operatorpage import SystemSource

    tls = _certificate(system, address, arguments)
    server = WebServer(
        display_connector(system.system),
        SystemSource(system.system),
        address.host,
        address.port,
        tls=tls,
        names=getattr(arguments, "web_name", None) or (),
        fence=system.system.post,
        failed=lambda error: system.system.post(lambda: _tell(system, error)),
    )
    server.start()
    return _Web(server, Address(*server.address), tls is not None)


def _tell(system: SystemHandle, error: Exception) -> None:
    system.system.log.failure("BROWSERS", error)


def _certificate(system: SystemHandle, address: Address, arguments: argparse.Namespace) -> ssl.SSLContext | None:
    """How to speak TLS; None: HTTP will do, since only this computer can listen."""
    certificate: Path | None = getattr(arguments, "web_cert", None)
    key: Path | None = getattr(arguments, "web_key", None)
    if certificate is None and key is not None:
        raise ServiceError("--web-key needs --web-cert")
    if certificate is None:
        if is_loopback(address.host):
            return None
        certificate = _own_certificate(system, address)
    try:
        return context(certificate, key)
    except ServiceError as error:
        raise ServiceError(str(error).replace("--tls", "--web-cert", 1)) from error


def _own_certificate(system: SystemHandle, address: Address) -> Path:
    """The system's own certificate, made if there is none yet. Browsers warn of it."""
    certificate = system.directory / OWN_FILE
    try:
        make(certificate, address.host)
    except ImportError:
        raise ServiceError(
            f"--web {address} can be reached from other computers and needs a certificate: give --web-cert and"
            " --web-key, or pip install 'cpvm[tls]' to have one made"
        ) from None
    except OSError as error:
        raise ServiceError(f"--web cannot write {certificate}: {error.strerror}") from error
    return certificate


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Certificates, and names under which the pages are reached."""
    group.add_argument("--web-cert", type=Path, metavar="FILE", help="certificate (PEM), for HTTPS")
    group.add_argument("--web-key", type=Path, metavar="FILE", help="its private key, if not in the same file")
    group.add_argument(
        "--web-name", action="append", metavar="NAME", help="one more name of this computer that browsers may use"
    )


SERVICE = Service(
    "web",
    port=8370,
    help="terminals and the operator's page in a browser",
    serve=serve,
    add_arguments=add_arguments,
)
