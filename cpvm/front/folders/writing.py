"""What CMS has written, on its way into a folder: all of one directory together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Final

from cpvm.front.folders import names
from cpvm.front.folders.hostfolder import HostFolder, Sign
from cpvm.front.folders.names import Name
from cpvm.front.folders.table import Change, Entry, Table, replaced
from cpvm.machine.device import MediaError

_MOST_ASIDE: Final = 10_000


@dataclass(frozen=True)
class Saved:
    """A file that CMS has written, or called otherwise."""

    name: Name
    entry: Entry
    data: bytes
    form: str
    """That `data` are in."""
    before: tuple[str, Sign] | None
    """The host file that a file of this name was shown as, and what it was known by; None if it is new."""
    source: tuple[str, Sign] | None
    """The host file that has the very contents, of this file or of one that was renamed; None if they are new."""


def save(
    folder: HostFolder, table: Table, changed: list[Saved], removed: dict[str, Sign]
) -> tuple[list[tuple[str, Sign]], list[str]]:
    """Write files to the folder and remove files of it, all or, if the process is killed before that, none.

    Args:
        folder: the folder.
        table: its table, which is brought up to date.
        changed: what is new or other than it was.
        removed: host files that CMS has no more, and what they were known by when they were shown.

    Returns:
        Host name and sign of each file of `changed`; and what is to be said, if the host has changed files too.

    Raises:
        MediaError: the host cannot write them. Folder and table are as they were, unless the host failed after the
            table was in its place; then the rest is done before the next change, or when the folder is opened next.
    """
    if table.changes:
        folder.carry_out(table.changes)
        folder.settle(table)
    work = _Work(folder, dict(table.files), removed)
    hosts = [work.keep(item) for item in changed]
    work.remove(hosts)
    folder.store(Table(table.label, work.files, work.changes))
    table.files, table.changes = work.files, work.changes
    folder.carry_out(work.changes)
    folder.settle(table)
    results = []
    for host in hosts:
        found = folder.sign(host)
        if found is None:
            raise MediaError(f"{folder.path / host} has gone")
        results.append((host, found))
    return results, work.notes


class _Work:
    """One change of a folder while it is put together; nothing but temporary files is written."""

    def __init__(self, folder: HostFolder, files: dict[str, Entry], removed: dict[str, Sign]) -> None:
        self.folder = folder
        self.files = files
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self._removed = removed
        self._moved: set[str] = set()
        self._taken: set[str] = set()

    def keep(self, item: Saved) -> str:
        """Have a file in the folder as CMS has it. Returns its host name."""
        host = item.before[0] if item.before else self._free(names.host_name(item.name))
        self._taken.add(host)
        there = self.folder.sign(host)
        source, sign = item.source or ("", None)
        if source == host:  # only mode or time are others
            self.files[host] = replaced(item.entry, sign.size, sign.time) if sign == there and sign else item.entry
            return host
        self.files[host] = item.entry
        if source in self._removed and sign == self.folder.sign(source) and there is None:
            self._moved.add(source)
            self.changes.append(Change(host, source))
            return host
        self.files[host] = replace(item.entry, form=item.form)
        expected = item.before[1] if item.before else self._removed.get(host)
        aside = ""
        if there is not None and there != expected:
            aside = self._aside(host)
            self.notes.append(f"{host} was changed on the host too; the host's is kept as {aside}")
        self.changes.append(Change(host, self.folder.temporary(len(self.changes), item.data), aside))
        return host

    def remove(self, kept: list[str]) -> None:
        """Take what CMS has no more out of the folder, unless the host has changed it."""
        for host, sign in self._removed.items():
            if host in kept:
                continue
            self.files.pop(host, None)
            there = self.folder.sign(host)
            if host in self._moved or there is None:
                continue
            if there != sign:
                self.notes.append(f"{host} was erased by CMS, but changed on the host: it stays")
            else:
                self.changes.append(Change(host))

    def _free(self, host: str) -> str:
        """A name for a new file: its own, unless another file of CMS has it."""
        if host not in self._taken:
            return host
        for number in range(2, _MOST_ASIDE):
            other = f"{host}={number}"
            if other not in self._taken and self.folder.sign(other) is None:
                return other
        raise self._too_many(host)

    def _aside(self, host: str) -> str:
        """A name for the host's own version of a file: notes.host-20261123.script."""
        path = PurePath(host)
        day = f"{datetime.now():%Y%m%d}"
        for number in range(1, _MOST_ASIDE):
            name = f"{path.stem}.host-{day}{f'-{number}' if number > 1 else ''}{path.suffix}"
            if name not in self._taken and self.folder.sign(name) is None:
                self._taken.add(name)
                return name
        raise self._too_many(host)

    def _too_many(self, host: str) -> MediaError:
        return MediaError(f"{self.folder.path}: there are too many files like {host}")
