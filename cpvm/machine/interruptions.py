"""Interruptions: exchange of PSWs, and what is pending.

Source: *Principles of Operation*, GA22-7000, "Interruptions".
"""

from collections.abc import Callable, Sequence
from struct import Struct
from typing import TYPE_CHECKING

from cpvm.machine.machinecheck import MachineChecks
from cpvm.machine.stop import ProgramCheck
from cpvm.s370 import psa
from cpvm.s370.interruption import NULLIFYING, ExternalCode, ProgramCode
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import BC_OTHER_CHANNELS, EC, EC_IO, EXTERNAL_MASK

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine

_PSW = Struct(">II")

# submask bits of control register 0 for external interruptions
TIMER_MASK, KEY_MASK, SIGNAL_MASK = 0x80, 0x40, 0x20
COMPARATOR_MASK, CPU_TIMER_MASK = 0x800, 0x400
VMCF_MASK, IUCV_MASK, LOGICAL_DEVICE_MASK = 0x01, 0x02, 0x200
EMERGENCY_MASK, CALL_MASK = 0x4000, 0x2000
OTHER_MASKS = {
    0x4000: IUCV_MASK,
    0x4001: VMCF_MASK,
    0x2402: LOGICAL_DEVICE_MASK,
    ExternalCode.EMERGENCY_SIGNAL: EMERGENCY_MASK,
    ExternalCode.EXTERNAL_CALL: CALL_MASK,
}
"""Code -> submask bit of those external interruptions that have one of their own."""
FROM_PROCESSORS = (ExternalCode.EMERGENCY_SIGNAL, ExternalCode.EXTERNAL_CALL)
"""Those that come before the clock comparator, in order of priority."""
EXTERNAL_SIGNALS = 0x3F
"""The six external-signal lines; like the timer and the interrupt key they are bits of one code."""


class Interruptions:
    """What may interrupt one CPU, and the exchange of PSWs when it does."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self.signals = 0
        """Pending conditions of the common external code: interrupt key X'40', external signals 2-7."""
        self.others: list[int] = []
        """Other external codes, in order of arrival."""
        self.presenting: dict[int, Callable[[], None]] = {}
        """By one of those codes: what is to be done just before that interruption is taken."""
        self.simulate: Callable[[int], bool] | None = None
        """Given the address of an operation code that is none: whether somebody has carried it out in another way.

        It may raise ProgramCheck, and may change registers and storage, but not the PSW's address."""
        self.checks = MachineChecks(machine)
        self.restarting = False
        """Whether the processor has told itself to restart."""

    def reset(self) -> None:
        """Drop what is pending."""
        self.signals = 0
        self.others.clear()
        self.checks.reset()
        self.restarting = False

    def external(self, code: int) -> None:
        """Make an external interruption pending (code X'0040': interrupt key). One that is pending stays one."""
        code &= 0xFFFF
        if code & ~(KEY_MASK | EXTERNAL_SIGNALS):
            if code not in self.others:
                self.others.append(code)
        else:
            self.signals |= code
        self._machine.cpu.attention = True

    # ---- exchange of PSWs
    def _swap(self, old: int, new: int, code: int, ilc: int) -> None:
        cpu = self._machine.cpu
        first, second = cpu.psw_words(code, ilc)
        memory = cpu.memory
        _PSW.pack_into(memory, cpu.absolute(old), first, second)
        cpu.load_psw(*_PSW.unpack_from(memory, cpu.absolute(new)))

    def supervisor_call(self, code: int) -> None:
        """Supervisor-call interruption."""
        cpu = self._machine.cpu
        ilc = cpu.ilc()
        if cpu.state & EC:
            cpu.put_real4(psa.SVC_ILC, ilc << 17 | code)
        self._swap(psa.SVC_OLD, psa.SVC_NEW, code, ilc)

    def program(self, check: ProgramCheck, ilc: int) -> bool:
        """Program interruption; ilc in halfwords, the instruction address already updated.

        Returns whether it was taken: False if the instruction has been simulated instead.
        """
        cpu = self._machine.cpu
        if check.code == ProgramCode.OPERATION and self.simulate is not None:
            try:
                if self.simulate(cpu.ia - 2 * ilc & ADDRESS_MASK):
                    return False
            except ProgramCheck as other:
                check = other
        if check.code in NULLIFYING:
            cpu.ia -= 2 * ilc
            cpu.put_real4(psa.TRANSLATION_ADDRESS, cpu.translator.failing_address)
        code = check.code | cpu.take_events(check)
        if cpu.state & EC:
            cpu.put_real4(psa.PROGRAM_ILC, ilc << 17 | code)
        self._swap(psa.PROGRAM_OLD, psa.PROGRAM_NEW, code, ilc)
        return True

    def request_restart(self) -> None:
        """Let a restart interruption follow the current instruction."""
        self.restarting = True
        self._machine.cpu.attention = True

    def restart(self) -> None:
        """Restart interruption."""
        self.restarting = False
        self.exchange(psa.RESTART_OLD, psa.RESTART_NEW)

    def exchange(self, old: int, new: int) -> None:
        """Exchange PSWs for an interruption that has no code in the old PSW."""
        self._swap(old, new, 0, 0)

    def _take_external(self, code: int) -> None:
        cpu = self._machine.cpu
        if cpu.state & EC:
            cpu.put_real4(psa.EXTERNAL_CODE, code)  # and, in front of it, the address of the CPU that signals
        self._swap(psa.EXTERNAL_OLD, psa.EXTERNAL_NEW, code, 0)

    # ---- looking for work
    def external_code(self) -> int:
        """Code of the external interruption that would be taken now, 0 if none. Takes nothing."""
        machine = self._machine
        cpu = machine.cpu
        if not cpu.smask & EXTERNAL_MASK:
            return 0
        submask = cpu.control[0]
        code = self.signals & (submask & KEY_MASK | (EXTERNAL_SIGNALS if submask & SIGNAL_MASK else 0))
        if cpu.timers.interval_pending and submask & TIMER_MASK:
            code |= ExternalCode.INTERVAL_TIMER
        if code:
            return code
        other = self._other(submask, FROM_PROCESSORS)
        if other:
            return other
        if submask & COMPARATOR_MASK and cpu.timers.comparator_pending():
            return ExternalCode.CLOCK_COMPARATOR
        if submask & CPU_TIMER_MASK and cpu.timers.cpu_timer_pending():
            return ExternalCode.CPU_TIMER
        return self._other(submask, self.others)

    def _other(self, submask: int, codes: Sequence[int]) -> int:
        """The first of these codes that is pending and allowed, 0 if none is."""
        for code in codes:
            mask = OTHER_MASKS.get(code)
            if code in self.others and (mask is None or submask & mask):
                return code
        return 0

    def take_external(self) -> int:
        """Take the external interruption that is pending and allowed; its code, 0 if none."""
        code = self.external_code()
        if not code:
            return 0
        if code < 0x100:
            self.signals &= ~code
            if code & ExternalCode.INTERVAL_TIMER:
                self._machine.cpu.timers.interval_pending = False
        elif code in self.others:
            self.others.remove(code)
            if code in self.presenting:
                self.presenting[code]()
        self._take_external(code)
        return code

    def channel_mask(self) -> int:
        """Channels whose interruptions are allowed, as in control register 2: X'80000000' is channel 0."""
        cpu = self._machine.cpu
        selected = cpu.control[2]
        if cpu.state & EC:
            return selected if cpu.smask & EC_IO else 0
        mask = (cpu.smask & 0xFC) << 24
        return mask | selected & 0x03FFFFFF if cpu.smask & BC_OTHER_CHANNELS else mask

    def take_io(self) -> bool:
        """Take the I/O interruption that is pending and allowed, if there is one."""
        cpu = self._machine.cpu
        address = self._machine.io.take(self.channel_mask())
        if address is None:
            return False
        if cpu.state & EC:
            cpu.put_real4(psa.IO_ADDRESS, cpu.real4(psa.IO_ADDRESS) & 0xFFFF0000 | address)
        self._swap(psa.IO_OLD, psa.IO_NEW, address, 0)
        return True

    def comparator_enabled(self) -> bool:
        """Whether the clock comparator may interrupt."""
        cpu = self._machine.cpu
        return cpu.smask & EXTERNAL_MASK != 0 and cpu.control[0] & COMPARATOR_MASK != 0

    def enabled(self) -> bool:
        """Whether any I/O or external interruption could be taken."""
        cpu = self._machine.cpu
        return self.channel_mask() != 0 or cpu.smask & EXTERNAL_MASK != 0
