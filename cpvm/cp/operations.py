"""What the operator has set for the system as a whole, until it is stopped (DMKCFS, DMKCPV)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cpvm.cp.image import Image
from cpvm.cp.journaling import Journaling
from cpvm.cp.logo import Logo
from cpvm.cp.message import message
from cpvm.cp.monitor import Monitor

if TYPE_CHECKING:
    from cpvm.cp.session import Session
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

DISABLED: Final = "LINE DISABLED BY THE OPERATOR"
SYSTEM_FULL: Final = message("DMKLOG199E", "{} NOT LOGGED ON; {} USERS ARE THE MAXIMUM")


@dataclass
class Switches:
    """Settings that QUERY shows, and what they change."""

    sassist: bool = True
    """Stands for native code, which machines use in any case."""
    cpassist: bool = True
    record: bool = True
    """Whether errors of devices are told to the operator."""
    limits: dict[int, int] = field(default_factory=dict)
    mode_main: bool = True
    mode_retry: bool = True
    dump: str = "AUTO"
    """Where a dump of CP would go."""
    dump_all: bool = False
    maximum: int | None = None
    """Users who may be logged on at the same time."""


class Operations:
    """The operator's settings, and what depends on them."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.switches = Switches()
        self.journaling = Journaling(system)
        self.monitor = Monitor(system)
        self.image = Image(system)
        self.logo = Logo(system.folder)
        self.reipl = False
        """Whether the system is to start again when it has stopped."""
        self.disabled: set[str] = set()
        """Names of lines at which nobody may log on."""
        self.all_disabled = False
        self.affinity: dict[str, int] = {}
        """Userid -> number of the processor that the user's machine asks for."""
        self.reserved: dict[str, int] = {}
        """Userid -> pages reserved."""
        self.locked: dict[str, set[int]] = {}
        """Userid -> numbers of the pages locked; SYSTEM for CP's own."""

    def enabled(self, name: str) -> bool:
        """Whether users may log on at the line with this name."""
        return not self.all_disabled and name not in self.disabled

    def may_log_on(self, session: Session | None) -> bool:
        """The same for a session; the operator's own terminal is never closed."""
        return session is None or session.terminal.local or self.enabled(session.terminal.name)

    def check_room(self, userid: str) -> None:
        """Raise SYSTEM_FULL if no more users may log on. The operator always may."""
        most = self.switches.maximum
        if most is not None and len(self._system.users) >= most and userid != "OPERATOR":
            raise SYSTEM_FULL.error(userid, most)

    def gone(self, vm: VMBLOK) -> None:
        """A user has logged off: what was set for the session is void."""
        for table in (self.affinity, self.reserved, self.locked):
            table.pop(vm.userid, None)

    def stop(self) -> None:
        """The system stops: what is being gathered becomes a file."""
        self.monitor.stop()
