"""Names of host files and of CMS files: how one becomes the other, and names that cannot both be.

A CMS file PROFILE EXEC is `profile.exec` in a folder. A host name is folded: upper case, what is behind the last point
is the type, eight characters of each. Characters that CMS names do not have become `_`; a name that a guest has made of
other bytes has `=` and two hexadecimal digits for each of them, so that no name leads out of the folder.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

NO_TYPE: Final = "FILE"
"""The file type of a host file whose name has no suffix."""
LONGEST: Final = 8
_LEGAL: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@+-:_")
_ESCAPE: Final = re.compile(r"=([0-9A-Fa-f]{2})")

Name = tuple[bytes, bytes]
"""File name and type as they stand in a directory: eight EBCDIC bytes each."""


def pair(fn: str, ft: str) -> Name:
    """A name as in a directory, from two words in upper case."""
    return to_ebcdic(fn.ljust(LONGEST)), to_ebcdic(ft.ljust(LONGEST))


def shown(name: Name) -> str:
    """A name for people: PROFILE EXEC."""
    return " ".join(from_ebcdic(word).rstrip() for word in name)


def host_name(name: Name) -> str:
    """The host name that a CMS file gets: never empty, no separators, no point in front."""
    return ".".join(_word(word) for word in name)


def plain_word(word: str) -> str:
    """A word of a name as it is on the host: what might mean something there is =XX, its EBCDIC."""
    return _word(to_ebcdic(word.upper()))


def _word(word: bytes) -> str:
    out = ""
    for code in word.rstrip(b"\x40") or b"\x40":
        char = from_ebcdic(bytes((code,)))
        out += char.lower() if char in _LEGAL and char != ":" else f"={code:02X}"
    return out


def folded(name: str) -> Name:
    """The CMS name of a host file."""
    stem, point, suffix = name.rpartition(".")
    if not point or not stem:
        stem, suffix = name, NO_TYPE
    return _folded(stem), _folded(suffix or NO_TYPE)


def _folded(word: str) -> bytes:
    out = b""
    at = 0
    word = unicodedata.normalize("NFC", word)
    while at < len(word):
        escape = _ESCAPE.match(word, at)
        if escape:
            out += bytes((int(escape[1], 16),))
            at += 3
            continue
        char = word[at].upper()
        out += to_ebcdic(char if char in _LEGAL else "_")
        at += 1
    return out[:LONGEST].ljust(LONGEST, b"\x40")


@dataclass(frozen=True)
class Folding:
    """Host names by the CMS name that each has, and what is to be said of those that have none or another one."""

    names: dict[Name, str]
    notes: list[str]


def fold(hosts: Iterable[str], known: dict[str, Name]) -> Folding:
    """Give every host file its CMS name.

    A name that is `known`, from what CMS wrote, stays. Of several host names that fold to the same one, the one that
    CMS itself would give has it, else the first in alphabetical order; the others are told of, and not shown.
    """
    names: dict[Name, str] = {}
    notes: list[str] = []
    ordered = sorted(set(hosts), key=lambda host: (host not in known, host_name(folded(host)) != host, host))
    for host in ordered:
        name = known.get(host) or folded(host)
        other = names.setdefault(name, host)
        if other != host:
            notes.append(f"{host} is not shown: {other} is {shown(name)} already")
    return Folding(names, notes)
