"""How far a long operation is: percent on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_FIRST = 0.5
_EVERY = 0.1


class Percent:
    """Shows percent of what is done on standard error, if that is a terminal and it takes long enough to wonder.

    Call it with the numbers of pieces done and of all; it wipes what it showed when its `with` block ends.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + _FIRST if sys.stderr.isatty() else float("inf")
        self._shown = ""

    def __call__(self, done: int, total: int) -> None:
        """Show `done` of `total`."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        self._shown = f"{self._what}: {100 * done // max(total, 1)}%"
        print(f"\r{self._shown}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", file=sys.stderr, flush=True)
