"""The screen that CP keeps on a 3270 of 24 lines: 22 of output, the input area, and the status (DMKGRF).

It takes lines as a terminal does, and gives data streams; it knows nothing of how these get to the display.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from cpvm.cp.session import ReadState, Session
from cpvm.s370.datastream import KEYS, Aid, Attribute, Control, Order, Write, decode_address, encode_address
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

COLUMNS: Final = 80
OUTPUT_LINES: Final = 22
INPUT_AT: Final = OUTPUT_LINES * COLUMNS
INPUT_LENGTH: Final = 139
_STATUS_AT = INPUT_AT + INPUT_LENGTH
_SIZE = 24 * COLUMNS
_MOST_WAITING = 10_000  # lines of output that wait until the screen is cleared
_STATUS = {
    ReadState.CP_READ: "CP READ",
    ReadState.VM_READ: "VM READ",
    ReadState.RUNNING: "RUNNING",
    ReadState.SLEEPING: "RUNNING",
    ReadState.PASSWORD: "CP READ",
}
_PROGRAM_KEYS = {aid: int(key[2:]) for key, aid in KEYS.items() if key.startswith("pf")}


def _at(address: int) -> bytes:
    return bytes((Order.SBA,)) + encode_address(address, _SIZE)


def _attribute(bits: int) -> bytes:
    return bytes((Order.SF,)) + encode_address(bits, _SIZE)[1:]


class CPScreen:
    """One display's screen."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.state = ReadState.LOGON
        self.typing = ""  # what stands in the input area
        self._lines: list[str] = []
        self._waiting: deque[str] = deque()
        self._held = False

    # What CP says

    def write(self, text: str) -> None:
        """A line of output; what does not fit waits."""
        pieces = [text[start : start + COLUMNS] for start in range(0, len(text), COLUMNS)] or [""]
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.extend(pieces)
        if not self._held:
            self._advance()

    def _advance(self) -> None:
        while self._waiting and len(self._lines) < OUTPUT_LINES:
            self._lines.append(self._waiting.popleft())

    @property
    def more(self) -> bool:
        """Whether the screen is full and there is more to show."""
        return bool(self._waiting)

    @property
    def status(self) -> str:
        """The lower right corner."""
        if self._held:
            return "HOLDING"
        return "MORE..." if self.more else _STATUS.get(self.state, "")

    def page(self) -> None:
        """Go on to an empty screen, with the lines that wait."""
        self._held = False
        self._lines.clear()
        self._advance()

    # What the operator says

    def key(self, record: bytes) -> None:
        """A record that the display sends: the key, the cursor's address, fields that were changed."""
        session = self.session
        aid = record[0] if record else Aid.NONE
        if session is None:
            return
        if aid in (Aid.CLEAR, Aid.PA2):
            self.page()
        elif aid == Aid.PA1:
            session.attention()
        elif aid in _PROGRAM_KEYS:
            session.program_key(_PROGRAM_KEYS[aid])
        elif aid == Aid.ENTER:
            if self.more or self._held:
                self._held = not self._held
                return
            text = _typed(record)
            self.typing = ""
            if self.state is not ReadState.PASSWORD and text.strip():
                self.write(text)
            session.line(text)

    # The data stream

    def stream(self) -> bytes:
        """The whole screen: the command as a channel sends it, Erase/Write, and its data."""
        out = bytearray((Write.ERASE_WRITE, 0xC0 | Control.RESET | Control.RESTORE | Control.RESET_MODIFIED))
        for number, line in enumerate(self._lines):
            length = COLUMNS - 1 if number == OUTPUT_LINES - 1 else COLUMNS
            out += _at(number * COLUMNS) + to_ebcdic(line[:length])
        hidden = Attribute.HIDDEN if self.state is ReadState.PASSWORD else 0
        out += _at(INPUT_AT - 1) + _attribute(hidden) + to_ebcdic(self.typing[:INPUT_LENGTH])
        out += _at(_STATUS_AT) + _attribute(Attribute.SKIP) + to_ebcdic(self.status)
        out += _at(INPUT_AT + len(self.typing[:INPUT_LENGTH])) + bytes((Order.IC,))
        return bytes(out)


def _typed(record: bytes) -> str:
    """The text of the input area."""
    for field in record[3:].split(bytes((Order.SBA,))):
        if len(field) >= 2 and decode_address(field[0], field[1], wide=False) in range(INPUT_AT - 1, _STATUS_AT):
            text = from_ebcdic(field[2:].replace(b"\0", b""))
            return "".join(char if char.isprintable() else " " for char in text)[:INPUT_LENGTH]
    return ""
