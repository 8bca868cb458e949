"""The networking userid: whose files go to other systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpvm.cp.system import System


class Network:
    def __init__(self, system: System) -> None:
        self._system = system
        self.userid = system.configuration.user
        self.active = False

    def start(self) -> None: ...

    def kick(self) -> None: ...

    def close(self) -> None: ...

    def sending(self, spoolid: int) -> bool:
        return False
