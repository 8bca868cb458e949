"""Program-event recording: the CPU while it is watched.

Source: *Principles of Operation*, GA22-7000, "Program-Event Recording". Control register 9 says which events, and for
which general registers; 10 and 11 are the first and the last address of the area in which instruction fetching and
storage alteration count. An event is a program interruption of its own after the instruction, or goes with the
interruption that the instruction causes anyway.

Only an instruction that starts with PER on runs on a `WatchedCPU`, so that all others cost nothing.
"""

from cpvm.machine.cpu import CPU
from cpvm.machine.stop import ProgramCheck
from cpvm.s370 import psa
from cpvm.s370.interruption import NULLIFYING, ProgramCode
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import EC, EC_PER

BRANCHING, FETCHING, STORING, REGISTERS = 0x80, 0x40, 0x20, 0x10
"""Events, as in the first byte of control register 9 and in the PER code."""


def wanted(cpu: CPU) -> bool:
    """Whether the next instruction is to be watched."""
    return cpu.smask & EC_PER != 0 and cpu.state & EC != 0 and cpu.control[9] >> 28 != 0


def watch(cpu: CPU) -> None:
    """Watch the instruction that comes next."""
    cpu.__class__ = PAIRS[type(cpu)]
    assert isinstance(cpu, WatchedCPU)
    cpu.begin()


def unwatch(cpu: CPU) -> None:
    """The instruction is done."""
    cpu.__class__ = next(plain for plain, watched in PAIRS.items() if watched is type(cpu))


class WatchedCPU(CPU):
    """A CPU that notes what its bodies do. No state of its own: a CPU becomes one for the time of an instruction."""

    def begin(self) -> None:
        """An instruction is about to be fetched."""
        self.events = 0
        self.per_address = self.ia & ADDRESS_MASK
        self._fetched(self.per_address)

    def _note(self, event: int) -> None:
        self.events |= event & self.control[9] >> 24

    def _inside(self, a: int, n: int) -> bool:
        """Whether any of n bytes at a are in the area, which may go around the end of storage."""
        start, end = self.control[10] & ADDRESS_MASK, self.control[11] & ADDRESS_MASK
        return ((a - start) & ADDRESS_MASK) <= ((end - start) & ADDRESS_MASK) or ((start - a) & ADDRESS_MASK) < n

    def _fetched(self, a: int) -> None:
        if self._inside(a, 1):
            self._note(FETCHING)

    def _stored(self, a: int, n: int) -> None:
        if self._inside(a & ADDRESS_MASK, n):
            self._note(STORING)

    def take_events(self, check: ProgramCheck) -> int:
        """What a program interruption has in its code for PER; code and address go where they belong.

        An instruction that did not change anything was still fetched; one that is nullified will be fetched again.
        """
        events = self.events
        self.events = 0
        if check.code in NULLIFYING:
            events = 0
        elif not check.completed:
            events &= FETCHING
        if not events:
            return 0
        self.put_real4(psa.PER_CODE & ~3, self.real4(psa.PER_CODE & ~3) & 0xFFFF0000 | events << 8)
        self.put_real4(psa.PER_ADDRESS, self.per_address)
        return ProgramCode.PER

    # ---- what is watched
    def set_gr(self, r: int, v: int) -> None:
        if self.control[9] >> 15 - r & 1:
            self._note(REGISTERS)
        super().set_gr(r, v)

    def branch(self, a: int) -> None:
        self._note(BRANCHING)
        super().branch(a)

    def execute(self, a: int, v: int) -> None:
        self._fetched(a & ADDRESS_MASK)
        super().execute(a, v)

    def store1(self, a: int, v: int) -> None:
        super().store1(a, v)
        self._stored(a, 1)

    def store4(self, a: int, v: int) -> None:
        super().store4(a, v)
        self._stored(a, 4)

    def store_bytes(self, a: int, data: bytes) -> None:
        super().store_bytes(a, data)
        if data:
            self._stored(a, len(data))

    put1 = store1
    put4 = store4


PAIRS: dict[type[CPU], type[WatchedCPU]] = {CPU: WatchedCPU}
"""What a CPU of each class becomes while it is watched."""
