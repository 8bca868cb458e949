"""Tables of words with abbreviations, filled by decorators and package discovery.

VM/370 searches its tables from the front and takes the first word that the operand abbreviates (DMKCFC).
The tables are laid out so that the word with the shortest permitted abbreviation comes first; ordering by that length
gives the same answer without a central table to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class RegistryError(Exception):
    """Two modules claim the same word. Raised while modules are imported."""


class WordTable(Generic[Entry]):
    """Words, the shortest abbreviation of each, and what they stand for."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._words: dict[str, tuple[int, Entry]] = {}
        self._order: list[tuple[int, str, Entry]] = []

    def add(self, word: str, minimum: int, entry: Entry) -> None:
        """Enter WORD, which may be shortened to MINIMUM letters. Raises RegistryError if it is there already."""
        if word in self._words:
            raise RegistryError(f"{self.title}: {word} is defined twice")
        if not 1 <= minimum <= len(word):
            raise RegistryError(f"{self.title}: {word} cannot be shortened to {minimum} letters")
        self._words[word] = (minimum, entry)
        self._order.append((minimum, word, entry))
        self._order.sort(key=lambda row: (row[0], row[1]))

    def remove(self, word: str) -> None:
        """Take a word out again."""
        del self._words[word]
        self._order = [row for row in self._order if row[1] != word]

    def find(self, typed: str) -> Entry | None:
        """What TYPED (upper case) stands for: the word itself, or the first word that it abbreviates."""
        exact = self._words.get(typed)
        if exact is not None:
            return exact[1]
        for minimum, word, entry in self._order:
            if minimum <= len(typed) and word.startswith(typed):
                return entry
        return None

    def __iter__(self) -> Iterator[tuple[str, int, Entry]]:
        """Each word, its shortest abbreviation and its entry, in order of search."""
        return ((word, minimum, entry) for minimum, word, entry in self._order)


def discover(package: str) -> None:
    """Import every module below PACKAGE (a dotted name), so that its decorators run."""
    module = importlib.import_module(package)
    for info in pkgutil.walk_packages(module.__path__, package + "."):
        importlib.import_module(info.name)
