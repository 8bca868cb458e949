"""Where macro definitions and COPY members come from.

A library is any object with `get(name) -> lines | None`.  Members are found by their name alone.  On the host a library
is a folder, partitioned into a file for each member (`NAME.macro`, `NAME.copy`, or the bare name, in upper or lower
case), or a MACLIB file as CMS has it, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from assembler import maclib
from assembler.hostfile import read_bytes
from cpvm.s370.ebcdic import from_ebcdic


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

    def where(self, name: str, /) -> str:
        """A member in storage has no place on the host."""
        return ""


SUFFIXES = (".macro", ".mac", ".copy", ".cpy", "")


class Folder:
    """A folder with a file for each member, listed once; a suffix goes before a bare name, and macros before COPY."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._files: dict[str, Path] | None = None

    def get(self, name: str, /) -> Sequence[str] | None:
        file_ = self._file(name)
        if file_ is None:
            return None
        try:
            return file_.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError:
            return None

    def where(self, name: str, /) -> str:
        """The member's file; empty if there is none."""
        return str(self._file(name) or "")

    def _file(self, name: str) -> Path | None:
        if self._files is None:
            self._files = {}
            if self.path.is_dir():
                files = [file for file in self.path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
                for file in sorted(files, key=lambda one: (SUFFIXES.index(one.suffix.lower()), one.name)):
                    self._files.setdefault(file.stem.upper(), file)
        return self._files.get(name)


class Maclib:
    """A MACLIB file of 80-byte records, read once; raises MaclibError, OSError."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        data = read_bytes(self.path)
        if len(data) % maclib.RECORD:
            raise maclib.MaclibError(f"{path}: not a file of records of {maclib.RECORD} bytes")
        self._records = [data[at : at + maclib.RECORD] for at in range(0, len(data), maclib.RECORD)]
        try:
            self._members = maclib.directory(self._records)
        except maclib.MaclibError as error:
            raise maclib.MaclibError(f"{path}: {error}") from None

    def get(self, name: str, /) -> Sequence[str] | None:
        place = self._members.get(name)
        if place is None:
            return None
        first, count = place
        return [from_ebcdic(record) for record in self._records[first - 1 : first - 1 + count]]

    def where(self, name: str, /) -> str:
        """The file with the member's name in parentheses; empty if there is no such member."""
        return f"{self.path}({name})" if name in self._members else ""


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

    def where(self, name: str, /) -> str:
        """The place of the member that `get` finds; empty if it has none, or if there is none."""
        for library in self._libraries:
            if library.get(name) is not None:
                place = getattr(library, "where", None)
                return place(name) if place is not None else ""
        return ""


LibraryLike = Library | Mapping[str, str | Iterable[str]] | str | Path | Iterable[object] | None


def as_library(given: LibraryLike) -> Library:
    """A library from what a caller has at hand: a library, a mapping, a folder, a MACLIB file, or a sequence of these.

    A string may hold several paths with the host's separator (`:`) between them.  Raises MaclibError for a file that is
    no macro library; a folder that is not there has no members.
    """
    if given is None:
        return Chain(())
    if isinstance(given, str) and os.pathsep in given:
        return Chain(as_library(path) for path in given.split(os.pathsep) if path)
    if isinstance(given, (str, Path)):
        return Maclib(given) if Path(given).is_file() else Folder(given)
    if isinstance(given, Mapping):
        return Members(given)
    get = getattr(given, "get", None)
    if callable(get):
        return given  # type: ignore[return-value]
    return Chain(as_library(one) for one in given)  # type: ignore[union-attr, arg-type]
