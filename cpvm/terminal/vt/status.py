"""The operator information area: the line below the screen of a 3270.

Source: GA23-0061, *3274 Control Unit Description*, "Operator information area"; words stand for its symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wcwidth import wcwidth

from cpvm.terminal.vt.picture import Row
from cpvm.terminal.vt.style import BOLD, REVERSE, TURQUOISE, WHITE, YELLOW

_LEFT: Final = 4
_POSITION: Final = 7


@dataclass(frozen=True)
class Status:
    """What the line tells.

    Attributes:
        inhibited: why nothing can be typed, as `X SYSTEM`.
        insert: insert mode.
        prefix: Esc has been pressed.
        notice: something to tell once.
        ahead: keys typed ahead.
        name: of the connection.
        secure: the connection is encrypted.
        hint: which keys help.
        row, column: the cursor, from 1.
        window: which part of the screen is to be seen, if not all of it.
    """

    inhibited: str = ""
    insert: bool = False
    prefix: bool = False
    notice: str = ""
    ahead: int = 0
    name: str = ""
    secure: bool = False
    hint: str = ""
    row: int = 1
    column: int = 1
    window: str = ""


def status_line(status: Status, columns: int) -> Row:
    """The line, as wide as the terminal; what has no room is left out, the least important first."""
    position = f"{status.row:03d}/{status.column:03d}"
    text = [" "] * columns
    styles = [TURQUOISE] * columns

    def put(at: int, words: str, style: int = TURQUOISE) -> int:
        for offset, char in enumerate(words[: max(0, columns - at)]):
            text[at + offset] = char if char.isprintable() and wcwidth(char) == 1 else "."  # names come from elsewhere
            styles[at + offset] = style
        return at + len(words)

    at = 0
    right = columns
    if columns >= 20:
        right = columns - _POSITION
        put(right, position)
        put(0, "4S" if status.secure else "4A", REVERSE | TURQUOISE)
        at = _LEFT
    if status.inhibited:
        at = put(at, status.inhibited, WHITE | BOLD) + 2
    if status.notice:
        at = put(at, status.notice[: max(0, right - at - 1)], YELLOW | BOLD) + 2
    for wanted, words in ((status.prefix, "Esc-"), (status.insert, "INSERT"), (status.ahead, f"+{status.ahead}")):
        if wanted and at + len(words) < right:
            at = put(at, words, WHITE | BOLD) + 2
    for words in (status.window, status.name, status.hint):
        if words and at + len(words) < right:
            right -= len(words) + 2
            put(right, words)
    return "".join(text), tuple(styles)
