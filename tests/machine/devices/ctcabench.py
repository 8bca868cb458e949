"""Two sides of a channel-to-channel adapter; for tests."""

from __future__ import annotations

from typing import Any

from linebench import Line, Room

WRITE, READ, NOP, SENSE, CONTROL, BACKWARD, SENSE_BYTE, END_OF_FILE = 0x01, 0x02, 0x03, 0x04, 0x07, 0x0C, 0x14, 0x81
BASIC, EXTENDED, PREPARE, SENSE_ID = 0x43, 0xC3, 0xE3, 0xE4
ATTENTION, ENDED = "8000 0000", "0C00 0000"
HELLO = b"HELLO THERE"
AT = 0x2000


def pair(words: str = "CTCA,link", immediate: bool = True) -> tuple[Line, Line]:
    links: dict[str, Any] = {}
    x, y = (Line(words, immediate, Room(links)) for _ in range(2))
    x.put(HELLO)
    y.put(b"WHAT?......")
    return x, y
