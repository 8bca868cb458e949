"""The keyboard of a 3270 display: characters into fields, the keys that move the cursor, the light pen.

Source: GA27-2749, "Keyboard"; GA23-0061, *3274 Control Unit Description and Programmer's Guide*, "Operator functions".
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.media.screen.buffer import FIELD, Screen
from cpvm.s370.datastream import DUP, FIELD_MARK, KEYS, Aid, Attribute
from cpvm.s370.ebcdic import to_ebcdic

_NUMERIC: Final = frozenset(to_ebcdic("0123456789.-"))
_QUESTION, _GREATER, _AMPERSAND, _BLANK = 0x6F, 0x6E, 0x50, 0x40


class Inhibited(Exception):
    """The keyboard does not take that: it is locked, or the field is protected, numeric or full. Says which."""


class Keyboard:
    """The keys of a display. All methods raise Inhibited if the display would lock up instead; nothing changes then.

    Attributes:
        insert: insert mode: characters move what stands behind them.
        numeric_lock: whether numeric fields take digits, decimal point, minus and DUP only.
    """

    def __init__(self, screen: Screen, numeric_lock: bool = True) -> None:
        self.screen = screen
        self.insert = False
        self.numeric_lock = numeric_lock

    # ---- keys for the program

    def press(self, name: str) -> int:
        """A key that gives attention: `enter`, `clear`, `pa1` to `pa3`, `pf1` to `pf24`, `test`. Returns its code.

        Raises:
            KeyError: there is no such key.
        """
        aid = KEYS[name]
        self._unlocked()
        self._attention(aid)
        return aid

    def _attention(self, aid: int) -> None:
        self.insert = False
        self.screen.aid = aid
        self.screen.locked = True
        if aid == Aid.CLEAR:
            self.screen.clear()

    def reset(self) -> None:
        """Unlock the keyboard and leave insert mode; the attention identification stays."""
        self.insert = False
        self.screen.locked = False

    # ---- characters

    def type(self, text: str | bytes) -> None:
        """Type characters (text, or EBCDIC) from the cursor on. What was typed before one that is refused stays."""
        for code in to_ebcdic(text) if isinstance(text, str) else text:
            self._type(code)

    def duplicate(self) -> None:
        """DUP: its character, then on to the next unprotected field."""
        self._type(DUP)
        self.tab()

    def field_mark(self) -> None:
        """FIELD MARK."""
        self._type(FIELD_MARK)

    def _type(self, code: int) -> None:
        if code < 0x40 and code not in (DUP, FIELD_MARK):
            raise Inhibited(f"no key gives X'{code:02X}'")
        screen = self.screen
        at = screen.cursor
        field = self._writable()
        if field >= 0:
            numeric = screen.text[field] & Attribute.NUMERIC and self.numeric_lock
            if numeric and code not in _NUMERIC and code != DUP:
                raise Inhibited("the field is numeric")
        if self.insert:
            self._make_room(field)
        screen.put(at, code)
        self._modified(field)
        at = (at + 1) % screen.size
        while screen.kind[at] == FIELD:
            skip = screen.text[at] & Attribute.SKIP == Attribute.SKIP
            at = screen.next_unprotected(at) if skip else (at + 1) % screen.size
        screen.cursor = at

    def _rest(self, field: int) -> list[int]:
        """Positions from the cursor to the end of the field, or of the screen if there are no fields."""
        screen = self.screen
        if field < 0:
            return list(range(screen.cursor, screen.size))
        positions = list(screen.content(field))
        return positions[positions.index(screen.cursor) :]

    def _make_room(self, field: int) -> None:
        positions = self._rest(field)
        free = next((n for n, at in enumerate(positions) if not self.screen.text[at]), None)
        if free is None:
            raise Inhibited("the field is full")
        self._shift(positions[1 : free + 1], positions[:free])

    def _shift(self, to: list[int], came: list[int]) -> None:
        screen = self.screen
        for array in (screen.text, screen.kind, *screen.planes.values()):
            moved = [array[at] for at in came]
            for at, value in zip(to, moved, strict=True):
                array[at] = value

    # ---- erasing

    def delete(self) -> None:
        """DEL: the character at the cursor goes; what follows in field and row moves up."""
        field = self._writable()
        row = self.screen.cursor // self.screen.columns
        positions = [at for at in self._rest(field) if at // self.screen.columns == row]
        self._shift(positions[:-1], positions[1:])
        self.screen.put(positions[-1], 0)
        self._modified(field)

    def erase_to_end(self) -> None:
        """ERASE EOF: nulls up to the end of the field."""
        field = self._writable()
        for at in self._rest(field):
            self.screen.put(at, 0)
        self._modified(field)

    def erase_input(self) -> None:
        """ERASE INPUT: nulls into all unprotected fields, no field is modified, the cursor goes home."""
        self._unlocked()
        aid = self.screen.aid
        self.screen.erase_all_unprotected()
        self.screen.aid = aid

    # ---- the cursor

    def move(self, row: int, column: int) -> None:
        """Put the cursor at a row and column, counting from 0; they wrap around the screen."""
        self._unlocked()
        screen = self.screen
        screen.cursor = (row % screen.rows) * screen.columns + column % screen.columns

    def left(self) -> None:
        """Cursor to the left."""
        self._unlocked()
        self.screen.cursor = (self.screen.cursor - 1) % self.screen.size

    def right(self) -> None:
        """Cursor to the right."""
        self._unlocked()
        self.screen.cursor = (self.screen.cursor + 1) % self.screen.size

    def up(self) -> None:
        """Cursor up."""
        self._unlocked()
        self.screen.cursor = (self.screen.cursor - self.screen.columns) % self.screen.size

    def down(self) -> None:
        """Cursor down."""
        self._unlocked()
        self.screen.cursor = (self.screen.cursor + self.screen.columns) % self.screen.size

    def home(self) -> None:
        """To the first unprotected position."""
        self._unlocked()
        self.screen.cursor = self.screen.next_unprotected(self.screen.size - 1)

    def tab(self) -> None:
        """To the next unprotected field."""
        self._unlocked()
        self.screen.cursor = self.screen.next_unprotected(self.screen.cursor)

    def back_tab(self) -> None:
        """To the beginning of the unprotected field, or of the one before if the cursor is there already."""
        self._unlocked()
        screen = self.screen
        starts = [
            (field + 1) % screen.size
            for field in screen.fields()
            if not screen.text[field] & Attribute.PROTECTED and screen.kind[(field + 1) % screen.size] != FIELD
        ]
        before = [at for at in starts if at < screen.cursor]
        screen.cursor = max(before or starts, default=0)

    def new_line(self) -> None:
        """To the first unprotected position of the next row, or behind it."""
        self._unlocked()
        screen = self.screen
        start = (screen.cursor // screen.columns + 1) % screen.rows * screen.columns
        if screen.formatted and (screen.kind[start] == FIELD or screen.attribute(start) & Attribute.PROTECTED):
            start = screen.next_unprotected(start)
        screen.cursor = start

    # ---- the light pen

    def select(self, position: int) -> int:
        """Point the light pen at a position. Returns the attention identification if that gave attention, else 0.

        `?` and `>` at the beginning of the field turn into one another; a blank or null gives attention, and so does
        `&`, which is like ENTER. Raises Inhibited if the field is not detectable.
        """
        self._unlocked()
        screen = self.screen
        field = screen.field(position)
        if field < 0 or screen.text[field] & Attribute.DISPLAY not in (0x04, 0x08):
            raise Inhibited("the light pen detects no field there")
        at = (field + 1) % screen.size
        designator = screen.text[at]
        aid = {_BLANK: Aid.SELECT, 0: Aid.SELECT, _AMPERSAND: Aid.ENTER}.get(designator, 0)
        if designator == _GREATER:
            screen.text[at] = _QUESTION
            screen.text[field] &= ~Attribute.MODIFIED
        elif designator == _QUESTION or aid:
            screen.text[at] = _GREATER if designator == _QUESTION else designator
            self._modified(field)
        else:
            raise Inhibited("the field has no designator")
        if aid:
            self._attention(aid)
        return aid

    # ---- inhibited

    def _unlocked(self) -> None:
        if self.screen.locked:
            raise Inhibited("the keyboard is locked until the program restores it")

    def _writable(self) -> int:
        """The field at the cursor, -1 if there are no fields."""
        self._unlocked()
        screen = self.screen
        field = screen.field(screen.cursor)
        if field >= 0 and (screen.cursor == field or screen.text[field] & Attribute.PROTECTED):
            raise Inhibited("the position is protected")
        return field

    def _modified(self, field: int) -> None:
        if field >= 0:
            self.screen.text[field] |= Attribute.MODIFIED
