"""Branches, EXECUTE, SUPERVISOR CALL, MONITOR CALL and SET PROGRAM MASK.

Source: *Principles of Operation*, GA22-7000, "General Instructions".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._arith import wrapped
from cpvm.s370.interruption import SPECIFICATION
from cpvm.s370.ops import Ops


@insn(0x47, "BC", Format.RX)
def branch_on_condition(m: Ops, m1: int, a2: int) -> None:
    """Branch on Condition."""
    if m.selected(m1) != 0:
        m.branch(a2)


@insn(0x07, "BCR", Format.RR)
def branch_on_condition_register(m: Ops, m1: int, r2: int) -> None:
    """Branch on Condition."""
    if r2 != 0 and m.selected(m1) != 0:
        m.branch(m.gr(r2))


@insn(0x46, "BCT", Format.RX)
def branch_on_count(m: Ops, r1: int, a2: int) -> None:
    """Branch on Count."""
    v = wrapped(m.gr(r1) - 1)
    m.set_gr(r1, v)
    if v != 0:
        m.branch(a2)


@insn(0x06, "BCTR", Format.RR)
def branch_on_count_register(m: Ops, r1: int, r2: int) -> None:
    """Branch on Count: with 0 as the second register it only counts."""
    target = m.gr(r2)
    v = wrapped(m.gr(r1) - 1)
    m.set_gr(r1, v)
    if v != 0 and r2 != 0:
        m.branch(target)


def _link(m: Ops) -> int:
    """Link information: right half of a BC-mode PSW."""
    return m.ilc() << 30 | m.cc() << 28 | m.program_mask() << 24 | m.next_ia()


@insn(0x45, "BAL", Format.RX)
def branch_and_link(m: Ops, r1: int, a2: int) -> None:
    """Branch and Link."""
    m.set_gr(r1, _link(m))
    m.branch(a2)


@insn(0x05, "BALR", Format.RR)
def branch_and_link_register(m: Ops, r1: int, r2: int) -> None:
    """Branch and Link: with 0 as the second register it only links."""
    target = m.gr(r2)
    m.set_gr(r1, _link(m))
    if r2 != 0:
        m.branch(target)


@insn(0x4D, "BAS", Format.RX, facility=Facility.BRANCH_AND_SAVE)
def branch_and_save(m: Ops, r1: int, a2: int) -> None:
    """Branch and Save."""
    m.set_gr(r1, m.next_ia())
    m.branch(a2)


@insn(0x0D, "BASR", Format.RR, facility=Facility.BRANCH_AND_SAVE)
def branch_and_save_register(m: Ops, r1: int, r2: int) -> None:
    """Branch and Save: with 0 as the second register it only saves."""
    target = m.gr(r2)
    m.set_gr(r1, m.next_ia())
    if r2 != 0:
        m.branch(target)


@insn(0x86, "BXH", Format.RS)
def branch_on_index_high(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Branch on Index High."""
    limit = m.gr(r3 | 1)
    v = wrapped(m.gr(r1) + m.gr(r3))
    m.set_gr(r1, v)
    if v > limit:
        m.branch(a2)


@insn(0x87, "BXLE", Format.RS)
def branch_on_index_low_or_equal(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Branch on Index Low or Equal."""
    limit = m.gr(r3 | 1)
    v = wrapped(m.gr(r1) + m.gr(r3))
    m.set_gr(r1, v)
    if v <= limit:
        m.branch(a2)


@insn(0x44, "EX", Format.RX)
def execute(m: Ops, r1: int, a2: int) -> None:
    """Execute."""
    if a2 & 1 != 0:
        m.program_check(SPECIFICATION)
    m.execute(a2, m.gr(r1) & 0xFF if r1 != 0 else 0)


@insn(0x0A, "SVC", Format.RR)
def supervisor_call(m: Ops, i1: int) -> None:
    """Supervisor Call."""
    m.supervisor_call(i1)


@insn(0x04, "SPM", Format.RR)
def set_program_mask(m: Ops, r1: int) -> None:
    """Set Program Mask."""
    v = m.gru(r1)
    m.set_cc(v >> 28 & 3)
    m.set_program_mask(v >> 24 & 15)


@insn(0xAF, "MC", Format.SI)
def monitor_call(m: Ops, i2: int, a1: int) -> None:
    """Monitor Call: an interruption if control register 8 has the mask of the class."""
    if i2 > 15:
        m.program_check(SPECIFICATION)
    if m.cr(8) & 0x8000 >> i2 != 0:
        m.monitor_call(i2, a1)
