"""Steps that several chapters share: setting results with their condition code, and overflow."""

from cpvm.s370.interruption import FIXED_OVERFLOW
from cpvm.s370.ops import Ops

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)
WORD = 0xFFFFFFFF


def sign(v: int) -> int:
    """The condition code of a signed result."""
    return 0 if v == 0 else 1 if v < 0 else 2


def wrapped(v: int) -> int:
    """The signed number of 32 bits with the low bits of v."""
    return ((v + 0x80000000) & WORD) - 0x80000000


def set_signed(m: Ops, r1: int, v: int) -> None:
    """Result of a signed addition: register, condition code, overflow."""
    m.set_gr(r1, v)
    if v > INT_MAX or v < INT_MIN:
        m.set_cc(3)
        if m.program_mask() & 8 != 0:
            m.completed_check(FIXED_OVERFLOW)
    else:
        m.set_cc_by_sign(v)


def set_unsigned(m: Ops, r1: int, v: int) -> None:
    """Result of a logical addition of 33 bits: condition code from carry and zero."""
    m.set_gr(r1, v)
    m.set_cc((2 if v > WORD else 0) + (1 if v & WORD != 0 else 0))


def compare(m: Ops, a: int, b: int) -> None:
    """Condition code of a comparison of numbers of 32 bits, signed or not."""
    m.set_cc_by_sign(a - b)


def set_logical(m: Ops, r1: int, v: int) -> None:
    """Result of AND, OR or EXCLUSIVE OR."""
    m.set_gr(r1, v)
    m.set_cc(1 if v != 0 else 0)
