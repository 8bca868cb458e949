"""What the operator's page shows of a system, and what it does there.

Everything is computed on CP's thread, once for all pages, and only when one of them asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cpvm.cp import clock, load, signon
from cpvm.cp.command import Ask, CommandRun
from cpvm.cp.commands.query.real import line_states
from cpvm.cp.message import CPError
from cpvm.cp.session import ReadState
from cpvm.cp.spool import QUEUES
from cpvm.cp.spoolfile import COLUMNS, from_row
from cpvm.cp.system import System
from cpvm.cp.vmblok import VMBLOK

CLASSES: Final = "ABDE"
"""Privilege classes of which a user needs one for the page."""

MOST_FILES: Final = 200
"""Spool files that are listed of each queue; all are counted."""

_FRESH_SECONDS: Final = 1.0  # a picture that is younger is shown to the next who asks
_COMMAND_SECONDS: Final = 15.0  # a command that waits longer is cancelled
_NO_ACCESS = "YOUR PRIVILEGE CLASS DOES NOT ALLOW THE OPERATOR'S PAGE"
_NOT_LOGGED_ON = "{} IS NOT LOGGED ON; COMMANDS ARE EXECUTED FOR A USER WHO IS, AT A TERMINAL OR DISCONNECTED"
_NO_INPUT = "THE COMMAND ASKS FOR INPUT; GIVE IT AT A TERMINAL"
_STILL_RUNNING = "THE COMMAND BEFORE IS NOT DONE"
_CANCELLED = "THE COMMAND TOOK TOO LONG AND WAS ENDED"


class SystemSource:
    """A system, as the operator's page has it (see `cpvm.terminal.web.operators.OperatorSource`)."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._picture: dict[str, Any] | None = None
        self._taken = 0.0
        self._before = load.sample(system)
        self._busy: set[str] = set()

    # From any thread

    def sign_on(self, userid: str, password: str, caller: str, local: bool, done: Callable[[str, str], None]) -> None:
        """Check a password by the rules of LOGON."""

        place = signon.Place("WEB", caller or "unknown", local)

        def checked(user: str, refused: CPError | None) -> None:
            if refused is not None:
                self._system.log.write(f"WEB      SIGN ON   {self._known(userid):<8} REFUSED, FROM {caller}")
                done("", f"{refused.module or 'DMKLOG'}{refused.number:03}{refused.severity} {refused.text}")
            elif not self._may(user):
                done("", _NO_ACCESS)
            else:
                self._system.log.write(f"WEB      SIGN ON   {user:<8} FROM {caller}")
                done(user, "")

        self._system.post(lambda: signon.sign_on(self._system, userid, password, place=place, done=checked))

    def picture(self, userid: str, done: Callable[[Mapping[str, Any] | None], None]) -> None:
        """What this user may see."""
        self._system.post(lambda: done(self._for(userid)))

    def command(self, userid: str, line: str, done: Callable[[Sequence[str], int], None]) -> None:
        """Execute a CP command of this user's."""
        self._system.post(lambda: self._execute(userid, line, done))

    # On CP's thread

    def _known(self, typed: str) -> str:
        """The userid that somebody calls himself by; "" if there is none: it may be a password in the wrong field."""
        userid = self._system.directory.meant(typed.strip().upper())
        return userid if userid in self._system.directory.users else ""

    def _classes(self, userid: str) -> str:
        """A user's privilege classes now."""
        vm = self._system.users.get(userid)
        entry = self._system.directory.users.get(userid)
        return vm.classes if vm is not None else entry.classes if entry is not None else ""

    def _may(self, userid: str) -> bool:
        return bool(set(CLASSES) & set(self._classes(userid)))

    def _for(self, userid: str) -> dict[str, Any] | None:
        if not self._may(userid):
            return None
        now = time.monotonic()
        if self._picture is None or now - self._taken >= _FRESH_SECONDS:
            self._picture, self._taken = self._look(), now
        classes = set(self._classes(userid))
        shown = {"userid": userid, "classes": "".join(sorted(classes)), "here": userid in self._system.users}
        for part, needed in _PARTS.items():
            if classes & set(needed):
                shown[part] = self._picture[part]
        return shown

    def _look(self) -> dict[str, Any]:
        system = self._system
        sample = load.sample(system)
        main, attached = load.busy(self._before, sample)
        self._before = sample
        return {
            "system": {
                "node": system.configuration.node,
                "time": clock.long(time.time()),
                "up": int(time.time() - system.ipl_time),
                "users": len(system.users),
                "peak": system.peak,
                "terminals": len(system.sessions),
            },
            "load": {
                "cpu": main,
                "attached": attached,
                "processors": len(system.processors.threads),
                "storage": load.storage_used(),
                "queues": [len(queue) for queue in system.scheduler.waiting],
            },
            "users": [_user(system.users[name]) for name in sorted(system.users)],
            "lines": list(line_states(system)),
            "devices": [real.line() for real in system.real],
            "spool": {queue: self._files(queue) for queue in QUEUES},
        }

    def _files(self, queue: str) -> dict[str, Any]:
        query = self._system.database.query
        count = int(str(query("SELECT count(*) FROM spool_file WHERE queue = ?", queue)[0][0]))
        statement = f"SELECT {COLUMNS} FROM spool_file WHERE queue = ? ORDER BY position, spoolid LIMIT {MOST_FILES}"
        listed = [
            {
                "owner": file.owner,
                "id": file.spoolid,
                "class": file.spool_class,
                "records": file.records,
                "copies": file.copies,
                "hold": file.holds,
                "name": f"{file.name} {file.type}".strip(),
                "created": f"{clock.mmddyy(file.created)[:5]} {clock.hhmmss(file.created)}",
            }
            for file in map(from_row, query(statement, queue))
        ]
        return {"count": count, "files": listed}

    def _execute(self, userid: str, line: str, done: Callable[[Sequence[str], int], None]) -> None:
        system = self._system
        vm = system.users.get(userid)
        if not self._may(userid) or vm is None:
            done([_NOT_LOGGED_ON.format(userid)], 0)
            return
        if userid in self._busy:
            done([_STILL_RUNNING], 0)
            return
        if not line.strip():
            done([], 0)
            return
        self._busy.add(userid)
        response: list[str] = []

        def ended(code: int) -> None:
            timer.cancel()
            self._busy.discard(userid)
            done(response, code)

        def expired() -> None:
            response.append(_CANCELLED)
            run.cancel()

        timer = system.timers.after(_COMMAND_SECONDS, expired)
        run = CommandRun(system, [line], vm=vm, output=response.append, done=ended, captured=True)
        run.start()
        if isinstance(run.waiting, Ask):
            response.append(_NO_INPUT)
            run.attention()


_PARTS: Final = {"system": CLASSES, "users": CLASSES, "load": "ABE", "lines": "AB", "devices": "B", "spool": "D"}
"""The parts of the picture, and the privilege classes that see each, as those of the commands that show the same."""


_STATES: Final = {ReadState.CP_READ: "CP READ", ReadState.VM_READ: "VM READ", ReadState.RUNNING: "RUNNING"}


def _user(vm: VMBLOK) -> dict[str, Any]:
    usage = vm.usage
    session = vm.console.session
    state = _STATES.get(session.current) if session is not None and session.current is not None else None
    if state is None:
        state = "STOPPED" if vm.stopped else "RUNNING"
    return {
        "userid": vm.userid,
        "line": vm.line_name,
        "state": state,
        "storage": vm.storage // 1024,
        "virtual": usage.virtual_microseconds // 1000,
        "total": usage.total_microseconds // 1000,
        "io": usage.operations + vm.machine.io.started,
        "pages": load.pages_used(vm),
    }


__all__ = ["CLASSES", "MOST_FILES", "SystemSource"]
