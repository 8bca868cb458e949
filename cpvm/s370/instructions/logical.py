"""AND, OR, EXCLUSIVE OR, TEST UNDER MASK and the comparison of bytes.

Source: *Principles of Operation*, GA22-7000, "General Instructions".
"""

from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.instructions._arith import compare, set_logical
from cpvm.s370.ops import Ops


@insn(0x14, "NR", Format.RR)
def and_register(m: Ops, r1: int, r2: int) -> None:
    """AND."""
    set_logical(m, r1, m.gr(r1) & m.gr(r2))


@insn(0x54, "N", Format.RX)
def and_word(m: Ops, r1: int, a2: int) -> None:
    """AND."""
    set_logical(m, r1, m.gr(r1) & m.fetch4(a2))


@insn(0x16, "OR", Format.RR)
def or_register(m: Ops, r1: int, r2: int) -> None:
    """OR."""
    set_logical(m, r1, m.gr(r1) | m.gr(r2))


@insn(0x56, "O", Format.RX)
def or_word(m: Ops, r1: int, a2: int) -> None:
    """OR."""
    set_logical(m, r1, m.gr(r1) | m.fetch4(a2))


@insn(0x17, "XR", Format.RR)
def exclusive_or_register(m: Ops, r1: int, r2: int) -> None:
    """Exclusive OR."""
    set_logical(m, r1, m.gr(r1) ^ m.gr(r2))


@insn(0x57, "X", Format.RX)
def exclusive_or_word(m: Ops, r1: int, a2: int) -> None:
    """Exclusive OR."""
    set_logical(m, r1, m.gr(r1) ^ m.fetch4(a2))


# ---- immediate
@insn(0x94, "NI", Format.SI)
def and_immediate(m: Ops, a1: int, i2: int) -> None:
    """AND."""
    m.check_store(a1, 1)
    v = m.get1(a1) & i2
    m.put1(a1, v)
    m.set_cc(1 if v != 0 else 0)


@insn(0x96, "OI", Format.SI)
def or_immediate(m: Ops, a1: int, i2: int) -> None:
    """OR."""
    m.check_store(a1, 1)
    v = m.get1(a1) | i2
    m.put1(a1, v)
    m.set_cc(1 if v != 0 else 0)


@insn(0x97, "XI", Format.SI)
def exclusive_or_immediate(m: Ops, a1: int, i2: int) -> None:
    """Exclusive OR."""
    m.check_store(a1, 1)
    v = m.get1(a1) ^ i2
    m.put1(a1, v)
    m.set_cc(1 if v != 0 else 0)


@insn(0x91, "TM", Format.SI)
def test_under_mask(m: Ops, a1: int, i2: int) -> None:
    """Test under Mask."""
    v = m.fetch1(a1) & i2
    m.set_cc(0 if v == 0 else 3 if v == i2 else 1)


@insn(0x95, "CLI", Format.SI)
def compare_immediate(m: Ops, a1: int, i2: int) -> None:
    """Compare Logical."""
    compare(m, m.fetch1(a1), i2)


# ---- storage and storage
@insn(0xD4, "NC", Format.SS)
def and_characters(m: Ops, l: int, a1: int, a2: int) -> None:
    """AND."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    m.set_cc(m.and_area(a1, a2, l + 1))


@insn(0xD6, "OC", Format.SS)
def or_characters(m: Ops, l: int, a1: int, a2: int) -> None:
    """OR."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    m.set_cc(m.or_area(a1, a2, l + 1))


@insn(0xD7, "XC", Format.SS)
def exclusive_or_characters(m: Ops, l: int, a1: int, a2: int) -> None:
    """Exclusive OR."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    m.set_cc(m.xor_area(a1, a2, l + 1))


@insn(0xD5, "CLC", Format.SS)
def compare_characters(m: Ops, l: int, a1: int, a2: int) -> None:
    """Compare Logical."""
    m.check_fetch(a1, l + 1)
    m.check_fetch(a2, l + 1)
    n = m.compare(a1, a2, l + 1)
    if n > l:
        m.set_cc(0)
    else:
        compare(m, m.get1(a1 + n), m.get1(a2 + n))


LENGTH = 0xFFFFFF
UNIT = 2048
"""MVCL and CLCL go forward in units that end at a boundary of 2K bytes, so that they can be interrupted."""


def _unit(a: int, n: int) -> int:
    """Of n bytes at a, those up to the next boundary."""
    room = UNIT - (a & UNIT - 1)
    return room if room < n else n


def _least(a: int, b: int) -> int:
    return a if a < b else b


@insn(0x0F, "CLCL", Format.RR, even=("r1", "r2"))
def compare_characters_long(m: Ops, r1: int, r2: int) -> None:
    """Compare Logical Long."""
    a1 = m.gru(r1) & LENGTH
    a2 = m.gru(r2) & LENGTH
    n1 = m.gru(r1 + 1) & LENGTH
    n2 = m.gru(r2 + 1) & LENGTH
    pad = m.gru(r2 + 1) >> 24
    first = pad
    second = pad
    n = 0
    unit = 0
    if n1 != 0 and n2 != 0:
        unit = _least(_unit(a1, n1), _unit(a2, n2))
        m.check_fetch(a1, unit)
        m.check_fetch(a2, unit)
        n = m.compare(a1, a2, unit)
        if n < unit:
            first = m.get1(a1 + n)
            second = m.get1(a2 + n)
    elif n1 != 0:
        unit = _unit(a1, n1)
        m.check_fetch(a1, unit)
        n = m.match(a1, pad, unit)
        if n < unit:
            first = m.get1(a1 + n)
    elif n2 != 0:
        unit = _unit(a2, n2)
        m.check_fetch(a2, unit)
        n = m.match(a2, pad, unit)
        if n < unit:
            second = m.get1(a2 + n)
    step1 = _least(n, n1)
    step2 = _least(n, n2)
    # the lengths keep their first bytes, which for r2 is the padding byte
    m.set_gr(r1, a1 + step1 & LENGTH)
    m.set_gr(r2, a2 + step2 & LENGTH)
    m.set_gr(r1 + 1, m.gru(r1 + 1) - step1)
    m.set_gr(r2 + 1, m.gru(r2 + 1) - step2)
    compare(m, first, second)
    if n == unit and (n1 != step1 or n2 != step2):
        m.repeat()


@insn(0x0E, "MVCL", Format.RR, even=("r1", "r2"))
def move_characters_long(m: Ops, r1: int, r2: int) -> None:
    """Move Long: condition code 3 and no movement if the operands would overlap destructively."""
    a1 = m.gru(r1) & LENGTH
    a2 = m.gru(r2) & LENGTH
    n1 = m.gru(r1 + 1) & LENGTH
    n2 = m.gru(r2 + 1) & LENGTH
    pad = m.gru(r2 + 1) >> 24
    used = _least(n1, n2)
    overlap = 1 if used > 1 and (a1 - a2 & LENGTH) < used and a1 != a2 else 0
    unit = 0
    source = 0
    if overlap == 0 and n1 != 0:
        unit = _unit(a1, n1)
        if n2 != 0:
            unit = _least(unit, _unit(a2, n2))
            source = unit
            m.check_fetch(a2, unit)
        m.check_store(a1, unit)
        if n2 != 0:
            m.move(a1, a2, unit)
        else:
            m.fill(a1, pad, unit)
    m.set_gr(r1, a1 + unit & LENGTH)
    m.set_gr(r2, a2 + source & LENGTH)
    m.set_gr(r1 + 1, m.gru(r1 + 1) - unit)
    m.set_gr(r2 + 1, m.gru(r2 + 1) - source)
    # what has been moved of both does not change which is longer: a resumed MVCL still sets the right code
    if overlap != 0:
        m.set_cc(3)
    elif n1 == n2:
        m.set_cc(0)
    else:
        m.set_cc(1 if n1 < n2 else 2)
    if overlap == 0 and n1 != unit:
        m.repeat()
