"""What users of today's keyboards expect beyond the keys of a 3270: words, the end of a field, pasted lines."""

from __future__ import annotations

from cpvm.machine.media.screen import Inhibited, Keyboard
from cpvm.machine.media.screen.buffer import FIELD
from cpvm.s370.datastream import Attribute
from cpvm.s370.ebcdic import CODEC

_BLANKS = (0x00, 0x40)


def _positions(keyboard: Keyboard) -> list[int]:
    """The positions of the cursor's unprotected field, or of the whole screen if there are no fields."""
    screen = keyboard.screen
    field = screen.field(screen.cursor)
    if field < 0:
        return list(range(screen.size))
    if screen.cursor == field or screen.text[field] & Attribute.PROTECTED:
        raise Inhibited("the position is protected")
    return list(screen.content(field))


def _unlocked(keyboard: Keyboard) -> None:
    if keyboard.screen.locked:
        raise Inhibited("the keyboard is locked until the program restores it")


def type_text(keyboard: Keyboard, text: str) -> None:
    """Type characters. In insert mode blanks at the end of a field give way, as nulls do.

    Raises Inhibited, also for a character that code page 037 does not have.
    """
    for char in text:
        try:
            code = char.encode(CODEC)
        except UnicodeEncodeError:
            raise Inhibited(f"the code page has no {char}") from None
        if keyboard.insert and not keyboard.screen.locked:
            _trailing_nulls(keyboard)
        keyboard.type(code)


def _trailing_nulls(keyboard: Keyboard) -> None:
    screen = keyboard.screen
    positions = _positions(keyboard)
    behind = positions[positions.index(screen.cursor) :]
    if any(not screen.text[at] for at in behind):
        return
    for at in reversed(behind):
        if screen.text[at] != 0x40:
            break
        screen.put(at, 0)


def backspace(keyboard: Keyboard) -> None:
    """Delete the character before the cursor; at the beginning of a field nothing happens."""
    _unlocked(keyboard)
    screen = keyboard.screen
    positions = _positions(keyboard)
    if screen.cursor == positions[0]:
        return
    keyboard.left()
    keyboard.delete()


def field_begin(keyboard: Keyboard) -> None:
    """To the first position of the field."""
    _unlocked(keyboard)
    keyboard.screen.cursor = _positions(keyboard)[0]


def field_end(keyboard: Keyboard) -> None:
    """Behind the last character of the field that is not a blank."""
    _unlocked(keyboard)
    screen = keyboard.screen
    positions = _positions(keyboard)
    filled = [n for n, at in enumerate(positions) if screen.text[at] not in _BLANKS]
    screen.cursor = positions[min(filled[-1] + 1, len(positions) - 1)] if filled else positions[0]


def delete_field(keyboard: Keyboard) -> None:
    """Empty the field; the cursor goes to its beginning."""
    field_begin(keyboard)
    keyboard.erase_to_end()


def delete_word(keyboard: Keyboard) -> None:
    """Delete the word before the cursor."""
    _unlocked(keyboard)
    screen = keyboard.screen
    positions = _positions(keyboard)
    start = at = positions.index(screen.cursor)
    while start and screen.text[positions[start - 1]] in _BLANKS:
        start -= 1
    while start and screen.text[positions[start - 1]] not in _BLANKS:
        start -= 1
    for _ in range(at - start):
        backspace(keyboard)


def next_word(keyboard: Keyboard, step: int = 1) -> None:
    """To the next beginning of a word, anywhere on the screen; with step -1 to the one before."""
    _unlocked(keyboard)
    screen = keyboard.screen
    for distance in range(1, screen.size):
        at = (screen.cursor + step * distance) % screen.size
        before = (at - 1) % screen.size
        if not _gap(keyboard, at) and (_gap(keyboard, before) or at % screen.columns == 0):
            screen.cursor = at
            return


def _gap(keyboard: Keyboard, at: int) -> bool:
    screen = keyboard.screen
    return screen.kind[at] == FIELD or screen.text[at] in _BLANKS


def line_below(keyboard: Keyboard, position: int) -> bool:
    """From a position to the first unprotected one of a row below that is of another field; whether there is one."""
    _unlocked(keyboard)
    screen = keyboard.screen
    field = screen.field(position)
    start = (position // screen.columns + 1) * screen.columns
    for at in range(start, screen.size):
        governing = screen.field(at)
        if governing < 0:
            screen.cursor = at
            return True
        if governing in (at, field) or screen.text[governing] & Attribute.PROTECTED:
            continue
        screen.cursor = at
        return True
    return False


def input_fields(keyboard: Keyboard) -> int:
    """How many fields there are to type in."""
    screen = keyboard.screen
    return sum(not screen.text[field] & Attribute.PROTECTED for field in screen.fields())
