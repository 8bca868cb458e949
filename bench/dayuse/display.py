"""A simulated 3270: a whole screen, and the lines of CP's output area in the order in which they were shown.

The operator presses CLEAR at MORE... at once. CP writes its lines one below the other, each behind an order that sets
the buffer address to the beginning of a row; a screen that is written again as a whole repeats lines, which are not
taken for new ones.
"""

from __future__ import annotations

import asyncio
from typing import Final

from bench.dayuse.terminals import Lost, Terminal
from cpvm.machine.media.screen import Keyboard, Screen, StreamError, read_modified
from cpvm.machine.media.screen import write as draw
from cpvm.s370.datastream import Order, Write
from cpvm.s370.ebcdic import from_ebcdic
from cpvm.terminal.tn3270client import HostConnection, HostRefuses

ROWS, COLUMNS, OUTPUT = 24, 80, 22
_INPUT_AT: Final = OUTPUT * COLUMNS
_STATUS_LENGTH = 20
_OPERANDS: Final = {Order.SBA: 2, Order.SF: 1, Order.RA: 3, Order.EUA: 2}
"""Bytes behind orders; all others have none, or do not come to a display without the extended data stream."""
READING = ("CP READ", "VM READ")
MORE, HOLDING = "MORE...", "HOLDING"
MESSAGE = "MSG FROM "


def rows_written(data: bytes) -> list[tuple[int, str]]:
    """Rows of the output area whose beginning a data stream addresses, in order, with the text put there."""
    found: list[tuple[int, bytearray]] = []
    taking = False
    at = 0
    while at < len(data):
        code = data[at]
        if code == Order.SBA:
            address = (data[at + 1] & 0x3F) << 6 | data[at + 2] & 0x3F
            taking = address < _INPUT_AT and address % COLUMNS == 0
            following = data[at + 3 : at + 4]
            if taking and following != bytes((Order.RA,)):
                found.append((address // COLUMNS, bytearray()))
        if code in _OPERANDS:
            at += 1 + _OPERANDS[code]
            continue
        if code >= 0x40 and taking:
            found[-1][1].append(code)
        at += 1
    return [(row, from_ebcdic(bytes(text)).rstrip()) for row, text in found]


class Display(asyncio.Protocol, Terminal):
    """A 3278-2."""

    kind = "3270"

    def __init__(self) -> None:
        Terminal.__init__(self)
        self.screen = Screen(ROWS, COLUMNS)
        self.keyboard = Keyboard(self.screen)
        self.cleared = 0
        """How often MORE... was answered."""
        self.program = False
        """A program has the screen: what it shows are no lines of CP's."""
        self._transport: asyncio.Transport | None = None
        self._host = HostConnection((ROWS, COLUMNS), self._command, extended=False)
        self._page: list[str] = []  # lines of the output area that have been taken
        self._before: list[str] = []  # the same, before the screen was written again
        self._clearing = False
        self._typed = ""  # the line that CP will show again

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._ended()

    def data_received(self, data: bytes) -> None:
        try:
            self._host.receive(data)
        except HostRefuses:
            self.close()
        self._send()

    def _send(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._host.take())

    def _command(self, command: int, data: bytes) -> bool:
        try:
            draw(self.screen, command, data)
        except (ValueError, StreamError):
            return False
        if self.program:
            for _, text in rows_written(data[1:]):
                if text.startswith(MESSAGE):
                    self._line(text)
        else:
            self._output(command, data[1:])
        if command in (Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
            self._clearing = False
        if self.status in (MORE, HOLDING) and not self._clearing:
            self._clearing = True  # a second CLEAR would clear what comes next
            self.cleared += 1
            self.press("clear")
        self._notice()
        return True

    def _output(self, command: int, data: bytes) -> None:
        if command in (Write.ERASE_WRITE, Write.ERASE_WRITE_ALTERNATE):
            self._before, self._page = self._page, []
        for row, text in rows_written(data):
            if row == 0 and self._page:
                self._before, self._page = [], []  # CP has emptied the output area
            self._page[row:] = [text]
            if self._before[row : row + 1] == [text]:
                continue
            self._before = self._before[:row]
            if text == self._typed and text:
                self._typed = ""
                continue
            self._line(text)

    def row(self, number: int) -> str:
        """Row NUMBER, from 1, as it is shown, without blanks around."""
        return self._text((number - 1) * COLUMNS, COLUMNS)

    def _text(self, at: int, length: int) -> str:
        screen = self.screen
        codes = (
            0 if kind else code for code, kind in zip(screen.text[at : at + length], screen.kind[at:], strict=False)
        )
        return from_ebcdic(bytes(max(code, 0x40) for code in codes)).strip()

    @property
    def rows(self) -> list[str]:
        """All rows as they are shown."""
        return [self.row(number) for number in range(1, ROWS + 1)]

    @property
    def status(self) -> str:
        """The lower right corner."""
        return self._text(ROWS * COLUMNS - _STATUS_LENGTH, _STATUS_LENGTH)

    @property
    def reading(self) -> bool:
        return self.status in READING and not self.screen.locked

    def press(self, key: str) -> None:
        """A key that gives attention."""
        self.keyboard.reset()
        aid = self.keyboard.press(key)
        if key in ("clear", "pa2"):
            self._page, self._before = [], []
        self._host.received(read_modified(self.screen, aid=aid).data)
        self._send()

    def enter(self, text: str) -> None:
        """Type a line into the input area and press ENTER."""
        self._typed = text
        self.keyboard.reset()
        self.screen.cursor = _INPUT_AT
        for at in range(_INPUT_AT, _INPUT_AT + len(text)):
            self.screen.put(at, 0)
        self.keyboard.type(text)
        self.press("enter")

    def type_over(self, number: int, text: str) -> None:
        """Type TEXT over row NUMBER, from 1, blanks behind it, and press ENTER."""
        self.keyboard.reset()
        at = (number - 1) * COLUMNS
        if self.screen.kind[at]:
            at += 1
        self.screen.cursor = at
        shown = len(self.row(number))
        self.keyboard.type(text.ljust(shown))
        self.press("enter")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def connect(address: tuple[str, int]) -> Display:
    """A display that shows CP's first screen. Raises Lost, TimeoutError."""
    try:
        _, terminal = await asyncio.get_running_loop().create_connection(Display, *address)
    except OSError as error:
        raise Lost from error
    await terminal.until(lambda: bool(terminal.status))
    return terminal
