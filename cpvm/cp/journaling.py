"""LOGON, AUTOLOG and LINK journaling: accounting records of types 04, 05 and 06, and messages (DMKJRL).

The records are VM/370 Release 6's (System Programmer's Guide, accounting records for journaling), but for the wrong
password, which stands blank: it is often the right one of something else. SET JOURNAL governs them; the journal of
`cpvm.cp.journal` is always kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpvm.cp import accounting, clock
from cpvm.cp.journal import ALIKE_SECONDS, What
from cpvm.cp.journalrules import JournalRules
from cpvm.cp.message import message
from cpvm.cp.session import Origin
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

NOT_WRITTEN = message("DMKJRL147W", "JOURNAL NOT WRITTEN; {}")
WRONG_LOGON = message("DMKJRL145I", "{} AT {}; {} INVALID LOGON PASSWORDS")
WRONG_AUTOLOG = message("DMKJRL145I", "{} BY {}; {} INVALID AUTOLOG PASSWORDS")
WRONG_LINK = message("DMKJRL146I", "{} AT {}; {} INVALID LINK PASSWORDS, NOW FOR {} {:03X}")


@dataclass(frozen=True)
class _Card:
    """A record: who, at which line, and the userid that AUTOLOG came from or the owner of the disk."""

    user: str
    line: str
    other: str
    account: str = ""
    vaddr: str = ""
    count: int = 0
    limit: int = 0

    def columns(self, *, counted: bool) -> bytes:
        """Columns 1 to 78."""
        when = time.strftime("%m%d%y%H%M%S", time.localtime(time.time()))
        text = f"{self.user:<8}{self.account[:8]:<8}{when}{self.line[-4:]:<4}{'':8}{self.other:<8}{self.vaddr:<3}"
        counts = b"".join(min(number, 0xFFFF).to_bytes(2, "big") for number in (self.count, self.limit))
        return (to_ebcdic(text) + (counts if counted else b"")).ljust(78, b"\x40")


def _card(vm: VMBLOK, owner: str, vaddr: int, count: int = 0, limit: int = 0) -> _Card:
    return _Card(vm.userid, vm.line_name, owner, vm.charge.account, f"{vaddr:03X}", count, limit)


class Journaling:
    """What SET JOURNAL has switched on, and what follows from wrong passwords."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.logon = self.link = False
        self._syncing = self._dirty = self._counting = self._unsynced = False

    @property
    def rules(self) -> JournalRules:
        """Those of `system.config`."""
        return self._system.configuration.journaling

    def begin(self) -> None:
        """The system starts."""
        rules, journal = self.rules, self._system.journal
        journal.file_bytes = rules.file_bytes
        journal.trouble = lambda text: self._system.log.write(NOT_WRITTEN.full(text))
        journal.write(What.SYSTEM, about="START")
        journal.written = self._written
        self.logon = self.link = rules.facility
        self._system.guard.limit, self._system.guard.seconds = rules.logon.closed, rules.logon.minutes * 60.0
        self._system.guards.link.limit = self._system.guards.autolog.limit = rules.link.closed

    def _written(self) -> None:
        """A record is in the journal's file; another thread sees that it comes to the disk."""
        journal = self._system.journal
        if not self._counting and journal.counting:
            self._counting = True
            self._system.timers.after(ALIKE_SECONDS, self._count_out)
        self._dirty = True
        if not self._syncing:
            self._sync()

    def _count_out(self) -> None:
        self._counting = False
        self._system.journal.count_out()
        if not self._counting and self._system.journal.counting:
            self._counting = True
            self._system.timers.after(ALIKE_SECONDS, self._count_out)

    def _sync(self) -> None:
        self._syncing, self._dirty = True, False
        self._system.offload(self._system.journal.sync, self._synced, lengthy=True)

    def _synced(self, value: object, error: Exception | None) -> None:
        self._syncing = False
        if error is None:
            self._unsynced = False
        elif not self._unsynced:
            self._unsynced = True
            why = error.strerror if isinstance(error, OSError) else None
            self._system.log.write(NOT_WRITTEN.full((why or str(error)).upper()))
        if self._dirty and error is None:
            self._sync()

    def wrong_logon(self, user: str, line: str, count: int, *, by: str = "") -> None:
        """The wrong password number COUNT in a row was given for USER, at a LINE, or BY a user with AUTOLOG."""
        rule = self.rules.logon
        if self.logon and count >= rule.account:
            self._record("04", _Card(user, line, by, count=count, limit=rule.account))
        if self.logon and rule.message and count >= rule.message:
            text = WRONG_AUTOLOG.full(user, by, count) if by else WRONG_LOGON.full(user, line, count)
            self._tell(rule.told, text)

    def wrong_link(self, vm: VMBLOK, owner: str, vaddr: int, count: int) -> None:
        """The wrong password number COUNT in a row was given for LINK."""
        rule = self.rules.link
        if self.link and count >= rule.account:
            self._record("06", _card(vm, owner, vaddr, count, rule.account))
        if self.link and rule.message and count >= rule.message:
            self._tell(rule.told, WRONG_LINK.full(vm.userid, vm.line_name, count, owner, vaddr))

    def linked(self, vm: VMBLOK, owner: str, vaddr: int) -> None:
        """VM has a link to another one's disk that not everybody may have."""
        if self.link:
            self._record("05", _card(vm, owner, vaddr))

    def _record(self, code: str, card: _Card) -> None:
        accounting.journal_record(self._system.database, code, card.columns(counted=code != "05"))

    def _tell(self, userid: str, text: str) -> None:
        vm = self._system.users.get(userid)
        if vm is not None:
            vm.console.write_cp(f"{clock.hhmmss(time.time())} {text}", Origin.MESSAGE)
