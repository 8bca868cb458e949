"""The paper of a printer as pages of a PDF file, white or with green bars, drawn by reportlab.

A page is one form of continuous paper as the printer holds it, at ten characters an inch: 14 7/8 inches wide for 132
positions, with the strips for the pin feed tractors at its sides. Line 1 is half an inch below the fold; what is
printed on the last half inch of a form is therefore at the head of the next page. reportlab is optional: it is
imported when pages are wanted. The file is written when the paper is closed.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import IO, Any, Final

from cpvm.machine.device import ConfigurationError, MediaError
from cpvm.machine.media.forms import Motion
from cpvm.machine.media.paper import text_of

INCH: Final = 72.0  # points
PITCH: Final = INCH / 10
SIZES: Final = {6: 11.5, 8: 9.25}  # of the type in points, by lines per inch
WIDE: Final = 0.6  # a character of Courier, of its size
STRIP: Final = INCH / 2
MARGIN: Final = INCH * 1.675 / 2  # from the edge of the paper to print position 1
BAR: Final = INCH / 2
HEAD: Final = INCH / 2  # from the fold to line 1 of the form: operators set the paper so, and IBM's STD2 counts from it
PIN, PIN_SPACE = INCH * 5 / 64, INCH / 2  # radius, and distance between two
INK: Final = (0.13, 0.13, 0.16)
GREEN: Final = (0.886, 0.953, 0.890)
EDGE: Final = (0.66, 0.82, 0.68)
NUMBERS: Final = (0.45, 0.66, 0.48)
GREY: Final = (0.80, 0.80, 0.78)


def require() -> ModuleType:
    """reportlab's module of canvases. Raises ConfigurationError if it is not installed."""
    try:
        return importlib.import_module("reportlab.pdfgen.canvas")
    except ImportError:
        raise ConfigurationError("pages need reportlab: pip install 'cpvm[pdf]', or print text") from None


class PagePaper:
    """Pages of a PDF file, a `Paper`.

    Args:
        file: where the PDF goes.
        greenbar: bars of half an inch and line numbers, as computer paper has them.
        width: print positions.

    Raises:
        ConfigurationError: reportlab is not installed.
    """

    def __init__(self, file: IO[bytes], greenbar: bool = False, width: int = 132) -> None:
        canvas = require()
        self._file = file
        self._greenbar = greenbar
        self._width = width * PITCH + 2 * MARGIN
        self._canvas: Any = canvas.Canvas(file, pageCompression=1, invariant=1)
        self._canvas.setTitle("Printer output")
        self._canvas.setCreator("cpvm")
        self._length, self._lpi, self._line = 66, 6, 1
        self._sheets: set[str] = set()
        self._begun = False  # the page has its background
        self._over: list[tuple[float, str]] = []  # print below the fold, by its distance from it, for the next page
        self._pages = 0

    @property
    def _height(self) -> float:
        return self._length * INCH / self._lpi

    def form(self, length: int, lpi: int, line: int) -> None:
        """The form changes; if the present page is printed on, the operator takes a new one."""
        if (length, lpi) != (self._length, self._lpi) or line < self._line:
            self._eject()
        self._length, self._lpi, self._line = length, lpi, line

    def print(self, data: bytes) -> None:
        """Print a line."""
        text = text_of(data)
        if text:
            self._begin()
            self._type(HEAD + (self._line - 0.22) * INCH / self._lpi, text)

    def _type(self, down: float, text: str) -> None:
        """Print at a distance from the fold; the type stands a little above the next line."""
        if down > self._height:
            self._over.append((down - self._height, text))
            return
        size = SIZES[self._lpi]
        line = self._canvas.beginText(MARGIN, self._height - down)
        line.setFont("Courier", size)
        line.setCharSpace(PITCH - WIDE * size)
        line.setFillColorRGB(*INK)
        line.textOut(text)
        self._canvas.drawText(line)

    def move(self, motion: Motion) -> None:
        """Go down the page, or on to other ones; pages that stay blank are in the file, too."""
        for _ in range(motion.forms):
            self._begin()
            self._eject()
        self._line = motion.line

    def close(self) -> None:
        """Write the file."""
        if self._canvas is None:
            return
        self._eject()
        while self._over or not self._pages:  # a PDF file has a page
            self._begin()
            self._eject()
        canvas, self._canvas = self._canvas, None
        try:
            canvas.save()
            self._file.flush()
        except (OSError, ValueError) as error:
            raise MediaError(f"cannot write pages: {error}") from error

    # ---- drawing

    def _begin(self) -> None:
        if self._canvas is None:
            raise MediaError("the pages are closed")
        if self._begun:
            return
        self._begun = True
        name = f"sheet-{self._length}-{self._lpi}"
        self._canvas.setPageSize((self._width, self._height))
        if name not in self._sheets:
            self._sheets.add(name)
            self._canvas.beginForm(name, 0, 0, self._width, self._height)
            self._sheet()
            self._canvas.endForm()
        self._canvas.doForm(name)
        over, self._over = self._over, []
        for down, text in over:
            self._type(down, text)

    def _eject(self) -> None:
        if self._begun:
            self._canvas.showPage()
            self._begun = False
            self._pages += 1

    def _sheet(self) -> None:
        """The paper itself: bars, line numbers, and the holes and perforations of the strips."""
        draw, width, height = self._canvas, self._width, self._height
        if self._greenbar:
            left, right = STRIP, width - STRIP
            top = BAR
            while top < height:
                bar = min(BAR, height - top)
                draw.setFillColorRGB(*GREEN)
                draw.rect(left, height - top - bar, right - left, bar, stroke=0, fill=1)
                draw.setStrokeColorRGB(*EDGE)
                draw.setLineWidth(0.5)
                draw.line(left, height - top, right, height - top)
                draw.line(left, height - top - bar, right, height - top - bar)
                top += 2 * BAR
            draw.setFillColorRGB(*NUMBERS)
            draw.setFont("Helvetica", 5.5)
            for line in range(1, self._length + 1):
                y = height - (HEAD + (line - 0.25) * INCH / self._lpi) % height
                draw.drawRightString(left + 15, y, str(line))
                draw.drawString(right - 15, y, str(line))
        draw.setStrokeColorRGB(*GREY)
        draw.setLineWidth(0.5)
        draw.setDash(1.5, 2.5)
        for x in (STRIP, width - STRIP):
            draw.line(x, 0, x, height)
        draw.setDash()
        y = height - PIN_SPACE / 2
        while y > 0:
            for x in (STRIP / 2, width - STRIP / 2):
                draw.circle(x, y, PIN, stroke=1, fill=0)
            y -= PIN_SPACE


__all__ = ["PagePaper", "require"]
