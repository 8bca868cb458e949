"""MONITOR: figures gathered at intervals into a spool file (DMKMCC, DMKMON).

Records are card images, for programs and people: columns 1-8 class, 10-17 date, 19-26 time, 28-35 userid, device or
blank, and from 37 on figures with a blank between them, in the order that `CLASSES` gives. Times are milliseconds; all
that is counted is counted since the record before.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from cpvm.cp import clock
from cpvm.cp.load import pages_used
from cpvm.cp.message import message
from cpvm.cp.spool import SpoolError, SpoolWriter
from cpvm.cp.vdevblok import DASDBlock
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.timers import TimerRequest

NO_SPACE = message("DMKMON860I", "MONITOR STOPPED; NO SPOOL SPACE")
CLASSES: Final = {
    "PERFORM": "users, in queue 1, in queue 2, CPU, elapsed, slices of queue 1, slices of queue 2, spool files",
    "USER": "virtual CPU, total CPU, cards read, cards punched, lines printed, pages, priority",
    "SCHEDULE": "place in its queue (0: in none), queue, slices left in queue 1",
    "DASTAP": "users linked, links to write",
}
"""Classes of records, with the figures of each."""
MINIMUM, MAXIMUM, DEFAULT = 30, 32_400, 60
"""Seconds between two records."""
_CARD = 0x41
_LIMIT = 100_000  # records of a file, then the next one begins, unless MONITOR LIMIT says otherwise
_DAY = 24 * 60  # minutes


class Monitor:
    """Gathers records while it is started."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.classes: set[str] = {"PERFORM", "USER", "DASTAP"}
        self.interval = DEFAULT
        self.receiver = "OPERATOR"
        self.limit = _LIMIT
        """Records of one file."""
        self.limit_stops = False
        """Whether gathering ends there; else the next file begins."""
        self.daily: tuple[int, int] | None = None
        """Minutes of the day from and to which records are gathered every day."""
        self._clock: TimerRequest | None = None
        self._writer: SpoolWriter | None = None
        self._request: TimerRequest | None = None
        self._last: dict[str, tuple[int, ...]] = {}
        self._since = time.monotonic()

    @property
    def active(self) -> bool:
        """Whether records are being gathered."""
        return self._writer is not None

    @property
    def records(self) -> int:
        """How many there are in the file so far."""
        return self._writer.count if self._writer is not None else 0

    @property
    def spoolid(self) -> int:
        """The number of the file; 0 if there is none."""
        return self._writer.spoolid if self._writer is not None else 0

    def start(self, receiver: str) -> None:
        """Begin a file for RECEIVER's reader; the first records are made at once. Raises SpoolError."""
        self.receiver = receiver
        self._writer = self._system.spool.open()
        self._last.clear()
        self._since = time.monotonic()
        self.sample()

    def every_day(self, hours: tuple[int, int] | None) -> None:
        """Gather records every day between these minutes of the day; None: only when told to."""
        self.daily = hours
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        if hours is not None:
            self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        """Start or stop if it is time, and come again at the next minute."""
        if self.daily is None:
            return
        now = time.localtime()
        minute, (first, last) = now.tm_hour * 60 + now.tm_min, self.daily
        wanted = (minute - first) % _DAY < ((last - first) % _DAY or _DAY)
        if wanted and not self.active:
            try:
                self.start(self.receiver)
            except SpoolError as error:
                self._system.log.failure("MONITOR", error)
        elif not wanted and self.active:
            self.stop()
        self._clock = self._system.timers.after(60 - now.tm_sec, self._look_at_the_clock)

    def stop(self) -> int:
        """End: the file comes into the receiver's reader. Its spoolid; 0 if nothing was being gathered."""
        if self._request is not None:
            self._request.cancel()
            self._request = None
        return self.close(again=False)

    def close(self, *, again: bool = True) -> int:
        """Close the file; AGAIN begins another one. The spoolid of the one closed; 0 if there was none."""
        writer, self._writer = self._writer, None
        if writer is None:
            return 0
        try:
            file = writer.close(
                queue="RDR",
                owner=self.receiver,
                origin="SYSTEM",
                kind="PUN",
                spool_class="M",
                copies=1,
                hold=False,
                dist="",
                name="MONITOR",
                filetype=time.strftime("D%y%j%H"),
            )
        except (SpoolError, sqlite3.Error) as error:
            self._system.log.failure("MONITOR", error)
            return 0
        if again:
            self._writer = self._system.spool.open()
        self._system.file_arrived(file)
        return file.spoolid

    def sample(self) -> None:
        """Make a record of each class that is enabled, and come again after the interval."""
        if self._writer is None:
            return
        now = time.time()
        stamp = f"{clock.mmddyy(now)} {clock.hhmmss(now)}"
        try:
            for name in CLASSES:
                if name in self.classes:
                    for subject, figures in _SOURCES[name](self):
                        text = f"{name:<8} {stamp} {subject:<8} " + " ".join(str(figure) for figure in figures)
                        self._writer.put(_CARD, to_ebcdic(text[:80].ljust(80)))
            self._since = time.monotonic()
            if self._writer.count >= self.limit and self.limit_stops:
                self.stop()
                return
            if self._writer.count >= self.limit:
                self.close()
        except (SpoolError, sqlite3.Error) as error:
            if not isinstance(error, SpoolError):
                self._system.log.failure("MONITOR", error)
            self._system.log.write(NO_SPACE.full())
            self._writer.discard()
            self._writer = None
            return
        self._request = self._system.timers.after(self.interval, self.sample)

    def _since_last(self, key: str, *figures: int) -> tuple[int, ...]:
        """What figures that only grow have grown by; from the beginning if they have become less."""
        last = self._last.get(key, (0,) * len(figures))
        self._last[key] = figures
        return tuple(new - old if new >= old else new for new, old in zip(figures, last, strict=True))

    def perform(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """One record for the system."""
        system = self._system
        queue1, queue2 = system.scheduler.waiting
        cpu, first, second = self._since_last(
            "PERFORM", time.process_time_ns() // 1_000_000, system.scheduler.turns[0], system.scheduler.turns[1]
        )
        elapsed = int((time.monotonic() - self._since) * 1000)
        files = sum(len(system.spool.files(queue)) for queue in ("RDR", "PRT", "PUN"))
        yield "", (len(system.users), len(queue1), len(queue2), cpu, elapsed, first, second, files)

    def user(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """One for each user."""
        for userid in sorted(self._system.users):
            vm = self._system.users[userid]
            usage = vm.usage
            counted = self._since_last(
                userid,
                usage.virtual_ns // 1_000_000,
                (usage.virtual_ns + usage.overhead_ns) // 1_000_000,
                usage.cards_read,
                usage.cards_punched,
                usage.lines_printed,
            )
            yield userid, (*counted, pages_used(vm), vm.priority)

    def schedule(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """One for each user in a queue, or who could be."""
        queue1, queue2 = self._system.scheduler.waiting
        for userid in sorted(self._system.users):
            vm = self._system.users[userid]
            if vm in queue1:
                yield userid, (queue1.index(vm) + 1, 1, vm.interactive)
            elif vm in queue2:
                yield userid, (queue2.index(vm) + 1, 2, 0)
            elif vm.runnable:
                yield userid, (0, 1 if vm.interactive > 0 else 2, max(vm.interactive, 0))

    def dastap(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """One for each volume."""
        blocks = [block for vm in self._system.users.values() for block in vm.devices.values()]
        links = [block.link for block in blocks if isinstance(block, DASDBlock)]
        for real in self._system.real.of_kind("DASD"):
            here = [link for link in links if real.volid and link.disk.volid == real.volid]
            yield f"{real.raddr:03X}", (len({link.user for link in here}), sum(1 for link in here if link.writable))


_SOURCES: dict[str, Callable[[Monitor], Iterator[tuple[str, tuple[int, ...]]]]] = {
    "PERFORM": Monitor.perform,
    "USER": Monitor.user,
    "SCHEDULE": Monitor.schedule,
    "DASTAP": Monitor.dastap,
}
