"""Words of an operator's command or of a line of a script, and what they can be: texts, addresses, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^\s"'][^\s]*))(?=\s|$)""")


class PanelError(Exception):
    """It cannot be done; the text, one line, says why."""


@dataclass(frozen=True)
class Word:
    """One word; a quoted one is a text, which may have blanks and be empty."""

    text: str
    quoted: bool = False


def split(line: str) -> list[Word]:
    """The words of a line, separated by blanks; texts are in quotation marks of either kind, doubled within a text.

    Raises PanelError: a quotation mark is missing.

    >>> [word.text for word in split("type 'IT''S'")]
    ['type', "IT'S"]
    """
    return list(_split(line.strip()))


def _split(line: str) -> Iterator[Word]:
    at = 0
    while at < len(line):
        match = _WORD.match(line, at)
        if match is None:
            raise PanelError(f"a quotation mark is missing or in the wrong place: {line[at:].strip()}")
        double, single, plain = match.groups()
        if plain is not None:
            yield Word(plain)
        else:
            yield Word(double.replace('""', '"') if double is not None else single.replace("''", "'"), True)
        at = match.end()


class Words:
    """The words behind a command, to be taken one after the other. Methods raise PanelError for what is wrong."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._next = 0

    def __bool__(self) -> bool:
        return self._next < len(self._words)

    @property
    def next_is_text(self) -> bool:
        """Whether a text comes next."""
        return bool(self) and self._words[self._next].quoted

    def take(self, what: str) -> str:
        """The next word; `what` says what it should be."""
        if not self:
            raise PanelError(f"{what} is missing")
        self._next += 1
        return self._words[self._next - 1].text

    def text(self) -> str:
        """A text in quotation marks."""
        if self and not self.next_is_text:
            raise PanelError(f'{self._words[self._next].text}: a text is in quotation marks: "{self._rest()}"')
        return self.take("a text in quotation marks")

    def _rest(self) -> str:
        return " ".join(word.text for word in self._words[self._next :])

    def word(self, what: str, *values: str) -> str:
        """One of these words, in lower case."""
        word = self.take(what).lower()
        if word not in values:
            raise PanelError(f"{word} is not one of {', '.join(values)}")
        return word

    def address(self) -> int:
        """An I/O address, 000 to FFF."""
        word = self.take("a device address")
        if not re.fullmatch(r"[0-9A-Fa-f]{1,3}", word):
            raise PanelError(f"{word} is not a device address: 000 to FFF")
        return int(word, 16)

    def hexadecimal(self, what: str, limit: int = 0xFFFFFF) -> int:
        """A hexadecimal number of at most `limit`."""
        word = self.take(what)
        if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", word) or int(word, 16) > limit:
            raise PanelError(f"{word} is not {what}: 0 to {limit:X}, hexadecimal")
        return int(word, 16)

    def number(self, what: str, limit: int = 10**15) -> int:
        """A decimal number from 0 to `limit`."""
        word = self.take(what)
        if not re.fullmatch(r"[0-9]{1,15}", word) or int(word) > limit:
            raise PanelError(f"{word} is not {what}: 0 to {limit}, decimal")
        return int(word)

    def end(self) -> None:
        """Nothing may be left."""
        if self:
            raise PanelError(f"{self._rest()}: nothing was expected there")
