"""A VT terminal by an independent hand (pyte), with a panel in it and a program behind it."""

from __future__ import annotations

import re
from typing import Any

import pyte

from cpvm.machine.media.screen import Screen, repaint
from cpvm.s370.datastream import Attribute, Control, Order, Write, encode_address
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.vt import VTPanel

RESTORING = 0xC0 | Control.RESTORE
_UNKNOWN = re.compile("\x1b\\[\\d* q")  # the shape of the cursor, which pyte would print


class Window:
    """A window of a terminal program."""

    def __init__(self, rows: int = 25, columns: int = 80, **options: Any) -> None:
        self.vt = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.vt)
        self.written: list[str] = []
        self.records: list[bytes] = []
        self.panel = VTPanel(self.write, (rows, columns), self.records.append, **options)
        self.panel.start()

    def write(self, text: str) -> None:
        self.written.append(text)
        self.stream.feed(_UNKNOWN.sub("", text))

    def resize(self, rows: int, columns: int) -> None:
        self.vt.resize(rows, columns)
        self.panel.resize(rows, columns)

    def take(self) -> str:
        """What was written since the last time."""
        text = "".join(self.written)
        self.written.clear()
        return text

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.vt.display]

    @property
    def cursor(self) -> tuple[int, int]:
        return self.vt.cursor.y, self.vt.cursor.x

    def look(self, row: int, column: int) -> Any:
        return self.vt.buffer[row][column]


def at(row: int, column: int, columns: int = 80, size: int = 1920) -> bytes:
    """Set buffer address."""
    return bytes((Order.SBA,)) + encode_address(row * columns + column, size)


def field(bits: int = 0, text: str = "") -> bytes:
    """A field and its text."""
    return bytes((Order.SF, encode_address(bits, 0)[1])) + to_ebcdic(text)


PROTECTED, SKIP, BRIGHT, HIDDEN = Attribute.PROTECTED, Attribute.SKIP, 0x08, Attribute.HIDDEN
CURSOR = bytes((Order.IC,))


def form(*parts: bytes) -> bytes:
    """Data of a write that restores the keyboard."""
    return bytes((RESTORING,)) + b"".join(parts)


def fresh(panel: VTPanel, rows: int, columns: int) -> list[str]:
    """What a panel that never showed anything else shows of the same screen."""
    window = Window(rows, columns, screen=panel.size)
    window.panel.command(*repaint(panel.screen))
    return window.lines


__all__ = [
    "BRIGHT",
    "CURSOR",
    "HIDDEN",
    "PROTECTED",
    "SKIP",
    "Screen",
    "Window",
    "Write",
    "at",
    "field",
    "form",
    "fresh",
]
