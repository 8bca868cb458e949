"""External interruptions by which CP tells a machine that something waits for it: VMCF, IUCV, logical devices.

One interruption of a code is pending as long as there is something to tell; what it tells of is chosen when the machine
takes it, so nothing is lost while the machine is disabled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK


class ExternalSource(ABC):
    """What has things to tell one virtual machine, by external interruptions of one code."""

    code: ClassVar[int]
    """The interruption code, X'0000' to X'FFFF'."""

    def __init__(self, vm: VMBLOK) -> None:
        self.vm = vm

    @abstractmethod
    def _waiting(self) -> bool:
        """Whether there is something to tell now."""

    @abstractmethod
    def _present(self) -> None:
        """The machine is being interrupted: what is told goes to its storage. Other machines may be running."""

    def settle(self) -> None:
        """Look after the interruption of this machine, which may be running."""
        if self.vm.running:
            self.vm.system.post(self._request)
        else:
            self._request()

    def _request(self) -> None:
        """One interruption is pending as long as there is something to tell. The machine is at rest, or asks itself."""
        interruptions = self.vm.machine.interruptions
        pending = self.code in interruptions.others
        waiting = self._waiting()
        if waiting and not pending:
            interruptions.presenting[self.code] = self._present
            self.vm.machine.external(self.code)
            self.vm.wake()
        elif pending and not waiting:
            interruptions.others.remove(self.code)
