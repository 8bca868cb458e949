"""Control instructions.

Source: *Principles of Operation*, GA22-7000, "Control Instructions", "Timing" and "Program Events".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._arith import WORD
from cpvm.s370.interruption import SPECIAL_OPERATION, SPECIFICATION
from cpvm.s370.ops import ADDRESS_MASK, Ops

EC_MODE = 8
SSM_SUPPRESSION = 0x40000000
KEY_MASK = 0xFE
KEY_WITHOUT_USE = 0xF8
REFERENCE_BIT, CHANGE_BIT = 0x04, 0x02


# ---- PSW
@insn(0x82, "LPSW", Format.S, privileged=True, align=8)
def load_psw(m: Ops, a2: int) -> None:
    """Load PSW."""
    m.check_fetch(a2, 8)
    m.load_psw(m.get4(a2), m.get4(a2 + 4))


@insn(0x80, "SSM", Format.S, privileged=True)
def set_system_mask(m: Ops, a2: int) -> None:
    """Set System Mask."""
    if m.cr(0) & SSM_SUPPRESSION != 0:
        m.program_check(SPECIAL_OPERATION)
    m.set_system_mask(m.fetch1(a2))


@insn(0xAC, "STNSM", Format.SI, privileged=True, facility=Facility.TRANSLATION)
def store_then_and_system_mask(m: Ops, a1: int, i2: int) -> None:
    """Store then AND System Mask."""
    v = m.system_mask()
    m.store1(a1, v)
    m.set_system_mask(v & i2)


@insn(0xAD, "STOSM", Format.SI, privileged=True, facility=Facility.TRANSLATION)
def store_then_or_system_mask(m: Ops, a1: int, i2: int) -> None:
    """Store then OR System Mask."""
    v = m.system_mask()
    m.store1(a1, v)
    m.set_system_mask(v | i2)


@insn(0xB20A, "SPKA", Format.S, privileged=True, facility=Facility.KEY_HANDLING)
def set_key_from_address(m: Ops, a2: int) -> None:
    """Set PSW Key from Address."""
    m.set_psw_key(a2 >> 4 & 15)


@insn(0xB20B, "IPK", Format.S, privileged=True, facility=Facility.KEY_HANDLING)
def insert_key(m: Ops) -> None:
    """Insert PSW Key."""
    m.set_gr(2, m.gru(2) & 0xFFFFFF00 | m.psw_key() << 4)


# ---- control registers
@insn(0xB7, "LCTL", Format.RS, privileged=True, align=4)
def load_control(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Load Control."""
    n = (r3 - r1 & 15) + 1
    m.check_fetch(a2, 4 * n)
    for i in range(n):
        m.set_cr(r1 + i & 15, m.get4(a2 + 4 * i))


@insn(0xB6, "STCTL", Format.RS, privileged=True, align=4)
def store_control(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Store Control."""
    n = (r3 - r1 & 15) + 1
    m.check_store(a2, 4 * n)
    for i in range(n):
        m.put4(a2 + 4 * i, m.cr(r1 + i & 15))


# ---- storage keys
@insn(0x08, "SSK", Format.RR, privileged=True)
def set_storage_key(m: Ops, r1: int, r2: int) -> None:
    """Set Storage Key."""
    a = m.gru(r2)
    if a & 15 != 0:
        m.program_check(SPECIFICATION)
    m.set_storage_key(a & ADDRESS_MASK, m.gru(r1) & KEY_MASK)


@insn(0x09, "ISK", Format.RR, privileged=True)
def insert_storage_key(m: Ops, r1: int, r2: int) -> None:
    """Insert Storage Key: the reference and change bits only in the EC mode."""
    a = m.gru(r2)
    if a & 15 != 0:
        m.program_check(SPECIFICATION)
    v = m.storage_key(a & ADDRESS_MASK)
    m.set_gr(r1, m.gru(r1) & 0xFFFFFF00 | v & (KEY_MASK if m.mode() & EC_MODE != 0 else KEY_WITHOUT_USE))


@insn(0xB213, "RRB", Format.S, privileged=True, facility=Facility.TRANSLATION)
def reset_reference_bit(m: Ops, a2: int) -> None:
    """Reset Reference Bit."""
    v = m.storage_key(a2)
    m.set_storage_key(a2, v & ~REFERENCE_BIT)
    m.set_cc((2 if v & REFERENCE_BIT != 0 else 0) + (1 if v & CHANGE_BIT != 0 else 0))


# ---- address translation and prefixing
@insn(0xB20D, "PTLB", Format.S, privileged=True, facility=Facility.TRANSLATION)
def purge_tlb(m: Ops) -> None:
    """Purge TLB."""
    m.purge_tlb()


@insn(0xB1, "LRA", Format.RX, privileged=True, facility=Facility.TRANSLATION)
def load_real_address(m: Ops, r1: int, a2: int) -> None:
    """Load Real Address."""
    v = m.load_real_address(a2)
    m.set_gr(r1, v & WORD)
    m.set_cc(v >> 32)


@insn(0xB210, "SPX", Format.S, privileged=True, align=4, facility=Facility.MULTIPROCESSING)
def set_prefix(m: Ops, a2: int) -> None:
    """Set Prefix."""
    m.set_prefix(m.fetch4(a2) & 0xFFF000)


@insn(0xB211, "STPX", Format.S, privileged=True, align=4, facility=Facility.MULTIPROCESSING)
def store_prefix(m: Ops, a2: int) -> None:
    """Store Prefix."""
    m.store4(a2, m.prefix())


# ---- the CPU's place in the configuration
@insn(0xB202, "STIDP", Format.S, privileged=True, align=8)
def store_cpu_id(m: Ops, a2: int) -> None:
    """Store CPU ID."""
    m.store8(a2, m.cpu_id())


@insn(0xB212, "STAP", Format.S, privileged=True, align=2, facility=Facility.MULTIPROCESSING)
def store_cpu_address(m: Ops, a2: int) -> None:
    """Store CPU Address."""
    m.store2(a2, m.cpu_address())


# ---- timing
@insn(0xB204, "SCK", Format.S, privileged=True, align=8)
def set_clock(m: Ops, a2: int) -> None:
    """Set Clock."""
    m.set_tod_clock(m.fetch8(a2))
    m.set_cc(0)


@insn(0xB205, "STCK", Format.S)
def store_clock(m: Ops, a2: int) -> None:
    """Store Clock: the clock is always set."""
    m.store8(a2, m.tod_clock())
    m.set_cc(0)


@insn(0xB206, "SCKC", Format.S, privileged=True, align=8, facility=Facility.TIMERS)
def set_clock_comparator(m: Ops, a2: int) -> None:
    """Set Clock Comparator."""
    m.set_clock_comparator(m.fetch8(a2))


@insn(0xB207, "STCKC", Format.S, privileged=True, align=8, facility=Facility.TIMERS)
def store_clock_comparator(m: Ops, a2: int) -> None:
    """Store Clock Comparator."""
    m.store8(a2, m.clock_comparator())


@insn(0xB208, "SPT", Format.S, privileged=True, align=8, facility=Facility.TIMERS)
def set_cpu_timer(m: Ops, a2: int) -> None:
    """Set CPU Timer."""
    m.set_cpu_timer(m.fetch8(a2))


@insn(0xB209, "STPT", Format.S, privileged=True, align=8, facility=Facility.TIMERS)
def store_cpu_timer(m: Ops, a2: int) -> None:
    """Store CPU Timer."""
    m.store8(a2, m.cpu_timer())


@insn(0x83, "DIAG", Format.RS, privileged=True)
def diagnose(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Diagnose: the second-operand address is the code of a service of the host."""
    m.diagnose(a2, r1, r3)
