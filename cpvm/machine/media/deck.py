"""Card decks in host files: card images in EBCDIC or ASCII, lines of text, or column binary; and hoppers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from cpvm.machine.configure import Room, flag
from cpvm.machine.device import ConfigurationError, MediaError
from cpvm.machine.media.cards import COLUMNS, IMAGE
from cpvm.s370.ebcdic import to_ebcdic

CARD = COLUMNS
BLANK = b"\x40"
DECK_OPTIONS: Final = ("ascii", "ebcdic", "binary", "trunc", "autopad", "multifile")
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D, 0x1A}
_HOLES = frozenset(range(0x40))
_FURTHER = re.compile(r"file([2-9]|[1-9][0-9])")


def cards(data: bytes, format: str = "", *, trunc: bool = False, autopad: bool = False) -> list[bytes]:
    """The cards in the contents of a file: 80 bytes of EBCDIC each, or 160 bytes of column binary.

    Args:
        data: the contents.
        format: `ascii`: lines of text, or card images of 80 characters if there are no line ends, up to X'1A' if there
            is one; `ebcdic`: card images of 80 bytes; `binary`: column binary images of 160 bytes. If empty, a file of
            nothing but printable ASCII is text; one whose bytes are all below X'40' and that has whole images is
            column binary (no EBCDIC character is below); any other has card images.
        trunc: cut off what is behind column 80 of a line.
        autopad: fill up the last card image with X'00'.

    Raises:
        MediaError: a line is longer than a card, or the images are not whole.
    """
    if not format:
        if _TEXT.issuperset(data):
            format = "ascii"
        else:
            format = "binary" if not len(data) % IMAGE and _HOLES.issuperset(data) else "ebcdic"
    if format == "ascii":
        return _lines(data, trunc)
    size = IMAGE if format == "binary" else CARD
    if len(data) % size:
        if not autopad:
            raise MediaError(f"{len(data)} bytes are not whole cards of {size}")
        data = data.ljust(len(data) + size - len(data) % size, b"\0")
    return [data[at : at + size] for at in range(0, len(data), size)]


def _lines(data: bytes, trunc: bool) -> list[bytes]:
    text = data.partition(b"\x1a")[0].decode("latin-1")
    if "\n" in text:
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        if not lines[-1]:
            lines.pop()
    else:
        lines = [text[at : at + CARD] for at in range(0, len(text), CARD)]
    deck = []
    for number, line in enumerate(lines, 1):
        columns = line.expandtabs()
        if len(columns) > CARD and not trunc:
            raise MediaError(f"line {number} is longer than a card: {len(columns)} characters")
        deck.append(to_ebcdic(columns[:CARD]).ljust(CARD, BLANK))
    return deck


class Deck:
    """Cards in a hopper, one file: a `CardSource`."""

    def __init__(self, deck: Iterable[bytes]) -> None:
        self._cards = list(deck)
        self._next = 0

    @classmethod
    def open(cls, path: str | Path) -> Deck:
        """The deck in a host file. Raises MediaError."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise MediaError(f"{path}: {error.strerror}") from error
        try:
            return cls(cards(data))
        except MediaError as error:
            raise MediaError(f"{path}: {error}") from error

    def next(self) -> bytes | None:
        """The next card, None at the end."""
        if self._next >= len(self._cards):
            return None
        self._next += 1
        return self._cards[self._next - 1]


class Hopper:
    """The hopper of a reader, with any number of files one behind the other: a `CardSource`.

    `position` counts what went out of it, ends of files included; set, it puts a hopper that was filled in the same way
    where another one was.
    """

    def __init__(self, *files: Iterable[bytes]) -> None:
        self._items: list[bytes | None] = []
        self.position = 0
        for file in files:
            self.add(file)

    def add(self, file: Iterable[bytes]) -> None:
        """Put a file of cards behind what is there; one without cards is nothing."""
        cards = list(file)
        if cards:
            self._items += [*cards, None]

    def extend(self, cards: Iterable[bytes]) -> None:
        """Put cards behind what is there, into the last file if its end has not been told yet."""
        more = list(cards)
        if more and self.position < len(self._items):
            self._items.pop()  # that end
        self.add(more)

    @property
    def empty(self) -> bool:
        """Whether there are no cards left; the end of the last file may still be to be told."""
        return len(self._items) - self.position <= 1

    def clear(self) -> None:
        """Take all cards out."""
        self.position = len(self._items)

    def next(self) -> bytes | None:
        """The next card; None at the end of each file, and if there is none."""
        if self.position >= len(self._items):
            return None
        item = self._items[self.position]
        self.position += 1
        return item


class Blanks:
    """A hopper of blank cards that never runs out."""

    def next(self) -> bytes:
        """A blank card."""
        return BLANK * CARD


def is_further_file(option: str) -> bool:
    """Whether an option names another file of the deck: `file2` to `file99`."""
    return _FURTHER.fullmatch(option) is not None


def read_decks(path: str | None, options: Mapping[str, str], room: Room) -> list[list[bytes]]:
    """The files of a deck as the operator describes it: `path`, then options `file2`, `file3`...

    Options: `ascii`, `ebcdic`, `binary` (by default, as each file looks), `trunc`, `autopad`: see `cards`;
    `multifile`: several files are one, without an end of file between them.

    Raises:
        ConfigurationError: a file cannot be read, or is no deck; two formats are given.
    """
    formats = [name for name in ("ascii", "ebcdic", "binary") if flag(options, name)]
    if len(formats) > 1:
        raise ConfigurationError(f"{' and '.join(formats)} exclude each other")
    trunc, autopad, multifile = (flag(options, name) for name in ("trunc", "autopad", "multifile"))
    further = sorted((name for name in options if is_further_file(name)), key=lambda name: int(name[4:]))
    if further and path is None:
        raise ConfigurationError(f"{further[0]} is given, but no first file")
    paths = [] if path is None else [path, *(options[name] for name in further)]
    decks = []
    for name in paths:
        try:
            decks.append(cards(room.input(name), "".join(formats), trunc=trunc, autopad=autopad))
        except MediaError as error:
            raise ConfigurationError(f"{name}: {error}") from None
    return [[card for deck in decks for card in deck]] if multifile and decks else decks
