"""`cpvm start --web`: terminals and the operator's page in a browser."""

from __future__ import annotations

import argparse
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.front.address import Address, is_loopback
from cpvm.front.services import Service, ServiceError

if TYPE_CHECKING:
    from cpvm.api import SystemHandle
    from cpvm.terminal.web.server import WebServer

_MISSING: Final = "--web needs the extra `web`: pip install 'cpvm[web]'"


class _Web:
    def __init__(self, server: WebServer, address: Address, secure: bool) -> None:
        self._server, self._address, self._secure = server, address, secure

    @property
    def welcome(self) -> Sequence[str]:
        """Where the pages are."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._address.host, self._address.host)
        at = f"{'https' if self._secure else 'http'}://{Address(host, self._address.port)}"
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

    tls = _certificate(address, arguments)
    server = WebServer(
        display_connector(system.system),
        SystemSource(system.system),
        address.host,
        address.port,
        tls=tls,
        names=getattr(arguments, "web_name", None) or (),
    )
    server.start()
    return _Web(server, Address(*server.address), tls is not None)


def _certificate(address: Address, arguments: argparse.Namespace) -> ssl.SSLContext | None:
    certificate: Path | None = getattr(arguments, "web_cert", None)
    key: Path | None = getattr(arguments, "web_key", None)
    if certificate is None:
        if key is not None:
            raise ServiceError("--web-key goes with --web-cert")
        if is_loopback(address.host):
            return None
        raise ServiceError(f"--web {address} can be reached from other computers: give --web-cert and --web-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError) else error
        raise ServiceError(f"--web-cert {certificate}: {reason}") from error
    return context


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
