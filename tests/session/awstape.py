"""AWSTAPE files, read and written by hand."""

import struct
from collections.abc import Iterator
from pathlib import Path


def blocks(path: Path) -> Iterator[bytes | None]:
    """Blocks of an AWSTAPE file; None is a tape mark."""
    data, at, block = path.read_bytes(), 0, b""
    while at < len(data):
        length, _previous, flags = struct.unpack_from("<HHB", data, at)
        if flags & 0x40:
            yield None
        block += data[at + 6 : at + 6 + length]
        at += 6 + length
        if flags & 0x20:
            yield block
            block = b""


def aws(*content: bytes | None) -> bytes:
    """An AWSTAPE file of these blocks, None for a tape mark."""
    out, previous = b"", 0
    for block in content:
        data = block or b""
        out += struct.pack("<HHBB", len(data), previous, 0x40 if block is None else 0xA0, 0) + data
        previous = len(data)
    return out
