"""A real printer or punch of the system as the operator sees it (RDEVBLOK, DMKCSO, DMKRSP)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cpvm.cp.message import message
from cpvm.cp.realdev import RealDevice
from cpvm.cp.realunit.despooler import Despooler, Job, Order, Outcome, Setting
from cpvm.cp.realunit.outlet import Outlet
from cpvm.cp.spool import SpoolFile
from cpvm.machine.media.forms import STANDARD, Form

if TYPE_CHECKING:
    from cpvm.cp.system import System

ANY_CLASS: Final = "*"
SPOOL_SECONDS: Final = 5.0
"""After which it is tried again to enter into the spool what became of a copy."""
RETRY_SECONDS: Final = 60.0  # after which a device that wanted the operator tries again of itself
INTERVENTION = message("DMKRSE501A", "{} {:03X} INT REQ; {}")
DAMAGED = message("DMKRSP428I", "{} {:03X} FILE {:04} CANNOT BE READ; HELD")


@dataclass
class Traits:
    """What the operator can set: START, LOADBUF."""

    classes: str = "A"
    separator: bool = True
    form_name: str = ""  # "": any
    form: Form = STANDARD
    fcb: str = ""
    ucs: str = ""


class OutputUnit(RealDevice):
    """A spooled printer or punch. All methods are for CP's thread."""

    def __init__(
        self,
        system: System,
        raddr: int,
        devtype: str,
        kind: str,
        *,
        outlet: Outlet,
        traits: Traits,
        format: str,
        greenbar: bool = False,
        rate: int = 0,
        detail: str = "",
    ) -> None:
        super().__init__(raddr, devtype, kind, system=True, detail=detail)
        self.traits = traits
        self.draining = False
        self.job: Job | None = None
        self._system = system
        self._outlet = outlet
        self._format = format
        self._greenbar = greenbar
        self._rate = rate
        self._despooler: Despooler | None = None
        self._closing = False
        self._again: Callable[[], None] = lambda: None  # to be tried when the host's disk is well again

    @property
    def name(self) -> str:
        """`PRT 00E`."""
        return f"{self.kind} {self.raddr:03X}"

    # What QUERY shows

    def line(self) -> str:
        """The state of the device."""
        if not self.online:
            return super().line()
        state = "DRAINED" if self.drained else "DRAINING" if self.draining else "STARTED"
        traits = self.traits
        rest = f"CLASS {' '.join(traits.classes)} {'SEP' if traits.separator else 'NOSEP'}"
        for word, value in (("FORM", traits.form_name), ("FCB", traits.fcb), ("UCS", traits.ucs)):
            if value:
                rest += f" {word} {value}"
        return f"{self.name} {state:<8} SYSTEM {rest}"

    def lines(self) -> list[str]:
        """All that is to be said of it: its state, and the file that it works on."""
        lines = [self.line()]
        if self.job is not None:
            lines.append(f"{self.name} OUTPUT OF {self.job.file.described()}")
            if self.job.intervention:
                lines.append(INTERVENTION.full(self.kind, self.raddr, self.job.intervention))
        return lines

    # The operator's commands

    def start(self) -> None:
        """START: take files; a device that wants the operator tries again."""
        self.drained = self.draining = False
        if self.job is not None:
            self.job.retry()
            again, self._again = self._again, lambda: None
            again()
        self.dispatch()

    def drain(self) -> None:
        """DRAIN: take no more files; drained when the present one is done."""
        if self.job is None:
            self.drained, self.draining = True, False
        elif not self.drained:
            self.draining = True

    def flush(self, *, every: bool, hold: bool) -> SpoolFile | None:
        """FLUSH: end the present copy, or all; HOLD: keep the file in system hold. None if it does nothing now."""
        job = self.job
        if job is None:
            return None
        file = job.file
        if hold:
            job.file = replace(file, system_hold=True)
        elif every:
            job.file = replace(file, copies=1)
        job.give(Order(ends=Outcome.FLUSHED))
        return file

    def backspace(self, pages: int | None, *, from_end: bool = False) -> SpoolFile | None:
        """BACKSPAC: back by pages, or to the beginning of the file (None)."""
        if self.job is None:
            return None
        self.job.give(Order(pages=pages, from_end=from_end))
        return self.job.file

    def repeat(self, copies: int, *, hold: bool) -> SpoolFile | None:
        """REPEAT: so many copies more; HOLD: system hold when they are done."""
        job = self.job
        if job is None:
            return None
        job.file = replace(job.file, copies=min(99, job.file.copies + copies), keep=job.file.keep or hold)
        self._system.spool.update(job.file)
        return job.file

    def space(self) -> bool:
        """SPACE: the rest of the file is spaced single. False if there is none."""
        if self.job is not None:
            self.job.single = True
        return self.job is not None

    # Producing files

    def dispatch(self) -> None:
        """Begin with the next file, if the device is free and there is one for it."""
        if self.job is not None or self.drained or self.draining or self._closing or not self.online:
            return
        try:
            file = self._system.units.next_file(self)
            if file is not None:
                self._begin(file, 1, "OUTPUT OF")
        except (sqlite3.Error, RuntimeError) as error:  # the host cannot read the spool, or has no thread
            self._later(error, self.dispatch)

    def _begin(self, file: SpoolFile, copy: int, what: str) -> None:
        traits = self.traits
        setting = Setting(
            self.name,
            self._system.configuration.node,
            traits.separator and copy == 1,
            traits.form,
            self._format,
            self._greenbar,
            self._rate,
        )
        if self._despooler is None:
            self._despooler = Despooler(self.name, self._system.database_path, self._post_end, self._post_want)
        self.job = Job(file, copy, setting, self._outlet)
        self._system.log.write(f"{self.name} {what} {file.described()}")
        self._despooler.put(self.job)

    def _post_end(self, job: Job, outcome: Outcome) -> None:
        self._system.post(lambda: self._ended(job, outcome))

    def _post_want(self, job: Job) -> None:
        self._system.post(lambda: self._want(job))

    def _want(self, job: Job) -> None:
        """The operator is wanted."""
        if self.job is job and job.intervention:
            self._system.log.write(INTERVENTION.full(self.kind, self.raddr, job.intervention))
            self._system.timers.after(RETRY_SECONDS, job.retry)

    def _ended(self, job: Job, outcome: Outcome) -> None:
        """A copy is done, or is not to be done. If the spool cannot be told so, the device waits until it can."""
        if self._closing or outcome is Outcome.STOPPED:
            self.job = None
        elif self.job is job:
            try:
                again = self._enter(job, outcome)
            except sqlite3.Error as error:
                self._later(error, lambda: self._ended(job, outcome))
            else:
                if not again:
                    self.dispatch()

    def _later(self, error: Exception, again: Callable[[], None]) -> None:
        """The host has refused something: the operator is told, and it is tried AGAIN."""
        self._system.log.failure(self.name, error)
        self._again = again
        self._system.timers.after(SPOOL_SECONDS, again)

    def _enter(self, job: Job, outcome: Outcome) -> bool:
        """What became of a copy, in the spool. True if one more is begun. Raises sqlite3.Error: nothing has changed."""
        file = job.file
        spool = self._system.spool
        if outcome is Outcome.DAMAGED:
            spool.update(replace(file, system_hold=True))
            self._system.log.write(DAMAGED.full(self.kind, self.raddr, file.spoolid))
        elif file.system_hold:
            spool.update(file)
        elif file.copies > 1:
            file = replace(file, copies=file.copies - 1)
            spool.update(file)
            self._begin(file, job.copy + 1, "REPEATED")
            return True
        elif file.keep:
            spool.update(replace(file, hold=True, copies=1))
        else:
            spool.purge(file)
        self.job = None
        if self.draining:
            self.draining, self.drained = False, True
            self._system.log.write(self.line())
        return False

    def close(self) -> None:
        """CP stops: a file that is not done stays in the spool."""
        self._closing = True
        if self.job is not None:
            self.job.give(Order(ends=Outcome.STOPPED))
        if self._despooler is not None:
            self._despooler.stop()
        self.job = None
