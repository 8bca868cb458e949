"""Steps that the floating-point instructions share.

A number in short (`bits` 24) or long (`bits` 56) format is sign, characteristic (7 bits, excess 64) and fraction; a
fraction with its guard digit has four bits more. The 28 digits of an extended fraction are `high` (56 bits) and `low`
(60 bits, its last digit the guard digit).
Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions".
"""

# ruff: noqa: PLR0917 - plain arguments, as a compiler of native code can take them

from cpvm.s370.interruption import EXPONENT_OVERFLOW, EXPONENT_UNDERFLOW, SIGNIFICANCE
from cpvm.s370.ops import Ops

SHORT, LONG = 24, 56
FRACTION = (1 << 56) - 1
LOW_DIGITS = (1 << 60) - 1
SHORT_REST = 0xFFFFFFFF
BIAS = 64
UNDERFLOW_BIT, SIGNIFICANCE_BIT = 2, 1
LOW_DISTANCE = 14
"""By how much the characteristic of the low-order half is less than that of the high-order half."""


# ---- taking apart
def negative(v: int) -> int:
    """1 if the number is negative, -0 among them."""
    return 1 if v < 0 else 0


def characteristic(v: int, bits: int) -> int:
    """0 to 127."""
    return v >> bits & 127


def fraction(v: int, bits: int) -> int:
    """The fraction, without guard digit."""
    return v & (1 << bits) - 1


def register(m: Ops, r: int, bits: int) -> int:
    """The operand in a register: signed number of 32 or 64 bits."""
    return m.fr(r) >> 32 if bits == SHORT else m.fr(r)


def operand(m: Ops, a: int, bits: int) -> int:
    """The operand in storage: signed number of 32 or 64 bits."""
    return m.fetch4(a) if bits == SHORT else m.fetch8(a)


# ---- putting together
def put(m: Ops, r1: int, bits: int, minus: int, char: int, frac: int) -> None:
    """Set a register to sign, characteristic (modulo 128) and fraction; a short number leaves the right half."""
    v = (char & 127) - 128 * minus << bits | frac
    m.set_fr(r1, v << 32 | m.fr(r1) & SHORT_REST if bits == SHORT else v)


def put_pair(m: Ops, r1: int, minus: int, char: int, high: int, low: int) -> None:
    """Set a pair of registers to an extended number; low without guard digit."""
    put(m, r1, LONG, minus, char, high)
    put(m, r1 + 2, LONG, minus, char - LOW_DISTANCE, low)


def exception(m: Ops, char: int) -> int:
    """Exponent overflow or underflow of a result: its code; 0 if there is none or it is masked off."""
    if char > 127:
        return EXPONENT_OVERFLOW
    if char < 0 and m.program_mask() & UNDERFLOW_BIT != 0:
        return EXPONENT_UNDERFLOW
    return 0


def finish(m: Ops, r1: int, bits: int, minus: int, char: int, frac: int) -> int:
    """Store a result whose fraction is not zero; underflow that is masked off makes it a true zero.

    Gives the condition code that goes with it. An exception is left to `check`, which comes last.
    """
    if char < 0 and m.program_mask() & UNDERFLOW_BIT == 0:
        put(m, r1, bits, 0, 0, 0)
        return 0
    put(m, r1, bits, minus, char, frac)
    return 1 if minus != 0 else 2


def finish_pair(m: Ops, r1: int, minus: int, char: int, high: int, low: int) -> int:
    """The same for an extended result; low without guard digit."""
    if char < 0 and m.program_mask() & UNDERFLOW_BIT == 0:
        zero_pair(m, r1)
        return 0
    put_pair(m, r1, minus, char, high, low)
    return 1 if minus != 0 else 2


def check(m: Ops, char: int) -> None:
    """Program interruption for the exponent of a result that was stored."""
    code = exception(m, char)
    if code != 0:
        m.completed_check(code)


def zero_pair(m: Ops, r1: int) -> None:
    """True zero in both registers of a pair."""
    m.set_fr(r1, 0)
    m.set_fr(r1 + 2, 0)


def no_significance(m: Ops, r1: int, bits: int, char: int) -> None:
    """A sum whose fraction is zero: true zero, or the characteristic kept and an interruption."""
    m.set_cc(0)
    if m.program_mask() & SIGNIFICANCE_BIT == 0:
        put(m, r1, bits, 0, 0, 0)
    else:
        put(m, r1, bits, 0, char, 0)
        m.completed_check(SIGNIFICANCE)


# ---- digits
def shifted(frac: int, digits: int) -> int:
    """Right by any number of digits."""
    return frac >> 4 * digits if digits < 16 else 0


def missing(m: Ops, frac: int, bits: int) -> int:
    """Number of zero digits on the left of a fraction, not zero, of this many bits."""
    return m.leading_zeros(frac) - 64 + bits >> 2


def missing_pair(m: Ops, high: int, low: int) -> int:
    """The same for an extended fraction; 28 if it is all in the guard digit."""
    if high != 0:
        return missing(m, high, LONG)
    return LOW_DISTANCE + missing(m, low, LONG + 4)


def right_high(high: int, digits: int) -> int:
    """High part of an extended fraction shifted right by any number of digits."""
    return high >> 4 * digits if digits < 14 else 0


def right_low(high: int, low: int, digits: int) -> int:
    """Low part of an extended fraction shifted right by any number of digits."""
    if digits < 15:
        return low >> 4 * digits | (high & (1 << 4 * digits) - 1) << 60 - 4 * digits
    return shifted(high, digits - 15)


def left_high(high: int, low: int, digits: int) -> int:
    """High part of an extended fraction shifted left by as many digits as are zero."""
    if digits < 16:
        return high << 4 * digits | low >> 60 - 4 * digits
    return low << 4 * (digits - 15)


def left_low(low: int, digits: int) -> int:
    """Low part of an extended fraction shifted left by as many digits as are zero."""
    if digits < 16:
        return (low & (1 << 60 - 4 * digits) - 1) << 4 * digits
    return 0
