"""The screen that CP keeps on a 3270: lines of output, the input area, and the status (DMKGRF).

It takes lines as a terminal does, and gives data streams; it knows nothing of how these get to the display. A program
may have put data of its own into the output area (DIAGNOSE X'58'); lines that come then wait until its reader clears
the screen. Where that data has unprotected fields, what is typed into them is kept for the program.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from cpvm.cp.session import ReadState, Session
from cpvm.s370.datastream import KEYS, Aid, Attribute, Control, Order, Write, decode_address, encode_address
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

ROWS: Final = 24
COLUMNS: Final = 80
OUTPUT_LINES: Final = ROWS - 2
INPUT_LENGTH: Final = 139
"""Of 24 lines by 80: up to the status, which takes the last 20 columns."""
_STATUS_LENGTH = 20
_MOST_WAITING = 10_000  # lines of output that wait until the screen is cleared
_STATUS = {
    ReadState.CP_READ: "CP READ",
    ReadState.VM_READ: "VM READ",
    ReadState.RUNNING: "RUNNING",
    ReadState.SLEEPING: "RUNNING",
    ReadState.PASSWORD: "CP READ",
    ReadState.LOGON: "CP READ",
}
_PROGRAM_KEYS = {aid: int(key[2:]) for key, aid in KEYS.items() if key.startswith("pf")}


def _attribute(bits: int) -> bytes:
    return bytes((Order.SF,)) + encode_address(bits, 0)[1:]


class CPScreen:
    """One display's screen of `rows` lines by `columns`; larger ones than 24 by 80 are in the alternate size."""

    def __init__(self, rows: int = ROWS, columns: int = COLUMNS) -> None:
        self.rows, self.columns = rows, columns
        self.session: Session | None = None
        self.state = ReadState.LOGON
        self.typing = ""  # what stands in the input area
        self._lines: list[str] = []
        self._waiting: deque[str] = deque()
        self._held = False
        self._image: list[tuple[int, bytes]] = []  # a program's data, and on which line
        self._imaged = False  # the image is what is displayed
        self._altered: dict[int, bytes] = {}  # what was typed into fields of the image, by address
        self._key = bytes((Aid.NONE, 0x40, 0x40))  # the last key with an image, and the cursor
        self._unseen = False  # lines have come since the last key
        self._drawn = -1  # lines that are on the display already; -1: the display has to be drawn anew
        self._refill = True  # the input area has to be written
        self._wipe = False  # the output area has to be emptied
        self._shown_status = ""
        self._hidden = False

    @property
    def size(self) -> int:
        """Positions."""
        return self.rows * self.columns

    @property
    def output_lines(self) -> int:
        """Lines above the input area."""
        return self.rows - 2

    @property
    def _input_at(self) -> int:
        return self.output_lines * self.columns

    @property
    def _status_at(self) -> int:
        """The attribute in front of the status."""
        return self.size - _STATUS_LENGTH - 1

    @property
    def input_length(self) -> int:
        """Characters that can be typed."""
        return self._status_at - self._input_at

    # What CP says

    def write(self, text: str) -> None:
        """A line of output; what does not fit waits."""
        self._unseen = True
        self._add(text)

    def _add(self, text: str) -> None:
        width = self.columns
        pieces = [text[start : start + width] for start in range(0, len(text), width)] or [""]
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.extend(pieces)
        if not self._held and not self._imaged:
            self._advance()

    def _advance(self) -> None:
        while self._waiting and len(self._lines) < self.output_lines:
            self._lines.append(self._waiting.popleft())

    def fill(self, text: str) -> None:
        """Text for the input area."""
        self.typing = text
        self._refill = True

    def image(self, line: int, data: bytes, *, erase: bool) -> None:
        """A program's data for the output area from LINE on (from 0), on an empty one with ERASE.

        If there are lines that nobody can have read yet, they stay until the screen is cleared.
        """
        if erase:
            self._image.clear()
            self._altered.clear()
        self._image.append((line, data))
        if self._waiting or (self._unseen and not self._imaged):
            self._unseen = True
            self._drawn = -1
        else:
            self._show_image()

    def no_image(self) -> None:
        """The program clears its output area, or is gone."""
        if not self._image:
            return
        if self._imaged:
            self._lines.clear()
        self._image.clear()
        self._altered.clear()
        self._imaged = False
        self._drawn = -1
        self._advance()

    def _show_image(self) -> None:
        self._imaged = True
        self._refill = True
        self._lines.clear()
        self._drawn = -1

    @property
    def more(self) -> bool:
        """Whether there is more to show when the screen is cleared."""
        return bool(self._waiting or (self._image and not self._imaged))

    @property
    def backlog(self) -> int:
        """Lines that wait."""
        return len(self._waiting)

    @property
    def held(self) -> bool:
        """Whether the operator has stopped the screen."""
        return self._held

    @property
    def status(self) -> str:
        """The lower right corner."""
        if self._held:
            return "HOLDING"
        return "MORE..." if self.more else _STATUS.get(self.state, "")

    def page(self, *, cleared: bool = False) -> None:
        """Go on to an empty screen, with the lines that wait, or with the program's data.

        CLEARED: the display has lost all that it showed, and what was typed.
        """
        self._held = False
        self._lines.clear()
        self._unseen = False
        if cleared:
            self.fill("")
            self._drawn = -1
        elif self._drawn >= 0:
            self._drawn = 0
            self._wipe = True
        if self._waiting:
            self._imaged = False
            self._advance()
        elif self._image and not self._imaged:
            self._show_image()
        elif self._imaged:
            self._image.clear()
            self._imaged = False
            self._drawn = -1

    # What the operator says

    def key(self, record: bytes) -> None:
        """A record that the display sends: the key, the cursor's address, fields that were changed."""
        session = self.session
        aid = record[0] if record else Aid.NONE
        if session is None:
            return
        if self._imaged:
            self._note(record)
        if aid in (Aid.CLEAR, Aid.PA2):
            self.page(cleared=aid == Aid.CLEAR)
            return
        if aid == Aid.ENTER and (self.more or self._held) and not self._typed(record).strip():
            self._held = not self._held
            return
        self._unseen = False
        if aid == Aid.PA1:
            session.attention()
        elif aid in _PROGRAM_KEYS:
            session.program_key(_PROGRAM_KEYS[aid])
        elif aid == Aid.ENTER:
            text = self._typed(record)
            self.fill("")
            if self.state is not ReadState.PASSWORD and text.strip() and not self._imaged:
                self._add(text)
            session.line(text)

    def altered(self) -> bytes:
        """Key, cursor, and what was typed into the program's fields since it asked last, as by Read Modified.

        Addresses count 80 columns a line, as the lines of `image` do.
        """
        reply = bytearray(self._key)
        for address, text in sorted(self._altered.items()):
            reply += bytes((Order.SBA,)) + encode_address(address, ROWS * COLUMNS) + text
        self._altered.clear()
        return bytes(reply)

    def _note(self, record: bytes) -> None:
        """Keep what was typed into fields of the image."""
        self._key = record[:3].ljust(3, b"\x40")
        for address, text in self._fields(record):
            row, column = divmod(address, self.columns)
            if row < OUTPUT_LINES and column < COLUMNS and address < self._input_at - 1:
                self._altered[row * COLUMNS + column] = text

    def _typed(self, record: bytes) -> str:
        """The text of the input area."""
        for address, data in self._fields(record):
            if self._input_at - 1 <= address < self._status_at:
                text = from_ebcdic(data.replace(b"\0", b""))
                return "".join(char if char.isprintable() else " " for char in text)[: self.input_length]
        return ""

    def _fields(self, record: bytes) -> Iterator[tuple[int, bytes]]:
        """The fields of a record, by address."""
        for field in record[3:].split(bytes((Order.SBA,))):
            if len(field) >= 2:
                yield decode_address(field[0], field[1], wide=self.size > 0x1000), field[2:]

    # The data stream

    def redraw(self) -> None:
        """The display shows something else, or nothing: all has to be written."""
        self._drawn = -1
        self._refill = True

    def stream(self) -> bytes:
        """The whole screen: the command as a channel sends it, and its data."""
        self.redraw()
        return self.update()

    def update(self) -> bytes:
        """What has changed since the last time, as `stream`; what is typed and not entered is not touched."""
        hidden = self.state is ReadState.PASSWORD
        whole = self._drawn < 0 or hidden != self._hidden
        control = 0xC0 | Control.RESTORE
        if whole:
            large = self.size > ROWS * COLUMNS
            out = bytearray((Write.ERASE_WRITE_ALTERNATE if large else Write.ERASE_WRITE,))
            control |= Control.RESET
            self._drawn = 0
            self._refill = True
        else:
            out = bytearray((Write.WRITE,))
        out.append(control | (Control.RESET_MODIFIED if self._refill else 0))
        if self._wipe and not whole:
            out += self._at(0) + bytes((Order.RA,)) + encode_address(self._input_at - 1, self.size) + b"\0"
        self._wipe = False
        for number in range(self._drawn, len(self._lines)):
            length = self.columns - (number == self.output_lines - 1)
            out += self._at(number * self.columns) + to_ebcdic(self._lines[number][:length])
        self._drawn = len(self._lines)
        if whole and self._imaged:
            for line, data in self._image:
                out += self._at(line * self.columns) + data
        if self._refill:
            typing = to_ebcdic(self.typing[: self.input_length])
            attribute = _attribute(Attribute.HIDDEN | Attribute.MODIFIED if hidden else Attribute.MODIFIED)
            out += self._at(self._input_at - 1) + (attribute if typing else _attribute(Attribute.HIDDEN * hidden))
            out += typing
            if len(typing) < self.input_length:
                out += bytes((Order.RA,)) + encode_address(self._status_at, self.size) + b"\0"
        if whole or self.status != self._shown_status:
            status = to_ebcdic(self.status.ljust(_STATUS_LENGTH))
            out += self._at(self._status_at) + _attribute(Attribute.SKIP) + status
            self._shown_status = self.status
        if self._refill:
            out += self._at(self._input_at + len(self.typing[: self.input_length])) + bytes((Order.IC,))
        self._refill = False
        self._hidden = hidden
        return bytes(out)

    def _at(self, address: int) -> bytes:
        return bytes((Order.SBA,)) + encode_address(address, self.size)
