"""Lines and areas of CP's screen as parts of a 3270 data stream (DMKGRF)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from cpvm.cp.session import Origin, ReadState
from cpvm.cp.terminalopts import Look
from cpvm.s370.datastream import GRAPHICS, Attribute, Extended, Order, encode_address
from cpvm.s370.ebcdic import to_ebcdic

GREEN: Final = 0xF4
OUTPUT_LINES: Final = 22
"""Of a screen of 24 lines by 80, and for programs of any."""

MOST_PARTS: Final = 256
"""Parts of an image that are kept; a program that writes more without erasing loses the first ones."""

Image = list[tuple[int, bytes]]
"""What a program has put into the output area, and on which line each part begins."""

PLAIN: Final[Look] = (0, 0)
_INTENSE = 0x08
STATUS: Final = {
    ReadState.CP_READ: "CP READ",
    ReadState.VM_READ: "VM READ",
    ReadState.RUNNING: "RUNNING",
    ReadState.SLEEPING: "RUNNING",
    ReadState.PASSWORD: "CP READ",
    ReadState.LOGON: "CP READ",
}
"""What the lower right corner says, unless the screen is full."""

_AREA = {Origin.CP: "CPOUT", Origin.MESSAGE: "CPOUT", Origin.VM: "VMOUT", Origin.TYPED: "INREDISP"}


class Line(NamedTuple):
    """A row of the output area. One that is `intense` has an attribute on either side of its text."""

    text: str
    origin: Origin = Origin.CP
    intense: bool = False


class Looks:
    """How the areas of a screen look: a display without the extended data stream has intensity only.

    Without a colour of its own an extended display shows everything in green, as protected fields would be blue.
    """

    def __init__(self, extended: bool, looks: Mapping[str, Look]) -> None:
        self._extended = extended
        self._looks = looks

    def _of(self, area: str) -> Look:
        return self._looks.get(area, PLAIN) if self._extended else PLAIN

    def field(self, bits: int, area: str = "") -> bytes:
        """A field attribute with these bits, in the look of an area, or in that of the screen."""
        if not self._extended:
            return bytes((Order.SF, GRAPHICS[bits]))
        colour, highlighting = self._of(area) if area else PLAIN
        pairs = [(Extended.FIELD, GRAPHICS[bits]), (Extended.COLOUR, colour or GREEN)]
        if highlighting:
            pairs.append((Extended.HIGHLIGHTING, highlighting))
        return bytes((Order.SFE, len(pairs), *(byte for pair in pairs for byte in pair)))

    def text(self, text: str, area: str) -> bytes:
        """Characters, in the look of an area."""
        colour, highlighting = self._of(area)
        out = b""
        if colour:
            out += bytes((Order.SA, Extended.COLOUR, colour))
        if highlighting:
            out += bytes((Order.SA, Extended.HIGHLIGHTING, highlighting))
        return out + to_ebcdic(text) + (bytes((Order.SA, Extended.ALL, 0)) if out else b"")

    def input(self, typing: str, hidden: bool, *, modified: bool = False) -> bytes:
        """The field for the user to type in, with what stands in it already; MODIFIED: it may have been typed."""
        bits = Attribute.HIDDEN * hidden | Attribute.MODIFIED * (modified or bool(typing))
        return self.field(bits, "INAREA") + to_ebcdic(typing)

    def line(self, line: Line, length: int) -> bytes:
        """A row of at most LENGTH positions."""
        area = _AREA[line.origin]
        if not line.intense:
            return self.text(line.text[:length], area)
        return (
            self.field(Attribute.PROTECTED | _INTENSE, area)
            + to_ebcdic(line.text[: length - 2])
            + self.field(Attribute.SKIP)
        )


def add_image(image: Image, line: int, data: bytes) -> None:
    """One more part; those that it covers are gone."""
    image[:] = [part for part in image if part[0] != line or len(part[1]) > len(data)][1 - MOST_PARTS :]
    image.append((line, data))


def logo(lines: Sequence[str], rows: int, columns: int) -> bytes:
    """A logo in the middle of the first ROWS rows of a screen, which has two more; what does not fit is left out."""
    width = max((len(line) for line in lines), default=0)
    top, left = max(0, (rows - len(lines)) // 2), max(0, (columns - width) // 2)
    out = b""
    for row, text in enumerate(lines[:rows], top):
        if text.strip():
            length = columns - left - (row == rows - 1)
            where = encode_address(row * columns + left, (rows + 2) * columns)
            out += bytes((Order.SBA,)) + where + to_ebcdic(text[:length])
    return out
