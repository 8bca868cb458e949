"""Where macro definitions and COPY members come from.

A library is any object with `get(name) -> lines | None`.  Members are found by their name alone; the folder library
holds `NAME.macro` and `NAME.copy` files, in upper or lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Library(Protocol):
    def get(self, name: str, /) -> Sequence[str] | None:
        """The member's records, or None if there is no such member; `name` is in upper case."""


class Members:
    """A library in storage: a mapping from member names to text or lines."""

    def __init__(self, members: Mapping[str, str | Iterable[str]]) -> None:
        self._members = {name.upper(): text for name, text in members.items()}

    def get(self, name: str, /) -> Sequence[str] | None:
        text = self._members.get(name)
        if text is None:
            return None
        return text.splitlines() if isinstance(text, str) else list(text)


class Folder:
    """A folder of `NAME.macro` and `NAME.copy` files, listed once."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._files: dict[str, Path] | None = None

    def get(self, name: str, /) -> Sequence[str] | None:
        if self._files is None:
            self._files = {}
            if self.path.is_dir():
                for file in sorted(self.path.iterdir()):
                    if file.suffix.lower() in (".macro", ".copy", ".mac", ".cpy"):
                        self._files.setdefault(file.stem.upper(), file)
        file_ = self._files.get(name)
        if file_ is None:
            return None
        try:
            return file_.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None


class Chain:
    """Several libraries searched in order."""

    def __init__(self, libraries: Iterable[Library]) -> None:
        self._libraries = tuple(libraries)

    def get(self, name: str, /) -> Sequence[str] | None:
        for library in self._libraries:
            found = library.get(name)
            if found is not None:
                return found
        return None


LibraryLike = Library | Mapping[str, str | Iterable[str]] | str | Path | Iterable[object] | None


def as_library(given: LibraryLike) -> Library:
    """A library from what a caller has at hand: a library, a mapping, a folder, or a sequence of these."""
    if given is None:
        return Chain(())
    if isinstance(given, (str, Path)):
        return Folder(given)
    if isinstance(given, Mapping):
        return Members(given)
    get = getattr(given, "get", None)
    if callable(get):
        return given  # type: ignore[return-value]
    return Chain(as_library(one) for one in given)  # type: ignore[union-attr, arg-type]
