"""Completion of the line being typed: commands, operands and options, and names of files. Only the Tab key asks for it.

What the words are comes from outside (`Vocabulary`), and so do the names of files (`FileSession`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.utils import get_cwidth

from cpvm.terminal.filenames import Files, FileSession
from cpvm.terminal.line import ReadState

PATIENCE: Final = 0.4
"""Seconds that names of files may take to come."""

MOST_SHOWN: Final = 200
"""Words that are shown."""

_FRESH: Final = 2.0  # seconds that names of files are used again
_FOR_CP = re.compile(r"^(?:#?CP\s+|#CP$)", re.IGNORECASE)
_WORDS = re.compile(r"\S+")
_PART = re.compile(r"[^\s(]*$")
_EXECUTED: Final = ("EXEC", "MODULE")
_PLACES: Final = {"fn": 0, "ft": 1, "fm": 2}
_PLACE = re.compile(r"\b(fileid|fn|ft|fm)\w*")


@dataclass(frozen=True)
class Command:
    """What may stand behind a command's name.

    Attributes:
        forms: as `Type fn ft [fm]`: where files are named.
        words: operands and options.
        type: of the file, where the command names it without.
    """

    forms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    type: str = ""

    def places(self) -> list[int]:
        """For each operand: 0 a file's name, 1 its type, 2 its mode; -1 anything else."""
        places: list[int] = []
        for form in self.forms[:1]:
            for word in form.split()[1:]:
                if word.lstrip("[").startswith("("):
                    break
                match = _PLACE.search(word)
                if match is None:
                    places.append(-1)
                else:
                    places += [0, 1, 2] if match[1] == "fileid" else [_PLACES[match[1]]]
        return places


@dataclass(frozen=True)
class Vocabulary:
    """Commands by name: those of CP, those before LOGON, those of the system in the virtual machine."""

    cp: Mapping[str, Command] = field(default_factory=dict)
    logon: Mapping[str, Command] = field(default_factory=dict)
    guest: Mapping[str, Command] = field(default_factory=dict)


class LineCompleter:
    """Completes the line.

    Args:
        vocabulary: makes the vocabulary when it is first needed.
        state: what the system does now.
        session: the system's end of the terminal.
    """

    def __init__(
        self, vocabulary: Callable[[], Vocabulary], state: Callable[[], ReadState], session: Callable[[], object]
    ) -> None:
        self._make = vocabulary
        self._vocabulary: Vocabulary | None = None
        self._state = state
        self._session = session
        self._known: tuple[float, Files | None] = (0.0, None)

    def complete(self, line: str) -> tuple[str, list[str]]:
        """What the word at the end of a line may become: the text that all have in common, and the words."""
        if self._state() is ReadState.PASSWORD:
            return "", []
        match = _PART.search(line)
        part = match[0] if match else ""
        found = self._words(line[: len(line) - len(part)], part.upper())
        words = sorted(word.lower() for word in found) if line != line.upper() else sorted(found)
        common = _common(words)
        return common[len(part) :] + (" " if len(words) == 1 else ""), words

    def tab(self, buffer: Buffer, columns: int, show: Callable[[str], None]) -> None:
        """The Tab key: complete as far as there is no choice, else show what there is."""
        added, words = self.complete(buffer.document.text_before_cursor)
        if added:
            buffer.insert_text(added)
        elif len(words) > 1:
            for row in _rows(words, columns):
                show(row)

    def _words(self, before: str, part: str) -> set[str]:
        if self._vocabulary is None:
            self._vocabulary = self._make()
        words = self._vocabulary
        state = self._state()
        if state is ReadState.LOGON:
            tables, guest = [words.logon], False
        elif match := _FOR_CP.match(before):
            before, tables, guest = before[match.end() :], [words.cp], False
        elif state is ReadState.CP_READ:
            tables, guest = [words.cp], False
        else:
            tables, guest = [words.guest, words.cp], True
        typed = _WORDS.findall(before.upper().replace("(", " ( "))
        files = (self._files() if guest else None) or ()
        if not typed:
            names = {name for table in tables if (guest and files) or table is not words.guest for name in table}
            names |= {file[0] for file in files if file[1] in _EXECUTED}
            return {name for name in names if name.startswith(part)}
        found = _command(typed[0], tables)
        return {word for word in _operands(found, typed[1:], files) if word.startswith(part)}

    def _files(self) -> Files | None:
        """The guest's files, as they were a moment ago."""
        session = self._session()
        when, known = self._known
        if time.monotonic() - when < _FRESH or not isinstance(session, FileSession):
            return known
        arrived = threading.Event()
        answer: list[Files | None] = []

        def reply(files: Files | None) -> None:
            answer.append(files)
            arrived.set()

        session.files(reply)
        if arrived.wait(PATIENCE):
            self._known = (time.monotonic(), answer[0])
            return answer[0]
        return known


def _common(words: Sequence[str]) -> str:
    """What all words begin with; they are in alphabetical order."""
    if not words:
        return ""
    first, last = words[0], words[-1]
    return first[: next((at for at, char in enumerate(first) if char != last[at : at + 1]), len(first))]


def _rows(words: Sequence[str], columns: int) -> Iterator[str]:
    """Words side by side, in alphabetical order down the columns."""
    shown = words[:MOST_SHOWN]
    width = max(map(get_cwidth, shown)) + 2
    across = max(1, columns // width)
    height = -(-len(shown) // across)
    for number in range(height):
        yield "".join(word.ljust(width) for word in shown[number::height]).rstrip()
    if len(words) > len(shown):
        yield f"... AND {len(words) - len(shown)} MORE"


def _command(name: str, tables: Iterable[Mapping[str, Command]]) -> Command:
    """The command that a word is, or abbreviates; in several tables the words of all."""
    found = [table[name] for table in tables if name in table]
    if not found:
        found = [entry for table in tables for word, entry in table.items() if word.startswith(name)][:1]
    words = tuple(dict.fromkeys(word for entry in found for word in entry.words))
    return Command(found[0].forms, words, found[0].type) if found else Command()


def _operands(command: Command, typed: Sequence[str], files: Files) -> Iterator[str]:
    places = command.places()
    place = places[len(typed)] if len(typed) < len(places) and "(" not in typed else -1
    if place < 0:
        yield from command.words
        return
    first = len(typed) - place
    for file in files:
        fits = all(_like(typed[first + at], file[at]) for at in range(place))
        if fits and (place or not command.type or file[1] == command.type):
            yield file[place]


def _like(typed: str, name: str) -> bool:
    return typed in ("*", "=", name)
