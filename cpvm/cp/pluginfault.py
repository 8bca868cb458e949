"""What CP does about a plugin that fails: the operator is told, and the user whose machine it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.cp.message import message
from cpvm.machine import Machine
from cpvm.machine.device import Device
from cpvm.s370.plugin import Fault

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

PLUGIN_FAILED = message("DMKPSA909I", "PLUGIN {} FAILED; {}; TOLD TO THE OPERATOR")


class PluginWatch:
    """Listens for the faults of plugins in one system's machines and commands (see `cpvm.s370.plugin.listeners`)."""

    def __init__(self, system: System) -> None:
        self._system = system

    def __call__(self, fault: Fault) -> None:
        """Tell of a fault; one of somebody else's machine in this process is none of ours."""
        vm = self._machine_of(fault.subject)
        if vm is None and fault.subject is not self._system:
            return
        where = f"PLUGIN {fault.plugin}, {fault.where}" + (f" OF {vm.userid}" if vm is not None else "")
        self._system.log.failure(where if fault.times == 1 else f"{where}, {fault.times} TIMES", fault.error)
        if vm is not None:
            vm.message(PLUGIN_FAILED.full(fault.plugin, fault.where))

    def _machine_of(self, subject: object) -> VMBLOK | None:
        for vm in list(self._system.users.values()):
            if isinstance(subject, Machine) and vm.machine is subject:
                return vm
            if isinstance(subject, Device) and vm.machine.device(subject.address) is subject:
                return vm
        return None
