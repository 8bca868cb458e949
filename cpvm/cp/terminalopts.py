"""What TERMINAL sets for a user's terminal (DMKCFT)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

UNBROKEN = 255
"""LINESIZE OFF: the longest line that CP writes."""


@dataclass
class TerminalOptions:
    """Options of one terminal.

    APL, TEXT, HILIGHT, HOLD and MORE concern displays, and are kept for them; line-mode terminals have no use for them.
    """

    linesize: int = 130  # characters of a line, longer ones are broken
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
    tabchar: str = ""  # typed for a tabulator; "": none

    def broken(self, text: str) -> Iterator[str]:
        """TEXT in lines that fit."""
        if len(text) <= self.linesize:
            yield text
            return
        for start in range(0, len(text), self.linesize):
            yield text[start : start + self.linesize]
