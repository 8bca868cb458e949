"""Hexadecimal floating point: arithmetic of extended numbers, in the register pairs 0, 2 and 4, 6.

Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions"; for DXR SA22-7085.
The sign and the characteristic of the low-order half of an operand do not matter.
"""

# ruff: noqa: PLR0917 - plain arguments, as a compiler of native code can take them

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._hexfloat import (
    BIAS,
    FRACTION,
    LONG,
    LOW_DIGITS,
    SIGNIFICANCE_BIT,
    characteristic,
    check,
    finish_pair,
    fraction,
    left_high,
    left_low,
    missing_pair,
    negative,
    put_pair,
    right_high,
    right_low,
    zero_pair,
)
from cpvm.s370.interruption import FLOATING_DIVIDE, SIGNIFICANCE
from cpvm.s370.ops import Ops

BOTH = ("r1", "r2")
EXTENDED = Facility.EXTENDED_PRECISION
LIMB = 28
LIMB_MASK = (1 << 28) - 1


# ---- addition
def _store_sum(m: Ops, r1: int, minus: int, char: int, high: int, low: int) -> None:
    """Normalize and store a sum; high may have a digit too much, low has the guard digit."""
    if high == 0 and low == 0:
        m.set_cc(0)
        if m.program_mask() & SIGNIFICANCE_BIT == 0:
            zero_pair(m, r1)
        else:
            put_pair(m, r1, 0, char, 0, 0)
            m.completed_check(SIGNIFICANCE)
    else:
        if high > FRACTION:
            low = right_low(high, low, 1)
            high = high >> 4
            char = char + 1
        n = missing_pair(m, high, low)
        char = char - n
        m.set_cc(finish_pair(m, r1, minus, char, left_high(high, low, n), left_low(low, n) >> 4))
        check(m, char)


def _add(m: Ops, r1: int, r2: int, flip: int) -> None:
    v1 = m.fr(r1)
    v2 = m.fr(r2)
    minus = negative(v1)
    high1 = fraction(v1, LONG)
    low1 = fraction(m.fr(r1 + 2), LONG) << 4
    high2 = fraction(v2, LONG)
    low2 = fraction(m.fr(r2 + 2), LONG) << 4
    char = characteristic(v1, LONG)
    distance = char - characteristic(v2, LONG)
    if distance < 0:
        low1 = right_low(high1, low1, -distance)
        high1 = right_high(high1, -distance)
        char = characteristic(v2, LONG)
    else:
        low2 = right_low(high2, low2, distance)
        high2 = right_high(high2, distance)
    if minus == negative(v2) ^ flip:
        low = low1 + low2
        high = high1 + high2
    else:
        low = low1 - low2
        high = high1 - high2
        if high < 0 or (high == 0 and low < 0):
            low = -low
            high = -high
            minus = 1 - minus
    if low < 0:
        low = low + LOW_DIGITS + 1
        high = high - 1
    if low > LOW_DIGITS:
        low = low & LOW_DIGITS
        high = high + 1
    _store_sum(m, r1, minus, char, high, low)


@insn(0x36, "AXR", Format.RR, extended=BOTH, facility=EXTENDED)
def add_extended(m: Ops, r1: int, r2: int) -> None:
    """Add Normalized (extended)."""
    _add(m, r1, r2, 0)


@insn(0x37, "SXR", Format.RR, extended=BOTH, facility=EXTENDED)
def subtract_extended(m: Ops, r1: int, r2: int) -> None:
    """Subtract Normalized (extended)."""
    _add(m, r1, r2, 1)


# ---- multiplication and division of normalized fractions
def _is_zero(m: Ops, r: int) -> int:
    return 1 if fraction(m.fr(r), LONG) == 0 and fraction(m.fr(r + 2), LONG) == 0 else 0


def _zeros(m: Ops, r: int) -> int:
    """Zero digits on the left of an extended operand that is not zero."""
    return missing_pair(m, fraction(m.fr(r), LONG), fraction(m.fr(r + 2), LONG) << 4)


def _high(m: Ops, r: int) -> int:
    """High part of an operand's fraction, normalized."""
    return left_high(fraction(m.fr(r), LONG), fraction(m.fr(r + 2), LONG) << 4, _zeros(m, r))


def _low(m: Ops, r: int) -> int:
    """Low part of an operand's fraction, normalized, without guard digit."""
    return left_low(fraction(m.fr(r + 2), LONG) << 4, _zeros(m, r)) >> 4


@insn(0x26, "MXR", Format.RR, extended=BOTH, facility=EXTENDED)
def multiply_extended(m: Ops, r1: int, r2: int) -> None:
    """Multiply (extended)."""
    if _is_zero(m, r1) != 0 or _is_zero(m, r2) != 0:
        zero_pair(m, r1)
    else:
        char = characteristic(m.fr(r1), LONG) + characteristic(m.fr(r2), LONG) - BIAS - _zeros(m, r1) - _zeros(m, r2)
        minus = negative(m.fr(r1)) ^ negative(m.fr(r2))
        high = _high(m, r1)
        low = _low(m, r1)
        a3 = high >> LIMB
        a2 = high & LIMB_MASK
        a1 = low >> LIMB
        a0 = low & LIMB_MASK
        high = _high(m, r2)
        low = _low(m, r2)
        b3 = high >> LIMB
        b2 = high & LIMB_MASK
        b1 = low >> LIMB
        b0 = low & LIMB_MASK
        # columns of the product from the right, each with the carry of the one before
        c = a0 * b0 >> LIMB
        c = a1 * b0 + a0 * b1 + c >> LIMB
        c = a2 * b0 + a1 * b1 + a0 * b2 + c >> LIMB
        c3 = a3 * b0 + a2 * b1 + a1 * b2 + a0 * b3 + c
        c4 = a3 * b1 + a2 * b2 + a1 * b3 + (c3 >> LIMB)
        c5 = a3 * b2 + a2 * b3 + (c4 >> LIMB)
        high = a3 * b3 + (c5 >> LIMB)
        low = (c5 & LIMB_MASK) << LIMB | c4 & LIMB_MASK
        if high >> 52 == 0:
            high = high << 4 | low >> 52
            low = low << 4 & FRACTION | (c3 & LIMB_MASK) >> LIMB - 4
            char = char - 1
        finish_pair(m, r1, minus, char, high, low)
        check(m, char)


@insn(0xB22D, "DXR", Format.RRE, extended=BOTH, facility=Facility.EXTENDED_DIVIDE)
def divide_extended(m: Ops, r1: int, r2: int) -> None:
    """Divide (extended)."""
    if _is_zero(m, r2) != 0:
        m.program_check(FLOATING_DIVIDE)
    if _is_zero(m, r1) != 0:
        zero_pair(m, r1)
    else:
        char = characteristic(m.fr(r1), LONG) - _zeros(m, r1) - characteristic(m.fr(r2), LONG) + _zeros(m, r2) + BIAS
        minus = negative(m.fr(r1)) ^ negative(m.fr(r2))
        high = _high(m, r1)
        low = _low(m, r1)
        high2 = _high(m, r2)
        low2 = _low(m, r2)
        before = 1 if high > high2 or (high == high2 and low >= low2) else 0  # the first digit is before the point
        quotient_high = 0
        quotient_low = 0
        for i in range(28):
            if i != 0 or before == 0:
                high = high << 4 | low >> 52
                low = low << 4 & FRACTION
            digit = 0
            while high > high2 or (high == high2 and low >= low2):
                high = high - high2
                low = low - low2
                if low < 0:
                    low = low + FRACTION + 1
                    high = high - 1
                digit = digit + 1
            if i < 14:
                quotient_high = quotient_high << 4 | digit
            else:
                quotient_low = quotient_low << 4 | digit
        finish_pair(m, r1, minus, char + before, quotient_high, quotient_low)
        check(m, char + before)
