"""Hexadecimal floating point: addition, subtraction and comparison, short and long.

Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions".
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._hexfloat import (
    LONG,
    SHORT,
    characteristic,
    check,
    finish,
    fraction,
    missing,
    negative,
    no_significance,
    operand,
    register,
    shifted,
)
from cpvm.s370.ops import Ops

BOTH = ("r1", "r2")
FIRST = ("r1",)
FP = Facility.FLOATING_POINT


def _sum(v1: int, v2: int, bits: int, flip: int) -> int:
    """Intermediate sum: fraction with guard digit, perhaps a digit too long, negative if the sum is."""
    char1 = characteristic(v1, bits)
    char2 = characteristic(v2, bits)
    frac1 = fraction(v1, bits) << 4
    frac2 = fraction(v2, bits) << 4
    if char1 < char2:
        frac1 = shifted(frac1, char2 - char1)
    else:
        frac2 = shifted(frac2, char1 - char2)
    if v1 < 0:
        frac1 = -frac1
    return frac1 - frac2 if negative(v2) != flip else frac1 + frac2


def _larger(v1: int, v2: int, bits: int) -> int:
    """Characteristic of the intermediate sum."""
    char1 = characteristic(v1, bits)
    char2 = characteristic(v2, bits)
    return char1 if char1 > char2 else char2


def _normalized(m: Ops, r1: int, v2: int, bits: int, flip: int) -> None:
    v1 = register(m, r1, bits)
    frac = _sum(v1, v2, bits, flip)
    char = _larger(v1, v2, bits)
    if frac == 0:
        no_significance(m, r1, bits, char)
    else:
        minus = negative(frac)
        frac = -frac if minus != 0 else frac
        if frac >> bits + 4 != 0:
            frac = frac >> 4
            char = char + 1
        n = missing(m, frac, bits + 4)
        m.set_cc(finish(m, r1, bits, minus, char - n, frac << 4 * n >> 4))
        check(m, char - n)


def _unnormalized(m: Ops, r1: int, v2: int, bits: int, flip: int) -> None:
    v1 = register(m, r1, bits)
    frac = _sum(v1, v2, bits, flip)
    char = _larger(v1, v2, bits)
    minus = negative(frac)
    frac = -frac if minus != 0 else frac
    if frac >> bits + 4 != 0:
        frac = frac >> 4
        char = char + 1
    frac = frac >> 4  # the guard digit is lost before a zero is recognised
    if frac == 0:
        no_significance(m, r1, bits, char)
    else:
        m.set_cc(finish(m, r1, bits, minus, char, frac))
        check(m, char)


def _compare(m: Ops, r1: int, v2: int, bits: int) -> None:
    frac = _sum(register(m, r1, bits), v2, bits, 1)
    m.set_cc_by_sign(frac)


@insn(0x3A, "AER", Format.RR, floating=BOTH, facility=FP)
def add_short_register(m: Ops, r1: int, r2: int) -> None:
    """Add Normalized (short)."""
    _normalized(m, r1, register(m, r2, SHORT), SHORT, 0)


@insn(0x7A, "AE", Format.RX, floating=FIRST, facility=FP)
def add_short(m: Ops, r1: int, a2: int) -> None:
    """Add Normalized (short)."""
    _normalized(m, r1, operand(m, a2, SHORT), SHORT, 0)


@insn(0x2A, "ADR", Format.RR, floating=BOTH, facility=FP)
def add_long_register(m: Ops, r1: int, r2: int) -> None:
    """Add Normalized (long)."""
    _normalized(m, r1, register(m, r2, LONG), LONG, 0)


@insn(0x6A, "AD", Format.RX, floating=FIRST, facility=FP)
def add_long(m: Ops, r1: int, a2: int) -> None:
    """Add Normalized (long)."""
    _normalized(m, r1, operand(m, a2, LONG), LONG, 0)


@insn(0x3B, "SER", Format.RR, floating=BOTH, facility=FP)
def subtract_short_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract Normalized (short)."""
    _normalized(m, r1, register(m, r2, SHORT), SHORT, 1)


@insn(0x7B, "SE", Format.RX, floating=FIRST, facility=FP)
def subtract_short(m: Ops, r1: int, a2: int) -> None:
    """Subtract Normalized (short)."""
    _normalized(m, r1, operand(m, a2, SHORT), SHORT, 1)


@insn(0x2B, "SDR", Format.RR, floating=BOTH, facility=FP)
def subtract_long_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract Normalized (long)."""
    _normalized(m, r1, register(m, r2, LONG), LONG, 1)


@insn(0x6B, "SD", Format.RX, floating=FIRST, facility=FP)
def subtract_long(m: Ops, r1: int, a2: int) -> None:
    """Subtract Normalized (long)."""
    _normalized(m, r1, operand(m, a2, LONG), LONG, 1)


@insn(0x3E, "AUR", Format.RR, floating=BOTH, facility=FP)
def add_unnormalized_short_register(m: Ops, r1: int, r2: int) -> None:
    """Add Unnormalized (short)."""
    _unnormalized(m, r1, register(m, r2, SHORT), SHORT, 0)


@insn(0x7E, "AU", Format.RX, floating=FIRST, facility=FP)
def add_unnormalized_short(m: Ops, r1: int, a2: int) -> None:
    """Add Unnormalized (short)."""
    _unnormalized(m, r1, operand(m, a2, SHORT), SHORT, 0)


@insn(0x2E, "AWR", Format.RR, floating=BOTH, facility=FP)
def add_unnormalized_long_register(m: Ops, r1: int, r2: int) -> None:
    """Add Unnormalized (long)."""
    _unnormalized(m, r1, register(m, r2, LONG), LONG, 0)


@insn(0x6E, "AW", Format.RX, floating=FIRST, facility=FP)
def add_unnormalized_long(m: Ops, r1: int, a2: int) -> None:
    """Add Unnormalized (long)."""
    _unnormalized(m, r1, operand(m, a2, LONG), LONG, 0)


@insn(0x3F, "SUR", Format.RR, floating=BOTH, facility=FP)
def subtract_unnormalized_short_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract Unnormalized (short)."""
    _unnormalized(m, r1, register(m, r2, SHORT), SHORT, 1)


@insn(0x7F, "SU", Format.RX, floating=FIRST, facility=FP)
def subtract_unnormalized_short(m: Ops, r1: int, a2: int) -> None:
    """Subtract Unnormalized (short)."""
    _unnormalized(m, r1, operand(m, a2, SHORT), SHORT, 1)


@insn(0x2F, "SWR", Format.RR, floating=BOTH, facility=FP)
def subtract_unnormalized_long_register(m: Ops, r1: int, r2: int) -> None:
    """Subtract Unnormalized (long)."""
    _unnormalized(m, r1, register(m, r2, LONG), LONG, 1)


@insn(0x6F, "SW", Format.RX, floating=FIRST, facility=FP)
def subtract_unnormalized_long(m: Ops, r1: int, a2: int) -> None:
    """Subtract Unnormalized (long)."""
    _unnormalized(m, r1, operand(m, a2, LONG), LONG, 1)


@insn(0x39, "CER", Format.RR, floating=BOTH, facility=FP)
def compare_short_register(m: Ops, r1: int, r2: int) -> None:
    """Compare (short)."""
    _compare(m, r1, register(m, r2, SHORT), SHORT)


@insn(0x79, "CE", Format.RX, floating=FIRST, facility=FP)
def compare_short(m: Ops, r1: int, a2: int) -> None:
    """Compare (short)."""
    _compare(m, r1, operand(m, a2, SHORT), SHORT)


@insn(0x29, "CDR", Format.RR, floating=BOTH, facility=FP)
def compare_long_register(m: Ops, r1: int, r2: int) -> None:
    """Compare (long)."""
    _compare(m, r1, register(m, r2, LONG), LONG)


@insn(0x69, "CD", Format.RX, floating=FIRST, facility=FP)
def compare_long(m: Ops, r1: int, a2: int) -> None:
    """Compare (long)."""
    _compare(m, r1, operand(m, a2, LONG), LONG)
