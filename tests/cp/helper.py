"""A system with a few users, and terminals that type a line and wait for the next read."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

from cpvm.cp.session import ReadState, Session
from cpvm.cp.system import System
from cpvm.machine.engines import AUTO

DIRECTORY = """\
* The directory of the tests
VOLUME TEST01 3350 60
NAMESYS BOOT 00C
LOGMSG WELCOME TO THE TEST SYSTEM
USER OPERATOR OPERATOR 512K 1M ABCDEG
ACCOUNT 1 SYSTEM
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
USER MAINT CPCMS 1M 16M ABCDEG
ACCOUNT 2 SYSTEM
OPTION ECMODE
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
MDISK 190 3350 10 10 TEST01 MR ALL WRITEME MULTME
MDISK 191 3350 20 5 TEST01 MR READIT
USER CMSUSER CMSUSER 256K 2M G
ALIAS CONVERSATIONAL
ALIAS CMS
ACCOUNT 3 BIN3
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
LINK MAINT 190 190 RR
MDISK 191 3350 30 5 TEST01 MR ALL ALL
USER USER01 SECRET 256K 2M G
ALIAS FIRSTUSER01
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
SPOOL 00E 1403 A
LINK MAINT 190 190 RR
MDISK 191 3350 40 5 TEST01 W
USER NOBODY NOLOG 256K 2M G
CONSOLE 009 3215
"""

READS = (ReadState.LOGON, ReadState.PASSWORD, ReadState.CP_READ, ReadState.VM_READ, ReadState.CLOSED)
PATIENCE = 30.0  # seconds until a test that hangs fails; never waited for otherwise


class FakeTerminal:
    """A terminal that collects what it is told. `type` returns the lines that came until the next read."""

    def __init__(self, name: str = "L0001", local: bool = True) -> None:
        self.name = name
        self.local = local
        self.events: queue.SimpleQueue[str | ReadState] = queue.SimpleQueue()
        self.transcript: list[str] = []
        self.reading: ReadState | None = None
        self.closed = False
        self.session: Session

    def write(self, text: str) -> None:
        self.events.put(text)

    def state(self, state: ReadState) -> None:
        self.events.put(state)

    def close(self) -> None:
        self.closed = True

    def until(self, *states: ReadState) -> list[str]:
        """Everything up to the next of STATES."""
        lines: list[str] = []
        while True:
            try:
                event = self.events.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{self.name}: no {states} after {lines}") from None
            if isinstance(event, str):
                lines.append(event)
                self.transcript.append(event)
            elif event in states:
                self.reading = event
                return lines

    def until_line(self, text: str) -> list[str]:
        """Everything up to a line that contains TEXT."""
        lines: list[str] = []
        while True:
            try:
                event = self.events.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{self.name}: no {text!r} after {lines}") from None
            if isinstance(event, str):
                lines.append(event)
                self.transcript.append(event)
                if text in event:
                    return lines

    def type(self, text: str, *states: ReadState) -> list[str]:
        """Type a line; what is shown until the next read."""
        self.session.line(text)
        return self.until(*(states or READS))


class Site:
    """A system in a folder, and its terminals."""

    def __init__(self, folder: Path, *, engine: str = AUTO, processors: int | None = None) -> None:
        self.folder = folder
        self.system = System(folder, engine=engine, processors=processors)
        self.system.start()
        self.count = 0

    def terminal(self, local: bool = True) -> FakeTerminal:
        self.count += 1
        terminal = FakeTerminal(f"L{self.count:04}", local)
        terminal.session = self.system.connect(terminal)
        terminal.until(ReadState.LOGON)
        return terminal

    def logon(self, userid: str, password: str | None = None) -> FakeTerminal:
        terminal = self.terminal()
        terminal.type(f"LOGON {userid} {password or userid}")
        assert terminal.reading is ReadState.CP_READ, terminal.transcript
        return terminal

    def on_cp(self, function: Callable[[], object]) -> None:
        """Run something on the CP thread and wait for it."""
        done: queue.SimpleQueue[object] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put(function())
            except BaseException as error:
                done.put(error)

        self.system.post(run)
        answer = done.get(timeout=PATIENCE)
        if isinstance(answer, BaseException):
            raise answer

    def restart(self) -> None:
        """Stop CP in good order and start it again."""
        self.system.shutdown()
        self.system = System(self.folder)
        self.system.start()
