"""The table of a folder: what its files are in CMS that host files cannot say, and a change that is under way.

It is the file `.cpvm-files` in the folder, JSON. For each host file that CMS has written: its name, mode, record
format, record length, the form of its contents and when CMS wrote it, with size and time of the host file, by which a
later change is noticed. A change under way names files that are written already, and where they go: what is in the
table is done, whenever the process is killed, by whoever opens the folder next.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from cpvm.front.folders.contents import FORMS
from cpvm.front.folders.names import LONGEST, Name

NAME: Final = ".cpvm-files"
VERSION: Final = 1
_KEYS: Final = ("to", "temporary", "aside")


class TableError(ValueError):
    """The table of a folder is damaged, or of a later release; the text says where."""


@dataclass(frozen=True)
class Entry:
    """A file that CMS wrote: its name in hexadecimal, the rest as in its file status table."""

    name: str
    mode: str
    recfm: str
    lrecl: int
    form: str
    written: str
    size: int = -1
    time: int = -1
    """Nanoseconds, as the host has it; -1: the file has not come to its place yet."""

    @property
    def cms(self) -> Name:
        """The name as it stands in a directory."""
        raw = bytes.fromhex(self.name)
        return raw[:LONGEST], raw[LONGEST:]

    @property
    def when(self) -> datetime:
        """When CMS wrote it."""
        return datetime.fromisoformat(self.written)


@dataclass(frozen=True)
class Change:
    """One change under way: a temporary file goes to `to`; without one, `to` is removed. `aside`: what is there goes
    under that name first."""

    to: str
    temporary: str = ""
    aside: str = ""


@dataclass
class Table:
    """All of it."""

    label: str = ""
    files: dict[str, Entry] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def to_json(self) -> bytes:
        """The file."""
        whole = {
            "version": VERSION,
            "label": self.label,
            "files": {host: asdict(entry) for host, entry in sorted(self.files.items())},
            "changes": [asdict(change) for change in self.changes],
        }
        return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape")


def replaced(entry: Entry, size: int, time: int) -> Entry:
    """The entry with size and time of its host file."""
    return replace(entry, size=size, time=time)


def from_json(data: bytes) -> Table:
    """The table in a file. Raises TableError."""
    try:
        whole = json.loads(data.decode("utf-8", "surrogateescape"))
        if whole["version"] != VERSION:
            raise TableError(f"{NAME} is of version {whole['version']}, this release knows {VERSION}")
        files = {plain(host): _entry(entry) for host, entry in whole["files"].items()}
        changes = [Change(*(plain(c[key]) if c[key] or key == "to" else "" for key in _KEYS)) for c in whole["changes"]]
        return Table(str(whole["label"])[:6], files, changes)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise error if isinstance(error, TableError) else TableError(f"{NAME} is damaged: {error}") from None


def _entry(raw: dict[str, Any]) -> Entry:
    entry = Entry(**raw)
    name = bytes.fromhex(entry.name)
    good = (
        len(name) == 2 * LONGEST
        and entry.recfm in ("F", "V")
        and entry.form in FORMS
        and isinstance(entry.lrecl, int)
        and 1 <= entry.lrecl <= 65_535
        and isinstance(entry.size, int)
        and isinstance(entry.time, int)
        and len(entry.mode) == 2
        and entry.when
    )
    if not good:
        raise TableError(f"{NAME} is damaged: {entry}")
    return entry


def plain(name: str) -> str:
    """A file name that lies in the folder itself. Raises TableError for any other."""
    if not isinstance(name, str) or not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise TableError(f"{NAME} is damaged: {name!r} is no file of the folder")
    return name
