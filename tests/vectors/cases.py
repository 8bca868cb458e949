"""What goes into the vectors: for every instruction, picked edges and random operands."""

from collections.abc import Callable, Iterator

from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format
from cpvm.s370.insn import Insn, by_mnemonic, table
from vectors.controlling import SPECIAL as CONTROLLING
from vectors.floating import edges, floating
from vectors.maker import BASE, MIDDLE, SECOND, Maker
from vectors.processing import SPECIAL as PROCESSING
from vectors.vector import CODE, WINDOW, WINDOW_SIZE, Vector

LEAST = 104
"""Vectors for an instruction; those that have more to try have more."""

Generator = Callable[[Maker, Insn], Iterator[Vector]]


def registers(maker: Maker) -> dict[int, int]:
    """Random contents of the registers that are not bases."""
    return {n: maker.word() for n in range(12)}


def rr(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Any registers, any contents."""
    for _ in range(24):
        gr = registers(maker)
        r1, r2 = maker.random.randrange(12), maker.random.randrange(12)
        if row.even and maker.random.random() < 0.85:
            r1 &= 14
        yield maker.vector(row.encode(**_named(row, r1, r2)).hex(), gr)


def _named(row: Insn, r1: int, r2: int) -> dict[str, int]:
    values = {"r1": r1, "m1": r1, "r2": r2, "i1": r1 << 4 | r2}
    return {name: values[name] for name in row.fields}


def rx(maker: Maker, row: Insn) -> Iterator[Vector]:
    """An operand of 8 bytes somewhere in the window, index or not; branch targets are in the code."""
    for n in range(24):
        r = maker.random
        gr = registers(maker)
        r1 = r.randrange(12)
        if row.even and r.random() < 0.9:
            r1 &= 14
        place = maker.place(8)
        fields = {"b2": BASE, "d2": place}
        if r.random() < 0.5:
            x2 = r.randrange(1, 12)
            gr[x2] = r.randrange(0, 64)
            fields = {"x2": x2, "b2": BASE, "d2": max(0, place - gr[x2])}
            place = fields["d2"] + gr[x2]
        data = maker.word().to_bytes(4, "big") + maker.word().to_bytes(4, "big")
        if n % 3 == 1:
            data = data[2:] + data[:2]
        more: dict[str, object] = {}
        if row.mnemonic in {"BC", "BCT", "BAL", "BAS"}:
            gr[SECOND] = CODE
            fields = {"b2": SECOND, "d2": r.randrange(4, 64)}
        first = "m1" if "m1" in row.fields else "r1"
        if row.floating:
            r1 = r.choice((0, 2, 4, 6, 0, 2, 4, 6, 1, 8))
            more["fr"] = {str(2 * i): f"{r.getrandbits(64):X}" for i in range(4)}
        yield maker.vector(row.encode(**{first: r1}, **fields).hex(), gr, window={place: data}, **more)


def rs(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Register ranges, masks, shift amounts."""
    for _ in range(24):
        r = maker.random
        gr = registers(maker)
        r1, third = r.randrange(12), r.randrange(16)
        if row.even and r.random() < 0.9:
            r1 &= 14
            third &= 14
        place = maker.place(64)
        fields = {"b2": BASE, "d2": place & -row.align if r.random() < 0.85 else place}
        if row.mnemonic in {"BXH", "BXLE"}:
            gr[SECOND] = CODE
            fields = {"b2": SECOND, "d2": r.randrange(4, 64)}
            third = r.randrange(12)
        elif row.mnemonic[0] == "S" and row.mnemonic[1] in "LR":
            fields = {"d2": r.choice((0, 1, 4, 8, 30, 31, 32, 33, 62, 63, 64, r.randrange(4096)))}
        elif row.mnemonic in {"LCTL"}:
            r1 = r.choice((1, 3, 5, 8, 10))
            third = r1 + r.randrange(2)
        elif row.mnemonic in {"CS", "CDS"}:
            third = r.randrange(12) & (14 if row.even else 15)
        name = "m3" if "m3" in row.fields else "r3"
        operand = {name: third} if name in row.fields else {}
        data = b"".join(maker.word().to_bytes(4, "big") for _ in range(16))
        if row.mnemonic in {"CS", "CDS"} and r.random() < 0.6:
            data = b"".join(gr.get(r1 + i & 15, 0).to_bytes(4, "big") for i in range(2)) + data[8:]
            place &= -row.align
            fields["d2"] = place
        if row.mnemonic == "CLM" and r.random() < 0.5:
            chosen = [i for i in range(4) if third & 8 >> i]
            data = bytes(gr[r1] >> 24 - 8 * i & 0xFF for i in chosen) + data
        yield maker.vector(row.encode(r1=r1, **operand, **fields).hex(), gr, window={place: data})


def si(maker: Maker, row: Insn) -> Iterator[Vector]:
    """An immediate byte against a byte of the window."""
    for _ in range(16):
        r = maker.random
        place = maker.place(1)
        i2 = r.choice((0, 1, 0x80, 0xFF, r.getrandbits(8)))
        data = bytes((r.choice((0, i2, 0xFF, r.getrandbits(8))),))
        if row.mnemonic in {"STNSM", "STOSM"}:
            i2 &= 0xFE
        yield maker.vector(
            row.encode(b1=BASE, d1=place, i2=i2).hex(),
            registers(maker),
            window={place: data},
            mask=r.choice((0, 0, 0xFC)),
        )


def s(maker: Maker, row: Insn) -> Iterator[Vector]:
    """One address."""
    for _ in range(10):
        place = maker.place(8)
        if maker.random.random() < 0.8:
            place &= -row.align
        data = maker.bytes(8)
        if row.mnemonic == "SSM":
            data = bytes((maker.random.choice((0, 0xFC, 0x80, 0xFE)),)) + data
        fields = {"b2": BASE, "d2": place}
        yield maker.vector(
            row.encode(**{n: fields.get(n, 0) for n in row.fields}).hex(), registers(maker), window={place: data}
        )


def ss(maker: Maker, row: Insn) -> Iterator[Vector]:
    """One length; operands apart or overlapping."""
    for _ in range(20):
        r = maker.random
        l = r.choice((0, 1, 2, 7, 15, r.randrange(64), r.randrange(200)))
        place = maker.place(l + 1)
        other = min(max(0, place + r.randint(-l - 1, l + 1)), WINDOW_SIZE - l - 1)
        if r.random() < 0.4:
            other = maker.place(l + 1)
        data = {0: maker.bytes(WINDOW_SIZE)}
        if row.mnemonic == "CLC" and r.random() < 0.7 and abs(place - other) > l:
            both = bytearray(data[0])
            both[place : place + l + 1] = both[other : other + l + 1]
            if r.random() < 0.7:
                both[place + r.randint(0, l)] ^= 1
            data = {0: bytes(both)}
        if row.mnemonic == "MVCIN":
            other = max(other, l)
        yield maker.vector(row.encode(l=l, b1=BASE, d1=place, b2=BASE, d2=other).hex(), registers(maker), window=data)


def translation(maker: Maker, row: Insn) -> Iterator[Vector]:
    """TR and TRT: a table of 256 bytes, sparse for TRT, and an argument beside it or in it."""
    for _ in range(20):
        r = maker.random
        l = r.randrange(1, 100)
        start = r.choice((0, 128, 256))
        table_bytes = maker.bytes(256)
        if row.mnemonic == "TRT":
            table_bytes = bytes(b if r.random() < 0.02 else 0 for b in table_bytes)
        window = bytearray(maker.bytes(WINDOW_SIZE))
        window[start : start + 256] = table_bytes
        free = [i for i in range(WINDOW_SIZE - l) if i + l < start or i >= start + 256]
        place = r.choice(free) if free else 0
        if r.random() < 0.1:
            place = start + r.randrange(100)
        yield maker.vector(
            row.encode(l=l, b1=BASE, d1=place, b2=BASE, d2=start).hex(), registers(maker), window={0: bytes(window)}
        )


def lengths(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Two lengths, any bytes: PACK, UNPK, MVO."""
    for _ in range(24):
        r = maker.random
        l1, l2 = r.randrange(16), r.randrange(16)
        place, other = maker.place(16), maker.place(16)
        if r.random() < 0.4:
            other = min(max(0, place + r.randint(-8, 8)), WINDOW_SIZE - 16)
        yield maker.vector(
            row.encode(l1=l1, l2=l2, b1=BASE, d1=place, b2=BASE, d2=other).hex(),
            registers(maker),
            window={0: maker.bytes(WINDOW_SIZE)},
        )


def decimal(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Two packed numbers; for MP and DP mostly with room for the result."""
    for _ in range(60):
        r = maker.random
        l1, l2 = r.randrange(16), r.randrange(16)
        if row.mnemonic in {"MP", "DP"} and r.random() < 0.9:
            l1 = r.randrange(1, 16)
            l2 = r.randrange(min(l1, 8))
        first, second = maker.packed(l1 + 1), maker.packed(l2 + 1)
        if row.mnemonic == "MP" and r.random() < 0.85 and l1 > l2:
            first = bytes(l2 + 1) + first[l2 + 1 :]
        if row.mnemonic == "DP" and r.random() < 0.6 and l1 > l2:
            first = bytes(l2 + 1) + first[l2 + 1 :]
        if row.mnemonic in {"CP", "SP", "AP"} and r.random() < 0.2:
            l2, second = l1, first[:-1] + bytes((first[-1] & 0xF0 | r.choice((0xC, 0xD)),))
        place = r.randrange(MIDDLE - 8)
        other = r.randrange(MIDDLE + 16, WINDOW_SIZE - 16)
        if r.random() < 0.1:
            place = MIDDLE - r.randrange(1, 16)
        yield maker.vector(
            row.encode(l1=l1, l2=l2, b1=BASE, d1=place, b2=BASE, d2=other).hex(), window={place: first, other: second}
        )


def shift_decimal(maker: Maker, row: Insn) -> Iterator[Vector]:
    """SRP: all amounts, all rounding digits."""
    for _ in range(80):
        r = maker.random
        l1 = r.randrange(16)
        place = maker.place(16)
        amount = r.choice((0, 1, 2, 63, 62, 32, 31, r.randrange(64)))
        i3 = r.choice((0, 5, 9, r.randrange(16)))
        yield maker.vector(
            row.encode(l1=l1, i3=i3, b1=BASE, d1=place, d2=amount).hex(), window={place: maker.packed(l1 + 1)}
        )


def convert(maker: Maker, row: Insn) -> Iterator[Vector]:
    """CVB and CVD."""
    numbers = [0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 999999999999999, 4294967296]
    for n in range(40):
        place = maker.place(8)
        data = maker.packed(8)
        if n < len(numbers):
            data = bytes.fromhex(f"{abs(numbers[n]):015d}{'D' if numbers[n] < 0 else 'C'}")
        elif n % 2:
            data = bytes(3) + maker.packed(5)
        yield maker.vector(row.encode(r1=3, b2=BASE, d2=place).hex(), {3: maker.word()}, window={place: data})


def editing(maker: Maker, row: Insn) -> Iterator[Vector]:
    """ED and EDMK: random patterns over one or more packed numbers."""
    for n in range(60):
        r = maker.random
        l = r.randrange(1, 24)
        pattern = bytes(r.choices((0x20, 0x21, 0x22, 0x40, 0x6B, 0x4B, 0x5C, 0xC3), (12, 3, 1, 2, 2, 1, 1, 1), k=l))
        pattern = r.choice((b"\x40", b"\x5c", b"\x20")) + pattern
        source = b"".join(maker.packed(r.randrange(1, 6), 0.99) for _ in range(8))
        if n % 4 == 0:
            source = bytes(2) + source
        place, other = r.randrange(MIDDLE - 30), MIDDLE - r.choice((0, 3))
        yield maker.vector(
            row.encode(l=l, b1=BASE, d1=place, b2=BASE, d2=other).hex(),
            {1: maker.word()},
            window={place: pattern, other: source[: WINDOW_SIZE - other]},
        )


def long(maker: Maker, row: Insn) -> Iterator[Vector]:
    """MVCL and CLCL: equal and unequal lengths, padding, overlap."""
    for _ in range(50):
        r = maker.random
        n1, n2 = r.choice((0, 1, 5, 100, r.randrange(200))), r.choice((0, 1, 5, 100, r.randrange(200)))
        if r.random() < 0.4:
            n2 = n1
        place, other = r.randrange(WINDOW_SIZE - 200), r.randrange(WINDOW_SIZE - 200)
        window = bytearray(maker.bytes(WINDOW_SIZE))
        pad = r.choice((0, 0x40, 0xFF))
        if row.mnemonic == "CLCL" and abs(place - other) > max(n1, n2):
            longer = max(n1, n2)
            window[place : place + n1] = (window[other : other + n2] + bytes((pad,)) * longer)[:n1]
            if n2 > n1 and r.random() < 0.7:
                window[other + n1 : other + n2] = bytes((pad,)) * (n2 - n1)
            if n1 and r.random() < 0.5:
                window[place + r.randrange(n1)] ^= r.choice((1, 0x80))
        r1, r2 = r.choice((2, 4, 6)), r.choice((8, 10))
        if r.random() < 0.05:
            r1 |= 1
        gr = {r1: WINDOW + place, r2: WINDOW + other, r1 + 1: n1, r2 + 1: n2 | pad << 24}
        yield maker.vector(row.encode(r1=r1, r2=r2).hex(), gr, window={0: bytes(window)})


def executing(maker: Maker, row: Insn) -> Iterator[Vector]:
    """EX of instructions of all lengths, and of what must not be executed."""
    targets = ["1A12", "D200C010C020", "91FFC010", "4120C004", "0700", "0AF0", "0000", "44200000", "05E3", "45E0D010"]
    targets += ["FA10C010C020", "47F0D030", "5A20C001", "D500C000C010", "8920000F", "07F4", "0E68"]
    for target in targets:
        for n in range(3):
            code = row.encode(r1=(0, 5, 5)[n], b2=SECOND, d2=0x20).hex() + "0AFF" * 14 + target
            gr = {
                SECOND: CODE,
                5: maker.word() & ~15 | maker.random.choice((0, 1, 2, 7, 9)),  # no loop, no way into the driver
                1: 5,
                2: 7,
                3: CODE + 0x38,
                4: CODE + 0x10,
                6: WINDOW + 200,
                7: 20,
                8: WINDOW,
                9: 20,
            }
            yield maker.vector(code, gr, window={0x10: bytes.fromhex("123C"), 0x20: bytes.fromhex("456D")})
    yield maker.vector("4450D021", {SECOND: CODE})


def branch_register(maker: Maker, row: Insn) -> Iterator[Vector]:
    """BCR, BALR, BCTR: targets in the code, odd ones too."""
    for _ in range(24):
        r = maker.random
        gr = registers(maker)
        r1, r2 = r.randrange(16), r.choice((0, 1, 5, 9))
        if r1 >= 12:
            gr[r1] = 1
        gr[r2] = CODE + r.randrange(4, 64) | r.choice((0, 0xFF000000))
        yield maker.vector(row.encode(**_named(row, r1, r2)).hex(), gr)


SPECIAL: dict[str, Generator] = {
    "TR": translation,
    "TRT": translation,
    "CVB": convert,
    "CVD": convert,
    "ED": editing,
    "EDMK": editing,
    "MVCL": long,
    "CLCL": long,
    "EX": executing,
    "SRP": shift_decimal,
    "BCR": branch_register,
    "BALR": branch_register,
    "BCTR": branch_register,
    "BASR": branch_register,
    **PROCESSING,
    **CONTROLLING,
    **dict.fromkeys(("PACK", "UNPK", "MVO"), lengths),
    **dict.fromkeys(("AP", "SP", "ZAP", "CP", "MP", "DP"), decimal),
}
BY_FORMAT: dict[Format, Generator] = {
    Format.RR: rr,
    Format.RX: rx,
    Format.RS: rs,
    Format.SI: si,
    Format.S: s,
    Format.SS: ss,
}


ALL = ("EX", "MVCL", "CLCL", "SRP", "TPROT")
"""Instructions of which every case is wanted."""
FLOATING = (Facility.FLOATING_POINT, Facility.EXTENDED_PRECISION, Facility.EXTENDED_DIVIDE)


def for_instruction(row: Insn) -> Iterator[Vector]:
    """Random vectors for one instruction; privileged ones also in the problem state."""
    maker = Maker(row.mnemonic)
    if row.facility in FLOATING:
        yield from floating(maker, row)
        yield from edges(maker, row)
    else:
        make = SPECIAL.get(row.mnemonic) or BY_FORMAT[row.format]
        made = 0
        while made < LEAST:
            for vector in make(maker, row):
                if made < LEAST or row.mnemonic in ALL:
                    yield vector
                made += 1
    if row.privileged:
        yield maker.vector(row.encode(**dict.fromkeys(row.fields, 1)).hex(), registers(maker), mode=1)


def chapter(row: Insn) -> str:
    """Name of the file of an instruction: its module."""
    return row.body.__module__.rpartition(".")[2]


def instructions() -> list[Insn]:
    """All instructions, by operation code."""
    return [row for _, row in sorted(table().items())]


def named(mnemonic: str) -> Insn:
    """An instruction that exists."""
    row = by_mnemonic(mnemonic)
    assert row is not None
    return row
