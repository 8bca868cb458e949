"""The CPU: registers and PSW, and what instructions may do to them.

Implements `cpvm.s370.ops.Ops`. General and floating-point registers are kept as signed numbers, control registers as
unsigned ones. Source: *Principles of Operation*, GA22-7000, "Control".
"""

from typing import TYPE_CHECKING, NoReturn

from cpvm.machine.access import Access
from cpvm.machine.signal import signal
from cpvm.machine.stop import ProgramCheck
from cpvm.machine.timers import Timers
from cpvm.s370 import psa
from cpvm.s370.interruption import ADDRESSING, ProgramCode
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import EC, EC_TRANSLATION, EC_ZERO_FIRST, PSW, put_together, take_apart

if TYPE_CHECKING:
    from cpvm.machine.interpreter import Interpreter
    from cpvm.machine.machine import Machine

CONTROL_AT_RESET = {0: 0x000000E0, 2: 0xFFFFFFFF, 14: 0xC2000000}
"""Contents of control registers after a reset; all others are zero."""

_WORD = 0xFFFFFFFF
_UNASSIGNED_MASK = EC_ZERO_FIRST >> 24


def _signed(v: int) -> int:
    """The signed number with these 64 bits."""
    return (v + (1 << 63) & (1 << 64) - 1) - (1 << 63)


class CPU(Access):
    """One System/370 CPU."""

    def __init__(self, machine: "Machine") -> None:
        super().__init__(machine.storage, [CONTROL_AT_RESET.get(r, 0) for r in range(16)])
        self.machine = machine
        self.timers = Timers(machine)
        self.interpreter: Interpreter
        self.general = [0] * 16
        self.floating = [0] * 8
        self.ia = 0
        """Address of the next instruction; may be 2**24 and more until it is looked at."""
        self.word = 0
        """First four bytes of the current instruction."""
        self.condition = 0
        self.pmask = 0
        self.state = 0
        """PSW bits 12-15."""
        self.smask = 0
        self.unassigned = 0
        """Bits of an EC-mode PSW that ought to be zero."""
        self.events = 0
        """Events of program-event recording in the current instruction (see `cpvm.machine.per`)."""
        self.per_address = 0
        """Address of the instruction that is watched for them."""
        self.early_ilc = 0
        """Length, in halfwords, of the instruction that made the PSW invalid; 0 if the PSW was loaded as a whole."""

    def clear_registers(self) -> None:
        """Zeros in the general and the floating-point registers."""
        self.general[:] = [0] * 16
        self.floating[:] = [0] * 8

    def reset(self) -> None:
        """Initial CPU reset: PSW, prefix, control registers and timers; the other registers stay."""
        self.control[:] = [CONTROL_AT_RESET.get(r, 0) for r in range(16)]
        self.prefix_register = 0
        self.machine.io.prefix = 0
        self.set_psw(PSW())
        self.forget()
        self.timers.reset()

    # ---- registers
    def gr(self, r: int) -> int:
        return self.general[r]

    def gru(self, r: int) -> int:
        return self.general[r] & _WORD

    def set_gr(self, r: int, v: int) -> None:
        self.general[r] = (v + 0x80000000 & _WORD) - 0x80000000

    def fr(self, r: int) -> int:
        return self.floating[r]

    def set_fr(self, r: int, v: int) -> None:
        self.floating[r] = _signed(v)

    def cr(self, r: int) -> int:
        return self.control[r]

    def set_cr(self, r: int, v: int) -> None:
        self.control[r] = v & _WORD
        if r <= 1:
            self.forget()
        self.attention = True

    # ---- PSW
    def psw(self, code: int = 0, ilc: int = 0) -> PSW:
        """The current PSW with this interruption code and instruction-length code."""
        return PSW(
            self.smask,
            self.protection,
            self.state,
            self.condition,
            self.pmask,
            self.ia & ADDRESS_MASK,
            0 if self.state & EC else code,
            0 if self.state & EC else ilc,
            self.unassigned,
        )

    def psw_words(self, code: int, ilc: int) -> tuple[int, int]:
        """The words of the current PSW with this interruption code and instruction-length code, if it has them."""
        ia = self.ia & ADDRESS_MASK
        return put_together(
            (self.smask, self.protection, self.state, self.condition, self.pmask, ia, code, ilc, self.unassigned)
        )

    def set_psw(self, psw: PSW) -> None:
        """Make this the current PSW; whether it is valid shows before the next instruction."""
        self.load_psw(*psw.words())

    def load_psw(self, first: int, second: int) -> None:
        (
            self.smask,
            self.protection,
            self.state,
            self.condition,
            self.pmask,
            self.ia,
            _,
            _,
            self.unassigned,
        ) = take_apart(first, second)
        self.early_ilc = 0
        self.translating = self.state & EC != 0 and self.smask & EC_TRANSLATION != 0
        self.select_tables()

    def cc(self) -> int:
        return self.condition

    def set_cc(self, v: int) -> None:
        self.condition = v

    def set_cc_by_sign(self, v: int) -> None:
        self.condition = 0 if v == 0 else 1 if v < 0 else 2

    def selected(self, mask: int) -> int:
        return mask >> 3 - self.condition & 1

    def program_mask(self) -> int:
        return self.pmask

    def set_program_mask(self, v: int) -> None:
        self.pmask = v

    def mode(self) -> int:
        return self.state

    def psw_key(self) -> int:
        return self.protection

    def set_psw_key(self, v: int) -> None:
        self.protection = v
        self.select_tables()

    def system_mask(self) -> int:
        return self.smask | self.unassigned >> 56

    def set_system_mask(self, v: int) -> None:
        self.smask = v
        if self.state & EC:
            self.smask = v & ~_UNASSIGNED_MASK
            self.unassigned = self.unassigned & (1 << 56) - 1 | (v & _UNASSIGNED_MASK) << 56
            self.early_ilc = self.ilc()
            self.translating = v & EC_TRANSLATION != 0
            self.select_tables()
        self.attention = True

    # ---- control
    def next_ia(self) -> int:
        return self.ia & ADDRESS_MASK

    def ilc(self) -> int:
        return (1, 2, 2, 3)[self.word >> 30]

    def branch(self, a: int) -> None:
        self.ia = a & ADDRESS_MASK
        if a & 1:
            self.attention = True

    def repeat(self) -> None:
        self.ia = self.ia - 2 * self.ilc() & ADDRESS_MASK

    def program_check(self, code: int) -> NoReturn:
        raise ProgramCheck(code)

    def completed_check(self, code: int) -> NoReturn:
        raise ProgramCheck(code, completed=True)

    def monitor_call(self, number: int, code: int) -> NoReturn:
        self.put_real4(psa.MONITOR_CLASS, number << 16 | self.real4(psa.MONITOR_CLASS) & 0xFFFF)
        self.put_real4(psa.MONITOR_CODE, code)
        raise ProgramCheck(ProgramCode.MONITOR, completed=True)

    def take_events(self, check: ProgramCheck) -> int:
        """What program-event recording adds to the code of a program interruption: nothing, unless it is on."""
        return 0

    def supervisor_call(self, code: int) -> None:
        self.machine.interruptions.supervisor_call(code)

    def execute(self, a: int, v: int) -> None:
        self.interpreter.execute(a, v)

    def diagnose(self, code: int, r1: int, r3: int) -> None:
        self.machine.host.diagnose(self.machine, code, r1, r3)
        self.attention = True

    # ---- timers
    def tod_clock(self) -> int:
        return _signed(self.timers.tod())

    def set_tod_clock(self, v: int) -> None:
        self.timers.set_tod(v & 0xFFFFFFFFFFFFFFFF)

    def clock_comparator(self) -> int:
        return _signed(self.timers.comparator)

    def set_clock_comparator(self, v: int) -> None:
        self.timers.comparator = v & 0xFFFFFFFFFFFFFFFF
        self.attention = True

    def cpu_timer(self) -> int:
        return self.timers.cpu_timer()

    def set_cpu_timer(self, v: int) -> None:
        self.timers.set_cpu_timer(v)
        self.attention = True

    # ---- configuration
    def cpu_id(self) -> int:
        return int.from_bytes(self.machine.host.cpu_id()[:8], "big", signed=True)

    def cpu_address(self) -> int:
        return 0

    def signal_processor(self, address: int, order: int) -> int:
        return signal(self.machine, address, order)

    def prefix(self) -> int:
        return self.prefix_register

    def set_prefix(self, v: int) -> None:
        if v + 4096 > self.storage.size:
            raise ProgramCheck(ADDRESSING)
        self.prefix_register = v
        self.machine.io.prefix = v
        self.forget()

    def purge_tlb(self) -> None:
        self.forget()

    def load_real_address(self, a: int) -> int:
        return self.translator.load_real_address(a)

    # ---- input and output
    def start_io(self, a: int) -> int:
        cc = self.machine.io.sio(a)
        self.look_at_channels()
        return cc

    def start_io_fast(self, a: int) -> int:
        cc = self.machine.io.siof(a)
        self.look_at_channels()
        return cc

    def look_at_channels(self) -> None:
        """Call for attention if there may be anything to do for channels before the next instruction."""
        io = self.machine.io
        if io.active or not io.immediate or io.timed or io.waiting & self.machine.interruptions.channel_mask():
            self.attention = True

    def test_io(self, a: int) -> int:
        self.attention = True
        return self.machine.io.tio(a)

    def clear_io(self, a: int) -> int:
        self.attention = True
        return self.machine.io.clrio(a)

    def halt_io(self, a: int) -> int:
        self.attention = True
        return self.machine.io.hio(a)

    def halt_device(self, a: int) -> int:
        self.attention = True
        return self.machine.io.hdv(a)

    def test_channel(self, a: int) -> int:
        self.attention = True
        return self.machine.io.tch(a)

    def store_channel_id(self, a: int) -> int:
        return self.machine.io.stidc(a)

    # ---- arithmetic
    def quotient(self, a: int, b: int) -> int:
        q = abs(a) // abs(b)
        return -q if (a < 0) != (b < 0) else q

    def remainder(self, a: int, b: int) -> int:
        return a - b * self.quotient(a, b)

    def leading_zeros(self, v: int) -> int:
        return 64 - v.bit_length()
