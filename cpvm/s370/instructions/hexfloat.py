"""Hexadecimal floating point: loads, stores, signs, rounding and halving.

Source: *Principles of Operation*, GA22-7000, "Floating-Point Instructions". The registers are 0, 2, 4 and 6.
"""

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._hexfloat import (
    LONG,
    SHORT,
    SHORT_REST,
    characteristic,
    check,
    finish,
    fraction,
    missing,
    negative,
    put,
    register,
)
from cpvm.s370.ops import Ops

BOTH = ("r1", "r2")
FP = Facility.FLOATING_POINT
HALF_OF_LOW = 1 << 55
"""The first bit of the low-order fraction of an extended number."""


# ---- load and store
@insn(0x28, "LDR", Format.RR, floating=BOTH, facility=FP)
def load_long_register(m: Ops, r1: int, r2: int) -> None:
    """Load (long)."""
    m.set_fr(r1, m.fr(r2))


@insn(0x68, "LD", Format.RX, floating=("r1",), facility=FP)
def load_long(m: Ops, r1: int, a2: int) -> None:
    """Load (long)."""
    m.set_fr(r1, m.fetch8(a2))


@insn(0x38, "LER", Format.RR, floating=BOTH, facility=FP)
def load_short_register(m: Ops, r1: int, r2: int) -> None:
    """Load (short): the right half stays."""
    m.set_fr(r1, m.fr(r2) & ~SHORT_REST | m.fr(r1) & SHORT_REST)


@insn(0x78, "LE", Format.RX, floating=("r1",), facility=FP)
def load_short(m: Ops, r1: int, a2: int) -> None:
    """Load (short): the right half stays."""
    m.set_fr(r1, m.fetch4(a2) << 32 | m.fr(r1) & SHORT_REST)


@insn(0x60, "STD", Format.RX, floating=("r1",), facility=FP)
def store_long(m: Ops, r1: int, a2: int) -> None:
    """Store (long)."""
    m.store8(a2, m.fr(r1))


@insn(0x70, "STE", Format.RX, floating=("r1",), facility=FP)
def store_short(m: Ops, r1: int, a2: int) -> None:
    """Store (short)."""
    m.store4(a2, m.fr(r1) >> 32)


# ---- signs
def _signed(m: Ops, r1: int, r2: int, bits: int, minus: int) -> None:
    """Load with this sign, and set the condition code."""
    v = register(m, r2, bits)
    frac = fraction(v, bits)
    put(m, r1, bits, minus, characteristic(v, bits), frac)
    m.set_cc(0 if frac == 0 else 1 if minus != 0 else 2)


@insn(0x22, "LTDR", Format.RR, floating=BOTH, facility=FP)
def load_and_test_long(m: Ops, r1: int, r2: int) -> None:
    """Load and Test (long)."""
    _signed(m, r1, r2, LONG, negative(m.fr(r2)))


@insn(0x32, "LTER", Format.RR, floating=BOTH, facility=FP)
def load_and_test_short(m: Ops, r1: int, r2: int) -> None:
    """Load and Test (short)."""
    _signed(m, r1, r2, SHORT, negative(m.fr(r2)))


@insn(0x23, "LCDR", Format.RR, floating=BOTH, facility=FP)
def load_complement_long(m: Ops, r1: int, r2: int) -> None:
    """Load Complement (long)."""
    _signed(m, r1, r2, LONG, 1 - negative(m.fr(r2)))


@insn(0x33, "LCER", Format.RR, floating=BOTH, facility=FP)
def load_complement_short(m: Ops, r1: int, r2: int) -> None:
    """Load Complement (short)."""
    _signed(m, r1, r2, SHORT, 1 - negative(m.fr(r2)))


@insn(0x20, "LPDR", Format.RR, floating=BOTH, facility=FP)
def load_positive_long(m: Ops, r1: int, r2: int) -> None:
    """Load Positive (long)."""
    _signed(m, r1, r2, LONG, 0)


@insn(0x30, "LPER", Format.RR, floating=BOTH, facility=FP)
def load_positive_short(m: Ops, r1: int, r2: int) -> None:
    """Load Positive (short)."""
    _signed(m, r1, r2, SHORT, 0)


@insn(0x21, "LNDR", Format.RR, floating=BOTH, facility=FP)
def load_negative_long(m: Ops, r1: int, r2: int) -> None:
    """Load Negative (long)."""
    _signed(m, r1, r2, LONG, 1)


@insn(0x31, "LNER", Format.RR, floating=BOTH, facility=FP)
def load_negative_short(m: Ops, r1: int, r2: int) -> None:
    """Load Negative (short)."""
    _signed(m, r1, r2, SHORT, 1)


# ---- halve
def _halve(m: Ops, r1: int, r2: int, bits: int) -> None:
    v = register(m, r2, bits)
    half = fraction(v, bits) << 3  # with guard digit
    if half == 0:
        put(m, r1, bits, 0, 0, 0)
    else:
        n = missing(m, half, bits + 4)
        char = characteristic(v, bits) - n
        finish(m, r1, bits, negative(v), char, half << 4 * n >> 4)
        check(m, char)


@insn(0x24, "HDR", Format.RR, floating=BOTH, facility=FP)
def halve_long(m: Ops, r1: int, r2: int) -> None:
    """Halve (long): normalized."""
    _halve(m, r1, r2, LONG)


@insn(0x34, "HER", Format.RR, floating=BOTH, facility=FP)
def halve_short(m: Ops, r1: int, r2: int) -> None:
    """Halve (short): normalized."""
    _halve(m, r1, r2, SHORT)


# ---- rounding
def _round(m: Ops, r1: int, v: int, frac: int, bits: int) -> None:
    """Store a fraction that was rounded, and may have grown by a digit; v gives sign and characteristic."""
    char = characteristic(v, LONG)
    if frac >> bits != 0:
        frac = frac >> 4
        char = char + 1
    put(m, r1, bits, negative(v), char, frac)
    check(m, char)


@insn(0x35, "LRER", Format.RR, floating=BOTH, facility=Facility.EXTENDED_PRECISION)
def load_rounded_short(m: Ops, r1: int, r2: int) -> None:
    """Load Rounded (long to short)."""
    v = m.fr(r2)
    _round(m, r1, v, fraction(v, LONG) + (1 << 31) >> 32, SHORT)


@insn(0x25, "LRDR", Format.RR, floating=("r1",), extended=("r2",), facility=Facility.EXTENDED_PRECISION)
def load_rounded_long(m: Ops, r1: int, r2: int) -> None:
    """Load Rounded (extended to long)."""
    v = m.fr(r2)
    _round(m, r1, v, fraction(v, LONG) + (1 if m.fr(r2 + 2) & HALF_OF_LOW != 0 else 0), LONG)
