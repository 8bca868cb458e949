"""What a position of a screen looks like: colour and highlighting, as a number, and the VT sequence for it.

The colours of a field without extended attributes are those of a 3279 in base colour mode. Sources: GA23-0059,
"Extended field attributes"; GA33-3056, *3279 Colour Display Station Description*, "Base color"; ECMA-48, "SGR".
"""

from __future__ import annotations

from typing import Final

from cpvm.s370.datastream import Attribute

BLUE, RED, PINK, GREEN, TURQUOISE, YELLOW, WHITE = range(1, 8)
COLOUR_BITS: Final = 0x1F
"""Foreground: 1 to 15, the low half of a colour code; 7 for X'F0' as well. 0 is the terminal's own."""
BACKGROUND_SHIFT: Final = 5
REVERSE, UNDERLINE, BLINK, BOLD = (1 << n for n in range(10, 14))
EFFECTS: Final = REVERSE | UNDERLINE | BLINK
_HIGHLIGHTING: Final = {0xF1: BLINK, 0xF2: REVERSE, 0xF4: UNDERLINE, 0xF8: BOLD}

_INTENSE: Final = 0x08
PLAIN: Final = GREEN
"""Where there is no field."""


def _codes(*codes: int) -> list[str]:
    return [str(code) for code in codes]


_PALETTES: Final = {
    # 1 to 15: blue red pink green turquoise yellow white, black, deep blue orange purple, paler green and turquoise,
    # grey, white
    8: _codes(34, 31, 35, 32, 36, 33, 37, 30, 34, 33, 35, 32, 36, 37, 37),
    16: _codes(94, 91, 95, 92, 96, 93, 97, 30, 34, 33, 35, 32, 36, 37, 97),
    256: [f"38;5;{n}" for n in (75, 203, 213, 83, 80, 227, 231, 16, 33, 214, 141, 157, 159, 249, 231)],
}
_BACKGROUNDS: Final = {
    8: _codes(44, 41, 45, 42, 46, 43, 47, 40, 44, 43, 45, 42, 46, 47, 47),
    16: _codes(44, 41, 45, 42, 46, 43, 47, 40, 44, 43, 45, 42, 46, 47, 107),
    256: [f"48;5;{n}" for n in (25, 88, 90, 22, 23, 58, 250, 16, 18, 94, 54, 65, 66, 240, 255)],
}
DEPTHS: Final = (0, *_PALETTES)
"""Numbers of colours that a terminal may have; 0: none, only bright and normal."""


def of_field(attribute: int) -> int:
    """Of a field without extended attributes: green to type in, red if intensified, blue and white where protected."""
    bright = attribute & Attribute.DISPLAY == _INTENSE
    if attribute & Attribute.PROTECTED:
        return WHITE | BOLD if bright else BLUE
    return RED | BOLD if bright else GREEN


def extended(base: int, colour: int, background: int, highlighting: int) -> int:
    """A style changed by extended attributes; 0 changes nothing."""
    style = base
    if colour & 0xF0 == 0xF0:
        style = style & ~COLOUR_BITS | (colour & 0x0F or WHITE)
    if background & 0xF0 == 0xF0:
        style = style & ~(COLOUR_BITS << BACKGROUND_SHIFT) | (background & 0x0F) << BACKGROUND_SHIFT
    if highlighting:
        style = style & ~EFFECTS | _HIGHLIGHTING.get(highlighting, 0)
    return style


class Sequences:
    """SGR sequences for styles on one kind of terminal.

    Args:
        colours: how many it has, one of `DEPTHS`.
        black: whether the screen is black, as a display's is, or has the terminal's own background.
    """

    def __init__(self, colours: int = 16, *, black: bool = True) -> None:
        if colours not in DEPTHS:
            raise ValueError(f"a terminal of {colours} colours; known are {', '.join(map(str, DEPTHS))}")
        self._colours = colours
        self._black = black
        self._made: dict[int, str] = {}

    def __getitem__(self, style: int) -> str:
        sequence = self._made.get(style)
        if sequence is None:
            sequence = self._made[style] = self._make(style)
        return sequence

    def _make(self, style: int) -> str:
        codes = ["0"]
        colour, background = style & COLOUR_BITS, style >> BACKGROUND_SHIFT & COLOUR_BITS
        if self._colours:
            if colour:
                codes.append(_PALETTES[self._colours][colour - 1])
            if background:
                codes.append(_BACKGROUNDS[self._colours][background - 1])
            elif self._black:
                codes.append("48;5;16" if self._colours == 256 else "40")
        bold = style & BOLD and (not self._colours or self._colours == 8)  # elsewhere the colour says it
        effects = ((bold, "1"), (style & UNDERLINE, "4"), (style & BLINK, "5"), (style & REVERSE, "7"))
        codes += [code for wanted, code in effects if wanted]
        return f"\x1b[{';'.join(codes)}m"
