"""Terminals nobody is logged on at, and whom the lines typed at the others are for (DMKCNS, DMKLOG)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from cpvm.cp import logon
from cpvm.cp.command import Ask, CommandRun
from cpvm.cp.lineedit import EditSymbols, logical_lines
from cpvm.cp.operations import DISABLED
from cpvm.cp.session import ReadState

if TYPE_CHECKING:
    from cpvm.cp.dispatch import Dispatcher
    from cpvm.cp.operations import Operations
    from cpvm.cp.session import Session
    from cpvm.cp.system import System

_LOGON_SYMBOLS: Final = EditSymbols()


class Lines:
    """The terminals' side of a `System`. For CP's thread."""

    sessions: list[Session]
    operations: Operations
    dispatcher: Dispatcher
    post: Callable[[Callable[[], None]], None]

    def _system(self) -> System:
        return cast("System", self)

    def _greet(self, session: Session) -> None:
        self.sessions.append(session)
        self.online(session)

    def online(self, session: Session) -> None:
        """Nobody is logged on at this terminal."""
        session.online()
        self.announce_logon(session)

    def announce_logon(self, session: Session) -> None:
        """Tell a terminal without a user what it may do."""
        waiting = session.logon.waiting if session.logon is not None else None
        if isinstance(waiting, Ask) and session.ahead:
            self.post(lambda: self._answer(session))  # what stood behind LOGON in its line; not to be shown again
            session.state(ReadState.RUNNING)
        elif isinstance(waiting, Ask):
            session.state(ReadState.PASSWORD if waiting.hidden else ReadState.LOGON)
        elif session.logon is None:
            session.state(ReadState.LOGON)
        else:
            session.state(ReadState.RUNNING)

    def _answer(self, session: Session) -> None:
        if session.logon is not None and isinstance(session.logon.waiting, Ask) and session.ahead:
            session.logon.reply(session.ahead.popleft())

    def console_line(self, session: Session, text: str) -> None:
        """A line was typed."""
        text = "".join(char for char in text if char.isprintable() or char == "\t")
        if session.vm is not None:
            self.dispatcher.pays(session.vm)
            session.vm.console.typed(text)
        elif session.dialed is not None:
            session.dialed.line(text)
        elif session.logon is None:
            self._logon_lines(session, logical_lines(text[:130], _LOGON_SYMBOLS))
        elif isinstance(session.logon.waiting, Ask):
            session.logon.reply(text)
        else:
            session.ahead.append(text)

    def _logon_lines(self, session: Session, lines: list[str]) -> None:
        if not any(line.strip() for line in lines):
            self.announce_logon(session)
            return
        if not self.operations.may_log_on(session):
            session.write(DISABLED)
            self.announce_logon(session)
            return

        def done(code: int) -> None:
            session.logon = None
            if session.vm is None and session.dialed is None and not session.closed:
                self.announce_logon(session)
            while session.ahead and session.logon is None and not session.closed:
                self.console_line(session, session.ahead.popleft())

        first, *rest = lines
        session.ahead.extend(rest)
        session.logon = CommandRun(self._system(), [first], session=session, output=session.write, done=done)
        session.logon.start()

    def console_attention(self, session: Session) -> None:
        """The attention key."""
        if session.vm is not None:
            session.vm.console.attention()
        elif session.dialed is not None:
            session.dialed.attention()
        elif session.logon is not None:
            session.logon.attention()
        else:
            self.announce_logon(session)

    def console_hangup(self, session: Session) -> None:
        """The line is gone: a user who is logged on becomes disconnected."""
        if session in self.sessions:
            self.sessions.remove(session)
        session.closed = True
        if session.logon is not None:
            session.logon.cancel()
        if session.vm is not None:
            logon.line_lost(session.vm)
        if session.dialed is not None:
            session.dialed.drop()
