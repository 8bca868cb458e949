"""Decks that a host command hands to the system, running or not: the folder `inbox` of the system folder.

`hand_over` puts a deck there; a running system takes it, and answers with a file beside it. If no system runs the
command takes the deck itself, with the same function. A deck is taken exactly once: its name, which no other ever has,
goes to the database with the spool file in one transaction.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.cp import directory_store, spool
from cpvm.cp.database import Database, DatabaseError
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.lockfile import SystemStartError, lock_folder
from cpvm.cp.realunit import intake
from cpvm.cp.realunit.idcard import Address
from cpvm.cp.realunit.intake import forget, make_reader_file
from cpvm.cp.spool import Spool, SpoolError, SpoolFile
from cpvm.machine.media.deck import CARD

if TYPE_CHECKING:
    from cpvm.cp.system import System

FOLDER: Final = "inbox"
LOOK_SECONDS = 0.25
_PATIENCE: Final = 60.0  # seconds that a running system may take
_POLL: Final = 0.02
_DECK, _DONE = ".deck", ".done"


class InboxError(Exception):
    """A deck cannot be handed over; the text says why."""


@dataclass(frozen=True)
class Handed:
    """What became of a deck."""

    spoolid: int = 0
    userid: str = ""
    error: str = ""


def hand_over(folder: Path, address: Address, deck: Iterable[bytes]) -> Handed:
    """Give cards of 80 bytes to a user of the system in FOLDER. Raises InboxError."""
    inbox = folder / FOLDER
    try:
        inbox.mkdir(mode=0o700, exist_ok=True)
        path = inbox / f"{uuid.uuid4().hex}{_DECK}"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(json.dumps(asdict(address)).encode() + b"\n")
            for card in deck:
                file.write(card.ljust(CARD, b"\x40")[:CARD])
        part.replace(path)
    except OSError as error:
        raise InboxError(f"{error.filename or inbox}: {error.strerror}") from error
    answer = path.with_suffix(_DONE)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if answer.exists():
            handed = Handed(**json.loads(answer.read_bytes()))
            answer.unlink()
            return handed
        _take_without_system(folder)
        time.sleep(_POLL)
    with contextlib.suppress(OSError):
        path.unlink()
    raise InboxError("the system is running, but does not answer")


def _take_without_system(folder: Path) -> None:
    """Take what is in the inbox, if no system runs."""
    try:
        lock = lock_folder(folder)
    except SystemStartError:
        return
    with lock:
        try:
            schemas = (directory_store.SCHEMA, spool.SCHEMA, intake.SCHEMA)
            database = Database(folder / "cp.sqlite", schemas)
        except DatabaseError as error:
            raise InboxError(str(error)) from error
        try:
            for path in decks(folder):
                take(path, database, Spool(database), DirectoryStore(database))
        finally:
            database.close()


def decks(folder: Path) -> list[Path]:
    """The decks in the inbox of a system, the oldest first."""
    found = []
    with contextlib.suppress(OSError):
        for path in (folder / FOLDER).glob(f"*{_DECK}"):
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found)]


def take(path: Path, database: Database, store: Spool, directory: DirectoryStore) -> SpoolFile | None:
    """Make a spool file of a deck, and answer. Returns the file if it is new. Raises OSError."""
    known = path.stem
    rows = database.query("SELECT spoolid FROM reader_taken WHERE identity = ?", known)
    made: SpoolFile | None = None
    if rows:
        file = store.file(int(str(rows[0][0])))
        handed = Handed(int(str(rows[0][0])), file.owner if file is not None else "")
    else:
        header, _, data = path.read_bytes().partition(b"\n")
        try:
            address = Address(**json.loads(header))
            user = directory.users.get(directory.meant(address.userid))
            if user is None:
                handed = Handed(error=f"{address.userid} is not in the directory of users")
            else:
                cards = (data[at : at + CARD] for at in range(0, len(data), CARD))
                there = Address(user.userid, address.spool_class, address.name, address.type)
                made = make_reader_file(
                    store, there, cards, origin=user.userid, distribution=user.distribution, taken=known
                )
                handed = Handed(made.spoolid, user.userid)
        except (SpoolError, sqlite3.Error) as error:
            handed = Handed(error=str(error))
        except (ValueError, TypeError):
            handed = Handed(error="the deck is damaged")
    part = path.with_suffix(".answer")
    part.write_bytes(json.dumps(asdict(handed)).encode())
    part.replace(path.with_suffix(_DONE))
    path.unlink()
    forget(database, known)
    return made


class Inbox:
    """A running system's side: a thread looks, CP's thread takes."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._closing = threading.Event()
        self._busy = False
        self._thread = threading.Thread(target=self._main, name="inbox", daemon=True)

    def start(self) -> None:
        """The system is up."""
        self._sweep()
        self._thread.start()

    def close(self) -> None:
        """CP stops."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _sweep(self) -> None:
        """Answers that nobody waited for, and decks that nobody has completed."""
        with contextlib.suppress(OSError):
            for path in (self._system.folder / FOLDER).iterdir():
                if path.suffix != _DECK and time.time() - path.stat().st_mtime > 2 * _PATIENCE:
                    path.unlink()

    def _main(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            try:
                if not self._busy and decks(self._system.folder):
                    self._busy = True
                    self._system.post(self._take)
            except MemoryError as error:
                self._system.report("INBOX", error)

    def _take(self) -> None:
        system = self._system
        try:
            for path in decks(system.folder):
                file = take(path, system.database, system.spool, system.directory)
                if file is not None:
                    system.log.write(f"INPUT FOR {file.owner:<8} FILE = {file.spoolid:04}")
                    system.file_arrived(file)
        except OSError as error:
            system.log.write(f"DMKRSP431I INBOX; {str(error.strerror or error).upper()}")
        finally:
            self._busy = False
