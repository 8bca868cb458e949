"""The names of a guest's files, as a terminal may ask for them to complete a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

Files = Sequence[tuple[str, str, str]]
"""Names, types and modes."""


@runtime_checkable
class FileSession(Protocol):
    """A session whose system can tell which files the guest has at hand."""

    def files(self, reply: Callable[[Files | None], None]) -> None:
        """Have `reply` called, from any thread, with the files; with None if no system runs that has any."""
