"""Moving, packing, converting, translating and editing.

Source: *Principles of Operation*, GA22-7000, "General Instructions" and, for ED and EDMK, "Decimal Instructions".
"""

# Bodies are written in the subset that a compiler of native code can take: no sets, no tuples.
# ruff: noqa: PLR1714, SIM109

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import insn
from cpvm.s370.interruption import DATA, FIXED_DIVIDE
from cpvm.s370.ops import ADDRESS_MASK, Ops


@insn(0x92, "MVI", Format.SI)
def move_immediate(m: Ops, a1: int, i2: int) -> None:
    """Move."""
    m.store1(a1, i2)


@insn(0xD2, "MVC", Format.SS)
def move_characters(m: Ops, l: int, a1: int, a2: int) -> None:
    """Move: byte by byte from left to right, so that overlapping operands propagate."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    m.move(a1, a2, l + 1)


@insn(0xE8, "MVCIN", Format.SS, facility=Facility.MOVE_INVERSE)
def move_inverse(m: Ops, l: int, a1: int, a2: int) -> None:
    """Move Inverse: the second address is that of the last byte."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2 - l, l + 1)
    for i in range(l + 1):
        m.put1(a1 + i, m.get1(a2 - i))


@insn(0xD1, "MVN", Format.SS)
def move_numerics(m: Ops, l: int, a1: int, a2: int) -> None:
    """Move Numerics."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    for i in range(l + 1):
        m.put1(a1 + i, m.get1(a1 + i) & 0xF0 | m.get1(a2 + i) & 0x0F)


@insn(0xD3, "MVZ", Format.SS)
def move_zones(m: Ops, l: int, a1: int, a2: int) -> None:
    """Move Zones."""
    m.check_store(a1, l + 1)
    m.check_fetch(a2, l + 1)
    for i in range(l + 1):
        m.put1(a1 + i, m.get1(a1 + i) & 0x0F | m.get1(a2 + i) & 0xF0)


# The next three work from right to left, and store each byte as soon as it is known.
@insn(0xF1, "MVO", Format.SS)
def move_with_offset(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Move with Offset."""
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    low = m.get1(a1 + l1) & 15
    j = l2
    i = l1
    while i >= 0:
        v = 0
        if j >= 0:
            v = m.get1(a2 + j)
        m.put1(a1 + i, (v & 15) << 4 | low)
        low = v >> 4
        j = j - 1
        i = i - 1


@insn(0xF2, "PACK", Format.SS)
def pack(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Pack."""
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    v = m.get1(a2 + l2)
    m.put1(a1 + l1, v >> 4 | (v & 15) << 4)
    j = l2 - 1
    i = l1 - 1
    while i >= 0:
        v = 0
        if j >= 0:
            v = m.get1(a2 + j) & 15
        if j >= 1:
            v = v | (m.get1(a2 + j - 1) & 15) << 4
        m.put1(a1 + i, v)
        j = j - 2
        i = i - 1


@insn(0xF3, "UNPK", Format.SS)
def unpack(m: Ops, l1: int, l2: int, a1: int, a2: int) -> None:
    """Unpack."""
    m.check_store(a1, l1 + 1)
    m.check_fetch(a2, l2 + 1)
    v = m.get1(a2 + l2)
    m.put1(a1 + l1, v >> 4 | (v & 15) << 4)
    j = l2 - 1
    i = l1 - 1
    while i >= 0:
        v = 0
        if j >= 0:
            v = m.get1(a2 + j)
        m.put1(a1 + i, 0xF0 | v & 15)
        if i >= 1:
            m.put1(a1 + i - 1, 0xF0 | v >> 4)
        j = j - 1
        i = i - 2


# ---- decimal and binary
def _packed_value(m: Ops, a: int) -> int:
    """The number in 8 bytes that were checked."""
    last = m.get1(a + 7)
    if last > 0x9F or last & 15 < 10:
        m.program_check(DATA)
    v = m.digits(a, 7) * 10 + (last >> 4)
    code = last & 15
    return -v if code == 13 or code == 11 else v


@insn(0x4F, "CVB", Format.RX)
def convert_to_binary(m: Ops, r1: int, a2: int) -> None:
    """Convert to Binary: a number too large leaves its low 32 bits and a fixed-point-divide exception."""
    m.check_fetch(a2, 8)
    v = _packed_value(m, a2)
    m.set_gr(r1, v)
    if v > 2**31 - 1 or v < -(2**31):
        m.completed_check(FIXED_DIVIDE)


@insn(0x4E, "CVD", Format.RX)
def convert_to_decimal(m: Ops, r1: int, a2: int) -> None:
    """Convert to Decimal."""
    m.check_store(a2, 8)
    v = m.gr(r1)
    n = -v if v < 0 else v
    m.put_digits(a2, 7, n // 10)
    m.put1(a2 + 7, n % 10 << 4 | (13 if v < 0 else 12))


# ---- translate
@insn(0xDC, "TR", Format.SS)
def translate(m: Ops, l: int, a1: int, a2: int) -> None:
    """Translate."""
    m.check_store(a1, l + 1)
    m.check_table(a1, a2, l + 1)
    m.translate(a1, a2, l + 1)


@insn(0xDD, "TRT", Format.SS)
def translate_and_test(m: Ops, l: int, a1: int, a2: int) -> None:
    """Translate and Test: nothing behind the byte that ends the scan is accessed."""
    i = 0
    found = 0
    while found == 0 and i <= l:
        found = m.fetch1(a2 + m.fetch1(a1 + i))
        i = i + 1
    if found != 0:
        m.set_gr(1, m.gru(1) & 0xFF000000 | a1 + i - 1 & ADDRESS_MASK)
        m.set_gr(2, m.gru(2) & 0xFFFFFF00 | found)
        m.set_cc(2 if i > l else 1)
    else:
        m.set_cc(0)


# ---- edit
SELECT, START, SEPARATOR = 0x20, 0x21, 0x22
"""Digit selector, significance starter and field separator of a pattern."""


def _edit_source(m: Ops, l: int, a1: int, a2: int) -> None:
    """Look at the pattern and the source digits it calls for, so that the edit itself cannot fault."""
    k = 0
    half = 0
    for i in range(l + 1):
        p = m.get1(a1 + i)
        if p == SELECT or p == START:
            if half != 0:
                half = 0
            else:
                v = m.fetch1(a2 + k)
                k = k + 1
                if v > 0x9F:
                    m.program_check(DATA)
                half = 1 if v & 15 < 10 else 0


def _edit(m: Ops, l: int, a1: int, a2: int, mark: int) -> None:
    m.check_store(a1, l + 1)
    _edit_source(m, l, a1, a2)
    fill = m.get1(a1)
    significant = 0
    k = 0
    half = 0
    low = 0
    cc = 0
    for i in range(l + 1):
        p = m.get1(a1 + i)
        if p == SELECT or p == START:
            if half != 0:
                d = low
                code = 0
                half = 0
            else:
                v = m.get1(a2 + k)
                k = k + 1
                d = v >> 4
                low = v & 15
                code = low if low > 9 else 0
                half = 1 if low < 10 else 0
            if d != 0 and significant == 0 and mark != 0:
                m.set_gr(1, m.gru(1) & 0xFF000000 | a1 + i & ADDRESS_MASK)
            if d != 0 or significant != 0:
                m.put1(a1 + i, 0xF0 | d)
            else:
                m.put1(a1 + i, fill)
            if d != 0:
                cc = 1
            if d != 0 or p == START:
                significant = 1
            if code != 0 and code != 13 and code != 11:
                significant = 0
        elif p == SEPARATOR:
            m.put1(a1 + i, fill)
            significant = 0
            cc = 0
        elif significant == 0:
            m.put1(a1 + i, fill)
    m.set_cc(0 if cc == 0 else 1 if significant != 0 else 2)


@insn(0xDE, "ED", Format.SS)
def edit(m: Ops, l: int, a1: int, a2: int) -> None:
    """Edit."""
    _edit(m, l, a1, a2, 0)


@insn(0xDF, "EDMK", Format.SS)
def edit_and_mark(m: Ops, l: int, a1: int, a2: int) -> None:
    """Edit and Mark."""
    _edit(m, l, a1, a2, 1)
