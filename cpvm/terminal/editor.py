"""The line editor that the system runs for a terminal which sends every key as it is pressed.

It does no input or output of its own: characters go in through `feed`, events come back, and what the screen must
show is collected for `take`. With `echo` off it still edits, silently: for passwords, and for terminals that echo
themselves.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from cpvm.terminal.line import MAX_LINE, History, ReadState


class Key(Enum):
    """What a terminal can do besides entering a line."""

    ATTENTION = "attention"
    END = "end"
    TOO_LONG = "too long"


@dataclass(frozen=True)
class Entered:
    """A line was entered."""

    text: str


@dataclass(frozen=True)
class ProgramKey:
    """A program function key was pressed: F1 to F12 are 1 to 12, with Shift 13 to 24."""

    number: int


Event = Entered | Key | ProgramKey

_PLAIN_RUN = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_MAX_ESCAPE = 16
_ESCAPES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end",
    "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
    "[1~": "home", "[7~": "home", "[4~": "end", "[8~": "end", "[3~": "delete",
    "[1;5C": "word_right", "[1;5D": "word_left",
}  # fmt: skip
_CONTROLS = {
    "\x01": "home", "\x02": "left", "\x05": "end", "\x06": "right", "\x08": "backspace", "\x7f": "backspace",
    "\x0b": "kill_end", "\x0c": "redraw", "\x0e": "down", "\x10": "up", "\x12": "redraw", "\x15": "kill",
    "\x17": "kill_word",
}  # fmt: skip


_LETTERS = "PQRS"  # F1 to F4
_NUMBERS = ("15", "17", "18", "19", "20", "21", "23", "24")  # F5 to F12
_PROGRAM_KEYS = {
    **{f"O{letter}": number for number, letter in enumerate(_LETTERS, 1)},
    **{f"[1;2{letter}": number for number, letter in enumerate(_LETTERS, 13)},
    **{f"[1{number}~": number for number in range(1, 5)},
    **{f"[{code}~": number for number, code in enumerate(_NUMBERS, 5)},
    **{f"[{code};2~": number for number, code in enumerate(_NUMBERS, 17)},
}


class LineEditor:
    """One input line, its cursor and its place on the screen.

    The line starts in the first column and may go over several rows of `width` columns. Only backspace, carriage return
    and blanks are used while it fits one row, so that the simplest terminal will do; ANSI cursor moves beyond that.
    """

    def __init__(self, history: History, width: int = 80, allowed: Callable[[str], bool] | None = None) -> None:
        self.history = history
        self.echo = False
        self.state = ReadState.LOGON
        self._allowed = allowed
        self._width = width
        self._chars: list[str] = []
        self._at = 0
        self._out: list[str] = []
        self._escape: str | None = None
        self._after_return = False
        self._overflow = False
        self._recalled: int | None = None
        self._kept = ""

    # -- what the terminal's owner calls ---------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The characters typed so far."""
        return "".join(self._chars)

    @property
    def visible(self) -> bool:
        """Whether typed characters are shown by this editor."""
        return self.echo and self.state is not ReadState.PASSWORD

    def resize(self, width: int) -> None:
        """The terminal now has `width` columns (20 to 1000; anything else is ignored)."""
        if 20 <= width <= 1000:
            self._width = width

    def take(self) -> str:
        """What is to be sent to the screen since the last call."""
        out = "".join(self._out)
        self._out.clear()
        return out

    def hide(self) -> None:
        """Take the input line off the screen, so that output can be written in its place."""
        if not self.visible or not self._chars:
            return
        if len(self._chars) < self._width:
            self._out.append("\r" + " " * len(self._chars) + "\r")
        else:
            if rows := self._at // self._width:
                self._out.append(f"\x1b[{rows}A")
            self._out.append("\r\x1b[J")

    def show(self) -> None:
        """Put the input line back after `hide`."""
        if self.visible and self._chars:
            self._print(0, self._chars)
            self._move(len(self._chars), self._at)

    def feed(self, text: str) -> Iterator[Event]:
        """Take typed characters; yields what they amount to. Each event is to be acted upon before the next is asked
        for, since it may change the echo of what follows."""
        position = 0
        while position < len(text):
            if self._escape is not None and text[position] >= " ":
                key_event = self._escape_key(text[position])
                position += 1
                if key_event:
                    yield key_event
                continue
            self._escape = None
            if run := _PLAIN_RUN.match(text, position):
                self._after_return = False
                self._insert(run.group())
                position = run.end()
                continue
            key = text[position]
            position += 1
            after_return, self._after_return = self._after_return, key == "\r"
            if after_return and key in "\n\0":
                continue
            if event := self._control(key):
                yield event

    # -- keys ------------------------------------------------------------------------------------------------

    def _control(self, key: str) -> Event | None:
        if key in "\r\n":
            return self._enter()
        if key == "\x03":
            if self.visible:
                self._move(self._at, len(self._chars))
                self._out.append("^C")
            self._new_line()
            return Key.ATTENTION
        if key == "\x04":
            if not self._chars:
                return Key.END
            self.do("delete")
        elif key == "\x1b":
            self._escape = ""
        elif key == "\t":
            self._insert(" ")
        elif action := _CONTROLS.get(key):
            self.do(action)
        return None

    def _enter(self) -> Event:
        text = self.text
        if self.visible:
            self._move(self._at, len(self._chars))
        if self.echo:
            self._out.append("\r\n")
        self._chars.clear()
        self._at = 0
        self._recalled = None
        if self._overflow:
            self._overflow = False
            return Key.TOO_LONG
        self.history.add(text, self.state)
        return Entered(text)

    def _new_line(self) -> None:
        if self.echo:
            self._out.append("\r\n")
        self._chars.clear()
        self._at = 0
        self._overflow = False
        self._recalled = None

    def fill(self, text: str) -> None:
        """Have TEXT as the line, as if it had been typed."""
        self.do("kill")
        self._insert(text)

    def _escape_key(self, char: str) -> Event | None:
        assert self._escape is not None
        self._escape += char
        sequence = self._escape
        if sequence in ("[", "O"):
            return None
        if sequence[0] == "[" and len(sequence) < _MAX_ESCAPE and not "\x40" <= char <= "\x7e":
            return None
        self._escape = None
        if action := _ESCAPES.get(sequence):
            self.do(action)
        number = _PROGRAM_KEYS.get(sequence)
        return None if number is None else ProgramKey(number)

    def do(self, action: str) -> None:
        """Carry out one named editing key: left, home, backspace, kill, up, redraw and the like."""
        if self.visible or action in ("backspace", "kill"):
            getattr(self, f"_do_{action}")()

    def _insert(self, run: str) -> None:
        if self._allowed and self.visible:
            kept = "".join(filter(self._allowed, run))
            if len(kept) < len(run):
                self._out.append("\a")
            run = kept
        room = MAX_LINE - len(self._chars)
        if len(run) > room:
            if self.visible:
                self._out.append("\a")
            # A person sees that further keys do nothing; what was pasted or sent must not be entered by halves.
            self._overflow = self._overflow or not self.visible or len(run) > 1
            run = run[:room]
        if not run:
            return
        self._chars[self._at : self._at] = run
        if self.visible:
            self._print(self._at, self._chars[self._at :])
            self._move(len(self._chars), self._at + len(run))
        self._at += len(run)

    def _delete(self, start: int, end: int) -> None:
        """Remove the characters from `start` up to `end`, the cursor being anywhere; it ends at `start`."""
        if start >= end:
            return
        if self.visible:
            self._move(self._at, start)
            tail = self._chars[end:]
            self._print(start, [*tail, *" " * (end - start)])
            self._move(len(self._chars), start)
        del self._chars[start:end]
        self._at = start

    def _replace(self, text: str) -> None:
        self._delete(0, len(self._chars))
        self._insert(text)

    def _go(self, to: int) -> None:
        to = max(0, min(to, len(self._chars)))
        self._move(self._at, to)
        self._at = to

    def _do_left(self) -> None:
        self._go(self._at - 1)

    def _do_right(self) -> None:
        self._go(self._at + 1)

    def _do_home(self) -> None:
        self._go(0)

    def _do_end(self) -> None:
        self._go(len(self._chars))

    def _do_word_left(self) -> None:
        self._go(self._word_start())

    def _do_word_right(self) -> None:
        to = self._at
        while to < len(self._chars) and self._chars[to] == " ":
            to += 1
        while to < len(self._chars) and self._chars[to] != " ":
            to += 1
        self._go(to)

    def _do_backspace(self) -> None:
        self._delete(max(0, self._at - 1), self._at)

    def _do_delete(self) -> None:
        self._delete(self._at, min(self._at + 1, len(self._chars)))

    def _do_kill(self) -> None:
        self._overflow = False
        self._delete(0, len(self._chars))

    def _do_kill_end(self) -> None:
        self._delete(self._at, len(self._chars))

    def _do_kill_word(self) -> None:
        self._delete(self._word_start(), self._at)

    def _do_redraw(self) -> None:
        self._out.append("\r\n")
        self.show()

    def _do_up(self) -> None:
        lines = self.history.lines
        if self._recalled is None:
            if not lines:
                return
            self._kept = self.text
            self._recalled = len(lines)
        if self._recalled > 0:
            self._recalled -= 1
            self._replace(lines[self._recalled])

    def _do_down(self) -> None:
        lines = self.history.lines
        if self._recalled is None:
            return
        self._recalled += 1
        if self._recalled < len(lines):
            self._replace(lines[self._recalled])
        else:
            self._recalled = None
            self._replace(self._kept)

    def _word_start(self) -> int:
        to = self._at
        while to > 0 and self._chars[to - 1] == " ":
            to -= 1
        while to > 0 and self._chars[to - 1] != " ":
            to -= 1
        return to

    # -- the screen ------------------------------------------------------------------------------------------

    def _print(self, start: int, chars: list[str]) -> None:
        """Write `chars` with the cursor at position `start`; it ends behind them."""
        self._out.append("".join(chars))
        end = start + len(chars)
        if chars and end % self._width == 0:
            # A terminal waits in the last column until one more character comes: make it go on to the next row.
            self._out.append(" \b")

    def _move(self, old: int, new: int) -> None:
        """Move the cursor from position `old` to `new` of the input line."""
        if not self.visible or old == new:
            return
        rows = new // self._width - old // self._width
        if rows == 0 and new < old:
            self._out.append("\b" * (old - new))
        elif rows == 0:
            self._out.append(f"\x1b[{new - old}C" if new > len(self._chars) else "".join(self._chars[old:new]))
        else:
            self._out.append(f"\x1b[{abs(rows)}{'B' if rows > 0 else 'A'}\r")
            if column := new % self._width:
                self._out.append(f"\x1b[{column}C")
