"""Pasted text: its lines into the rows of fields, as far as there are any, or one after the other into the only one."""

from __future__ import annotations

from dataclasses import dataclass

from cpvm.machine.media.screen import Inhibited, Keyboard
from cpvm.s370.datastream import Attribute
from cpvm.terminal.codepage import composed, fitted, report
from cpvm.terminal.vt import editing

_PLAIN = str.maketrans("‘’‚“”„–—…\u00a0\u2007\u202f", "'''\"\"\"--.   ")
"""Typographic characters for which everybody has a plain one."""


@dataclass(frozen=True)
class Result:
    """What came of a paste.

    Attributes:
        rest: what is to be pasted once the keyboard is unlocked again.
        enter: whether ENTER is to be pressed.
        problem: what did not go in, in capitals.
    """

    rest: str = ""
    enter: bool = False
    problem: str = ""


def paste(keyboard: Keyboard, text: str) -> Result:
    """Type pasted text from the cursor on.

    A line goes as far as its row's fields do. Its end moves to the next row that has a field of its own; where the
    screen has a single field to type in, ENTER is to be pressed there, and the rest follows later. A tab moves to the
    next field. Characters that the code page lacks become `?`, and are told of.

    Raises Inhibited if the keyboard is locked, or nothing can be typed at the cursor.
    """
    lines = composed(text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)).split("\n")
    missing: dict[str, None] = {}
    start = 0
    cut = False
    for number, line in enumerate(lines):
        if number:
            last = number == len(lines) - 1 and not line
            if keyboard.screen.formatted and editing.input_fields(keyboard) == 1:
                rest = "" if last else "\n".join(lines[number:])
                return Result(rest, True, _problem(missing, cut))
            if last:
                break
            if not editing.line_below(keyboard, start):
                return Result(problem=f"NO ROOM FOR {len(lines) - number} LINES")
        start = keyboard.screen.cursor
        cut |= not _line(keyboard, line, missing)
    return Result(problem=_problem(missing, cut))


def _problem(missing: dict[str, None], cut: bool) -> str:
    if missing:
        return report(missing)
    return "LINES WERE CUT" if cut else ""


def _line(keyboard: Keyboard, line: str, missing: dict[str, None]) -> bool:
    """Type one line; whether all of it had room. Characters that the code page lacks are added to `missing`."""
    screen = keyboard.screen
    only = not screen.formatted or editing.input_fields(keyboard) == 1
    row = screen.cursor // screen.columns
    for number, char in enumerate(line):
        if char == "\t":
            if screen.formatted:
                keyboard.tab()
                row = screen.cursor // screen.columns
            continue
        at = screen.cursor
        if not only and number and at // screen.columns != row:
            return False
        field = screen.field(at)
        if field >= 0 and (at == field or screen.text[field] & Attribute.PROTECTED):
            if not number:
                raise Inhibited("the position is protected")
            following = screen.next_unprotected(at)
            if only or following // screen.columns != row or following < at:
                return False
            screen.cursor = following
        for fit in fitted(char, missing):
            keyboard.type(fit)
        if screen.cursor <= at and number < len(line) - 1:  # round the end of the screen
            return False
    return True
