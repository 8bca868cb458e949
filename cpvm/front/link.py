"""Where terminals meet CP: the two know each other only through protocols, which are joined here."""

from collections.abc import Callable

from cms.accessed import accessed_files
from cpvm.cp.graphic import GraphicTerminal
from cpvm.cp.session import Session as CPSession
from cpvm.cp.system import System
from cpvm.cp.window import Window, WindowTerminal
from cpvm.machine.storage import AddressError
from cpvm.terminal.filenames import Files
from cpvm.terminal.line import Terminal
from cpvm.terminal.tn3270 import ConnectDisplay, Wire


class _Link:
    """CP's session as a terminal sees it."""

    def __init__(self, system: System, session: CPSession) -> None:
        self._system = system
        self._session = session
        self.line = session.line
        self.attention = session.attention
        self.hangup = session.hangup
        self.program_key = session.program_key
        self.resized = session.resized

    def vouch(self, userid: str) -> None:
        """Whoever is at the terminal has proven to be this user; for the one that makes the connection."""
        self._session.proven = userid

    @property
    def userid(self) -> str:
        """The user logged on at this terminal, or an empty string."""
        vm = self._session.vm
        return vm.userid if vm else ""

    @property
    def occupied(self) -> bool:
        """Whether a user is logged on at this terminal, or it is connected with a machine's line."""
        return self._session.vm is not None or self._session.dialed is not None

    def files(self, reply: Callable[[Files | None], None]) -> None:
        """Tell which files the CMS in the user's machine has at hand; nothing in the machine is touched."""
        self._system.post(lambda: reply(self._files()))

    def _files(self) -> Files | None:
        vm = self._session.vm
        if vm is None or vm.logged_off:
            return None
        storage = vm.machine.storage

        def read(address: int, length: int) -> bytes:
            try:
                return storage.read(address, length)
            except AddressError as error:
                raise LookupError(str(error)) from error

        return accessed_files(read)


def connector(system: System) -> Callable[[Terminal], _Link]:
    """What a terminal calls to be connected with `system`."""

    def connect(terminal: Terminal) -> _Link:
        if isinstance(terminal, Window) and terminal.size is not None:
            return _WindowLink(system, WindowTerminal(system, terminal))
        return _Link(system, system.connect(terminal))

    return connect


class _WindowLink(_Link):
    """CP's session as a window sees it that shows lines, and a 3270 when there is one."""

    def __init__(self, system: System, terminal: WindowTerminal) -> None:
        super().__init__(system, terminal.session)
        self.line = terminal.typed
        self.received = terminal.received
        self.look = terminal.look
        self.escape = terminal.escape


class _DisplayLink:
    """CP's session as a 3270 sees it."""

    def __init__(self, terminal: GraphicTerminal) -> None:
        self._terminal = terminal
        self.received = terminal.received
        self.lost = terminal.lost
        self.escape = terminal.escape
        self.refused = terminal.refused

    @property
    def userid(self) -> str:
        """The user logged on at this terminal, or an empty string."""
        vm = self._terminal.session.vm
        return vm.userid if vm else ""

    @property
    def occupied(self) -> bool:
        """Whether a user is logged on at this terminal, or it is connected with a machine's display."""
        session = self._terminal.session
        return session.vm is not None or session.dialed is not None


def display_connector(system: System) -> ConnectDisplay:
    """What a 3270 calls to be connected with `system`."""

    def connect(wire: Wire) -> _DisplayLink:
        return _DisplayLink(GraphicTerminal(system, wire))

    return connect
