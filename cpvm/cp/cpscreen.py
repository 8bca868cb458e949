"""The screen that CP keeps on a 3270: lines of output, the input area, and the status (DMKGRF).

It takes lines as a terminal does, and gives data streams; it knows nothing of how these get to the display. A program
may have put data of its own into the output area (DIAGNOSE X'58'); lines that come then wait until its reader clears
the screen. Where that data has unprotected fields, what is typed into them is kept for the program.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from cpvm.cp.screeninput import Record, TypedOver
from cpvm.cp.screenlines import STATUS, Image, Line, Looks, add_image, logo
from cpvm.cp.session import Origin, ReadState, Session
from cpvm.s370.datastream import KEYS, Aid, Attribute, Control, Order, Write, encode_address
from cpvm.typedpasswords import masked

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

ROWS: Final = 24
COLUMNS: Final = 80
INPUT_LENGTH: Final = 139
"""Of 24 lines by 80: up to the status, which takes the last 20 columns."""
_STATUS_LENGTH = 20
_MOST_WAITING = 10_000  # lines of output that wait until the screen is cleared
_PROGRAM_KEYS = {aid: int(key[2:]) for key, aid in KEYS.items() if key.startswith("pf")}


class CPScreen:
    """One display's screen of `rows` lines by `columns`; larger ones than 24 by 80 are in the alternate size.

    `extended`: whether the display has colours and extended highlighting.
    """

    def __init__(self, rows: int = ROWS, columns: int = COLUMNS, *, extended: bool = False) -> None:
        self.rows, self.columns = rows, columns
        self.output_lines = rows - 2  # those above the input area
        self._input_at = (rows - 2) * columns
        self._status_at = rows * columns - _STATUS_LENGTH - 1  # the attribute in front of the status
        self.session: Session | None = None
        self.state = ReadState.LOGON
        self.typing = ""  # what stands in the input area
        self.refused = False  # NOT ACCEPTED
        self.covers = False  # the whole screen of a program is behind this one
        self.alarm = False  # to be sounded by the next update
        self.pressed = False  # a key has locked the keyboard; the next update unlocks it
        self.echoed: Callable[[str], None] = lambda text: None  # told of lines that are typed and shown again
        self._cursor = -1  # in the input area; -1: behind what stands there
        self._extended = extended
        self._lines: list[Line] = []
        self._waiting: deque[Line] = deque()
        self._held = False  # by the operator
        self._seen = False  # the operator has pressed ENTER at a screen with a message that must not be missed
        self._logo: Sequence[str] = ()
        self._next_logo: Sequence[str] = ()  # comes when what is shown now has been read
        self._image: Image = []  # a program's data, and on which line
        self._imaged = False  # the image is what is displayed
        self._parked: Image = []  # the image of a program that is stopped
        self._over = TypedOver()
        self._typed = ("", -1)  # what stood in the input area when a program function key was pressed, and the cursor
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
    def input_length(self) -> int:
        """Characters that can be typed."""
        return self._status_at - self._input_at

    @property
    def _vm(self) -> VMBLOK | None:
        return self.session.vm if self.session is not None else None

    # What CP says

    def write(self, text: str, origin: Origin = Origin.CP) -> None:
        """A line of output; what does not fit waits."""
        if self._logo:
            self._no_logo()
        self._unseen = True
        self._seen &= origin is not Origin.MESSAGE
        self._add(text, origin)

    def _add(self, text: str, origin: Origin, intense: bool = False) -> None:
        width = self.columns - 2 * intense
        pieces = [text[start : start + width] for start in range(0, len(text), width)] or [""]
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.extend(Line(piece, origin, intense) for piece in pieces)
        if not self._held and not self._imaged:
            self._advance()

    def _advance(self) -> None:
        while self._waiting and len(self._lines) < self.output_lines:
            self._lines.append(self._waiting.popleft())

    def restore(self, lines: Sequence[Line], image: Image) -> None:
        """Lines that stood on a screen before, and a program's data for the output area, which come back later."""
        self._no_logo()
        self._lines.clear()
        self._waiting.clear()
        for line in lines:
            self._add(line.text, line.origin, line.intense)
        self._lines.extend(self._waiting)
        self._waiting.clear()
        del self._lines[: -max(1, self.output_lines - 6)]
        self._parked = list(image)
        self._drawn = -1

    def park(self) -> Image:
        """The program stops: keep its data for the output area, if any, until `unpark`, or `restore` elsewhere."""
        if self._image:
            image = list(self._image)
            self.no_image()
            self._parked = image
        return list(self._parked)

    def unpark(self) -> None:
        """The program goes on: show its data, as soon as what is displayed has been read."""
        if self._parked:
            parked, self._parked = self._parked, []
            for line, data in parked:
                self.image(line, data, erase=False)

    def fill(self, text: str, cursor: int = -1) -> None:
        """Text for the input area, with the cursor at a column of it (from 0), or behind it."""
        self.typing = text
        self._cursor = cursor
        self._refill = True

    def image(self, line: int, data: bytes, *, erase: bool) -> None:
        """A program's data for the output area from LINE on (from 0), on an empty one with ERASE.

        If there are lines that nobody can have read yet, they stay until the screen is cleared.
        """
        self._parked = []
        if erase:
            self._image.clear()
            self._over.clear()
        add_image(self._image, line, data)
        if self._waiting or (self._unseen and not self._imaged):
            self._unseen = True
            self._drawn = -1
        else:
            self._show_image()

    def no_image(self) -> None:
        """The program clears its output area, or is gone."""
        self._parked = []
        if not self._image:
            return
        if self._imaged:
            self._lines.clear()
        self._image.clear()
        self._over.clear()
        self._imaged = False
        self._empty_output()
        self._advance()

    def _show_image(self) -> None:
        self._imaged = True
        self._lines.clear()
        self._empty_output()

    def _empty_output(self) -> None:
        """The output area will have something else; what is being typed meanwhile stays."""
        if self._drawn >= 0:
            self._drawn = 0
            self._wipe = True

    def show_logo(self, lines: Sequence[str], text: str) -> None:
        """Nobody is logged on. If there is something to be read, TEXT is added to it, and the logo comes afterwards."""
        if not lines or self._unseen or self._waiting:
            self._next_logo = lines
            self.write(text)
            return
        self._next_logo = ()
        self._logo = lines
        self._lines.clear()
        self.redraw()

    def _no_logo(self) -> None:
        self._logo = self._next_logo = ()
        self._drawn = -1

    @property
    def imaged(self) -> bool:
        """Whether a program has data in the output area, or will have when the screen is cleared."""
        return bool(self._image)

    @property
    def parked(self) -> Image:
        """The data of a program that is stopped."""
        return list(self._parked)

    @property
    def more(self) -> bool:
        """Whether there is more to show when the screen is cleared."""
        covers = self.covers and self.state is not ReadState.CP_READ
        return bool(self._waiting or covers or (self._image and not self._imaged))

    @property
    def unread(self) -> bool:
        """Whether lines have come since the last key."""
        return self._unseen or bool(self._waiting)

    @property
    def backlog(self) -> int:
        """Lines that wait."""
        return len(self._waiting)

    @property
    def held(self) -> bool:
        """Whether the operator has stopped the screen, or a message that must not be missed has (TERMINAL HOLD)."""
        vm = self._vm
        if self._held or self._seen or vm is None or not (vm.terminal.hold and self.more):
            return self._held
        return any(line.origin is Origin.MESSAGE for line in self._lines)

    @property
    def status(self) -> str:
        """The lower right corner."""
        if self.refused:
            return "NOT ACCEPTED"
        if self.held:
            return "HOLDING"
        return "MORE..." if self.more else STATUS.get(self.state, "")

    def page(self, *, cleared: bool = False) -> None:
        """Go on to an empty screen, with the lines that wait, or with the program's data, or with the logo.

        CLEARED: the display has lost all that it showed, and what was typed.
        """
        self._held = self._seen = False
        self._lines.clear()
        self._unseen = False
        if cleared:
            self.fill("")
            self._drawn = -1
        elif self._drawn >= 0:
            self._drawn = 0
            self._wipe = True
        if self._logo:
            self._no_logo()
        if self._waiting:
            self._imaged = False
            self._advance()
        elif self._image and not self._imaged:
            self._show_image()
        elif self._imaged:
            self._image.clear()
            self._imaged = False
            self._drawn = -1
        elif self._next_logo and self.state is ReadState.LOGON:
            self.show_logo(self._next_logo, "")

    # What the operator says

    def key(self, record: bytes) -> None:
        """A record that the display sends: the key, the cursor's address, fields that were changed."""
        session = self.session
        if session is None:
            return
        said = Record(record, self.size)
        self.refused, self.pressed = False, True
        if self._imaged:
            self._over.note(said, self.columns, self._input_at - 1)
        if said.aid in (Aid.CLEAR, Aid.PA2):
            self.page(cleared=said.aid == Aid.CLEAR)
            return
        text = said.text(self._input_at - 1, self._status_at)[: self.input_length]
        if said.aid == Aid.ENTER:
            if not text.strip() and self._turned():
                return
            if not session.accepting:
                self.refused = self.alarm = True  # what was typed stays
                return
        self._unseen = False
        if said.aid == Aid.PA1:
            session.attention()
        elif said.aid in _PROGRAM_KEYS:
            self._typed = (text, said.cursor(self._input_at, self._status_at))
            session.program_key(_PROGRAM_KEYS[said.aid])
        elif said.aid == Aid.ENTER:
            self._enter(session, text)
        else:
            self.refused = True

    def _turned(self) -> bool:
        """ENTER alone: hold the screen, or go on with it, or clear the logo away. False if none of that is needed."""
        if self.more or self._held:
            self._held, self._seen = not self.held, True
        elif self._logo or (self._next_logo and self.state is ReadState.LOGON):
            self.page()
        else:
            return False
        return True

    def _enter(self, session: Session, text: str) -> None:
        self.fill("")
        if self._logo:
            self._no_logo()
        if self.state is not ReadState.PASSWORD and text.strip() and not self._imaged:
            shown = masked(text, logon=self.state is ReadState.LOGON)
            self._add(shown, Origin.TYPED, self._vm is not None and self._vm.terminal.hilight)
            self.echoed(shown)
        session.entered(text)

    def altered(self) -> bytes:
        """Key, cursor, and what was typed into the program's fields since it asked last, as by Read Modified."""
        return self._over.read()

    def tab(self, columns: Sequence[int]) -> None:
        """Move the cursor in the input area to the next of these columns (from 1), or to the first one."""
        text, cursor = self._typed
        later = [column for column in columns if column - 1 > cursor] or list(columns)
        to = min(later[0] - 1 if later else 0, self.input_length - 1)
        self.fill(text.ljust(to), to)

    def text(self) -> list[str]:
        """The rows of the output area, as far as they are lines."""
        return [line.text for line in self._lines]

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
        looks = Looks(self._extended, self._vm.terminal.looks if self._vm is not None else {})
        hidden = self.state is ReadState.PASSWORD
        whole = self._drawn < 0 or hidden != self._hidden
        # A key that is on its way here has locked the keyboard, and keeps it so: only its own answer unlocks it.
        control = 0xC0 | Control.RESTORE * (whole or self._refill or self.pressed)
        self.pressed = False
        if whole:
            large = self.size > ROWS * COLUMNS
            out = bytearray((Write.ERASE_WRITE_ALTERNATE if large else Write.ERASE_WRITE,))
            control |= Control.RESET
            self._drawn = 0
            self._refill = True
        else:
            out = bytearray((Write.WRITE,))
        control |= Control.ALARM * self.alarm | Control.RESET_MODIFIED * self._refill
        self.alarm = False
        out.append(control)
        if self._wipe and not whole:
            out += self._at(0) + bytes((Order.RA,)) + encode_address(self._input_at - 1, self.size) + b"\0"
        if self._imaged and (whole or self._wipe):
            for line, data in self._image:
                out += self._at(line * self.columns) + data
            if not self._refill:  # a full last line has covered the attribute of the input area, with its typed text
                out += self._at(self._input_at - 1) + looks.input("", hidden, modified=True)
        elif whole and self._logo:
            out += logo(self._logo, self.output_lines, self.columns)
        self._wipe = False
        for number in range(self._drawn, len(self._lines)):
            length = self.columns - (number == self.output_lines - 1)
            out += self._at(number * self.columns) + looks.line(self._lines[number], length)
        self._drawn = len(self._lines)
        if self._refill:
            out += self._at(self._input_at - 1) + looks.input(self.typing[: self.input_length], hidden)
            if len(self.typing) < self.input_length:
                out += bytes((Order.RA,)) + encode_address(self._status_at, self.size) + b"\0"
        if whole or self.status != self._shown_status:
            self._shown_status = self.status
            out += self._at(self._status_at) + looks.field(Attribute.SKIP)
            out += looks.text(self._shown_status.ljust(_STATUS_LENGTH), "STATAREA")
        if self._refill:
            cursor = self._cursor if self._cursor >= 0 else len(self.typing)
            out += self._at(self._input_at + min(cursor, self.input_length - 1)) + bytes((Order.IC,))
            self._cursor = -1
        self._refill = False
        self._hidden = hidden
        return bytes(out)

    def _at(self, address: int) -> bytes:
        return bytes((Order.SBA,)) + encode_address(address, self.size)
