"""What the system has acknowledged: files on disks, files in readers, what was printed.

A change that was asked for and not acknowledged, because the system went down, may have happened or not, but nothing
else may have: both contents are kept until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Content = tuple[str, ...]
"""The lines of a file, without blanks at their ends."""


class Broken(Exception):
    """What was promised is not so; the text says what."""


class Disk:
    """A user's files. A content of None: there is no such file."""

    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        """Acknowledged, by name and type."""
        self._doubtful: dict[str, set[Content | None]] = {}

    def begin(self, name: str, content: Content | None) -> None:
        """It is asked for that NAME has this CONTENT."""
        self._doubtful.setdefault(name, {self.files.get(name)}).add(content)

    def done(self, name: str, content: Content | None) -> None:
        """It is acknowledged, or was found."""
        self._doubtful.pop(name, None)
        self.files.pop(name, None)
        if content is not None:
            self.files[name] = content

    def names(self) -> list[str]:
        """Files that there are, or may be."""
        return sorted({*self.files, *self._doubtful})

    def found(self, name: str, content: Content | None) -> None:
        """NAME has been looked at. Raises Broken."""
        allowed = self._doubtful.get(name, {self.files.get(name)})
        self.done(name, content)
        if content not in allowed:
            raise Broken(f"{name} is {content!r}, but should be {' or '.join(map(repr, allowed))}")


@dataclass
class Letter:
    """A file that a user sends another one."""

    name: str
    """Of the file, and of no other one that day."""
    sender: str
    content: Content


@dataclass
class Post:
    """All letters on their way.

    Attributes:
        sent: acknowledged and not yet read, by who is to get them and the name of the file.
        doubtful: asked for and not acknowledged, alike; also those that were read and may be there still.
        printed: what was printed, by the name of the file.
    """

    sent: dict[str, dict[str, Letter]] = field(default_factory=dict)
    doubtful: dict[str, dict[str, Letter]] = field(default_factory=dict)
    printed: dict[str, Content] = field(default_factory=dict)
    _number: int = 0

    def number(self) -> int:
        """One that nothing else has."""
        self._number += 1
        return self._number

    def begin(self, to: str, letter: Letter) -> None:
        """It is being sent."""
        self.doubtful.setdefault(to, {})[letter.name] = letter

    def done(self, to: str, letter: Letter) -> None:
        """It is acknowledged that it has been sent."""
        if self.doubtful[to].pop(letter.name, None) is not None:  # else it has been read already
            self.sent.setdefault(to, {})[letter.name] = letter

    def reading(self, to: str, name: str) -> Letter:
        """The first letter in the reader has this name, and is being read. Raises Broken."""
        letter = self.sent.get(to, {}).get(name) or self.doubtful.get(to, {}).get(name)
        if letter is None:
            raise Broken(f"{to} got {name}, which nobody sent")
        return letter

    def read(self, to: str, name: str) -> None:
        """It is acknowledged that it has been read."""
        self.sent.get(to, {}).pop(name, None)
        self.doubtful.get(to, {}).pop(name, None)

    def half_read(self, to: str, files: Iterable[str]) -> None:
        """The system went down: letters that are on the disk, among FILES, were read; they may be in the reader."""
        for name in {*files} & {*self.sent.get(to, {})}:
            self.doubtful.setdefault(to, {})[name] = self.sent[to].pop(name)

    def in_reader(self, to: str, before: set[str], found: list[str]) -> None:
        """The reader holds FOUND; letters BEFORE had been acknowledged before it was asked. Raises Broken."""
        missing = before - set(found)
        known = {*self.sent.get(to, {}), *self.doubtful.get(to, {})}
        if missing or len(found) != len(set(found)) or not set(found) <= known:
            raise Broken(f"{to}'s reader holds {found}, but should hold {sorted(before)}, perhaps {sorted(known)}")
