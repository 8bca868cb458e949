"""What the characters that a terminal sends amount to: text, editing keys, program function keys, pasted lines.

Sequences are those of xterm, VT100 to VT420, rxvt, the Linux console and their kin (ECMA-48; *XTerm Control Sequences*,
"PC-Style Function Keys", "Bracketed Paste Mode"). They may come in pieces of any size. Keys are known here by what they
do in a line; what a key without a meaning sends is thrown away.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SEQUENCE = 32
"""Characters of one key's sequence that are looked at; a longer one means nothing."""

PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Sent to a terminal so that it brackets what is pasted, and to undo that."""


@dataclass(frozen=True)
class Typed:
    """Characters for the line; no control characters among them but tabulators."""

    text: str
    pasted: bool = False


@dataclass(frozen=True)
class Press:
    """An editing key: `enter`, `attention`, `end_of_input`, or what `LineEditor.do` knows."""

    action: str


@dataclass(frozen=True)
class ProgramKey:
    """A program function key was pressed: F1 to F12 are 1 to 12, with Shift 13 to 24."""

    number: int


Token = Typed | Press | ProgramKey

_RUN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]+")
_SEQUENCE = re.compile(r"[\[O](\d*)(?:;(\d+))?([A-Za-z~^$@])")
_RXVT = re.compile(r"\[\d+\$")  # with Shift; not as ECMA-48 has it
_CONTROLS = {
    "\x01": "home", "\x02": "left", "\x03": "attention", "\x04": "end_of_input", "\x05": "end", "\x06": "right",
    "\x07": "cancel", "\x08": "backspace", "\x0b": "kill_end", "\x0c": "redraw", "\x0e": "down", "\x10": "up",
    "\x12": "older", "\x14": "transpose", "\x15": "kill", "\x17": "kill_word", "\x19": "yank", "\x7f": "backspace",
}  # fmt: skip
_ALT = {
    "b": "word_left", "f": "word_right", "d": "kill_word_right", "\x7f": "kill_word", "\x08": "kill_word",
    "<": "oldest", ">": "newest",
}  # fmt: skip
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"}
_SMALL_ARROWS = {"a": "up", "b": "down", "c": "word_right", "d": "word_left"}  # rxvt, with Shift or Ctrl
_NUMBERED = {"1": "home", "3": "delete", "4": "end", "5": "older", "6": "newer", "7": "home", "8": "end"}
_PF_LETTERS = "PQRS"  # F1 to F4
_PF_NUMBERS = (11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34)  # F1 to F20
_SHIFT, _ALT_BIT, _CTRL = 1, 2, 4


class KeyParser:
    """Takes characters, gives tokens.

    Between the brackets of a paste only line ends, tabulators and Ctrl-C are more than text; Ctrl-C ends it, too, so
    that a terminal which forgets the second bracket is not lost.
    """

    def __init__(self) -> None:
        self.pasting = False
        self._sequence: str | None = None
        self._after_return = False

    def line_ends(self, text: str) -> int:
        """How many lines TEXT ends if it comes next."""
        if self._after_return and text[:1] in ("\n", "\0"):
            text = text[1:]
        return len(re.findall("\r[\n\0]?|\n", text))

    def feed(self, text: str) -> Iterator[Token]:
        """Take characters; act on each token before you ask for the next."""
        at = 0
        while at < len(text):
            char = text[at]
            if self._sequence is not None:
                if char >= " " or (not self._sequence and char in _ALT):
                    at += 1
                    if token := self._more(char):
                        yield token
                    continue
                self._sequence = None  # broken off: the control character counts
            if run := _RUN.match(text, at):
                self._after_return = False
                at = run.end()
                yield Typed(run.group(), self.pasting)
                continue
            at += 1
            after_return, self._after_return = self._after_return, char == "\r"
            if after_return and char in "\n\0":
                continue
            if token := self._control(char):
                yield token

    def _control(self, char: str) -> Token | None:
        if char in "\r\n":
            return Press("enter")
        if char == "\x1b":
            self._sequence = ""
        elif char == "\x03":
            self.pasting = False
            return Press("attention")
        elif not self.pasting and (action := _CONTROLS.get(char)):
            return Press(action)
        return None

    def _more(self, char: str) -> Token | None:
        """One more character of a sequence; what it means if that was the last."""
        assert self._sequence is not None
        sequence = self._sequence + char
        if sequence in ("[", "O", "[[") or (sequence[0] == "O" and len(sequence) < MAX_SEQUENCE and char.isdigit()):
            self._sequence = sequence
            return None
        final = "\x40" <= char <= "\x7e" or _RXVT.fullmatch(sequence)
        if sequence[0] == "[" and sequence[1] != "[" and not final:
            self._sequence = sequence[:MAX_SEQUENCE]
            return None
        self._sequence = None
        if sequence in ("[200~", "[201~"):
            self.pasting = sequence == "[200~"
            return None
        if self.pasting:
            return None
        if len(sequence) > 1:
            return self._key(sequence)
        if action := _ALT.get(char):
            return Press(action)
        return Typed(char)  # Escape, and then this; or Alt with a key that means nothing

    def _key(self, sequence: str) -> Token | None:
        if sequence.startswith("[[") and "A" <= sequence[2] <= "E":  # F1 to F5 of the Linux console
            return ProgramKey(ord(sequence[2]) - ord("A") + 1)
        found = _SEQUENCE.fullmatch(sequence)
        if found is None:
            return None
        number, modifier, last = found.groups()
        held = min(int(modifier), 16) - 1 if modifier else 0
        if last in _PF_LETTERS and number in ("", "1"):
            return ProgramKey(_PF_LETTERS.index(last) + (13 if held & _SHIFT else 1))
        if last in "~$^@":
            return self._numbered(number, held | {"$": _SHIFT, "^": _CTRL, "@": _SHIFT | _CTRL}.get(last, 0))
        action = _ARROWS.get(last) or _SMALL_ARROWS.get(last)
        if action in ("left", "right") and held & (_ALT_BIT | _CTRL):
            action = f"word_{action}"
        return Press(action) if action else None

    def _numbered(self, number: str, held: int) -> Token | None:
        if number == "3" and held & (_ALT_BIT | _CTRL):
            return Press("kill_word_right")
        if action := _NUMBERED.get(number):
            return Press(action)
        if not number or len(number) > 2 or int(number) not in _PF_NUMBERS:
            return None
        key = _PF_NUMBERS.index(int(number)) + 1
        return ProgramKey(key + 12 if held & _SHIFT and key <= 12 else key)
