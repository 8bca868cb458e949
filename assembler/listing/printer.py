"""Lines on pages, 121 columns with ASA carriage control in the first, headed as Assembler XF heads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assembler.options import Options

WIDTH = 121
_PAGE_COLUMN = 111
_STAMP_COLUMN = 97
_TITLE_COLUMN = 9
_HEADING_LINES = 4
_ENDLESS = 1 << 30
_MOST_SPACES = 60


class Printer:
    """Lines on pages: each page begins with a title line and the heading of the section in hand."""

    def __init__(self, options: Options, deck_id: str) -> None:
        self.lines: list[str] = []
        self.options = options
        self.deck_id = deck_id
        self.page = 0
        self.left = 0
        self.title = ""
        self.title_column = _TITLE_COLUMN
        self.heading: tuple[str, ...] = ()
        self.flagged: dict[int, int] = {}
        """The pages on which messages stand, by statement."""

    def section(self, title: str, *heading: str, column: int = 50) -> None:
        """Begin a new page of another section; its title begins in that column, the first being 0."""
        self.title, self.heading, self.title_column = title, heading, column
        self.eject()

    def user_title(self, title: str) -> None:
        """The title of the source pages from here on, on a new page."""
        self.title, self.title_column = title, _TITLE_COLUMN
        self.eject()

    def eject(self) -> None:
        self.left = 0

    def eject_unless(self, lines: int) -> None:
        """Begin a page if fewer than so many lines are left on this one."""
        if self.left < lines:
            self.eject()

    def _head(self) -> None:
        self.page += 1
        stamp = f"ASM 0201 {self.options.time} {self.options.date}"
        first = f"{self.deck_id:<8} ".ljust(self.title_column) + self.title
        self.lines.append(f"1{first[: _PAGE_COLUMN - 1]:<{_PAGE_COLUMN}}PAGE{self.page:>5}"[:WIDTH])
        heading = self.heading or ("",)
        self.lines.append(f"0{heading[0][:_STAMP_COLUMN]:<{_STAMP_COLUMN}}{stamp}"[:WIDTH])
        self.lines += [f" {line}"[:WIDTH].rstrip() for line in heading[1:]]
        self.lines.append(" ")
        taken = _HEADING_LINES + len(heading) - 1
        self.left = self.options.linecount - taken if self.options.linecount > taken else _ENDLESS

    def line(self, text: str = "") -> None:
        if self.left <= 0:
            self._head()
        self.lines.append((" " + text).rstrip()[:WIDTH] or " ")
        self.left -= 1

    def space(self, count: int) -> None:
        for _ in range(min(count, max(self.left, 0), _MOST_SPACES)):
            self.line()


_FEEDS = {"1": "\f", "0": "\n", "-": "\n\n"}


def plain(listing: Iterable[str], form_feeds: bool = True) -> Iterator[str]:
    """Lines with ASA carriage control as text: the control character becomes line feeds or a form feed."""
    first = True
    for line in listing:
        feed = _FEEDS.get(line[:1], "")
        if feed == "\f" and (first or not form_feeds):
            feed = "" if first else "\n"
        yield feed + line[1:].rstrip() + "\n"
        first = False
