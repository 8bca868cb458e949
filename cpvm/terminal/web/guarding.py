"""Whom the web server answers: by its own names only, pages of its own only, and what their answers carry.

A name that is not ours in Host is how a hostile page reaches a server on this computer (DNS rebinding); an Origin that
is not ours is how it uses the user's browser against it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-cache",
}
"""What all answers carry: nothing from elsewhere, no inline script or style, no frames."""


def own_names(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """The names, in lower case, under which a server that listens on `host` answers, besides its addresses."""
    names = {"localhost", host.lower(), *(name.lower() for name in more)}
    if not is_loopback_name(host):
        own = socket.gethostname().lower()
        names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    return frozenset(names)


def is_loopback_name(host: str) -> bool:
    """Whether only this computer can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_allowed(header: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this server: one of its names, or an address, which no other site can take over."""
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


def origin_allowed(origin: str | None, host: str, secure: bool) -> bool:
    """Whether a request comes from a page of this server. Without an Origin it comes from no page; see `guard`."""
    return origin == f"{'https' if secure else 'http'}://{host}"


def guard(names: frozenset[str]) -> Middleware:
    """The middleware that refuses what is not for us, and adds `HEADERS`."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = _refusal(request, names)
        try:
            response = refused if refused is not None else await handler(request)
        except web.HTTPException as answer:
            answer.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return check


def _refusal(request: web.Request, names: frozenset[str]) -> web.Response | None:
    if not host_allowed(request.headers.get("Host", ""), names):
        return web.Response(status=421, text="This server has another name.\n")
    if request.method in ("GET", "HEAD") and request.headers.get("Upgrade", "").lower() != "websocket":
        return None
    if not origin_allowed(request.headers.get("Origin"), request.headers.get("Host", ""), request.secure):
        return web.Response(status=403, text="Only the pages of this server may do that.\n")
    return None
