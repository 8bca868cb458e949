"""Machine-check interruptions, as far as a program can see them: nothing here breaks unless it is asked to.

What is asked for (`Machine.machine_check`) waits until the PSW and control register 14 allow it, is stored with the
contents of the registers in the assigned locations, and interrupts. Source: *Principles of Operation*, GA22-7000,
"Machine-Check Handling".
"""

from enum import IntFlag
from typing import TYPE_CHECKING, Final

from cpvm.s370 import psa
from cpvm.s370.psw import MACHINE_CHECK

if TYPE_CHECKING:
    from cpvm.machine.machine import Machine


class Damage(IntFlag):
    """Conditions, as bits 0-8 of the machine-check interruption code, which has 64 bits."""

    SYSTEM = 1 << 63
    PROCESSING = 1 << 62
    """Of an instruction."""
    RECOVERED = 1 << 61
    INTERVAL_TIMER = 1 << 60
    TIMING_FACILITY = 1 << 59
    EXTERNAL = 1 << 58
    DEGRADATION = 1 << 56
    WARNING = 1 << 55


EXIGENT: Final = Damage.SYSTEM | Damage.PROCESSING
"""They wait for the machine-check mask of the PSW only; while that is zero the CPU comes to the check stop."""
SUBMASKS: Final = {
    0x08000000: Damage.RECOVERED,
    0x04000000: Damage.DEGRADATION,
    0x02000000: Damage.INTERVAL_TIMER | Damage.TIMING_FACILITY | Damage.EXTERNAL,
    0x01000000: Damage.WARNING,
}
"""Bit of control register 14 -> conditions that it allows."""
ALL: Final = EXIGENT | Damage.RECOVERED | SUBMASKS[0x02000000] | Damage.DEGRADATION | Damage.WARNING
CHECK_STOP_CONTROL: Final = 0x80000000
"""Of control register 14: whether there is a check stop."""

VALID: Final = 0x00000F1D_00030000
"""What was stored is right: PSW, floating-point, general and control registers, storage, CPU timer and comparator."""
ADDRESS_VALID: Final = 0x00000080_00000000


class MachineChecks:
    """Pending machine checks of one CPU."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self.pending = 0
        """Conditions."""
        self.address: int | None = None
        """Failing-storage address that goes with them."""

    def request(self, damage: int, address: int | None) -> None:
        """Make conditions pending. Raises ValueError if there is none of them."""
        if not damage or damage & ~ALL or (address is not None and not 0 <= address <= 0xFFFFFF):
            raise ValueError(f"{damage:016X} is no machine check")
        self.pending |= damage
        if address is not None:
            self.address = address
        self._machine.cpu.attention = True

    def reset(self) -> None:
        """Drop what is pending."""
        self.pending = 0
        self.address = None

    def allowed(self) -> int:
        """Pending conditions that may interrupt now."""
        cpu = self._machine.cpu
        if not self.pending or not cpu.state & MACHINE_CHECK:
            return 0
        allowed: int = EXIGENT
        for submask, damage in SUBMASKS.items():
            if cpu.control[14] & submask:
                allowed |= damage
        return self.pending & allowed

    def stops(self) -> bool:
        """Whether a condition that cannot wait has to, so that the CPU is in the check stop."""
        cpu = self._machine.cpu
        stopping = cpu.control[14] & CHECK_STOP_CONTROL and not cpu.state & MACHINE_CHECK
        return bool(stopping and self.pending & EXIGENT)

    def take(self, classes: int) -> bool:
        """Interrupt for all conditions that are allowed, if there are any of these classes among them."""
        damage = self.allowed()
        if not damage & classes:
            return False
        cpu = self._machine.cpu
        code = damage | VALID
        self.pending &= ~damage
        if self.address is not None:
            code |= ADDRESS_VALID
            cpu.put_real4(psa.FAILING_STORAGE, self.address)
            self.address = None
        machine = self._machine
        self._store(psa.STATUS_CPU_TIMER, cpu.timers.cpu_timer(), 2)
        self._store(psa.STATUS_COMPARATOR, cpu.timers.comparator, 2)
        self._store(psa.MACHINE_CHECK_CODE, code, 2)
        for i, r in enumerate((0, 2, 4, 6)):
            self._store(psa.STATUS_FLOATING + 8 * i, machine.fr[r], 2)
        for r in range(16):
            self._store(psa.STATUS_GENERAL + 4 * r, machine.gr[r], 1)
            self._store(psa.STATUS_CONTROL + 4 * r, machine.cr[r], 1)
        machine.interruptions.exchange(psa.MACHINE_CHECK_OLD, psa.MACHINE_CHECK_NEW)
        return True

    def _store(self, at: int, value: int, words: int) -> None:
        for n in range(words):
            self._machine.cpu.put_real4(at + 4 * n, value >> 32 * (words - 1 - n) & 0xFFFFFFFF)
