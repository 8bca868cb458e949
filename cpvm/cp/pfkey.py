"""Program function keys (DMKCFS, DMKGRF)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from cpvm.typedpasswords import masked

KEYS = 24
_REMEMBERED = 20  # lines that RETRIEVE can go back


class Kind(StrEnum):
    """What pressing a key does."""

    DELAYED = "DELAYED"  # the text goes to the input area
    IMMEDIATE = "IMMED"  # the text is entered
    RETRIEVE = "RETRIEVE"  # the line entered before goes to the input area, and the one before that
    COPY = "COPY"  # the screen is printed
    TAB = "TAB"  # the cursor goes to a column


@dataclass(frozen=True)
class PFKey:
    """The meaning of one key."""

    kind: Kind
    text: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".rstrip()


class Retrieval:
    """Lines that were entered, for RETRIEVE."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_REMEMBERED)
        self._back = 0

    def entered(self, line: str) -> None:
        """A line was typed; the next `retrieve` gives it, unless there is a password in it."""
        self._back = 0
        if line.strip() and masked(line) == line and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)

    def retrieve(self) -> str:
        """The line before the one given last; the newest again behind the oldest; "" if there is none."""
        if not self._lines:
            return ""
        self._back = self._back % len(self._lines) + 1
        return self._lines[-self._back]
