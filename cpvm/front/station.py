"""A 3270 that a program sits at: the display, its keyboard, and waiting for what is to appear, never for time to pass.

Rows and columns count from 0, as `Station.lines` does. Every method may be called from any thread but CP's; those that
wait do so for `timeout` seconds at most, and no longer than the display is connected.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from cpvm.front import look
from cpvm.front.look import Cell, Field
from cpvm.machine.media.screen import Keyboard, Screen, StreamError, read_buffer, read_modified, structured, write
from cpvm.s370.datastream import KEYS, Read, Write

DEFAULT_TIMEOUT = 30.0
"""Seconds that a program waits unless it says otherwise."""

MODELS = {2: (24, 80), 3: (32, 80), 4: (43, 80), 5: (27, 132)}
"""Rows and columns of the models."""

_STATUS = 20  # columns of the status, at the end of the last row


class ScreenTimeoutError(TimeoutError):
    """What was waited for did not appear, or the connection ended; the text has the screen."""


class Station(ABC):
    """One display.

    Args:
        name: of the line, as QUERY NAMES shows it, if it is known.
        model: 2 to 5, of a 3279.

    Attributes:
        screen, keyboard: the display itself. Look at them while no other thread can change them: in a condition of
            `wait`, or within `with station.still:`.
        closed: whether the connection has ended.
        changes: how often something has come from the system.
        still: a lock; while a program holds it, the screen does not change.
    """

    local = True
    extended = True

    def __init__(self, name: str = "", model: int = 2) -> None:
        self.name = name
        self.size = MODELS[model]
        self.screen = Screen(24, 80, self.size, extended=True)
        self.keyboard = Keyboard(self.screen)
        self.closed = False
        self.changes = 0
        self.still = threading.Condition()
        local = self.keyboard
        self._keys: dict[str, Callable[[], object]] = {
            "tab": local.tab,
            "backtab": local.back_tab,
            "home": local.home,
            "newline": local.new_line,
            "up": local.up,
            "down": local.down,
            "left": local.left,
            "right": local.right,
            "insert": self._insert,
            "delete": local.delete,
            "backspace": self._backspace,
            "erase_eof": local.erase_to_end,
            "erase_input": local.erase_input,
            "dup": local.duplicate,
            "field_mark": local.field_mark,
            "cursor_select": self._select,
        }

    # The line to the system

    @abstractmethod
    def _transmit(self, record: bytes) -> None:
        """Send what the display has to say."""

    @abstractmethod
    def attention(self) -> None:
        """The ATTN key: CP's attention, whatever program has the display."""

    @abstractmethod
    def system_request(self) -> None:
        """The SYS REQ key."""

    @abstractmethod
    def hangup(self) -> None:
        """Switch the display off: who is logged on is disconnected."""

    def _obey(self, command: int, data: bytes) -> bool:
        """A command from the system. False if its data stream was wrong; what came before the error was done."""
        answer, right = b"", True
        with self.still:
            try:
                if command in (Read.BUFFER, Read.MODIFIED, Read.MODIFIED_ALL):
                    buffer = command == Read.BUFFER
                    answer = (read_buffer(self.screen) if buffer else read_modified(self.screen)).data
                elif command == Write.STRUCTURED_FIELD:
                    answer = structured.write(self.screen, data)
                else:
                    write(self.screen, command, data)
            except StreamError:
                right = False
            self.changes += 1
            self.still.notify_all()
        if answer:
            self._transmit(answer)
        return right

    def close(self) -> None:
        """The system ends the connection."""
        with self.still:
            self.closed = True
            self.still.notify_all()

    # What is on the screen

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends; what is not displayed is blank."""
        with self.still:
            return [line.rstrip() for line in self.screen.lines()]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def status(self) -> str:
        """The last twenty columns: RUNNING, VM READ, MORE..."""
        with self.still:
            return self.screen.line(self.screen.rows - 1)[-_STATUS:].strip()

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        with self.still:
            return divmod(self.screen.cursor, self.screen.columns)

    @property
    def locked(self) -> bool:
        """Whether the keyboard is locked: the system has not yet answered a key."""
        with self.still:
            return self.screen.locked

    @property
    def alarms(self) -> int:
        """How often the alarm has sounded."""
        with self.still:
            return self.screen.alarms

    @property
    def fields(self) -> list[Field]:
        """All fields."""
        with self.still:
            return look.fields(self.screen)

    def text_at(self, row: int, column: int, length: int) -> str:
        """So many characters from a position on, as they look, within a row. Raises LookupError: it is not there."""
        with self.still:
            if not (0 <= row < self.screen.rows and column >= 0 and column + length <= self.screen.columns):
                raise LookupError(f"row {row} has no columns {column} to {column + length - 1}")
            return self.screen.line(row)[column : column + length]

    def find(self, text: str) -> tuple[int, int] | None:
        """Row and column where a text is to be seen first, or None."""
        with self.still:
            at = self.screen.find(text)
            return divmod(at, self.screen.columns) if at >= 0 else None

    def field_at(self, row: int, column: int) -> Field:
        """The field at a position. Raises LookupError: there is none."""
        with self.still:
            return look.field_at(self.screen, row, column)

    def field(self, label: str) -> Field:
        """The first field to type into behind a text on the screen. Raises LookupError: there is none."""
        with self.still:
            return look.labelled(self.screen, label)

    def cells(self, row: int) -> list[Cell]:
        """How each position of a row looks: characters, colours, highlighting."""
        with self.still:
            return look.cells(self.screen, row)

    # Keys

    def type(self, text: str) -> None:
        """Type characters where the cursor is, as soon as the keyboard is unlocked.

        Raises Inhibited: the field is protected or full. ScreenTimeoutError.
        """
        with self.still:
            self.unlocked()
            self.keyboard.type(text)

    def press(self, *keys: str) -> None:
        """Keys, one after the other, each as soon as the keyboard is unlocked.

        Those that give attention: `enter`, `clear`, `pa1` to `pa3`, `pf1` to `pf24`, `test`, `attn`, `sysreq`; others:
        `tab`, `backtab`, `home`, `newline`, `up`, `down`, `left`, `right`, `insert` (on and off), `delete`,
        `backspace`, `erase_eof`, `erase_input`, `dup`, `field_mark`, `cursor_select`, `reset`.

        Raises KeyError: there is no such key. Inhibited: it does nothing there. ScreenTimeoutError.
        """
        for key in keys:
            self._press(key)

    def _press(self, key: str) -> None:
        if key == "reset":
            with self.still:
                self.keyboard.reset()
        elif key == "attn":
            self.attention()
        elif key == "sysreq":
            self.system_request()
        else:
            self._press_when_unlocked(key)

    def _press_when_unlocked(self, key: str) -> None:
        if key not in self._keys and (key not in KEYS or key == "select"):
            raise KeyError(key)
        with self.still:
            self.unlocked()
            if key in self._keys:
                gives_attention = bool(self._keys[key]()) and key == "cursor_select"
            else:
                self.keyboard.press(key)
                gives_attention = True
            record = read_modified(self.screen).data if gives_attention else b""
        if record:
            self._transmit(record)

    def _insert(self) -> None:
        self.keyboard.insert = not self.keyboard.insert

    def _backspace(self) -> None:
        self.keyboard.left()

    def _select(self) -> int:
        return self.keyboard.select(self.screen.cursor)

    def move(self, row: int, column: int) -> None:
        """Put the cursor somewhere, as soon as the keyboard is unlocked. Raises LookupError, ScreenTimeoutError."""
        with self.still:
            self.unlocked()
            if not (0 <= row < self.screen.rows and 0 <= column < self.screen.columns):
                raise LookupError(f"there is no row {row}, column {column}")
            self.keyboard.move(row, column)

    def fill(self, field: Field | str, text: str) -> None:
        """Have a field hold this text and nothing else; a field is named by its label, too (see `field`).

        Raises LookupError: there is no such field. Inhibited, ScreenTimeoutError.
        """
        with self.still:
            self.unlocked()
            found = look.labelled(self.screen, field) if isinstance(field, str) else field
            self.screen.cursor = found.position
            self.keyboard.erase_to_end()
            self.keyboard.type(text)

    def enter(self, text: str) -> None:
        """Type a line and press ENTER."""
        self.type(text)
        self.press("enter")

    # Waiting

    def unlocked(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the keyboard is unlocked. Raises ScreenTimeoutError."""
        self.wait(lambda: not self.screen.locked, timeout)

    def wait(self, condition: Callable[[], bool], timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the condition holds; it is looked at whenever the screen changes.

        Raises ScreenTimeoutError.
        """
        end = time.monotonic() + timeout
        with self.still:
            while not condition():
                if self.closed:
                    raise self._trouble("the connection ended, and it is not on")
                if not self.still.wait(end - time.monotonic()) and not condition():
                    raise self._trouble("it did not appear on")

    def _trouble(self, what: str) -> ScreenTimeoutError:
        return ScreenTimeoutError("\n".join((what, *self.screen.lines())))

    def wait_for(self, text: str, timeout: float = DEFAULT_TIMEOUT, *, at: tuple[int, int] | None = None) -> None:
        """Wait until the text is on the screen, anywhere or at a row and column. Raises ScreenTimeoutError."""

        def there() -> bool:
            if at is None:
                return self.screen.find(text) >= 0
            row, column = at
            return row < self.screen.rows and self.screen.line(row)[column:].startswith(text)

        self.wait(there, timeout)

    def wait_until_gone(self, text: str, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the text is not on the screen any more. Raises ScreenTimeoutError."""
        self.wait(lambda: self.screen.find(text) < 0, timeout)

    def wait_status(self, *statuses: str, timeout: float = DEFAULT_TIMEOUT) -> str:
        """Wait for one of CP's statuses with the keyboard unlocked; returns which. Raises ScreenTimeoutError."""
        self.wait(lambda: not self.screen.locked and self.status in statuses, timeout)
        return self.status

    def wait_change(self, since: int, timeout: float = DEFAULT_TIMEOUT) -> int:
        """Wait until something has come from the system after there were SINCE `changes`; returns how many are now.

        Raises ScreenTimeoutError.
        """
        self.wait(lambda: self.changes > since, timeout)
        return self.changes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.hangup()
