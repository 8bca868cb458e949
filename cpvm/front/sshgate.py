"""A system as ssh sees it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cpvm.cp import signon
from cpvm.cp.journal import What
from cpvm.cp.message import CPError
from cpvm.front.link import connector
from cpvm.front.remotecommand import RemoteCommand
from cpvm.front.sshkeys import UserKeys
from cpvm.terminal.line import Session, Terminal
from cpvm.terminal.ssh.gate import Command, CommandClient, Guest
from cpvm.terminal.throttle import Fence

if TYPE_CHECKING:
    from cpvm.cp.system import System


class SystemGate:
    """The way into a system whose directory is in a folder."""

    def __init__(self, system: System, folder: Path) -> None:
        self._system = system
        self._keys = UserKeys(folder)
        self._connect = connector(system)

    @property
    def fence(self) -> Fence:
        """See `throttle`."""
        return self._system.post

    async def user(self, name: str) -> str | None:
        """The userid of the user called NAME, if there is one that may log on."""

        def look(done: Callable[[str | None], None]) -> None:
            directory = self._system.directory
            userid = directory.meant(name.upper())
            done(userid if userid in directory.users and directory.may_log_on(userid) else None)

        return await self._asked(look)

    async def password(self, guest: Guest, password: str, line: str, attempt: int) -> str | None:
        """Look at the password of whoever calls himself GUEST, which came as the ATTEMPT on LINE.

        None if it is right, else what is wrong with it.
        """
        place = signon.Place(line, guest.address, guest.local)

        def look(done: Callable[[str | None], None]) -> None:
            def said(userid: str, error: CPError | None) -> None:
                done(None if error is None else f"DMKLOG{error.number:03}{error.severity} {error.text}")

            signon.sign_on(self._system, guest.userid, password, place=place, attempt=attempt, done=said)

        return await self._asked(look)

    async def _asked(self, look: Callable[[Callable[[str | None], None]], None]) -> str | None:
        """What LOOK, called on CP's thread, hands to its argument."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def done(value: str | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(value))

        self._system.post(lambda: look(done))
        return await answer

    def keys(self, userid: str) -> str:
        """The user's keys, as OpenSSH's authorized_keys has them."""
        return self._keys.text(userid)

    def taken(self, name: str) -> bool:
        """Whether a terminal in the system has this name."""
        return any(session.terminal.name == name for session in tuple(self._system.sessions))

    def key_used(self, guest: Guest, line: str, fingerprint: str) -> None:
        """GUEST was let in on LINE by the key with this fingerprint."""
        place = signon.Place(line, guest.address, guest.local)

        def tell() -> None:
            self._system.log.write(f"{line:<8} KEY {fingerprint} OF {guest.userid}")
            self._system.journal.write(What.SIGNON, guest.userid, place=str(place), about=f"KEY {fingerprint}")

        self._system.post(tell)

    def connect(self, terminal: Terminal, userid: str) -> Session:
        """A session for a terminal; with a USERID its first LOGON of that user needs no password."""
        link = self._connect(terminal)
        link.vouch(userid)
        return link

    def command(self, guest: Guest, name: str, lines: list[str], client: CommandClient) -> Command:
        """What executes lines for a guest, on a line with this name."""
        return RemoteCommand(self._system, guest, lines, client, name=name)
