"""Saved systems and segments: their names, what was saved of each, and the pages (DMKSNT, DMKCFG).

The pages are in a file of their own in the folder `saved` of the system, so that machines can share them; all else is
in the database. A new copy is written to a new file, which counts from the moment when the database says so: a kill
leaves the old copy or the new one. Host processes may save into a system that is running (`cpvm nss`): what another
process has changed is seen at the next look.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from cpvm.cp.database import Database
from cpvm.cp.savedpages import DamagedError, SavedPages
from cpvm.machine.media.newfile import remove_left, temporary_for

SCHEMA = """
CREATE TABLE IF NOT EXISTS saved_system (name TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID;
"""

PAGE: Final = 4096
BLOCK: Final = 2048
PAGES: Final = 4096
"""Pages in the largest machine."""
FOLDER: Final = "saved"
_SKELETON: Final = ";S"  # behind the name of a definition
ACCESS: Final = ("EW", "EN", "ER", "SW", "SN", "SR")
"""How a machine has pages: exclusive or shared; written, not saved (new), or read only."""


class SavedSystemError(Exception):
    """The host cannot read or write a saved system."""


class PlaceTakenError(SavedSystemError):
    """The machine has something else where the pages are to be: its own doing, and nothing for the operator."""


@dataclass(frozen=True)
class PageRange:
    """Pages FIRST to LAST, by number, and how a machine has them (one of ACCESS)."""

    first: int
    last: int
    access: str = "EW"

    @property
    def shared(self) -> bool:
        """Whether a machine that changes them is told that it has a copy of its own now."""
        return self.access[0] == "S"

    @property
    def saved(self) -> bool:
        """Whether their contents are saved."""
        return self.access[1] != "N"

    @property
    def count(self) -> int:
        """How many pages."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first:05X}-{self.last:05X} {self.access}"


@dataclass(frozen=True)
class State:
    """A CPU at the moment when it was saved: PSW (8 bytes), general, floating-point and control registers."""

    psw: bytes
    general: tuple[int, ...]
    floating: tuple[int, ...]
    control: tuple[int, ...]


@dataclass(frozen=True)
class SavedSystem:
    """One name.

    SEGMENT: it is loaded by DIAGNOSE X'64'; else by IPL, and has a state. MINIMUM: bytes of storage that a machine
    needs. FILE: "" as long as it is defined and not saved. KEYS: a byte for each 2K block of the saved pages.
    """

    name: str
    ranges: tuple[PageRange, ...]
    segment: bool = False
    minimum: int = 0
    parameter_registers: tuple[int, int] = (0, 15)
    file: str = ""
    created: float = 0.0
    creator: str = ""
    state: State | None = None
    keys: bytes = b""

    @property
    def pages(self) -> int:
        """How many pages are saved."""
        return sum(part.count for part in self.ranges if part.saved)

    @property
    def start(self) -> int:
        """The first address."""
        return self.ranges[0].first * PAGE

    @property
    def end(self) -> int:
        """The address behind the last one."""
        return (self.ranges[-1].last + 1) * PAGE


class SavedSystems:
    """All names of a system."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder / FOLDER
        self._known: dict[str, SavedSystem] = {}
        self._version = -1
        self._pages = SavedPages()

    def _current(self) -> dict[str, SavedSystem]:
        version = self._database.version
        if version != self._version:
            rows = self._database.query("SELECT name, facts FROM saved_system ORDER BY name")
            self._known = {str(row[0]): _from_json(str(row[1])) for row in rows}
            self._version = version
        return self._known

    def __iter__(self) -> Iterator[SavedSystem]:
        return iter(list(self._current().values()))

    def get(self, name: str) -> SavedSystem | None:
        """What is saved under NAME."""
        return self._current().get(name)

    def skeleton(self, name: str) -> SavedSystem | None:
        """What is to be saved under NAME: as it was defined since it was saved, or else as it was saved."""
        return self._current().get(name + _SKELETON) or self.get(name)

    def path(self, system: SavedSystem) -> Path:
        """The file with its pages."""
        return self._folder / system.file

    def open(self, system: SavedSystem) -> int:
        """A descriptor with its pages, to be mapped; the caller closes it. Raises SavedSystemError."""
        path = self.path(system)
        self._pages.keep([self.path(there) for there in self._current().values() if there.file])
        try:
            return self._pages.open(path, system.pages * PAGE)
        except DamagedError:
            raise SavedSystemError(f"{path} is damaged") from None
        except OSError as error:
            raise SavedSystemError(f"{path}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the pages that machines have mapped; they keep them."""
        self._pages.close()

    def define(self, system: SavedSystem) -> None:
        """Say what is to be saved under a name. What is saved there now stays until it is saved anew."""
        with self._database.transaction() as db:
            declare(db, replace(system, created=time.time()))
        self._version = -1

    def save(self, system: SavedSystem, pages: Iterable[bytes]) -> SavedSystem:
        """Save SYSTEM, the PAGES being those of its ranges that are saved. Raises SavedSystemError."""
        path = self._folder / f"{system.name}.{uuid.uuid4().hex[:12]}.pages"
        new = temporary_for(path.with_name(f"{system.name}.pages"))
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            try:
                with new.open("wb") as file:
                    for page in pages:
                        file.write(page)
                    file.flush()
                    os.fsync(file.fileno())
                saved = replace(system, file=path.name, created=time.time())
                self._replace(saved, lambda: _put(new, path))
            finally:
                with suppress(OSError):
                    new.unlink()
        except OSError as error:
            raise SavedSystemError(f"{path}: {error.strerror}") from error
        except sqlite3.Error as error:  # the file stays until the next start, which knows whether it counts
            raise SavedSystemError(f"{path}: {error}") from error
        return saved

    def purge(self, name: str) -> None:
        """Forget a name; machines that have its pages keep them."""
        old = self.get(name)
        with self._database.transaction() as db:
            db.execute("DELETE FROM saved_system WHERE name IN (?, ?)", (name, name + _SKELETON))
        self._version = -1
        self._remove(old)

    def _replace(self, system: SavedSystem, put: Callable[[], None]) -> None:
        """PUT gives the file its name: while nobody sweeps, and before the database has it."""
        old = self.get(system.name)
        with self._database.transaction() as db:
            put()
            db.execute("DELETE FROM saved_system WHERE name = ?", (system.name + _SKELETON,))
            db.execute("INSERT OR REPLACE INTO saved_system VALUES (?, ?)", (system.name, _to_json(system)))
        self._version = -1
        self._remove(old)

    def _remove(self, old: SavedSystem | None) -> None:
        """The file of what is no longer there; a machine that is just mapping it has it open."""
        if old is not None and old.file:
            with suppress(OSError):  # it is swept away at the next start
                self.path(old).unlink()

    def sweep(self) -> None:
        """Remove files that no name has: a process was killed before it came to that. What another saves now stays."""
        remove_left(self._folder)
        with self._database.transaction() as db:
            rows = db.execute("SELECT facts FROM saved_system").fetchall()
            files = {_from_json(str(row[0])).file for row in rows}
            for path in self._folder.glob("*.pages"):
                if path.name not in files:
                    with suppress(OSError):
                        path.unlink()


def declare(db: sqlite3.Connection, system: SavedSystem) -> None:
    """Within a transaction: say what is to be saved under a name."""
    system = replace(system, file="", state=None, keys=b"")
    db.execute("INSERT OR REPLACE INTO saved_system VALUES (?, ?)", (system.name + _SKELETON, _to_json(system)))


def overlapping(ranges: Iterable[PageRange]) -> bool:
    """Whether two ranges have a page in common."""
    before = -1
    for part in sorted(ranges, key=lambda part: part.first):
        if part.first <= before:
            return True
        before = max(before, part.last)
    return False


def _put(new: Path, path: Path) -> None:
    """Give a file its name, lasting. Raises OSError."""
    new.rename(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _to_json(system: SavedSystem) -> str:
    plain = asdict(system)
    plain["keys"] = system.keys.hex()
    if system.state is not None:
        plain["state"]["psw"] = system.state.psw.hex()
    return json.dumps(plain)


def _from_json(text: str) -> SavedSystem:
    plain = json.loads(text)
    plain["ranges"] = tuple(PageRange(**part) for part in plain["ranges"])
    plain["keys"] = bytes.fromhex(plain["keys"])
    plain["parameter_registers"] = tuple(plain["parameter_registers"])
    if plain["state"] is not None:
        state = plain["state"]
        registers = (tuple(state[name]) for name in ("general", "floating", "control"))
        plain["state"] = State(bytes.fromhex(state["psw"]), *registers)
    return SavedSystem(**plain)
