"""The words of CMS commands, as their HELP pages tell them: for those who want to offer them while a line is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_COMMANDS: Final = Path(__file__).parent / "commands"
_HEADING = re.compile(r"^(\S.*?)\s{2,}CMS (?:commands?|EXEC)\s*$")
_NAME = re.compile(r"[A-Z0-9$#@*]+")
_WORD = re.compile(r"\b[A-Z][A-Za-z0-9]+")
_TABLE = re.compile(r"^ {3}(\S.*?)(?:\s{2,}.*)?$")

TYPES: Final = {
    "ASSEMBLE": "ASSEMBLE",
    "EXEC": "EXEC",
    "LOAD": "TEXT",
    "INCLUDE": "TEXT",
    "LOADMOD": "MODULE",
}
"""Commands that name a file without its type, and the type that they look for."""


class Page(NamedTuple):
    """A command's forms, as `Type fn ft [fm]`, and the words in capitals that it knows, each with its form."""

    forms: tuple[str, ...]
    words: tuple[str, ...]


def pages() -> dict[str, Page]:
    """All commands that have a HELP page, by name."""
    return {name: page for path in sorted(_COMMANDS.glob("*/*.help")) for name, page in _pages(path)}


def _pages(path: Path) -> Iterator[tuple[str, Page]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    match = _HEADING.match(lines[0]) if lines else None
    if match is None:
        return
    names = _NAME.findall(match[1])
    forms: dict[str, list[str]] = {name: [] for name in names}
    words: dict[str, None] = {}
    told = False
    for line in lines[1:]:
        if line.startswith(("Return codes", "Examples")):
            break
        text = line.strip()
        if not line.startswith("   ") or not text:
            told = told and not text  # prose: what is indented behind it is prose, too
            continue
        first = text.split()[0].upper().strip("[]")
        row = _TABLE.match(line)
        if first in forms:
            forms[first].append(text)
            text = text.partition(" ")[2]
        elif row is not None:
            text = row[1]
        elif not told:
            continue
        told = True
        words.update(dict.fromkeys(keywords(text)))
    for name in names:
        yield name, Page(tuple(forms[name] or forms[names[0]]), tuple(words))


def keywords(form: str) -> Iterator[str]:
    """The words of a form that are typed as they are, in capitals: those that begin with a capital letter."""
    for match in _WORD.finditer(form):
        yield match[0].upper()
