"""What is on a 3270's screen, for programs: fields by position or by label, and how each position looks.

Rows and columns count from 0, as the lines of `Screen.lines` do.

    >>> from cpvm.machine.media.screen import Screen, write
    >>> screen = Screen()
    >>> data = bytes.fromhex("C3 11 40D6 1DF0") + "NAME".encode("cp037") + bytes.fromhex("1DC8 13 11 40F0 1DF0")
    >>> write(screen, 0x05, data)
    >>> [(field.row, field.column, field.length, field.protected) for field in fields(screen)]
    [(0, 23, 4, True), (0, 28, 20, False), (0, 49, 1893, True)]
    >>> labelled(screen, "NAME").intensified
    True
    >>> field_at(screen, 0, 24).text
    'NAME'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cpvm.machine.media.screen import Screen
from cpvm.machine.media.screen.buffer import FIELD
from cpvm.s370.datastream import Attribute, Extended
from cpvm.s370.ebcdic import printable

COLOURS: Final = {
    0xF1: "blue",
    0xF2: "red",
    0xF3: "pink",
    0xF4: "green",
    0xF5: "turquoise",
    0xF6: "yellow",
    0xF7: "white",
    0xF8: "black",
    0xF9: "deep blue",
    0xFA: "orange",
    0xFB: "purple",
    0xFC: "pale green",
    0xFD: "pale turquoise",
    0xFE: "grey",
    0xFF: "white",
}
"""Names of colours by their codes in the data stream (GA23-0059, "Color"); a 3279 has the first seven."""

HIGHLIGHTINGS: Final = {0xF1: "blink", 0xF2: "reverse", 0xF4: "underscore"}
"""Names of extended highlighting by code."""

_INTENSIFIED: Final = 0x08
_INTENSIFY: Final = 0xF8


@dataclass(frozen=True)
class Field:
    """A field as it is now: what is behind a field attribute, up to the next one.

    Attributes:
        row, column: of its first position, behind the attribute.
        length: positions; 0 if the next field begins at once.
        text: what it holds, with blanks for nulls, without those at the end; also if it is not displayed.
        protected: whether nothing can be typed into it.
        numeric: whether it is for digits only.
        hidden: whether it is not displayed, as for passwords.
        intensified: whether it is displayed brighter.
        detectable: whether a light pen finds it.
        modified: whether it was changed, and is sent with the next key (the modified data tag).
        colour, highlighting: of the extended attributes of the field; "" for the default.
        position: of the first position, counting all from 0 row by row.
    """

    row: int
    column: int
    length: int
    text: str
    protected: bool
    numeric: bool
    hidden: bool
    intensified: bool
    detectable: bool
    modified: bool
    colour: str
    highlighting: str
    position: int


@dataclass(frozen=True)
class Cell:
    """One position as it looks.

    Attributes:
        char: what is seen there; a blank for attributes, nulls and what is not displayed.
        colour: its own, that of its field, or what a 3279 shows without: green for what can be typed into, red if that
            is intensified, blue for the other, white if that is intensified.
        background: "" for none.
        highlighting: blink, reverse, underscore, or "".
        intensified: whether it is brighter.
        attribute: whether a field attribute stands there.
    """

    char: str
    colour: str
    background: str
    highlighting: str
    intensified: bool
    attribute: bool


def fields(screen: Screen) -> list[Field]:
    """All fields, in the order of their attributes; none if the screen is not formatted."""
    return [_field(screen, at) for at in screen.fields()]


def field_at(screen: Screen, row: int, column: int) -> Field:
    """The field at a position, or whose attribute stands there.

    Raises LookupError: there are no fields, or no such position.
    """
    if not (0 <= row < screen.rows and 0 <= column < screen.columns):
        raise LookupError(f"there is no row {row}, column {column} on {screen.rows} by {screen.columns}")
    at = screen.field(row * screen.columns + column)
    if at < 0:
        raise LookupError("the screen has no fields")
    return _field(screen, at)


def labelled(screen: Screen, label: str) -> Field:
    """The first unprotected field behind the place where a text is to be seen first; a label may stand above, too.

    Raises LookupError: the text is not there, or nothing can be typed behind it.
    """
    place = screen.find(label)
    if place < 0:
        raise LookupError(f"{label!r} is not on the screen")
    for at in screen.fields():
        if at >= place and not screen.text[at] & Attribute.PROTECTED:
            found = _field(screen, at)
            if found.length:
                return found
    raise LookupError(f"there is no field to type into behind {label!r}")


def _field(screen: Screen, at: int) -> Field:
    attribute = screen.text[at]
    positions = screen.content(at)
    first = (at + 1) % screen.size
    shown = attribute & Attribute.DISPLAY
    text = bytes(screen.text[n] if screen.text[n] >= 0x40 and screen.text[n] != 0xFF else 0x40 for n in positions)
    return Field(
        row=first // screen.columns,
        column=first % screen.columns,
        length=len(positions),
        text=printable(text).rstrip(),
        protected=bool(attribute & Attribute.PROTECTED),
        numeric=bool(attribute & Attribute.NUMERIC),
        hidden=shown == Attribute.HIDDEN,
        intensified=shown == _INTENSIFIED,
        detectable=shown in (0x04, _INTENSIFIED),
        modified=bool(attribute & Attribute.MODIFIED),
        colour=COLOURS.get(screen.planes[Extended.COLOUR][at], ""),
        highlighting=HIGHLIGHTINGS.get(screen.planes[Extended.HIGHLIGHTING][at], ""),
        position=first,
    )


def cells(screen: Screen, row: int) -> list[Cell]:
    """How a row looks, position by position."""
    start = row * screen.columns
    text = screen.line(row)
    field = screen.field(start)
    found = []
    for column in range(screen.columns):
        at = start + column
        if screen.kind[at] == FIELD:
            field = at
        found.append(_cell(screen, at, field, text[column]))
    return found


def _cell(screen: Screen, at: int, field: int, char: str) -> Cell:
    attribute = screen.text[field] if field >= 0 else 0
    intensified = attribute & Attribute.DISPLAY == _INTENSIFIED
    planes = {}
    for type in (Extended.COLOUR, Extended.BACKGROUND, Extended.HIGHLIGHTING):
        own = screen.planes[type][at]
        planes[type] = own or (screen.planes[type][field] if field >= 0 else 0)
    return Cell(
        char=char,
        colour=COLOURS.get(planes[Extended.COLOUR], "") or _base_colour(attribute, intensified),
        background=COLOURS.get(planes[Extended.BACKGROUND], ""),
        highlighting=HIGHLIGHTINGS.get(planes[Extended.HIGHLIGHTING], ""),
        intensified=intensified or planes[Extended.HIGHLIGHTING] == _INTENSIFY,
        attribute=screen.kind[at] == FIELD,
    )


def _base_colour(attribute: int, intensified: bool) -> str:
    """What a 3279 in base colour mode shows."""
    if attribute & Attribute.PROTECTED:
        return "white" if intensified else "blue"
    return "red" if intensified else "green"
