"""The control program as a whole: one System is one VM/370 (DMKCPI, DMKCFM).

One thread, the CP thread, executes commands and takes events from a queue that any thread may put something into
(`post`); when there is none and nothing is due it sleeps on that queue. Machines run on threads of their own
(`Processors`), and are brought to rest before the CP thread does anything. Whoever executes Python has the system lock.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cpvm.cp import accounting, directory_store, limits, logon, savedsys, spool
from cpvm.cp.ceiling import Ceiling
from cpvm.cp.clockwatch import ClockWatch
from cpvm.cp.database import Database, DatabaseError
from cpvm.cp.direct import directory_changed
from cpvm.cp.directory_source import read_directory
from cpvm.cp.directory_store import DirectoryStore
from cpvm.cp.dispatch import Dispatcher
from cpvm.cp.events import Event, EventQueue
from cpvm.cp.guard import Guards
from cpvm.cp.hosthalf import HostHalf
from cpvm.cp.journal import Journal
from cpvm.cp.limits import Limits
from cpvm.cp.lines import Lines
from cpvm.cp.lockfile import SystemStartError, lock_folder, trouble_of
from cpvm.cp.message import message
from cpvm.cp.minidisk import Minidisks, make_volumes, volume_path
from cpvm.cp.network import transmission
from cpvm.cp.operations import Operations
from cpvm.cp.oplog import OperatorLog
from cpvm.cp.owed import Owed
from cpvm.cp.pluginfault import PluginWatch
from cpvm.cp.private import keep_private
from cpvm.cp.processors import Processors, available
from cpvm.cp.realdev import RealDevices
from cpvm.cp.realunit import intake
from cpvm.cp.registry import discover
from cpvm.cp.savedsys import SavedSystems
from cpvm.cp.schedule import Scheduler
from cpvm.cp.session import Session, Terminal
from cpvm.cp.spool import Spool
from cpvm.cp.spooling import Spooling
from cpvm.cp.syslock import SystemLock
from cpvm.cp.timers import Timers
from cpvm.cp.vmblok import VMBLOK
from cpvm.cp.warmstart import Start
from cpvm.cp.workers import Workers
from cpvm.machine import Machine, engines
from cpvm.machine.media import trouble
from cpvm.s370 import plugin

SLOWER = message("DMKCPI970I", "{}")
DATABASE = "cp.sqlite"
_SCHEMAS = (
    *(directory_store.SCHEMA, spool.SCHEMA, accounting.SCHEMA, savedsys.SCHEMA),
    *(intake.SCHEMA, transmission.SCHEMA),
)
_HEADWAY = 0.001  # seconds that running machines have between two bursts
_SMALLEST = 8192  # bytes of storage of a machine


__all__ = ["System", "SystemStartError"]


class System(Spooling, Lines):
    """A control program and all its users."""

    def __init__(
        self,
        folder: Path | str,
        host_halves: Mapping[str, Callable[[], HostHalf]] | None = None,
        *,
        engine: str = engines.AUTO,
        processors: int | None = None,
    ) -> None:
        """Open the system kept in FOLDER.

        ENGINE executes the machines' instructions (see `cpvm.machine.engines`). PROCESSORS is how many machines run at
        the same time at most: by default (None) as many as the host has processors, but one if the engine is the
        reference engine, which does not gain by more.

        Raises SystemStartError if there is no system, or it is running already; EngineError if there is no such engine,
        or it cannot be had.
        """
        self.folder = Path(folder)
        self.engine = engine
        self._events = EventQueue()
        with ExitStack() as opened:
            opened.enter_context(engines.telling(self._note))
            try:
                first = Machine(_SMALLEST, engine=engine)  # native code is made ready from now on
                opened.callback(lock_folder(self.folder).close)
                keep_private(self.folder)
                self.database = Database(self.folder / DATABASE, _SCHEMAS)
                opened.callback(self.database.close)
                self.directory = DirectoryStore(self.database)
                self.spool = Spool(self.database)
            except (DatabaseError, sqlite3.Error, OSError) as error:
                raise SystemStartError(trouble_of(self.folder, error)) from error
            self._opened = opened.pop_all()
        self.native = first.engine_statistics().engine != engines.REFERENCE
        discover("cpvm.cp.commands")
        self.host_halves = {name.upper(): factory for name, factory in (host_halves or {}).items()}
        self.log = OperatorLog(self.folder / "operator.log")
        self.journal = Journal(self.folder)
        self.minidisks = Minidisks(self.folder)
        self.minidisks.report = self.log.write
        self.real = RealDevices(self.folder)
        self._init_spooling(self)
        self.saved = SavedSystems(self.database, self.folder)
        self._opened.callback(self.saved.close)
        self.saved.sweep()
        self.lock = SystemLock()
        self.timers = Timers()
        self.timers.earlier = self._events.nudge
        self.scheduler = Scheduler()
        self.dispatcher = Dispatcher(self)
        self.processors = Processors(
            self.lock, self.scheduler, self.dispatcher.slice, lambda error: self.log.failure("DISPATCHER", error)
        )
        self.scheduler.queued = self.processors.offer
        self._count = processors or (available() if self.native else 1)
        self.users: dict[str, VMBLOK] = {}
        self.sessions: list[Session] = []
        self.guards = Guards()
        self.guard = self.guards.logon
        self.operations = Operations(self)
        self.limits = Limits(self)
        self.operations.switches.maximum = limits.initial(limits.USERS, self.configuration.limits)
        self.ceiling = Ceiling(self, limits.initial(limits.STORAGE, self.configuration.limits))
        self.owed = Owed(self)
        self.peak = 0
        self._messages = 0  # numbers of IUCV messages
        self.ipl_time = 0.0
        self.on_shutdown: list[Callable[[], None]] = []
        self._not_before = 0.0  # machines have until then before the next burst of events
        self._workers = Workers(self.post)
        self._thread = threading.Thread(target=self._main, name="CP", daemon=True)
        self._stopping = False
        self._stopped = threading.Event()
        self._opened.enter_context(trouble.telling(self.log.troubles.of_media(self.post)))
        self._watch = PluginWatch(self)
        plugin.listeners.append(self._watch)

    # Making a system

    @classmethod
    def create(cls, folder: Path | str, directory_source: str) -> None:
        """Make a new system in FOLDER: the directory, and an empty volume for each VOLUME statement.

        Raises DirectoryError (errors by line), or SystemStartError if a system is there already.
        """
        directory = read_directory(directory_source)
        folder = Path(folder)
        make_volumes(folder, directory.volumes.values())
        try:
            database = Database(folder / DATABASE, _SCHEMAS, create=True)
        except DatabaseError as error:
            raise SystemStartError(str(error)) from error
        DirectoryStore(database).replace(directory)
        database.close()

    @staticmethod
    def volume_path(folder: Path | str, volid: str) -> Path:
        """The file of a volume of the system in FOLDER."""
        return volume_path(Path(folder), volid)

    # For other threads

    @property
    def database_path(self) -> Path:
        """The file of the database."""
        return self.folder / DATABASE

    def start(self, how: Start = Start.WARM, *, drain: bool = False) -> None:
        """Start the CP thread; terminals may connect from now on.

        HOW says what becomes of the spool. With DRAIN the real unit record devices begin drained.
        """
        for text in (*self.real.read(), *self.minidisks.mount(self.directory.volumes)):
            self.log.write(text)
        for volume in self.directory.volumes.values():
            self.real.add_volume(volume)
        self.directory.changed = lambda: directory_changed(self)
        logon.system_started(self)
        ClockWatch(self).start()
        self._start_spooling(how, drain=drain)
        self.scheduler.processors = self._count
        self.processors.start(self._count)
        self._thread.start()

    def connect(self, terminal: Terminal) -> Session:
        """A terminal has come. Thread-safe; CP greets it."""
        session = Session(self, terminal)
        self.welcome(session)
        return session

    def welcome(self, session: Session) -> None:
        """As `connect`, for a terminal that has to know its session before CP says anything. Thread-safe."""
        self.post(lambda: self._greet(session))

    def post(self, event: Callable[[], None]) -> None:
        """Have EVENT called on the CP thread. Thread-safe."""
        self._events.put(event)

    def report(self, where: str, error: Exception) -> None:
        """Tell the operator of an error at WHERE. Thread-safe."""

        def tell() -> None:
            self.log.failure(where, error)

        self.post(tell)

    def shutdown(self, *, wait: bool = True) -> None:
        """Log everybody off and stop. Thread-safe; with WAIT returns when all is closed."""
        if self._thread.is_alive():
            self.post(self.begin_shutdown)
            if wait and threading.current_thread() is not self._thread:
                self._stopped.wait()
        elif not self._stopped.is_set():
            self._close()

    @property
    def running(self) -> bool:
        """False once CP has stopped."""
        return not self._stopped.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until CP has stopped; False if TIMEOUT (seconds) passed first."""
        return self._stopped.wait(timeout)

    # The CP thread

    @property
    def stopping(self) -> bool:
        """True from SHUTDOWN on."""
        return self._stopping

    def begin_shutdown(self) -> None:
        """Stop CP after the present event."""
        self._stopping = True
        self.nudge()

    def next_message(self) -> int:
        """A number for a message between machines, which no other one has had."""
        self._messages += 1
        return self._messages & 0x7FFFFFFF

    def nudge(self) -> None:
        """Have the CP thread look what there is to do. For threads that have the system lock."""
        self._events.nudge()

    def _note(self, text: str) -> None:
        """Native code cannot be had, or not as fast as it should."""
        self.post(lambda: self.log.write(SLOWER.full(text)))

    def offload(
        self, function: Callable[[], Any], done: Callable[[Any, Exception | None], None], *, lengthy: bool = False
    ) -> None:
        """Run FUNCTION on a worker thread; DONE gets its result or its exception on the CP thread.

        What may be LENGTHY has workers of its own, so that it cannot keep others from logging on.
        """
        self._workers.do(function, done, lengthy=lengthy)

    def _main(self) -> None:
        while not self._stopping:
            self.guarded(self._turn)
        with self.lock:
            self.processors.rest()
            self.guarded(self.operations.stop)
            self.guarded(lambda: logon.system_stopping(self))
            self.guarded(self.owed.stop)
            self.processors.stop()
        self.guarded(self._end_spooling)  # printers and links may need the lock to come to their end
        with self.lock:
            self.guarded(lambda: logon.system_stopped(self))
        self._close()

    def _turn(self) -> None:
        """Wait until there is something to do, and do it while all machines are at rest."""
        with self.lock:
            timeout = 0.0 if self.dispatcher.unfinished or self._stopping else self.timers.next_due()
            self._events.about_to_take()
        events = self._events.take(timeout, self._not_before)
        self.lock.acquire(urgent=True)
        try:
            if events or self.dispatcher.unfinished or self.timers.next_due() == 0.0:
                self.processors.rest()
                try:
                    self._work(events)
                finally:
                    self.processors.resume()
                    self._not_before = time.monotonic() + _HEADWAY if self.processors.busy else 0.0
        finally:
            self.lock.release()

    def _work(self, events: list[Event]) -> None:
        self.dispatcher.finish()
        for action in self.timers.expired():
            self.dispatcher.serve(action)
        for event in events:
            if self._stopping:
                return
            self.dispatcher.serve(event)

    def guarded(self, action: Callable[[], None]) -> None:
        """Do ACTION; a failure is told to the operator and goes no further."""
        try:
            action()
        except Exception as error:
            self.log.failure("EVENT", error)

    def _close(self) -> None:
        if self._watch in plugin.listeners:
            plugin.listeners.remove(self._watch)
        self._workers.stop()
        for session in list(self.sessions):
            self.guarded(session.close)
        self.sessions.clear()
        for step in (self._end_spooling, self.minidisks.close, self.journal.close, self._opened.close):
            self.guarded(step)
        self._stopped.set()
        for callback in self.on_shutdown:
            self.guarded(callback)
