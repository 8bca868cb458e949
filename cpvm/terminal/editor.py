"""The line editor that the system runs for a terminal which sends every key as it is pressed.

It does no input or output of its own: characters go in through `feed`, events come back, and what the screen must
show is collected for `take`. With `echo` off it still edits, silently: for passwords, and for terminals that echo
themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cpvm.terminal.codepage import CHARACTERS, composed, fitted
from cpvm.terminal.keys import KeyParser, ProgramKey, Token, Typed
from cpvm.terminal.line import MAX_LINE, History, ReadState
from cpvm.terminal.recall import Recall
from cpvm.terminal.row import Row

MIN_COLUMNS, MAX_COLUMNS = 20, 1000
"""Widths of a terminal that are believed."""


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
class Unmapped:
    """Characters came that the code page does not have."""

    chars: tuple[str, ...]


Event = Entered | Key | ProgramKey | Unmapped

_KILLS = ("kill", "kill_end", "kill_word", "kill_word_right")
_SEARCHES = ("older", "newer")


class LineEditor:
    """One input line, its cursor and its place on the screen, which begins in the first column.

    Args:
        history: what the arrow keys bring back.
        width: columns of the terminal.
    """

    def __init__(self, history: History, width: int = 80) -> None:
        self.history = history
        self.echo = False
        self.state = ReadState.LOGON
        self._keys = KeyParser()
        self._row = Row(width)
        self._at = 0
        self._overflow = False
        self._missing: dict[str, None] = {}
        self._recall = Recall()
        self._killed = ""
        self._killing = False

    # -- what the terminal's owner calls ---------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The characters typed so far."""
        return "".join(self._row.chars)

    @property
    def visible(self) -> bool:
        """Whether typed characters are shown by this editor."""
        return self.echo and self.state is not ReadState.PASSWORD

    @property
    def pasting(self) -> bool:
        """Whether the terminal is sending what was pasted."""
        return self._keys.pasting

    def line_ends(self, text: str) -> int:
        """How many lines TEXT ends if it is fed next."""
        return self._keys.line_ends(text)

    def resize(self, width: int) -> bool:
        """The terminal now has `width` columns. Returns whether that is believed: it is MIN_COLUMNS to MAX_COLUMNS."""
        if not MIN_COLUMNS <= width <= MAX_COLUMNS:
            return False
        if width != self._row.width:
            self._row.resize(width, self._at, self.visible)
        return True

    def take(self) -> str:
        """What is to be sent to the screen since the last call."""
        out = "".join(self._row.out)
        self._row.out.clear()
        return out

    def hide(self) -> None:
        """Take the input line off the screen, so that output can be written in its place."""
        if self.visible and self._row.chars:
            self._row.hide()

    def show(self) -> None:
        """Put the input line back after `hide`."""
        if self.visible and self._row.chars:
            self._row.draw(0)
            self._row.go(self._row.place(self._at))

    def feed(self, text: str) -> Iterator[Event]:
        """Take typed characters; yields what they amount to. Each event is to be acted upon before the next is asked
        for, since it may change the echo of what follows."""
        for token in self._keys.feed(text):
            if event := self._token(token):
                yield event
        if self._missing:
            missing = tuple(self._missing)
            self._missing.clear()
            yield Unmapped(missing)

    def fill(self, text: str) -> None:
        """Have TEXT as the line, as if it had been typed."""
        if not self._hidden:
            self._recall.forget()
            self._replace(text)

    def do(self, action: str) -> None:
        """Carry out one named editing key: left, home, backspace, kill, up, redraw and the like."""
        if not (self.visible or action in ("backspace", "kill")):
            return
        if action not in _SEARCHES:
            self._recall.typed()
        getattr(self, f"_do_{action}")()
        self._killing = action in _KILLS

    # -- keys ------------------------------------------------------------------------------------------------

    def _token(self, token: Token) -> Event | None:
        if isinstance(token, Typed):
            self._recall.typed()
            self._killing = False
            self._type(token.text, token.pasted)
        elif isinstance(token, ProgramKey):
            return token
        elif token.action == "enter":
            return self._enter()
        elif token.action == "attention":
            self._drop()
            return Key.ATTENTION
        elif token.action == "end_of_input":
            if not self._row.chars:
                return Key.END
            self.do("delete")
        else:
            self.do(token.action)
        return None

    def _enter(self) -> Event:
        text = self.text
        if self.visible:
            self._row.new_row()
        elif self.echo:
            self._row.out.append("\r\n")
        overflow = self._overflow
        self._forget()
        if overflow:
            return Key.TOO_LONG
        if not self.visible:
            text = composed(text) if self._hidden else fitted(text, self._missing)
        self.history.add(text, self.state)
        return Entered(text)

    def _drop(self) -> None:
        """Attention: the line counts no more."""
        if self.visible:
            self._row.go(self._row.end)
            self._row.out.append("^C")
        if self.echo:
            self._row.out.append("\r\n")
        self._forget()

    def _forget(self) -> None:
        self._row.clear()
        self._at = 0
        self._overflow = False
        self._recall.forget()
        self._killing = False

    @property
    def _hidden(self) -> bool:
        return self.state is ReadState.PASSWORD

    def _type(self, run: str, pasted: bool) -> None:
        """Characters from the keyboard, or pasted."""
        if self.visible:
            run = self._with_mark(run)
            typed = not pasted and len(run) == 1
            missing = len(self._missing)
            run = fitted(run, self._missing, "" if typed else "?")
            if len(self._missing) > missing:
                self._beep()
        self._insert(run)

    def _with_mark(self, run: str) -> str:
        """A combining mark belongs to the character before it, which may have come by itself."""
        if run.isascii() or not self._at:
            return run
        before = self._row.chars[self._at - 1]
        together = composed(before + run[0])
        if together not in CHARACTERS:
            return run
        self._delete(self._at - 1, self._at)
        return together + run[1:]

    def _insert(self, run: str) -> None:
        room = MAX_LINE - len(self._row.chars)
        if len(run) > room:
            self._beep()
            # A person sees that further keys do nothing; what was pasted or sent must not be entered by halves.
            self._overflow = self._overflow or not self.visible or len(run) > 1
            run = run[:room]
        if not run:
            return
        start, end = self._at, self._row.end
        self._row.replace(start, start, run)
        self._at += len(run)
        if self.visible:
            self._row.draw(start, end)
            self._row.go(self._row.place(self._at))

    def _delete(self, start: int, stop: int) -> str:
        """Remove the characters from START up to STOP; the cursor ends at START. Returns them."""
        if start >= stop:
            return ""
        gone = "".join(self._row.chars[start:stop])
        end = self._row.end
        if self.visible:
            self._row.go(self._row.place(start))
        self._row.replace(start, stop, "")
        self._at = start
        if self.visible:
            self._row.draw(start, end)
            self._row.go(self._row.place(start))
        return gone

    def _replace(self, text: str) -> None:
        self._overflow = False
        self._delete(0, len(self._row.chars))
        self._insert(text)

    def _beep(self) -> None:
        if self.visible:
            self._row.out.append("\a")

    # -- moving ----------------------------------------------------------------------------------------------

    def _go(self, to: int) -> None:
        self._at = max(0, min(to, len(self._row.chars)))
        self._row.go(self._row.place(self._at))

    def _do_left(self) -> None:
        self._go(self._at - 1)

    def _do_right(self) -> None:
        self._go(self._at + 1)

    def _do_home(self) -> None:
        self._go(0)

    def _do_end(self) -> None:
        self._go(len(self._row.chars))

    def _do_word_left(self) -> None:
        self._go(self._word_start())

    def _do_word_right(self) -> None:
        self._go(self._word_end())

    def _word_start(self) -> int:
        to, chars = self._at, self._row.chars
        while to > 0 and chars[to - 1].isspace():
            to -= 1
        while to > 0 and not chars[to - 1].isspace():
            to -= 1
        return to

    def _word_end(self) -> int:
        to, chars = self._at, self._row.chars
        while to < len(chars) and chars[to].isspace():
            to += 1
        while to < len(chars) and not chars[to].isspace():
            to += 1
        return to

    # -- deleting, and bringing back -------------------------------------------------------------------------

    def _do_backspace(self) -> None:
        self._delete(max(0, self._at - 1), self._at)

    def _do_delete(self) -> None:
        self._delete(self._at, min(self._at + 1, len(self._row.chars)))

    def _kill(self, start: int, stop: int) -> None:
        """Remove characters for `yank`; kills one after the other are brought back together."""
        behind = start >= self._at
        gone = self._delete(start, stop)
        if not self.visible or not gone:
            return
        if not self._killing:
            self._killed = gone
        else:
            self._killed = (self._killed + gone if behind else gone + self._killed)[-MAX_LINE:]

    def _do_kill(self) -> None:
        self._overflow = False
        self._kill(0, len(self._row.chars))

    def _do_kill_end(self) -> None:
        self._kill(self._at, len(self._row.chars))

    def _do_kill_word(self) -> None:
        self._kill(self._word_start(), self._at)

    def _do_kill_word_right(self) -> None:
        self._kill(self._at, self._word_end())

    def _do_yank(self) -> None:
        self._insert(self._killed)

    def _do_transpose(self) -> None:
        at = min(self._at, len(self._row.chars) - 1)
        if at < 1:
            return
        pair = self._delete(at - 1, at + 1)
        self._insert(pair[::-1])

    def _do_redraw(self) -> None:
        self._row.new_row()
        self.show()

    # -- history ---------------------------------------------------------------------------------------------

    def _bring(self, text: str | None) -> bool:
        """Show a line in the place of this one, if there is one."""
        if text is not None:
            self._replace(text)
        return text is not None

    def _do_up(self) -> None:
        self._bring(self._recall.up(self.history, self.text))

    def _do_down(self) -> None:
        self._bring(self._recall.down(self.history, self.text))

    def _do_oldest(self) -> None:
        self._bring(self._recall.oldest(self.history, self.text))

    def _do_newest(self) -> None:
        self._bring(self._recall.newest(self.history, self.text))

    def _do_cancel(self) -> None:
        """What was typed comes back; without a recalled line nothing is left of it."""
        if not self._bring(self._recall.newest(self.history, self.text)):
            self._replace("")

    def _do_older(self) -> None:
        if not self._bring(self._recall.older(self.history, self.text)):
            self._beep()

    def _do_newer(self) -> None:
        if not self._bring(self._recall.newer(self.history, self.text)):
            self._beep()
