"""Hexadecimal floating point: multiplication and division, short and long.

Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions". Operands are normalized first, so that the
product or quotient is at most one digit away from it.
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._hexfloat import (
    BIAS,
    FRACTION,
    LONG,
    SHORT,
    characteristic,
    check,
    finish,
    finish_pair,
    fraction,
    missing,
    negative,
    operand,
    put,
    register,
    zero_pair,
)
from cpvm.s370.interruption import FLOATING_DIVIDE
from cpvm.s370.ops import Ops

BOTH = ("r1", "r2")
FIRST = ("r1",)
FP, EXTENDED = Facility.FLOATING_POINT, Facility.EXTENDED_PRECISION
LIMB = 28
LIMB_MASK = (1 << 28) - 1


# ---- multiplication
def _short_product(m: Ops, r1: int, v2: int) -> None:
    """Two short numbers make a long one, exactly."""
    v1 = register(m, r1, SHORT)
    frac1 = fraction(v1, SHORT)
    frac2 = fraction(v2, SHORT)
    if frac1 == 0 or frac2 == 0:
        m.set_fr(r1, 0)
    else:
        product = frac1 * frac2
        n = missing(m, product, 48)
        char = characteristic(v1, SHORT) + characteristic(v2, SHORT) - BIAS - n
        finish(m, r1, LONG, negative(v1) ^ negative(v2), char, product << 4 * n << 8)
        check(m, char)


def _high(frac1: int, frac2: int) -> int:
    """The first 14 digits of the product of two long fractions."""
    a1 = frac1 >> LIMB
    a0 = frac1 & LIMB_MASK
    b1 = frac2 >> LIMB
    b0 = frac2 & LIMB_MASK
    middle = a1 * b0 + a0 * b1 + (a0 * b0 >> LIMB)
    return a1 * b1 + (middle >> LIMB)


def _low(frac1: int, frac2: int) -> int:
    """The last 14 digits."""
    a1 = frac1 >> LIMB
    a0 = frac1 & LIMB_MASK
    b1 = frac2 >> LIMB
    b0 = frac2 & LIMB_MASK
    middle = a1 * b0 + a0 * b1 + (a0 * b0 >> LIMB)
    return (middle & LIMB_MASK) << LIMB | a0 * b0 & LIMB_MASK


def _long_product(m: Ops, r1: int, v2: int, extended: int) -> None:
    """Two long numbers make a long one, or exactly an extended one."""
    v1 = m.fr(r1)
    frac1 = fraction(v1, LONG)
    frac2 = fraction(v2, LONG)
    if frac1 == 0 or frac2 == 0:
        if extended != 0:
            zero_pair(m, r1)
        else:
            m.set_fr(r1, 0)
    else:
        n1 = missing(m, frac1, LONG)
        n2 = missing(m, frac2, LONG)
        frac1 = frac1 << 4 * n1
        frac2 = frac2 << 4 * n2
        char = characteristic(v1, LONG) + characteristic(v2, LONG) - BIAS - n1 - n2
        minus = negative(v1) ^ negative(v2)
        high = _high(frac1, frac2)
        low = _low(frac1, frac2)
        if high >> 52 == 0:
            high = high << 4 | low >> 52
            low = low << 4 & FRACTION
            char = char - 1
        if extended != 0:
            finish_pair(m, r1, minus, char, high, low)
        else:
            finish(m, r1, LONG, minus, char, high)
        check(m, char)


@insn(0x3C, "MER", Format.RR, floating=BOTH, facility=FP)
def multiply_short_register(m: Ops, r1: int, r2: int) -> None:
    """Multiply (short to long)."""
    _short_product(m, r1, register(m, r2, SHORT))


@insn(0x7C, "ME", Format.RX, floating=FIRST, facility=FP)
def multiply_short(m: Ops, r1: int, a2: int) -> None:
    """Multiply (short to long)."""
    _short_product(m, r1, m.fetch4(a2))


@insn(0x2C, "MDR", Format.RR, floating=BOTH, facility=FP)
def multiply_long_register(m: Ops, r1: int, r2: int) -> None:
    """Multiply (long)."""
    _long_product(m, r1, m.fr(r2), 0)


@insn(0x6C, "MD", Format.RX, floating=FIRST, facility=FP)
def multiply_long(m: Ops, r1: int, a2: int) -> None:
    """Multiply (long)."""
    _long_product(m, r1, m.fetch8(a2), 0)


@insn(0x27, "MXDR", Format.RR, floating=("r2",), extended=FIRST, facility=EXTENDED)
def multiply_to_extended_register(m: Ops, r1: int, r2: int) -> None:
    """Multiply (long to extended)."""
    _long_product(m, r1, m.fr(r2), 1)


@insn(0x67, "MXD", Format.RX, extended=FIRST, facility=EXTENDED)
def multiply_to_extended(m: Ops, r1: int, a2: int) -> None:
    """Multiply (long to extended)."""
    _long_product(m, r1, m.fetch8(a2), 1)


# ---- division
def _long_quotient(m: Ops, rest: int, divisor: int) -> int:
    """14 digits of a quotient less than 1, in two steps of seven: by the first part of the divisor, then put right."""
    head = divisor >> LIMB
    tail = divisor & LIMB_MASK
    quotient = 0
    for _ in range(2):
        digits = m.quotient(rest, head)  # too large by a little, for the divisor is larger than its first part
        rest = (rest - digits * head << LIMB) - digits * tail
        while rest < 0:
            digits = digits - 1
            rest = rest + divisor
        quotient = quotient << LIMB | digits
    return quotient


def _quotient(m: Ops, r1: int, v2: int, bits: int) -> None:
    v1 = register(m, r1, bits)
    frac1 = fraction(v1, bits)
    divisor = fraction(v2, bits)
    if divisor == 0:
        m.program_check(FLOATING_DIVIDE)
    if frac1 == 0:
        put(m, r1, bits, 0, 0, 0)
    else:
        n1 = missing(m, frac1, bits)
        n2 = missing(m, divisor, bits)
        rest = frac1 << 4 * n1
        divisor = divisor << 4 * n2
        char = characteristic(v1, bits) - n1 - characteristic(v2, bits) + n2 + BIAS
        if rest >= divisor:  # the first digit is before the point
            char = char + 1
            divisor = divisor << 4
        quotient = m.quotient(rest << SHORT, divisor) if bits == SHORT else _long_quotient(m, rest, divisor)
        finish(m, r1, bits, negative(v1) ^ negative(v2), char, quotient)
        check(m, char)


@insn(0x3D, "DER", Format.RR, floating=BOTH, facility=FP)
def divide_short_register(m: Ops, r1: int, r2: int) -> None:
    """Divide (short)."""
    _quotient(m, r1, register(m, r2, SHORT), SHORT)


@insn(0x7D, "DE", Format.RX, floating=FIRST, facility=FP)
def divide_short(m: Ops, r1: int, a2: int) -> None:
    """Divide (short)."""
    _quotient(m, r1, operand(m, a2, SHORT), SHORT)


@insn(0x2D, "DDR", Format.RR, floating=BOTH, facility=FP)
def divide_long_register(m: Ops, r1: int, r2: int) -> None:
    """Divide (long)."""
    _quotient(m, r1, register(m, r2, LONG), LONG)


@insn(0x6D, "DD", Format.RX, floating=FIRST, facility=FP)
def divide_long(m: Ops, r1: int, a2: int) -> None:
    """Divide (long)."""
    _quotient(m, r1, operand(m, a2, LONG), LONG)
