"""Loads, stores, fixed-point arithmetic and comparison.

Source: *Principles of Operation*, GA22-7000, "General Instructions".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._arith import INT_MAX, INT_MIN, WORD, compare, set_signed, set_unsigned
from cpvm.s370.interruption import FIXED_DIVIDE
from cpvm.s370.ops import Ops


# ---- load
@insn(0x18, "LR", Format.RR)
def load_register(m: Ops, r1: int, r2: int) -> None:
    """Load."""
    m.set_gr(r1, m.gr(r2))


@insn(0x58, "L", Format.RX)
def load(m: Ops, r1: int, a2: int) -> None:
    """Load."""
    m.set_gr(r1, m.fetch4(a2))


@insn(0x41, "LA", Format.RX)
def load_address(m: Ops, r1: int, a2: int) -> None:
    """Load Address."""
    m.set_gr(r1, a2)


@insn(0x48, "LH", Format.RX)
def load_halfword(m: Ops, r1: int, a2: int) -> None:
    """Load Halfword."""
    m.set_gr(r1, m.fetch2(a2))


@insn(0x12, "LTR", Format.RR)
def load_and_test(m: Ops, r1: int, r2: int) -> None:
    """Load and Test."""
    v = m.gr(r2)
    m.set_gr(r1, v)
    m.set_cc_by_sign(v)


@insn(0x13, "LCR", Format.RR)
def load_complement(m: Ops, r1: int, r2: int) -> None:
    """Load Complement."""
    set_signed(m, r1, -m.gr(r2))


@insn(0x10, "LPR", Format.RR)
def load_positive(m: Ops, r1: int, r2: int) -> None:
    """Load Positive."""
    v = m.gr(r2)
    set_signed(m, r1, -v if v < 0 else v)


@insn(0x11, "LNR", Format.RR)
def load_negative(m: Ops, r1: int, r2: int) -> None:
    """Load Negative."""
    v = m.gr(r2)
    set_signed(m, r1, v if v < 0 else -v)


@insn(0x98, "LM", Format.RS)
def load_multiple(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Load Multiple."""
    n = (r3 - r1 & 15) + 1
    m.check_fetch(a2, 4 * n)
    for i in range(n):
        m.set_gr(r1 + i & 15, m.get4(a2 + 4 * i))


@insn(0x43, "IC", Format.RX)
def insert_character(m: Ops, r1: int, a2: int) -> None:
    """Insert Character."""
    m.set_gr(r1, m.gru(r1) & 0xFFFFFF00 | m.fetch1(a2))


def _chosen(m3: int) -> int:
    """Number of bytes that a mask selects."""
    return (m3 >> 3) + (m3 >> 2 & 1) + (m3 >> 1 & 1) + (m3 & 1)


@insn(0xBF, "ICM", Format.RS)
def insert_characters_under_mask(m: Ops, r1: int, m3: int, a2: int) -> None:
    """Insert Characters under Mask: with a mask of zero the first byte is still accessed."""
    n = _chosen(m3)
    m.check_fetch(a2, n if n != 0 else 1)
    v = m.gru(r1)
    first = 0
    seen = 0
    k = 0
    for i in range(4):
        if m3 & 8 >> i != 0:
            b = m.get1(a2 + k)
            if k == 0:
                first = b
            k = k + 1
            seen = seen | b
            v = v & ~(0xFF000000 >> 8 * i) | b << 24 - 8 * i
    m.set_gr(r1, v)
    m.set_cc(0 if seen == 0 else 1 if first & 0x80 != 0 else 2)


# ---- store
@insn(0x50, "ST", Format.RX)
def store(m: Ops, r1: int, a2: int) -> None:
    """Store."""
    m.store4(a2, m.gr(r1))


@insn(0x40, "STH", Format.RX)
def store_halfword(m: Ops, r1: int, a2: int) -> None:
    """Store Halfword."""
    m.store2(a2, m.gr(r1))


@insn(0x42, "STC", Format.RX)
def store_character(m: Ops, r1: int, a2: int) -> None:
    """Store Character."""
    m.store1(a2, m.gr(r1) & 0xFF)


@insn(0x90, "STM", Format.RS)
def store_multiple(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Store Multiple."""
    n = (r3 - r1 & 15) + 1
    m.check_store(a2, 4 * n)
    for i in range(n):
        m.put4(a2 + 4 * i, m.gr(r1 + i & 15))


@insn(0xBE, "STCM", Format.RS)
def store_characters_under_mask(m: Ops, r1: int, m3: int, a2: int) -> None:
    """Store Characters under Mask: with a mask of zero nothing is accessed, as the manual leaves to the model."""
    n = _chosen(m3)
    if n != 0:
        m.check_store(a2, n)
    v = m.gru(r1)
    k = 0
    for i in range(4):
        if m3 & 8 >> i != 0:
            m.put1(a2 + k, v >> 24 - 8 * i & 0xFF)
            k = k + 1


# ---- add and subtract
@insn(0x1A, "AR", Format.RR)
def add_register(m: Ops, r1: int, r2: int) -> None:
    """Add."""
    set_signed(m, r1, m.gr(r1) + m.gr(r2))


@insn(0x5A, "A", Format.RX)
def add(m: Ops, r1: int, a2: int) -> None:
    """Add."""
    set_signed(m, r1, m.gr(r1) + m.fetch4(a2))


@insn(0x4A, "AH", Format.RX)
def add_halfword(m: Ops, r1: int, a2: int) -> None:
    """Add Halfword."""
    set_signed(m, r1, m.gr(r1) + m.fetch2(a2))


@insn(0x1B, "SR", Format.RR)
def subtract_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract."""
    set_signed(m, r1, m.gr(r1) - m.gr(r2))


@insn(0x5B, "S", Format.RX)
def subtract(m: Ops, r1: int, a2: int) -> None:
    """Subtract."""
    set_signed(m, r1, m.gr(r1) - m.fetch4(a2))


@insn(0x4B, "SH", Format.RX)
def subtract_halfword(m: Ops, r1: int, a2: int) -> None:
    """Subtract Halfword."""
    set_signed(m, r1, m.gr(r1) - m.fetch2(a2))


@insn(0x1E, "ALR", Format.RR)
def add_logical_register(m: Ops, r1: int, r2: int) -> None:
    """Add Logical."""
    set_unsigned(m, r1, m.gru(r1) + m.gru(r2))


@insn(0x5E, "AL", Format.RX)
def add_logical(m: Ops, r1: int, a2: int) -> None:
    """Add Logical."""
    set_unsigned(m, r1, m.gru(r1) + (m.fetch4(a2) & WORD))


@insn(0x1F, "SLR", Format.RR)
def subtract_logical_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract Logical: the first operand plus the complement of the second plus one."""
    set_unsigned(m, r1, m.gru(r1) + (m.gru(r2) ^ WORD) + 1)


@insn(0x5F, "SL", Format.RX)
def subtract_logical(m: Ops, r1: int, a2: int) -> None:
    """Subtract Logical."""
    set_unsigned(m, r1, m.gru(r1) + (~m.fetch4(a2) & WORD) + 1)


# ---- multiply and divide
def _multiply(m: Ops, r1: int, factor: int) -> None:
    product = m.gr(r1 + 1) * factor
    m.set_gr(r1, product >> 32)
    m.set_gr(r1 + 1, product)


@insn(0x1C, "MR", Format.RR, even=("r1",))
def multiply_register(m: Ops, r1: int, r2: int) -> None:
    """Multiply."""
    _multiply(m, r1, m.gr(r2))


@insn(0x5C, "M", Format.RX, even=("r1",))
def multiply(m: Ops, r1: int, a2: int) -> None:
    """Multiply."""
    _multiply(m, r1, m.fetch4(a2))


@insn(0x4C, "MH", Format.RX)
def multiply_halfword(m: Ops, r1: int, a2: int) -> None:
    """Multiply Halfword."""
    m.set_gr(r1, m.gr(r1) * m.fetch2(a2))


def _divide(m: Ops, r1: int, divisor: int) -> None:
    dividend = m.gr(r1) * 2**32 + m.gru(r1 + 1)
    if divisor == 0:
        m.program_check(FIXED_DIVIDE)
    q = m.quotient(dividend, divisor)
    if q > INT_MAX or q < INT_MIN:
        m.program_check(FIXED_DIVIDE)
    m.set_gr(r1, m.remainder(dividend, divisor))
    m.set_gr(r1 + 1, q)


@insn(0x1D, "DR", Format.RR, even=("r1",))
def divide_register(m: Ops, r1: int, r2: int) -> None:
    """Divide: remainder into the even register, quotient into the odd one."""
    _divide(m, r1, m.gr(r2))


@insn(0x5D, "D", Format.RX, even=("r1",))
def divide(m: Ops, r1: int, a2: int) -> None:
    """Divide."""
    _divide(m, r1, m.fetch4(a2))


# ---- compare
@insn(0x19, "CR", Format.RR)
def compare_register(m: Ops, r1: int, r2: int) -> None:
    """Compare."""
    compare(m, m.gr(r1), m.gr(r2))


@insn(0x59, "C", Format.RX)
def compare_word(m: Ops, r1: int, a2: int) -> None:
    """Compare."""
    compare(m, m.gr(r1), m.fetch4(a2))


@insn(0x49, "CH", Format.RX)
def compare_halfword(m: Ops, r1: int, a2: int) -> None:
    """Compare Halfword."""
    compare(m, m.gr(r1), m.fetch2(a2))


@insn(0x15, "CLR", Format.RR)
def compare_logical_register(m: Ops, r1: int, r2: int) -> None:
    """Compare Logical."""
    compare(m, m.gru(r1), m.gru(r2))


@insn(0x55, "CL", Format.RX)
def compare_logical(m: Ops, r1: int, a2: int) -> None:
    """Compare Logical."""
    compare(m, m.gru(r1), m.fetch4(a2) & WORD)


@insn(0xBD, "CLM", Format.RS)
def compare_logical_under_mask(m: Ops, r1: int, m3: int, a2: int) -> None:
    """Compare Logical Characters under Mask."""
    n = _chosen(m3)
    m.check_fetch(a2, n if n != 0 else 1)
    v = m.gru(r1)
    first = 0
    second = 0
    k = 0
    for i in range(4):
        if m3 & 8 >> i != 0:
            first = first << 8 | v >> 24 - 8 * i & 0xFF
            second = second << 8 | m.get1(a2 + k)
            k = k + 1
    compare(m, first, second)


# ---- multiprogramming: compare and swap
@insn(0xBA, "CS", Format.RS, align=4, facility=Facility.CONDITIONAL_SWAPPING)
def compare_and_swap(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Compare and Swap."""
    m.check_store(a2, 4)
    v = m.get4(a2)
    if v == m.gr(r1):
        m.put4(a2, m.gr(r3))
        m.set_cc(0)
    else:
        m.set_gr(r1, v)
        m.set_cc(1)


@insn(0xBB, "CDS", Format.RS, even=("r1", "r3"), align=8, facility=Facility.CONDITIONAL_SWAPPING)
def compare_double_and_swap(m: Ops, r1: int, r3: int, a2: int) -> None:
    """Compare Double and Swap."""
    m.check_store(a2, 8)
    high = m.get4(a2)
    low = m.get4(a2 + 4)
    if high == m.gr(r1) and low == m.gr(r1 + 1):
        m.put4(a2, m.gr(r3))
        m.put4(a2 + 4, m.gr(r3 + 1))
        m.set_cc(0)
    else:
        m.set_gr(r1, high)
        m.set_gr(r1 + 1, low)
        m.set_cc(1)


@insn(0x93, "TS", Format.S)
def test_and_set(m: Ops, a2: int) -> None:
    """Test and Set."""
    m.check_store(a2, 1)
    m.set_cc(m.get1(a2) >> 7)
    m.put1(a2, 0xFF)
