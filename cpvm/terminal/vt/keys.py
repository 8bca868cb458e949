"""What a VT terminal sends, as names of keys: `a`, `f1`, `f13` (Shift-F1), `c-left`, `alt+1` (Esc, then 1).

The sequences are those that prompt_toolkit knows, with Alt-F1 to Alt-F12 as F13 to F24. Its own parser is not used
here: on a server it would keep, for ever, each prefix of a sequence that any client invents.

Hard limits: `MAX_SEQUENCE`, `MAX_PASTE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.keys import Keys

MAX_SEQUENCE: Final = 64
"""Characters of one control sequence; a longer one is ignored."""

MAX_PASTE: Final = 65536
"""Characters of one paste; what exceeds it is left out."""

ALT: Final = "alt+"
PREFIX: Final = "escape"
"""Esc has been pressed: the next key is meant as with Alt."""


@dataclass(frozen=True)
class Press:
    """A key by its name, or a character."""

    name: str


@dataclass(frozen=True)
class Paste:
    """Text that was pasted; `cut` tells whether it was longer."""

    text: str
    cut: bool = False


@dataclass(frozen=True)
class Mouse:
    """A mouse event: row and column from 0, what happened (`press`, `drag`, `release`), which button (0 left)."""

    row: int
    column: int
    what: str
    button: int


Input = Press | Paste | Mouse

_PASTE_BEGIN, _PASTE_END = "\x1b[200~", "\x1b[201~"
_SEQUENCE = re.compile(r"\x1b(?:\[\[.|\[[0-?]*[ -/]*[@-~]|O.)", re.DOTALL)
_INCOMPLETE = re.compile(r"\x1b(?:\[\[?|\[[0-?]*[ -/]*|O)?\Z")
_MOUSE = re.compile(r"\x1b\[<(\d{1,6});(\d{1,5});(\d{1,5})([Mm])")
_FUNCTION = re.compile(r"\x1b(?:\[1;(\d)([PQRS])|\[(1[1-578]|19|2[0134]);(\d)~)")
_NUMBERS: Final = {"11": 1, "12": 2, "13": 3, "14": 4, "15": 5, "17": 6, "18": 7, "19": 8, "20": 9, "21": 10}
_NUMBERS_ABOVE: Final = {"23": 11, "24": 12}
_SHIFTED: Final = ("2", "3", "4")  # Shift, Alt, both


class Decoder:
    """Turns what a terminal sends, in pieces of any length, into keys."""

    def __init__(self) -> None:
        self._pending = ""
        self._paste: list[str] | None = None
        self._pasted = 0
        self._alt = False

    @property
    def prefixed(self) -> bool:
        """Whether Esc has been pressed and nothing yet behind it."""
        return self._pending == "\x1b"

    def feed(self, text: str) -> Iterator[Input]:
        """What the text means, together with what was left of the text before."""
        rest = self._pending + text
        self._pending = ""
        while rest:
            if self._paste is not None:
                found, rest = self._pasting(rest)
                if found is not None:
                    yield found
                continue
            plain, escape, behind = rest.partition("\x1b")
            for char in plain:
                yield Press(_named(char))
            if not escape:
                return
            rest = escape + behind
            if _INCOMPLETE.match(rest):
                self._pending = rest if len(rest) <= MAX_SEQUENCE else ""
                return
            if rest.startswith(_PASTE_BEGIN):
                self._paste, self._pasted = [], 0
                rest = rest[len(_PASTE_BEGIN) :]
            elif match := _SEQUENCE.match(rest):
                rest = rest[match.end() :]
                alt, self._alt = self._alt, False
                for key in _sequence(match[0]):
                    yield _with_alt(key) if alt else key
            elif rest.startswith("\x1b\x1b"):
                rest = rest[1:]
                self._alt = True  # with a key that has a sequence; before others it changes nothing
            else:
                self._alt = False
                name = _named(rest[1])
                yield Press(ALT + name.lower() if len(name) == 1 else ALT + name)
                rest = rest[2:]

    def _pasting(self, text: str) -> tuple[Paste | None, str]:
        """More of a paste; the paste if this is its end, and what is behind it."""
        assert self._paste is not None
        content, end, behind = text.partition(_PASTE_END)
        if not end:
            # The end mark may have come in part.
            kept = next((n for n in range(len(_PASTE_END) - 1, 0, -1) if text.endswith(_PASTE_END[:n])), 0)
            content, self._pending = (text[:-kept], text[-kept:]) if kept else (text, "")
        self._paste.append(content[: max(0, MAX_PASTE - self._pasted)])
        self._pasted += len(content)
        if not end:
            return None, ""
        paste = Paste("".join(self._paste), cut=self._pasted > MAX_PASTE)
        self._paste = None
        return paste, behind


def _named(char: str) -> str:
    """A key that sends one character."""
    if " " <= char != "\x7f":
        return char
    key = ANSI_SEQUENCES.get(char)
    return key.value if isinstance(key, Keys) else PREFIX


def _with_alt(key: Input) -> Input:
    if not isinstance(key, Press) or key.name.startswith(ALT):
        return key
    number = key.name[1:]
    function = key.name.startswith("f") and number.isdigit() and int(number) <= 12
    return Press(f"f{int(number) + 12}" if function else ALT + key.name)


def _sequence(sequence: str) -> Iterator[Input]:
    """The key that sends a sequence; nothing for one that no key is known to send."""
    if match := _MOUSE.fullmatch(sequence):
        yield from _mouse(int(match[1]), int(match[2]), int(match[3]), match[4] == "m")
        return
    if match := _FUNCTION.fullmatch(sequence):
        modifier = match[1] or match[4]
        number = "PQRS".index(match[2]) + 1 if match[2] else (_NUMBERS | _NUMBERS_ABOVE).get(match[3], 0)
        if number:
            yield Press(f"f{number + 12}" if modifier in _SHIFTED else f"f{number}")
        return
    keys = ANSI_SEQUENCES.get(sequence)
    if isinstance(keys, tuple):
        yield Press(ALT + keys[-1].value)
    elif keys is not None and keys is not Keys.Ignore:
        yield Press(keys.value)


def _mouse(code: int, column: int, row: int, released: bool) -> Iterator[Mouse]:
    if code & 64 or not (row and column):  # the wheel
        return
    what = "release" if released else "drag" if code & 32 else "press"
    yield Mouse(row - 1, column - 1, what, code & 3)
