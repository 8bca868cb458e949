"""What a virtual machine asks of CP: the machine's Host (DMKVIO, DMKHVC, DMKTMR)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from cpvm.cp import clock, privileged
from cpvm.cp.area import permitted, within
from cpvm.cp.diagnose import DiagnoseCall, find
from cpvm.machine import Machine, ProgramCheck
from cpvm.s370 import plugin
from cpvm.s370.interruption import ProgramCode

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

_IUCV = 0xB2F0
_ADDRESS = 0xFFFFFF
_VERSION = 0xFF  # STIDP's version code in a virtual machine
_MODEL = 0x0158
_SLICE = 4_000_000
"""Nanoseconds of processor time after which a machine gives others their turn."""


class VirtualHost:
    """The surroundings of one virtual machine."""

    def __init__(self, vm: VMBLOK) -> None:
        self._vm = vm
        self._since = time.thread_time_ns()
        self._slice_ends = 0
        self._thread = 0  # on which the slice runs
        self._unreported = 0  # nanoseconds charged that the machine's timers have not been told of

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        """DIAGNOSE: CODE is the second-operand address. Raises ProgramCheck as VM/370 does: privileged operation if the
        user lacks the privilege class, specification if there is no such code."""
        service = find(code)
        if service is None:
            raise ProgramCheck(ProgramCode.SPECIFICATION)
        if service.classes and not set(service.classes) & set(self._vm.classes):
            privileged.diagnose(self._vm, code, result=privileged.REFUSED)
            raise ProgramCheck(ProgramCode.PRIVILEGED)
        if privileged.privileged(service.classes):
            privileged.diagnose(self._vm, code)
        self.settle()
        try:
            service.body(DiagnoseCall(self._vm, machine, r1, r3))
        except ProgramCheck:
            raise
        except Exception as error:
            name = plugin.owner(service.body)
            if name is not None:
                plugin.report(name, f"DIAGNOSE X'{code:02X}'", error, machine)
            else:
                self._vm.system.log.failure(f"DIAGNOSE X'{code:02X}' OF {self._vm.userid}", error)
            raise ProgramCheck(ProgramCode.SPECIFICATION) from error
        finally:
            self.start()  # the time in between is CP's

    def simulate(self, address: int) -> bool:
        """An operation code that is none of a System/370's: IUCV's, X'B2F0', is CP's. Raises ProgramCheck."""
        machine = self._vm.machine
        cpu = machine.cpu
        if cpu.fetch2(address) & 0xFFFF != _IUCV:  # which was fetched before
            return False
        word = cpu.fetch2(address + 2)
        if machine.psw.problem:
            raise ProgramCheck(ProgramCode.PRIVILEGED)
        base = word >> 12 & 0xF
        operand = (word & 0xFFF) + (machine.gr[base] if base else 0) & _ADDRESS
        if cpu.translating:
            operand = cpu.translator.real(operand)
        self.settle()
        try:
            self._vm.iucv.instruction(machine.gr[0], operand)
        finally:
            self.start()
        return True

    def parameter_list(self, address: int, length: int) -> bytes:
        """A guest's parameter list at a real address, which is to be changed. Raises ProgramCheck."""
        machine = self._vm.machine
        if not machine.storage.holds(address, length):
            raise ProgramCheck(ProgramCode.ADDRESSING)
        if not permitted(machine, address, length, machine.psw.key, store=True):
            raise ProgramCheck(ProgramCode.PROTECTION)
        return machine.storage.read(address, length)

    def tod(self) -> int:
        """The TOD clock."""
        return clock.tod()

    def cpu_id(self) -> bytes:
        """X'FF', the serial number of SET CPUID or of the directory's OPTION CPUID, the model, no logout area."""
        return bytes((_VERSION,)) + self._vm.serial.to_bytes(3, "big") + _MODEL.to_bytes(2, "big") + bytes(2)

    def begin(self) -> None:
        """A slice begins, on this thread."""
        self.start()
        if self._vm.clock_area:
            used = self._vm.usage.virtual_microseconds << 12
            area = used.to_bytes(8, "big") + clock.tod().to_bytes(8, "big")
            if within(self._vm.machine, self._vm.clock_area, len(area)):  # else it was in a segment that is gone
                self._vm.machine.storage.write(self._vm.clock_area, area)
        self._slice_ends = self._since + _SLICE
        self._thread = threading.get_ident()

    def start(self) -> None:
        """Virtual time counts from here."""
        self._since = time.thread_time_ns()

    def settle(self) -> None:
        """Charge the virtual time up to now."""
        now = time.thread_time_ns()
        self._vm.usage.virtual_ns += now - self._since
        self._unreported += now - self._since
        self._since = now

    def late(self) -> bool:
        """Whether a channel program is to go on later: the slice ought to be over, or CP wants the machine to stop.

        Meanwhile others who wait for the lock have their turn.
        """
        if threading.get_ident() != self._thread:
            return True
        self._vm.outside.breathe()
        return time.thread_time_ns() >= self._slice_ends or self._vm.machine.stopping

    def elapsed(self, instructions: int) -> int:
        """Microseconds of virtual processor time since the last call; what CP did in between does not count."""
        self.settle()
        if self._since >= self._slice_ends:
            self._vm.machine.stop("CP")
        microseconds, self._unreported = divmod(self._unreported, 1000)
        return microseconds
