"""Who comes in by ssh: one connection, until somebody has been let in, and the sessions it opens then.

A password is looked at by CP, with all that follows from a wrong one. A key lets its owner in if the user's file has
it. The logon screen is for everybody, as it is on any other terminal. Nothing is forwarded, there are no subsystems.

Hard limits: those below, and the two that `server` has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import asyncssh

from cpvm.terminal.client import loopback_address
from cpvm.terminal.line import printable
from cpvm.terminal.ssh.gate import SCREEN_NAMES, Gate, Guest, Look, parted
from cpvm.terminal.ssh.keyring import KeyRing
from cpvm.terminal.ssh.session import SSHSession

MAX_PASSWORDS: Final = 4
"""Wrong passwords on one connection; then it is ended, as CP drops a line."""

MAX_KEYS: Final = 30
"""Keys that a client may offer on one connection."""

MAX_NAMES: Final = 8
"""User names that a client may try on one connection."""

MAX_SESSIONS: Final = 8
"""Sessions at a time on one connection."""

OpenSession = Callable[[Guest], "asyncssh.SSHServerSession[bytes]"]


class Access(asyncssh.SSHServer):
    """The server's end of one connection.

    Args:
        gate: the system.
        name: of the line, for the operator.
        arrived: called with the client's address; returns why it is not welcome, or "".
        settled: called when somebody was let in, or the connection has ended.
        open_session: makes a session.
    """

    def __init__(
        self,
        gate: Gate,
        name: str,
        *,
        arrived: Callable[[Access, str], str],
        settled: Callable[[Access, bool], None],
        open_session: OpenSession,
    ) -> None:
        self._gate = gate
        self.name = name
        self._arrived, self._settled = arrived, settled
        self._open_session = open_session
        self._connection: asyncssh.SSHServerConnection | None = None
        self._address = "unknown"
        self._local = False
        self._users: dict[str, str] = {}  # user names that were tried -> userids
        self._looks: dict[str, Look] = {}
        self._keys: dict[str, str] = {}  # user name -> fingerprint of a key that it has
        self._password_of = ""  # the user name whose password was right
        self._attempts = self._offers = 0
        self._guest: Guest | None = None
        self.sessions: set[SSHSession] = set()
        """Sessions that are open."""
        self.used = False
        """Whether there has been one."""

    # -- the connection --------------------------------------------------------------------------------------

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        peer = conn.get_extra_info("peername")
        self._address = str(peer[0]) if peer and peer[0] else "unknown"
        self._local = loopback_address(self._address)
        if self._arrived(self, self._address):
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._settled(self, True)

    @property
    def occupied(self) -> bool:
        """Whether somebody is known to be there: by ssh, or by LOGON at a terminal of the connection."""
        if self._guest is not None and self._guest.userid:
            return True
        return any(session.occupied for session in self.sessions)

    def abort(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.abort()

    def _end(self, why: str) -> asyncssh.DisconnectError:
        return asyncssh.DisconnectError(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, why)

    # -- who it is -------------------------------------------------------------------------------------------

    async def begin_auth(self, username: str) -> bool:
        if username not in self._users:
            if len(self._users) >= MAX_NAMES:
                raise self._end("too many user names")
            await self._find(username)
        userid = self._users[username]
        assert self._connection is not None
        keys = self._gate.keys(userid) if userid else ""
        self._connection.set_authorized_keys(KeyRing(keys, lambda found: self._keys.update({username: found})))
        return not self._is_screen(username)

    async def _find(self, username: str) -> None:
        """Find out whose a user name is; a userid may end as a look does."""
        name, look = parted(username)
        userid = await self._gate.user(username)
        self._looks[username] = Look.AUTO if userid else look
        self._users[username] = userid or (await self._gate.user(name) if name != username else None) or ""

    def _is_screen(self, username: str) -> bool:
        return not self._users.get(username) and parted(username)[0].lower() in SCREEN_NAMES

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self._attempts >= MAX_PASSWORDS:
            raise self._end("too many wrong passwords")
        self._attempts += 1
        name = self._users.get(username) or username
        guest = Guest(name, local=self._local, address=self._address)
        wrong = await self._gate.password(guest, password, self.name, self._attempts)
        if wrong is None:
            self._password_of = username
            return True
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.send_auth_banner(printable(wrong) + "\r\n")
        if self._attempts >= MAX_PASSWORDS:
            raise self._end("too many wrong passwords")
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._offers += 1
        if self._offers > MAX_KEYS:
            raise self._end("too many keys")
        return False  # it is not on the ring

    def auth_completed(self) -> None:
        assert self._connection is not None
        username = str(self._connection.get_extra_info("username"))
        look = self._looks.get(username, Look.AUTO)
        userid = self._users.get(username, "")
        if self._is_screen(username):
            self._guest = Guest("", look, self._local, self._address)
        elif userid and username == self._password_of:
            self._guest = Guest(userid, look, self._local, self._address)
        elif userid and username in self._keys:
            self._guest = Guest(userid, look, self._local, self._address)
            self._gate.key_used(self._guest, self.name, self._keys[username])
        else:
            self.abort()
            return
        self._settled(self, False)

    # -- what there is ---------------------------------------------------------------------------------------

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        if self._guest is None or len(self.sessions) >= MAX_SESSIONS:
            return False
        self.used = True
        return self._open_session(self._guest)
