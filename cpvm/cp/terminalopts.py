"""What TERMINAL sets for a user's terminal (DMKCFT)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

UNBROKEN = 255
"""LINESIZE OFF: the longest line that CP writes."""

USUAL_LINESIZE = 130
"""LINESIZE of a terminal that is not wider than that, or has not told how wide it is."""

AREAS: Final = ("CPOUT", "VMOUT", "INREDISP", "STATAREA", "INAREA")
"""Parts of CP's screen whose looks SCREEN sets: lines from CP, lines from the machine, what was typed shown again, the
status, where one types."""

COLOURS: Final = {
    "DEFAULT": 0, "BLUE": 0xF1, "RED": 0xF2, "PINK": 0xF3, "GREEN": 0xF4, "TURQUOIS": 0xF5, "YELLOW": 0xF6,
    "WHITE": 0xF7,
}  # fmt: skip
HIGHLIGHTS: Final = {"NONE": 0, "BLINK": 0xF1, "REVVIDEO": 0xF2, "UNDERLIN": 0xF4}

Look = tuple[int, int]
"""Colour and highlighting as the data stream has them, 0 for the terminal's own."""


@dataclass
class TerminalOptions:
    """Options of one terminal.

    APL, TEXT, HILIGHT, HOLD, MORE, BREAKIN, BRKKEY, CONMODE and the looks concern displays, and are kept for them;
    line-mode terminals have no use for them.
    """

    linesize: int = USUAL_LINESIZE  # characters of a line, longer ones are broken
    own_linesize: bool = False  # it is what TERMINAL LINESIZE said, however wide the terminal is
    mode: str = "CP"  # what one attention is for: CP, or the virtual machine
    more: tuple[int, int] = (50, 10)  # seconds until a full screen is cleared: without and with the warning
    hold: bool = True
    hilight: bool = False
    apl: bool = False
    text: bool = False
    attention: bool = False  # attention types an exclamation mark
    autocr: bool = False  # what the machine writes without carriage return is a line of its own
    mask: bool = False  # a mask is typed for passwords
    timestamp: bool = False  # each line begins with the time
    breakin: str = "IMMED"  # lines for the user of a full screen are shown at once, or (GUESTCTL) when asked for
    brkkey: str = "PA1"  # the key that takes a program's screen away: PA1, PF1 to PF24, or NONE
    looks: dict[str, Look] = field(default_factory=dict)  # by area
    tabchar: str = ""  # typed for a tabulator; "": none

    def fit(self, columns: int) -> None:
        """The terminal has so many columns, 0: not known. A wide one gets long lines, unless LINESIZE was set."""
        if not self.own_linesize:
            self.linesize = min(max(USUAL_LINESIZE, columns), UNBROKEN)

    def broken(self, text: str) -> Iterator[str]:
        """TEXT in lines that fit."""
        if len(text) <= self.linesize:
            yield text
            return
        for start in range(0, len(text), self.linesize):
            yield text[start : start + self.linesize]
