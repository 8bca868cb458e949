"""Where to listen, or whom to call: HOST:PORT as it is typed."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 3270


@dataclass(frozen=True)
class Address:
    """A host by name or number, and a TCP port, 0 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, default_port: int = DEFAULT_PORT) -> Address:
    """HOST:PORT, HOST, PORT or :PORT; [HOST]:PORT for an IPv6 address. What is missing is 127.0.0.1 and DEFAULT_PORT.

    Raises:
        ValueError: it is none of these.
    """
    host, port = text, ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text} is not HOST:PORT")
        port = rest[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    elif text.isdigit():
        host, port = "", text
    if port and not (port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"{port} is not a port number (0 to 65535)")
    return Address(host or DEFAULT_HOST, int(port) if port else default_port)


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
