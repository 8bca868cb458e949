"""Cases for the floating-point instructions: operands that meet digits, exponents and signs at their ends."""

from collections.abc import Iterator

from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn
from vectors.maker import BASE, MIDDLE, Maker
from vectors.vector import Vector

CHARACTERISTICS = (0, 1, 2, 13, 14, 15, 50, 62, 63, 64, 65, 66, 78, 79, 112, 113, 114, 125, 126, 127)
FRACTIONS = (
    0,
    1,
    0xF,
    0x10,
    1 << 31,
    (1 << 31) - 1,
    1 << 32,
    1 << 52,
    1 << 55,
    (1 << 56) - 1,
    (1 << 56) - (1 << 32),
    (1 << 56) - (1 << 31),
    0x10000000000001,
    0xFFFFFFFFFFFFF,
    0x80000000000000,
    0x7FFFFFFFFFFFFF,
    0x08000000000000,
    0x00000000800000,
)


def number(maker: Maker) -> int:
    """A long number of 64 bits: normalized or not, with digits at both ends."""
    r = maker.random
    kind = r.random()
    if kind < 0.35:
        fraction = r.choice(FRACTIONS)
    elif kind < 0.6:
        fraction = r.getrandbits(24) << 32
    else:
        fraction = r.getrandbits(56)
    if r.random() < 0.2:
        fraction >>= 4 * r.randrange(14)
    if r.random() < 0.1:
        fraction = fraction << 4 * r.randrange(14) & (1 << 56) - 1
    char = r.choice(CHARACTERISTICS) if r.random() < 0.6 else r.randrange(128)
    return r.getrandbits(1) << 63 | char << 56 | fraction


def near(maker: Maker, v: int) -> int:
    """A number that has much in common with another: the same digits, shifted, or the last one changed."""
    r = maker.random
    char, fraction = v >> 56 & 127, v & (1 << 56) - 1
    digits = r.choice((0, 0, 0, 1, 1, 2, 5, 13))
    if char + digits < 128 and r.random() < 0.7:
        char, fraction = char + digits, fraction >> 4 * digits
    fraction ^= r.choice((0, 0, 1, 0xF, 1 << 32, 0x10, 1 << 28))
    return r.getrandbits(1) << 63 | char << 56 | fraction


def _operands(maker: Maker, extended: bool) -> tuple[list[int], int]:
    """Four registers, and an operand in storage; the second operand is like the first in every third case."""
    r = maker.random
    registers = [number(maker) for _ in range(4)]
    second = number(maker)
    if r.random() < 0.35:
        if extended:
            registers[2], registers[3] = near(maker, registers[0]), registers[1] ^ r.choice((0, 1, 0xFFF, 1 << 55))
        else:
            first = registers[0]
            registers = [first] + [near(maker, first) for _ in range(3)]
            second = near(maker, first)
    if r.random() < 0.1:
        registers[1] &= 0xFF << 56
    return registers, second


def floating(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Random pairs for one instruction; seldom a register number that is wrong."""
    r = maker.random
    pair = bool(row.extended)
    for n in range(90):
        registers, second = _operands(maker, pair)
        fields = {}
        for name in ("r1", "r2"):
            if name in row.fields:
                good = (0, 4) if name in row.extended else (0, 2, 4, 6)
                fields[name] = r.choice(good)
                if r.random() < 0.02:
                    fields[name] = r.choice((1, 2, 3, 5, 7, 8, 15))
        if "r2" in fields and r.random() < 0.5:
            fields["r1"], fields["r2"] = 0, 4 if "r2" in row.extended or pair else 2
        place = (maker.place(8) & -8) if r.random() < 0.8 else MIDDLE - r.randrange(9)
        window = {}
        if row.format is Format.RX:
            fields |= {"b2": BASE, "d2": place}
            window = {place: second.to_bytes(8, "big")}
        fr = {str(2 * i): f"{v:X}" for i, v in enumerate(registers) if v}
        yield maker.vector(row.encode(**fields).hex(), window=window, fr=fr, pm=n & 15)


def edges(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Most pairs of some operands that are at an end of something, with all masks off or on."""
    values = (
        0,
        1 << 63,
        0x4110000000000000,
        0xC110000000000000,
        0x40FFFFFFFFFFFFFF,
        0x7FFFFFFF80000000,
        0x0010000000000000,
        0x0000000000000001,
        0x7F00000000000000,
        0x4100000010000000,
    )
    for first in values:
        for second in values:
            if maker.random.random() < 0.4:
                continue
            fields = {"r1": 0}
            window = {}
            fr = {"0": first, "2": maker.random.choice(FRACTIONS), "6": 0x0F << 56 | second & 0xFF}
            if row.format is Format.RX:
                fields |= {"b2": BASE, "d2": 0}
                window = {0: second.to_bytes(8, "big")}
            else:
                fields["r2"] = 4
                fr["4"] = second
            given = {name: f"{v:X}" for name, v in fr.items() if v}
            pm = 15 if maker.random.random() < 0.5 else 0
            yield maker.vector(row.encode(**fields).hex(), window=window, fr=given, pm=pm)
