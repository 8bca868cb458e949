"""The real card reader: a folder of the host; what is put into it goes to users' readers (DMKRSP).

A file in the folder itself begins with an ID card; one in a folder below it that has a user's name is that user's, and
its name becomes the file's. Files whose names begin with a dot, or end in `~`, `.part` or `.tmp`, are left alone, and
one that still grows is waited for. What cannot be read goes to the folder `rejected`, and the operator is told why.
So does a link, or a file that has a second name: it may be one that whoever put it there may not read.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cpvm.cp.message import message
from cpvm.cp.operand import is_userid
from cpvm.cp.realdev import RealDevice
from cpvm.cp.realunit.idcard import Address, IDCardError, read_id_card
from cpvm.cp.realunit.intake import forget, identity, make_reader_file, was_taken
from cpvm.cp.realunit.offered import NotOffered, is_file, is_folder, move, read, remove
from cpvm.cp.spool import SpoolError
from cpvm.machine.device import MediaError
from cpvm.machine.media.cards import IMAGE
from cpvm.machine.media.deck import cards
from cpvm.s370.ebcdic import from_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.system import System

LOOK_SECONDS = 0.5
RETRY_SECONDS: Final = 10.0
"""After which a thread is asked for again."""
REJECTED: Final = "rejected"
_UNFINISHED = ("~", ".part", ".tmp", ".swp")
_MAX_DECK: Final = 256 * 1024 * 1024  # bytes
NOT_READ = message("DMKRSP431I", "RDR {:03X} {}; {}")
SPOOL_FULL = message("DMKRSP427I", "RDR {:03X} SPOOL SPACE FULL; {} WAITS")


class DeckError(Exception):
    """A host file is no deck for anybody; the text says why."""


@dataclass(frozen=True)
class _Found:
    """A host file and what is in it."""

    path: Path
    identity: str
    address: Address
    deck: list[bytes]


class InputUnit(RealDevice):
    """A spooled reader. A thread looks into the folder; CP's thread makes the spool files."""

    def __init__(self, system: System, raddr: int, devtype: str, folder: Path) -> None:
        super().__init__(raddr, devtype, "RDR", system=True, detail=folder.name)
        self._system = system
        self._folder = folder
        self._wake = threading.Event()
        self._closing = False
        self._busy = ""  # the file that CP is making a spool file of
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._full = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """`RDR 00C`."""
        return f"{self.kind} {self.raddr:03X}"

    def line(self) -> str:
        """The state of the device."""
        if not self.online:
            return super().line()
        return f"{self.name} {'DRAINED' if self.drained else 'STARTED':<8} SYSTEM"

    def lines(self) -> list[str]:
        """All that is to be said of it."""
        return [self.line(), *([f"{self.name} INPUT FROM {self._busy}"] if self._busy else [])]

    def start(self) -> None:
        """START: look into the folder from now on."""
        self.drained = False
        self.dispatch()

    def drain(self) -> None:
        """DRAIN: leave the folder alone."""
        self.drained = True

    def dispatch(self) -> None:
        """Begin, or look at once."""
        if self.drained or self._closing:
            return
        if self._thread is None:
            thread = threading.Thread(target=self._main, name=self.name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the host has none
                self._system.log.failure(self.name, error)
                self._system.timers.after(RETRY_SECONDS, self.dispatch)
                return
            self._thread = thread
        self._wake.set()

    def close(self) -> None:
        """CP stops."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    # On the thread

    def _main(self) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        while not self._closing:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            if not self.drained and not self._busy and not self._closing:
                try:
                    self._look()
                except Exception as error:  # no memory, say; the next look may do better
                    self._failed(error)

    def _look(self) -> None:
        """Take the first file that is complete; the rest when CP has done with it."""
        for path in self._candidates():
            try:
                known = identity(path)
                found = _Found(path, known, *_deck(path, self._folder))
            except FileNotFoundError:
                continue  # it has gone meanwhile
            except OSError as error:
                self._failed(error)
                continue
            except (DeckError, IDCardError, MediaError, NotOffered) as error:
                self._reject(path, str(error).upper())
                continue
            self._busy = path.name
            self._system.post(lambda found=found: self._take(found))  # type: ignore[misc]
            return

    def _candidates(self) -> list[Path]:
        """Files that have not changed since the last look, the oldest first."""
        sizes: dict[Path, tuple[int, int]] = {}
        ready: list[tuple[int, Path]] = []
        with contextlib.suppress(OSError):
            folders = [self._folder, *(path for path in self._folder.iterdir() if _is_user_folder(path))]
            for path in (path for folder in folders for path in folder.iterdir() if _is_offered(path)):
                try:
                    status = path.lstat()
                except OSError:
                    continue  # it has gone meanwhile
                sizes[path] = (status.st_size, status.st_mtime_ns)
                settled = time.time_ns() - status.st_mtime_ns > LOOK_SECONDS * 1e9
                if settled or self._sizes.get(path) == sizes[path]:
                    ready.append((status.st_mtime_ns, path))
        self._sizes = sizes
        return [path for _, path in sorted(ready)]

    def _reject(self, path: Path, why: str) -> None:
        try:
            move(path, self._folder, self._folder / REJECTED)
        except FileNotFoundError:
            return  # it has gone meanwhile
        except OSError as error:
            why = f"{why}; NOT MOVED: {(error.strerror or str(error)).upper()}"
            self.drained = True
        self._tell(NOT_READ.full(self.raddr, why, path.name.upper()))

    def _failed(self, error: Exception) -> None:
        self._system.report(self.name, error)

    def _tell(self, text: str) -> None:
        self._system.post(lambda: self._system.log.write(text))

    # On CP's thread

    def _take(self, found: _Found) -> None:
        system, database = self._system, self._system.database
        try:
            if not was_taken(database, found.identity):
                user = system.directory.users.get(system.directory.meant(found.address.userid))
                if user is None:
                    self._reject(found.path, f"{found.address.userid} NOT IN CP DIRECTORY")
                    return
                file = make_reader_file(
                    system.spool,
                    Address(user.userid, found.address.spool_class, found.address.name, found.address.type),
                    found.deck,
                    origin=user.userid,
                    distribution=user.distribution,
                    taken=found.identity,
                )
                system.log.write(f"{self.name} INPUT FOR {file.owner:<8} FILE = {file.spoolid:04}")
                system.file_arrived(file)
            self._full = False
            remove(found.path, self._folder)
            forget(database, found.identity)
            self._wake.set()
        except (SpoolError, sqlite3.Error):
            if not self._full:
                self._full = True
                system.log.write(SPOOL_FULL.full(self.raddr, found.path.name.upper()))
        except OSError as error:
            system.log.write(NOT_READ.full(self.raddr, f"CANNOT BE REMOVED: {error.strerror}", found.path.name.upper()))
            self.drained = True
        finally:
            self._busy = ""


def _is_offered(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(_UNFINISHED) and is_file(path)


def _is_user_folder(path: Path) -> bool:
    return path.name != REJECTED and is_userid(path.name.upper()) and is_folder(path)


def _deck(path: Path, folder: Path) -> tuple[Address, list[bytes]]:
    """Whose deck it is, and the cards. Raises DeckError, IDCardError, MediaError, NotOffered, OSError."""
    deck = cards(read(path, folder, _MAX_DECK))
    if path.parent != folder:
        name, _, filetype = path.name.upper().partition(".")
        return Address(path.parent.name.upper(), "A", name[:8], filetype[:8]), deck
    if not deck:
        raise IDCardError("ID CARD MISSING")
    if len(deck[0]) == IMAGE:
        raise DeckError("COLUMN BINARY")
    return read_id_card(from_ebcdic(deck[0])), deck[1:]
