"""The thread that produces files on one real printer or punch (DMKRSP).

CP gives it a `Job` and goes on; the operator's commands reach the job while it runs. When it ends, `Despooler` posts
that to CP. It reads the spool through a connection of its own, so that neither waits for the other.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from cpvm.cp.realunit.outlet import Outlet
from cpvm.cp.realunit.press import Press, paper_for
from cpvm.cp.realunit.separator import separator_cards, separator_pages
from cpvm.cp.spool import SpoolFile, SpoolRecord
from cpvm.cp.spoolfile import ERRORS, LOAD_FORMS, read_records
from cpvm.machine.media.cards import CardFile
from cpvm.machine.media.forms import Form
from cpvm.machine.media.paper import Paper

_MINUTE: Final = 60.0
PATIENCE: Final = 3
"""How often a file is tried again that SQLite cannot read: it may be the host's disk, or the file that is damaged."""


class Outcome(Enum):
    """How a job ended."""

    DONE = auto()
    FLUSHED = auto()
    DAMAGED = auto()  # the spool file cannot be read
    STOPPED = auto()  # CP shuts down


class Interrupt(Exception):
    """The operator wants something else than the next record."""


@dataclass
class Order:
    """What the operator wants of a job: end it, or go back by PAGES (None: to the beginning of the file)."""

    ends: Outcome | None = None
    pages: int | None = None
    from_end: bool = False


@dataclass(frozen=True)
class Setting:
    """How a device produces a file."""

    name: str  # `PRT 00E`
    node: str
    separator: bool
    form: Form
    format: str  # text, pdf; for a punch ebcdic, ascii, binary
    greenbar: bool
    rate: int  # lines or cards a minute, 0: as fast as the host is


class Job:
    """One copy of a spool file on its way. Methods are for CP; what they want is done before the next record."""

    def __init__(self, file: SpoolFile, copy: int, setting: Setting, outlet: Outlet) -> None:
        self.file = file
        self.copy = copy
        self.setting = setting
        self.outlet = outlet
        self.single = False
        self.intervention = ""
        """Why the operator is wanted; "" if he is not."""
        self._order: Order | None = None
        self._changed = threading.Condition()
        self._hurries = False

    @property
    def taken(self) -> bool:
        """True if the last order has been taken."""
        return self._order is None

    def hurry(self) -> None:
        """Produce the rest as fast as the host can."""
        with self._changed:
            self._hurries = True
            self._changed.notify_all()

    def give(self, order: Order) -> None:
        """Give an order, also to one that waits for the operator."""
        with self._changed:
            self._order = order
            self._changed.notify_all()
        if order.ends is not None or self.intervention:
            self.outlet.kill()

    def retry(self) -> None:
        """The operator has seen to what was wrong."""
        with self._changed:
            if self.intervention and self._order is None:
                self._order = Order(pages=0)
            self._changed.notify_all()

    # For the thread

    def look(self, pause: float) -> None:
        """Wait PAUSE seconds; raises Interrupt if there is an order."""
        if self._order is None and pause and not self._hurries:
            with self._changed:
                self._changed.wait_for(lambda: self._order is not None or self._hurries, pause)
        if self._order is not None:
            raise Interrupt

    def wait(self) -> None:
        """Wait for an order."""
        with self._changed:
            self._changed.wait_for(lambda: self._order is not None)

    def take(self) -> Order:
        """The order."""
        with self._changed:
            order, self._order = self._order, None
        return order or Order(pages=0)


class Despooler:
    """Produces jobs one after the other.

    Args:
        database: the file of the system's database.
        ended: called when a job has ended; on the thread.
        wanted: called when the operator is wanted for a job; on the thread.
    """

    def __init__(
        self, name: str, database: Path, ended: Callable[[Job, Outcome], None], wanted: Callable[[Job], None]
    ) -> None:
        self._database = database
        self._ended = ended
        self._wanted = wanted
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Have a job done."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End, after the present job."""
        self._jobs.put(None)
        self._thread.join()

    def _main(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._ended(job, self._done(job))

    def _done(self, job: Job) -> Outcome:
        production = _Production(job, self._database)
        unreadable = 0
        while True:
            try:
                production.run()
                return Outcome.DONE
            except Interrupt:
                order = job.take()
            except ERRORS:
                production.give_up()
                return Outcome.DAMAGED
            except Exception as error:  # whatever the host or a library says: the operator is told
                production.give_up()
                unreadable = unreadable + 1 if isinstance(error, sqlite3.Error) else 0
                if unreadable > PATIENCE:
                    return Outcome.DAMAGED
                job.intervention = _reason(error)
                self._wanted(job)
                job.wait()
                job.intervention = ""
                order = job.take()
            if order.ends is not None:
                production.give_up()
                return order.ends
            try:
                production.go_back(order)
            except Exception:
                production.give_up()  # what is wrong is told by the next attempt


def _reason(error: Exception) -> str:
    """What is wrong, for the operator."""
    if isinstance(error, OSError) and error.strerror:
        return f"{Path(str(error.filename)).name}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


class _Production:
    """One job at work: what is open on the host, and how far it is."""

    def __init__(self, job: Job, database: Path) -> None:
        self._job = job
        self._database = database
        self._next = 0  # the record that comes next
        self._open = False
        self._paper: Paper | None = None
        self._press: Press | None = None
        self._cards: CardFile | None = None
        self._starts = [0]

    def run(self) -> None:
        """Produce what is left of the file. Raises Interrupt between two records."""
        job, setting = self._job, self._job.setting
        if not self._open:
            self._begin()
        pause = _MINUTE / setting.rate if setting.rate else 0.0
        first = self._next
        for number, record in enumerate(self._records()):
            if number < first:
                continue
            job.look(pause)
            self._one(number, record)
            self._next = number + 1
        if self._press is not None and self._paper is not None:
            self._press.eject()
            self._paper.close()
        job.outlet.finish()
        self._open = False

    def give_up(self) -> None:
        """Nothing more comes for now; what follows begins anew, where paper is not continuous."""
        self._job.outlet.abandon()
        self._open = False
        if not self._job.outlet.continuous:
            self._next = 0
        elif self._press is not None:
            self._next = max((start for start in self._press.page_starts if start <= self._next), default=0)

    def go_back(self, order: Order) -> None:
        """Go on at the beginning of the page so many pages before this one, or at that of the file."""
        if not self._open:
            return
        if order.pages is None or self._press is None:
            self._job.outlet.abandon()
            self._open, self._next = False, 0
            return
        starts, at = self._press.page_starts, self._next
        if order.from_end:
            starts, at = self._counted()
        passed = [start for start in starts if start < at] or [0]
        self._next = passed[max(0, len(passed) - 1 - order.pages)]
        self._press.eject()

    def _begin(self) -> None:
        job, setting = self._job, self._job.setting
        job.outlet.begin(job.file, job.copy)
        self._open = True
        write = job.outlet.write
        if setting.name.startswith("PUN"):
            self._cards = CardFile(_Cards(write), setting.format)  # type: ignore[arg-type]
            if setting.separator and self._next == 0:
                for card in separator_cards(job.file):
                    self._cards.card(card)
            return
        self._paper = paper_for(setting.format, setting.greenbar, write)
        if setting.separator and self._next == 0:
            press = Press(self._paper)
            for number, record in enumerate(separator_pages(job.file, setting.name, setting.node)):
                press.record(number, record)
        self._press = Press(self._paper, setting.form)

    def _one(self, number: int, record: SpoolRecord) -> None:
        if self._press is not None:
            self._press.single = self._job.single
            self._press.record(number, record)
        elif record.opcode != LOAD_FORMS:
            assert self._cards is not None
            self._cards.card(record.data)

    def _counted(self) -> tuple[list[int], int]:
        """The pages of the whole file, and how many records it has."""
        press, number = Press(None, self._job.setting.form), -1
        for number, record in enumerate(self._records()):
            press.record(number, record)
        return press.page_starts, number + 1

    def _records(self) -> Iterator[SpoolRecord]:
        with closing(sqlite3.connect(f"{self._database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield from read_records(
                lambda statement, *fill: connection.execute(statement, fill).fetchall(), self._job.file.spoolid
            )


class _Cards:
    """A file of cards whose bytes go to an outlet."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write

    def flush(self) -> None:
        """The outlet does that at the end."""
