"""What a telnet client is: where it comes from, and how its socket behaves."""

import asyncio
import contextlib
import ipaddress
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Fill:
    """Text for the input line."""

    text: str


def is_loopback(writer: asyncio.StreamWriter) -> bool:
    """Whether the client is on this host."""
    peer = writer.get_extra_info("peername")
    return bool(peer) and loopback_address(peer[0])


def peer_address(writer: asyncio.StreamWriter) -> str:
    """The client's IP address, or "unknown"; never empty, as that of a terminal of this very process is."""
    peer = writer.get_extra_info("peername")
    return str(peer[0]) if peer and peer[0] else "unknown"


def loopback_address(host: object) -> bool:
    """Whether an IP address is one of this host's own to itself."""
    try:
        address = ipaddress.ip_address(str(host))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def tune(writer: asyncio.StreamWriter) -> None:
    """Notice a vanished client within some minutes, answer keys at once, and take urgent data in line."""
    sock = writer.get_extra_info("socket")
    if sock is None:
        return
    for level, option, value in (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.SOL_SOCKET, "SO_OOBINLINE", 1),
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 15),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 4),
    ):
        if hasattr(socket, option):
            with contextlib.suppress(OSError):
                sock.setsockopt(level, getattr(socket, option), value)
