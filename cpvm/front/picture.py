"""A 3270's screen as a picture: SVG with text in it, sharp at any size, that can be searched and read aloud.

Each position has its place whatever font there is. Colours are a 3279's, or a 3278's green.

    >>> from cpvm.machine.media.screen import Screen, write
    >>> screen = Screen()
    >>> write(screen, 0x05, bytes.fromhex("C3 C1 4C C2"))
    >>> print([line for line in picture(screen).splitlines() if "A&lt;B" in line][0])
    <text x="24" y="38" textLength="30" fill="#3ddc84">A&lt;B</text>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from cpvm.front import look
from cpvm.front.look import Cell
from cpvm.machine.media.screen import Screen

WIDTH: Final = 10
"""Of a position; all measures are pixels of the picture at its own size."""

HEIGHT: Final = 20
"""Of a row."""

MARGIN: Final = 24
"""Between the screen and the edge of the picture."""

FONT: Final = '"IBM Plex Mono", "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'

_BASELINE: Final = 14
_WORDS: Final = re.compile(r"\S+(?: \S+)*")
_GLASS: Final = "#0b0f0c"
_EDGE: Final = "#2a302c"
_SCREEN_COLOURS: Final = {
    "blue": "#7aa2ff",
    "red": "#ff6b6b",
    "pink": "#ff8ad8",
    "green": "#3ddc84",
    "turquoise": "#4fd8e8",
    "yellow": "#ffe066",
    "white": "#f4f6f4",
    "black": "#000000",
    "deep blue": "#4f6df0",
    "orange": "#ffb454",
    "purple": "#b58cff",
    "pale green": "#a8f0c0",
    "pale turquoise": "#b4eef4",
    "grey": "#a9b0ab",
}
_GREEN, _BRIGHT_GREEN = "#35c878", "#a6ffc9"


@dataclass(frozen=True)
class _Ink:
    """How a position is drawn."""

    ink: str
    paper: str
    underscore: bool


def picture(screen: Screen, *, colours: bool = True, title: str = "A 3270 screen", cursor: bool = True) -> str:
    """The screen as it looks now: an SVG document.

    Args:
        colours: a 3279's; else all is green, and bright where it is intensified.
        title: what those are told who cannot see it, and those who point at it.
        cursor: whether the cursor is shown.
    """
    width = screen.columns * WIDTH + 2 * MARGIN
    height = (screen.rows + 1) * HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family={quoteattr(FONT)} font-size="16">',
        f"<title>{escape(title)}</title>",
        f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="14" fill="{_GLASS}" stroke="{_EDGE}" '
        'stroke-width="2"/>',
    ]
    for row in range(screen.rows):
        parts += _row(row, look.cells(screen, row), colours)
    if cursor:
        row, column = divmod(screen.cursor, screen.columns)
        x, y = MARGIN + column * WIDTH, MARGIN + (row + 1) * HEIGHT - 3
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="2" fill="#f4f6f4"/>')
    parts += _below(screen, colours)
    return "\n".join((*parts, "</svg>", ""))


def _row(row: int, cells: list[Cell], colours: bool) -> Iterator[str]:
    """Pieces that look alike."""
    y = MARGIN + row * HEIGHT
    for ink, piece in groupby(enumerate(cells), key=lambda cell: _ink(cell[1], colours)):
        found = list(piece)
        start = found[0][0]
        text = "".join(cell.char for _, cell in found)
        if ink.paper:
            yield (
                f'<rect x="{MARGIN + start * WIDTH}" y="{y}" width="{len(text) * WIDTH}" height="{HEIGHT}" '
                f'fill="{ink.paper}"/>'
            )
        if ink.underscore:
            yield (
                f'<rect x="{MARGIN + start * WIDTH}" y="{y + HEIGHT - 3}" width="{len(text) * WIDTH}" height="1" '
                f'fill="{ink.ink}"/>'
            )
        for words in _WORDS.finditer(text):  # where there are more blanks a viewer may make one of them
            shown, at = words[0], start + words.start()
            yield (
                f'<text x="{MARGIN + at * WIDTH}" y="{y + _BASELINE}" textLength="{len(shown) * WIDTH}" '
                f'fill="{ink.ink}">{escape(shown)}</text>'
            )


def _ink(cell: Cell, colours: bool) -> _Ink:
    if colours:
        ink = _SCREEN_COLOURS[cell.colour]
        paper = _SCREEN_COLOURS[cell.background] if cell.background else ""
    else:
        ink = _BRIGHT_GREEN if cell.intensified else _GREEN
        paper = ""
    if cell.attribute:
        return _Ink(ink, "", False)
    if cell.highlighting == "reverse":
        ink, paper = paper or _GLASS, ink
    return _Ink(ink, paper, cell.highlighting == "underscore")


def _below(screen: Screen, colours: bool) -> Iterator[str]:
    """The operator information area: the line, whether the keyboard is locked, where the cursor is."""
    ink = _SCREEN_COLOURS["blue"] if colours else _GREEN
    y = MARGIN + screen.rows * HEIGHT + 4
    right = MARGIN + screen.columns * WIDTH
    row, column = divmod(screen.cursor, screen.columns)
    where = f"{row + 1:02}/{column + 1:03}"
    yield f'<rect x="{MARGIN}" y="{y}" width="{right - MARGIN}" height="1" fill="{ink}"/>'
    for x, text in ((MARGIN, "4A"), (MARGIN + 8 * WIDTH, "X SYSTEM" if screen.locked else "")):
        if text:
            yield f'<text x="{x}" y="{y + 17}" textLength="{len(text) * WIDTH}" fill="{ink}">{text}</text>'
    x = right - len(where) * WIDTH
    yield f'<text x="{x}" y="{y + 17}" textLength="{len(where) * WIDTH}" fill="{ink}">{where}</text>'
