"""A display on a channel, and what is written to it and read from it; for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linebench import SLI, Line, Place

from cpvm.machine.media.screen import read_buffer

WRITE, READ, NOP, SENSE, ERASE_WRITE, MODIFIED, SELECT = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0B
ALTERNATE, ALL, UNPROTECTED, STRUCTURED = 0x0D, 0x0E, 0x0F, 0x11
RESTORE = 0xC2
FORM = bytes.fromhex("c2 114040 1d60 d5c1d4c5 1d40 13 114050 1d60")  # NAME, an unprotected field of 9, then protected
AT = 0x2000  # where reads go


def display(words: str = "3277") -> Line:
    return Line(words)


def terminal(words: str = "3277,here") -> tuple[Line, Place]:
    line = Line(words)
    return line, line.room.places["here"]


def write(line: Line, data: bytes | str, command: int = ERASE_WRITE) -> str:
    data = bytes.fromhex(data) if isinstance(data, str) else data
    line.put(data)
    return line.run((command, len(data)))


def read(line: Line, command: int = MODIFIED, most: int = 4096) -> str:
    status = line.run((command, most, SLI, AT))
    assert status.startswith("0C00"), (status, line.sense())
    return line.data(most - int(status[5:], 16), AT).hex()


def buffer_with(change: Callable[[Any], None], words: str = "3277") -> bytes:
    """What a terminal with the form answers to Read Buffer."""
    other = display(words)
    write(other, FORM)
    change(other.device)
    return read_buffer(other.device.screen).data
