"""TLS connections that take little storage while nobody types."""

from __future__ import annotations

from asyncio import sslproto
from typing import Final

BUFFER: Final = 16384
"""Bytes of the buffer in which asyncio takes what comes over a TLS connection: one record of TLS."""


def spare() -> None:
    """Give TLS connections that are made from now on, by any server of this process, a buffer of `BUFFER` bytes.

    asyncio's own has 256 KB for each connection, whether there is anything to receive or not.
    """
    if getattr(sslproto.SSLProtocol, "max_size", 0) > BUFFER:
        sslproto.SSLProtocol.max_size = BUFFER
