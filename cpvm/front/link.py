"""Where terminals meet CP: the two know each other only through protocols, which are joined here."""

from cpvm.cp.session import Session as CPSession
from cpvm.cp.system import System
from cpvm.terminal.line import Connect, Terminal


class _Link:
    """CP's session as a terminal sees it."""

    def __init__(self, session: CPSession) -> None:
        self._session = session
        self.line = session.line
        self.attention = session.attention
        self.hangup = session.hangup
        self.program_key = session.program_key

    @property
    def userid(self) -> str:
        """The user logged on at this terminal, or an empty string."""
        vm = self._session.vm
        return vm.userid if vm else ""


def connector(system: System) -> Connect:
    """What a terminal calls to be connected with `system`."""

    def connect(terminal: Terminal) -> _Link:
        return _Link(system.connect(terminal))

    return connect
