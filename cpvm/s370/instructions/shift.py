"""Shifts: the low six bits of the second-operand address are the amount.

Source: *Principles of Operation*, GA22-7000, "General Instructions".
"""

from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._arith import INT_MAX, WORD, sign
from cpvm.s370.interruption import FIXED_OVERFLOW
from cpvm.s370.ops import Ops

LONG_MAX = 2**63 - 1


@insn(0x89, "SLL", Format.RS)
def shift_left_logical(m: Ops, r1: int, a2: int) -> None:
    """Shift Left Single Logical."""
    n = a2 & 63
    m.set_gr(r1, m.gru(r1) << n if n < 32 else 0)


@insn(0x88, "SRL", Format.RS)
def shift_right_logical(m: Ops, r1: int, a2: int) -> None:
    """Shift Right Single Logical."""
    m.set_gr(r1, m.gru(r1) >> (a2 & 63))


@insn(0x8A, "SRA", Format.RS)
def shift_right(m: Ops, r1: int, a2: int) -> None:
    """Shift Right Single."""
    v = m.gr(r1) >> (a2 & 63)
    m.set_gr(r1, v)
    m.set_cc_by_sign(v)


@insn(0x8B, "SLA", Format.RS)
def shift_left(m: Ops, r1: int, a2: int) -> None:
    """Shift Left Single: the sign stays; overflow when a bit unlike it is shifted out."""
    v = m.gr(r1)
    n = a2 & 63
    lost = v >> (31 - n if n < 31 else 0)
    kept = (v << n if n < 31 else 0) & INT_MAX
    negative = v >> 31
    m.set_gr(r1, kept | negative << 31)
    # more than 31 places shift out zeros that came in at the right
    if lost != negative or (n > 31 and v < 0):
        m.set_cc(3)
        if m.program_mask() & 8 != 0:
            m.completed_check(FIXED_OVERFLOW)
    else:
        m.set_cc(1 if v < 0 else 2 if kept != 0 else 0)


@insn(0x8C, "SRDL", Format.RS, even=("r1",))
def shift_right_double_logical(m: Ops, r1: int, a2: int) -> None:
    """Shift Right Double Logical."""
    n = a2 & 63
    high = m.gru(r1)
    low = m.gru(r1 + 1)
    if n >= 32:
        low = high
        high = 0
        n = n - 32
    m.set_gr(r1, high >> n)
    m.set_gr(r1 + 1, low >> n | (high & (1 << n) - 1) << 32 - n)


@insn(0x8D, "SLDL", Format.RS, even=("r1",))
def shift_left_double_logical(m: Ops, r1: int, a2: int) -> None:
    """Shift Left Double Logical."""
    n = a2 & 63
    high = m.gru(r1)
    low = m.gru(r1 + 1)
    if n >= 32:
        high = low
        low = 0
        n = n - 32
    m.set_gr(r1, (high << n & WORD) | low >> 32 - n)
    m.set_gr(r1 + 1, low << n)


@insn(0x8E, "SRDA", Format.RS, even=("r1",))
def shift_right_double(m: Ops, r1: int, a2: int) -> None:
    """Shift Right Double."""
    v = m.gr(r1) * 2**32 + m.gru(r1 + 1) >> (a2 & 63)
    m.set_gr(r1, v >> 32)
    m.set_gr(r1 + 1, v)
    m.set_cc(sign(v))


@insn(0x8F, "SLDA", Format.RS, even=("r1",))
def shift_left_double(m: Ops, r1: int, a2: int) -> None:
    """Shift Left Double: the sign stays; overflow when a bit unlike it is shifted out."""
    n = a2 & 63
    v = m.gr(r1) * 2**32 + m.gru(r1 + 1)
    negative = -1 if v < 0 else 0
    lost = v >> 63 - n
    # the 63 - n low bits are those that stay; only they are shifted, so that 63 bits suffice
    kept = (v & LONG_MAX >> n) << n
    m.set_gr(r1, kept >> 32 & INT_MAX | negative << 31)
    m.set_gr(r1 + 1, kept)
    if lost != negative:
        m.set_cc(3)
        if m.program_mask() & 8 != 0:
            m.completed_check(FIXED_OVERFLOW)
    else:
        m.set_cc(1 if v < 0 else 2 if kept != 0 else 0)
