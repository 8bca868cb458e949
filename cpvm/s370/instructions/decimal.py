"""Packed decimal. A number of up to 31 digits is `high` (16 digits) and `low` (15 digits).

Source: *Principles of Operation*, GA22-7000, "Decimal Instructions".
"""

# Bodies are written in the subset that a compiler of native code can take: plain arguments, no sets, no tuples.
# ruff: noqa: PLR0917, PLR1714

from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.interruption import DATA, DECIMAL_DIVIDE, DECIMAL_OVERFLOW, SPECIFICATION
from cpvm.s370.ops import Ops

LOW_LIMIT = 10**15
HALF = 10**8
QUARTER = 10**7


def _low(m: Ops, a: int, l: int) -> int:
    """The last 15 digits; a data exception if a digit or the sign is invalid."""
    last = m.get1(a + l)
    if last > 0x9F or last & 15 < 10:
        m.program_check(DATA)
    n = l if l < 7 else 7
    return m.digits(a + l - n, n) * 10 + (last >> 4)


def _high(m: Ops, a: int, l: int) -> int:
    """The digits before the last 15."""
    return m.digits(a, l - 7) if l > 7 else 0


def _negative(m: Ops, a: int, l: int) -> int:
    code = m.get1(a + l) & 15
    return 1 if code == 13 or code == 11 else 0


def _put(m: Ops, a: int, l: int, high: int, low: int, negative: int) -> int:
    """Store what fits of a result, with the sign given; 1 if digits other than zero were lost."""
    m.put1(a + l, low % 10 << 4 | 12 + negative)
    low = low // 10
    if l > 7:
        m.put_digits(a + l - 7, 7, low)
        m.put_digits(a, l - 7, high)
        rest = high
        for _ in range(l - 7):
            rest = rest // 100
    else:
        m.put_digits(a, l, low)
        rest = low
        for _ in range(l):
            rest = rest // 100
        if high != 0:
            rest = 1
    return 1 if rest != 0 else 0


def _result(m: Ops, a: int, l: int, high: int, low: int, negative: int) -> None:
    """Store a result, set the condition code; overflow keeps the sign of the true result."""
    zero = 1 if high == 0 and low == 0 else 0
    if zero != 0:
        negative = 0
    if _put(m, a, l, high, low, negative) != 0:
        m.set_cc(3)
        if m.program_mask() & 4 != 0:
            m.completed_check(DECIMAL_OVERFLOW)
    else:
        m.set_cc(0 if zero != 0 else 1 if negative != 0 else 2)


def _add(m: Ops, a1: int, l1: int, a2: int, l2: int, flip: int) -> None:
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    low = _low(m, a1, l1)
    high = _high(m, a1, l1)
    negative = _negative(m, a1, l1)
    low2 = _low(m, a2, l2)
    high2 = _high(m, a2, l2)
    negative2 = _negative(m, a2, l2) ^ flip
    if negative == negative2:
        low = low + low2
        high = high + high2
        if low >= LOW_LIMIT:
            low = low - LOW_LIMIT
            high = high + 1
    else:
        low = low - low2
        high = high - high2
        if high < 0 or (high == 0 and low < 0):
            high = -high
            low = -low
            negative = negative2
        if low < 0:
            low = low + LOW_LIMIT
            high = high - 1
    _result(m, a1, l1, high, low, negative)


@insn(0xFA, "AP", Format.SS)
def add_decimal(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Add Decimal."""
    _add(m, a1, l1, a2, l2, 0)


@insn(0xFB, "SP", Format.SS)
def subtract_decimal(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Subtract Decimal."""
    _add(m, a1, l1, a2, l2, 1)


@insn(0xF8, "ZAP", Format.SS)
def zero_and_add(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Zero and Add."""
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    _result(m, a1, l1, _high(m, a2, l2), _low(m, a2, l2), _negative(m, a2, l2))


@insn(0xF9, "CP", Format.SS)
def compare_decimal(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Compare Decimal."""
    m.check_fetch(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    low = _low(m, a1, l1)
    high = _high(m, a1, l1)
    low2 = _low(m, a2, l2)
    high2 = _high(m, a2, l2)
    if _negative(m, a1, l1) != 0:
        low = -low
        high = -high
    if _negative(m, a2, l2) != 0:
        low2 = -low2
        high2 = -high2
    if high != high2:
        m.set_cc(1 if high < high2 else 2)
    else:
        m.set_cc(0 if low == low2 else 1 if low < low2 else 2)


@insn(0xFC, "MP", Format.SS)
def multiply_decimal(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Multiply Decimal: the multiplicand needs as many bytes of leading zeros as the multiplier has bytes."""
    if l2 > 7 or l2 >= l1:
        m.program_check(SPECIFICATION)
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    low = _low(m, a1, l1)
    high = _high(m, a1, l1)
    y = _low(m, a2, l2)
    if m.digits(a1, l2 + 1) != 0:
        m.program_check(DATA)
    negative = _negative(m, a1, l1) ^ _negative(m, a2, l2)
    # partial products of 8 by 7 or 8 digits; the 31 digits of the result are 8 + 8 + 8 + 7 from the left
    y1 = y // HALF
    y0 = y % HALF
    x0 = low % HALF
    x1 = low // HALF + high % 10 * QUARTER
    x2 = high // 10 % HALF
    x3 = high // (10 * HALF)
    p0 = x0 * y0
    p1 = x1 * y0 + x0 * y1 + p0 // HALF
    p2 = x2 * y0 + x1 * y1 + p1 // HALF
    p3 = x3 * y0 + x2 * y1 + p2 // HALF
    low = p0 % HALF + p1 % QUARTER * HALF
    high = p1 % HALF // QUARTER + p2 % HALF * 10 + p3 * 10 * HALF
    _put(m, a1, l1, high, low, negative)


@insn(0xFD, "DP", Format.SS)
def divide_decimal(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Divide Decimal: the quotient, then the remainder in as many bytes as the divisor has."""
    if l2 > 7 or l2 >= l1:
        m.program_check(SPECIFICATION)
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    low = _low(m, a1, l1)
    high = _high(m, a1, l1)
    divisor = _low(m, a2, l2)
    if divisor == 0:
        m.program_check(DECIMAL_DIVIDE)
    sign1 = _negative(m, a1, l1)
    negative = sign1 ^ _negative(m, a2, l2)
    # long division, a digit at a time: the remainder stays below 10**16
    rest = 0
    quotient = 0
    quotient_high = 0
    scale = 10**15
    for _ in range(16):
        rest = rest * 10 + m.quotient(high, scale) % 10
        quotient_high = quotient_high * 10 + m.quotient(rest, divisor)
        rest = m.remainder(rest, divisor)
        scale = scale // 10
    scale = 10**14
    for _ in range(15):
        rest = rest * 10 + m.quotient(low, scale) % 10
        quotient = quotient * 10 + m.quotient(rest, divisor)
        rest = m.remainder(rest, divisor)
        scale = scale // 10
    size = l1 - l2 - 1
    limit = 10
    for _ in range(size if size < 7 else 7):
        limit = limit * 100
    limit_high = 1
    if size > 7:
        for _ in range(size - 7):
            limit_high = limit_high * 100
    if quotient >= limit or quotient_high >= limit_high:
        m.program_check(DECIMAL_DIVIDE)
    _put(m, a1 + size + 1, l2, 0, rest, sign1)
    _put(m, a1, size, quotient_high, quotient, negative)


@insn(0xF0, "SRP", Format.SS)
def shift_and_round_decimal(m: Ops, l1: int, i3: int, a1: int, a2: int) -> None:
    """Shift and Round Decimal: left by 0 to 31 digits, right by 1 to 32 with rounding."""
    m.check_store(a1, l1 + 1)
    low = _low(m, a1, l1)
    high = _high(m, a1, l1)
    negative = _negative(m, a1, l1)
    if i3 > 9:
        m.program_check(DATA)
    n = a2 & 63
    lost = 0
    if n < 32:
        # a digit at a time out of the field
        limit_high = 1
        limit = LOW_LIMIT
        if l1 > 7:
            for _ in range(l1 - 7):
                limit_high = limit_high * 100
        else:
            limit = 10
            for _ in range(l1):
                limit = limit * 100
        for _ in range(n):
            top = m.quotient(low, limit // 10)
            low = (low - top * (limit // 10)) * 10
            if l1 > 7:
                high = high * 10 + top
                if high >= limit_high:
                    lost = 1
                    high = m.remainder(high, limit_high)
            elif top != 0:
                lost = 1
    else:
        digit = 0
        for _ in range(64 - n):
            digit = low % 10
            low = low // 10 + high % 10 * (LOW_LIMIT // 10)
            high = high // 10
        if digit + i3 > 9:
            low = low + 1
            if low >= LOW_LIMIT:
                low = low - LOW_LIMIT
                high = high + 1
    if lost == 0:
        _result(m, a1, l1, high, low, negative)
    else:
        _put(m, a1, l1, high, low, negative)
        m.set_cc(3)
        if m.program_mask() & 4 != 0:
            m.completed_check(DECIMAL_OVERFLOW)
