"""Vectors picked by hand: protection, privilege, boundaries, instruction fetch, control instructions."""

from vectors.cases import BASE, MIDDLE, SECOND, Maker, named
from vectors.vector import CODE, SIZE, WINDOW, Vector

BLOCKS = 0x21000
"""First of two blocks of 2K: key 1 with fetch protection, then key 2 without."""


def protection(maker: Maker) -> list[Vector]:
    """Loads and stores with all sorts of keys, inside and over the boundary of two keys; all or nothing is stored."""
    found = []
    for key in (0, 1, 2, 3, 4):
        for code in ("5030D000", "5830D000", "D203D000C000", "D203C000D000", "9200D000", "D507D000C000", "90AED000"):
            for address in (BLOCKS, BLOCKS + 0x800, BLOCKS + 0x7FE, WINDOW, WINDOW + MIDDLE - 2, WINDOW + MIDDLE):
                if key == 0 and not WINDOW <= address < WINDOW + 512:
                    continue
                window = {0: b"\x01\x02\x03\x04", MIDDLE - 2: b"abcdef"}
                if key in (1, 2) and address in (BLOCKS + 0x800 * (key - 1),) and code[0] in "59" and code[1] == "0":
                    continue
                found.append(maker.vector(code, {SECOND: address, 3: 0x12345678}, window=window, key=key, mode=key & 1))
    return found


def addressing(maker: Maker) -> list[Vector]:
    """Operands beyond the end of storage, and over it."""
    codes = ("5830D000", "5030D000", "9200D000", "9100D000", "D207D000C000", "D207C000D000", "FA11D000C000", "9803D000")
    codes += (
        "9003D000",
        "4130D000",
        "DC07C000D000",
        "DD07C000D000",
        "4F30D000",
        "4E30D000",
        "DE03C000D000",
        "80000000",
    )
    return [
        maker.vector(code, {SECOND: address, 3: 1}, window={0: bytes.fromhex("20212020000C2020")})
        for code in codes
        for address in (SIZE, SIZE - 2, SIZE - 1, 0xFFFFFF)
        if not (address == 0xFFFFFF and code[0] in "59F4" and code[1] in "023E")
    ]


def fetching(maker: Maker) -> list[Vector]:
    """Instructions over the boundary of a block, of all lengths; branches to bad places."""
    found = []
    for ia in (24, 26, 28, 30, 32):
        for code in ("1A12", "5A10C000", "D203C000C010", "0000", "4450D008", "FB00C000C010"):
            found.append(maker.vector(code, {1: 1, 2: 2, SECOND: CODE}, window={0: bytes(3) + b"\x5c"}, ia=ia))
    for target in (SIZE, SIZE - 2, CODE + 1, BLOCKS, 0xFFFFFE):
        for key in (0, 2):
            if not (key == 0 and target == BLOCKS):
                found.append(maker.vector("07FD", {SECOND: target}, key=key))
    return found


def operation(maker: Maker) -> list[Vector]:
    """Operation codes that are not assigned in System/370."""
    codes = ("00", "01", "02", "03", "0B", "51", "61", "71", "81", "A0", "A7", "B0", "B9", "C0", "E0", "F5", "FF")
    return [maker.vector(code + "0000000000", mode=mode) for code in codes for mode in (0, 1)]


def control(maker: Maker) -> list[Vector]:
    """LPSW, ISK and SSK, SPKA and IPK, MC."""
    found = []
    for first, second in (
        (0x00000000, CODE + 0x20),
        (0x00A10000, 0x7F000000 | CODE + 0x20),
        (0xFC35FFFF, 0xB5000000 | CODE + 0x22),
        (0x00000000, CODE + 0x21),
        (0x00F00000, BLOCKS),
        (0x00000000, SIZE),
    ):
        data = first.to_bytes(4, "big") + second.to_bytes(4, "big")
        found.append(maker.vector("8200C008", window={8: data}))
        found.append(maker.vector("8200C008", window={8: data}, mode=1))
    found.append(maker.vector("8200C004"))
    for block in (0x20000, 0x21000, 0x21800, 0x22000, SIZE, 0x21001, 0x21008):
        found.append(maker.vector("0934", {3: maker.word(), 4: block}))
        found.append(maker.vector("08340934", {3: 0xFFFFFFA8 if block != 0x22000 else 0, 4: block}))
        found.append(maker.vector("0835", {3: 0x10, 5: block | 0x7FF0 if block < SIZE else block}))
    for amount in (0, 0x10, 0xF0, 0x1234, 0xFFF):
        found.append(maker.vector(f"B20A0{amount & 0xFFF:03X}B20B0000", {2: maker.word()}))
    for number in (0, 3, 15, 16, 255):
        for masks in (0, 0xFFFF, 0x8000 >> number & 0xFFFF):
            code = "B788C000" + named("MC").encode(i2=number, b1=SECOND, d1=0x123).hex()
            found.append(maker.vector(code, {SECOND: 0xABC000}, window={0: masks.to_bytes(4, "big")}))
    return found


def fixed(maker: Maker) -> list[Vector]:
    """Division and multiplication at the ends of the numbers."""
    found = []
    values = (0, 1, 2, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xC0000000, 0x40000000)
    for high in (0, 1, 0xFFFFFFFF, 0x3FFFFFFF, 0xC0000000, 0x80000000):
        for low in (0, 1, 0x80000000, 0xFFFFFFFF):
            for by in (0, 1, 2, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFF):
                if (high, low, by) != (0x80000000, 0, 0xFFFFFFFF):  # Hercules itself breaks down over that
                    found.append(maker.vector("1D68", {6: high, 7: low, 8: by}))
    for x in values:
        for y in values:
            found.append(maker.vector("1C68", {7: x, 8: y}))
    for x in values:
        for amount in (0, 1, 30, 31, 32, 63):
            found.append(maker.vector(f"8B60{amount:04X}", {6: x}))
            found.append(maker.vector(f"8F60{amount:04X}", {6: x, 7: x ^ 0x80000001}))
            found.append(maker.vector(f"8E60{amount:04X}", {6: x, 7: x}))
    return found


def bases() -> tuple[int, int]:
    """The base registers, for readers of the codes above: C and D."""
    return BASE, SECOND


def all_picked() -> dict[str, list[Vector]]:
    """All, by name of the file."""
    groups = (protection, addressing, fetching, operation, control, fixed)
    return {f"picked_{group.__name__}": group(Maker(group.__name__)) for group in groups}
