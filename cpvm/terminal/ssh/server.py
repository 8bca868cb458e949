"""The listener for ssh, with a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import asyncssh

from cpvm.terminal.linemode import Histories
from cpvm.terminal.listening import Failed, Listener
from cpvm.terminal.places import HOUSE, Places
from cpvm.terminal.ssh.access import Access
from cpvm.terminal.ssh.gate import Gate, Guest, Place
from cpvm.terminal.ssh.session import SSHSession

MAX_CONNECTIONS: Final = 500
"""Connections at a time. When all are taken, one at which nobody is logged on makes room for the next (see
`cpvm.terminal.places`); if there is none, that one is ended at once."""

MAX_STRANGERS: Final = 250
"""Of these, connections whose clients have not been let in yet; the same holds for them."""

MAX_STRANGERS_EACH: Final = 200
"""Of those, connections from one address (or network of IPv6): a class behind a router has but one."""

MAX_COMMANDS: Final = 50
"""Commands executed at a time; further ones wait."""

LOGIN_GRACE: Final = 60.0
"""Seconds that a client has to be let in, and then to open a session."""

SIGN_OF_LIFE: Final = 60.0
"""Seconds of silence after which a client is asked whether it is there; after three times it is taken for lost."""

_CLOSE_GRACE = 5.0  # seconds that closed sessions may take to deliver their last output


class SSHServer(Listener):
    """A listener.

    Args:
        gate: the system.
        host: address to listen on.
        port: TCP port, 0 for any free one.
        host_key: the system's private key, in OpenSSH's format.
        failed: told of errors in this program; without it they are passed over.
    """

    def __init__(self, gate: Gate, host: str, port: int, host_key: bytes, failed: Failed | None = None) -> None:
        super().__init__("ssh", failed)
        self._gate = gate
        self._host, self._port = host, port
        self._host_key = asyncssh.import_private_key(host_key)
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._histories = Histories()
        self._threads = ThreadPoolExecutor(MAX_COMMANDS, thread_name_prefix="ssh-command")
        self._accesses: dict[Access, str] = {}
        self._places: Places[Access]
        self._strangers: Places[Access]
        self._sessions: dict[str, SSHSession] = {}
        self._number = 0

    @property
    def fingerprint(self) -> str:
        """Of the host key, as clients show it."""
        return str(self._host_key.get_fingerprint())

    def _of_the_network(self, error: Exception) -> bool:
        return isinstance(error, OSError | asyncssh.Error)

    async def _begin(self) -> tuple[str, int]:
        self._places = Places(lambda: MAX_CONNECTIONS, lambda access: not access.occupied, Access.abort, HOUSE)
        self._strangers = Places(lambda: MAX_STRANGERS, lambda access: True, Access.abort)
        self._acceptor = await asyncssh.create_server(
            self._access,
            self._host,
            self._port,
            server_host_keys=[self._host_key],
            encoding=None,
            line_editor=False,
            login_timeout=LOGIN_GRACE,
            keepalive_interval=SIGN_OF_LIFE,
            host_based_auth=False,
            kbdint_auth=False,
            gss_host=None,
            x11_forwarding=False,
            agent_forwarding=False,
            compression_algs=None,  # a bomb is no danger then
            config=None,
        )
        HOUSE.open(self._places, MAX_CONNECTIONS, self._loop.call_soon_threadsafe)
        host, port = self._acceptor.sockets[0].getsockname()[:2]
        return host, port

    async def _end(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        for session in list(self._sessions.values()):
            session.close()
        end = self._loop.time() + _CLOSE_GRACE
        while self._sessions and self._loop.time() < end:
            await asyncio.sleep(0.02)
        for access in list(self._accesses):
            access.abort()
        await asyncio.sleep(0)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        HOUSE.close(self._places)

    # -- connections -----------------------------------------------------------------------------------------

    def _name(self) -> str:
        """The lowest name of a line that is nobody's."""
        used = {*self._accesses.values(), *self._sessions}
        names = (f"S{number:04d}" for number in itertools.count(1))
        return next(name for name in names if name not in used and not self._gate.taken(name))

    def _access(self) -> Access:
        name = self._name()
        access = Access(
            self._gate,
            name,
            arrived=self._arrived,
            settled=self._settled,
            open_session=lambda guest: self._open(access, guest),
        )
        return access

    def _arrived(self, access: Access, address: str) -> str:
        if self._strangers.of(address) >= MAX_STRANGERS_EACH:
            return "TOO MANY FROM THERE"
        if not self._places.enter(access, address):
            return "ALL LINES BUSY"
        self._strangers.enter(access, address)
        self._accesses[access] = access.name
        return ""

    def _settled(self, access: Access, ended: bool) -> None:
        self._strangers.leave(access)
        if ended:
            self._places.leave(access)
            self._accesses.pop(access, None)
        else:
            self._loop.call_later(LOGIN_GRACE, lambda: None if access.used else access.abort())

    def _open(self, access: Access, guest: Guest) -> SSHSession:
        # The first session has the connection's name, which the operator has seen with its password or key.
        name = access.name if access.name not in self._sessions else self._name()

        def ended() -> None:
            if (over := self._sessions.pop(name, None)) is not None:
                access.sessions.discard(over)

        session = SSHSession(guest, Place(name, self._gate, self._histories), self._threads, ended)
        self._sessions[name] = session
        access.sessions.add(session)
        return session
