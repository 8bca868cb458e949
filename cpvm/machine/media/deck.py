"""Card decks in host files: 80-byte card images in EBCDIC or ASCII, or lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cpvm.machine.device import MediaError
from cpvm.s370.ebcdic import to_ebcdic

CARD = 80
BLANK = b"\x40"
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}


def cards(data: bytes) -> list[bytes]:
    """The cards (80 bytes of EBCDIC each) in the contents of a file.

    A file of nothing but printable ASCII is text: lines, or card images if there are no line ends. Any other must be
    EBCDIC or binary card images.

    Raises:
        MediaError: a line is longer than a card, or binary data is not a multiple of 80 bytes.
    """
    if not _TEXT.issuperset(data):
        if len(data) % CARD:
            raise MediaError(f"{len(data)} bytes are not whole cards of {CARD}")
        return [data[at : at + CARD] for at in range(0, len(data), CARD)]
    text = data.decode("ascii")
    lines = text.splitlines() if "\n" in text else [text[at : at + CARD] for at in range(0, len(text), CARD)]
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs()) > CARD:
            raise MediaError(f"line {number} is longer than a card: {len(line.expandtabs())} characters")
    return [to_ebcdic(line.expandtabs()).ljust(CARD, BLANK) for line in lines]


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
