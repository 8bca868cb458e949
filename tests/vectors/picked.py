"""Vectors picked by hand: protection, privilege, boundaries, instruction fetch, control instructions."""

from vectors.cases import named
from vectors.maker import MIDDLE, SECOND, Maker
from vectors.vector import CODE, SIZE, WINDOW, WINDOW_SIZE, Vector

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


def extended(maker: Maker) -> list[Vector]:
    """The EC mode: interruption codes, system masks, LPSW to and from it, invalid PSWs, keys with use bits."""
    found = []
    for mode in (8, 9):
        for code in (
            "0A55",
            "0000",
            "5A10D001",
            "1A12",
            "AC00C000",
            "ADFDC000",
            "AC02C008",
            "58300000",
            "0500",
            "04300500",
        ):
            gr = {1: 0x7FFFFFFF, 2: 1, 3: 0x3F000000, SECOND: SIZE}
            found.append(maker.vector(code, gr, mode=mode))
    for first, second in (
        (0x000C0000, CODE + 0x20),
        (0x00A93F00, CODE + 0x20),
        (0x00080000, 0x01000000 | CODE),
        (0x00080001, CODE),
        (0x80080000, CODE),
        (0x0008C000, CODE),
        (0x000B0000 & 0xFFF9FFFF, CODE + 1),
    ):
        data = first.to_bytes(4, "big") + second.to_bytes(4, "big")
        found += [maker.vector("8200C008", window={8: data}, mode=mode) for mode in (0, 8)]
    for block in (0x21000, 0x21800):
        found.append(maker.vector("0934", {3: 0xFFFFFFFF, 4: block}, mode=8))
    return found


def translation(maker: Maker) -> list[Vector]:
    """LRA, and loads, stores and fetches with DAT on. Segment and page tables lie in the window.

    Segments 1 and 2 (code and window) map to themselves; segment 3 to whatever the case says.
    """
    found = []
    r = maker.random
    for page_bits, size_bits in ((12, 0x00800000), (11, 0x00400000)):
        pages = 1 << 16 - page_bits
        invalid = 8 if page_bits == 12 else 4
        for n in range(60):
            tables = []
            for segment in (0, 1, 2, 3):
                frames = [segment << 16 | page << page_bits for page in range(pages)]
                if segment == 3:
                    frames = [r.choice((0x20000, 0x20800, 0x1F000, 0x1F800)) & -(1 << page_bits) for _ in frames]
                entries = [frame >> 8 for frame in frames]
                if segment == 3:
                    entries = [e | r.choice((0, 0, 0, 0, invalid, 1)) for e in entries]
                tables.append(b"".join(e.to_bytes(2, "big") for e in entries))
            origin = WINDOW + 64
            segments = []
            for number, text in enumerate(tables):
                # Hercules does not look at the length of a table of 2K pages; tests/machine does
                ptl = 15 if number < 3 or page_bits == 11 else r.choice((15, 15, 15, 7, 0))
                word = ptl << 28 | origin + len(text) * number | (r.choice((0, 0, 0, 0, 0, 1)) if number == 3 else 0)
                segments.append(word.to_bytes(4, "big"))
            data = (b"".join(segments) + bytes((0, 0, 0, 1)) * 12) + b"".join(tables)
            control = (size_bits | (0x00200000 if n == 59 else 0)).to_bytes(4, "big") + (
                WINDOW | (0, 0, 0, 255 << 24)[n % 4]
            ).to_bytes(4, "big")
            where = WINDOW_SIZE - 16
            window = {0: data, where: control}
            target = 0x30000 + r.choice(
                (r.randrange(0x10000) & ~3, 0x700 + where, 0x7FC, 0xFFC, 0xE0, 0x10000, 0xD0000)
            )
            lctl = f"B701C{where:03X}"
            test = r.choice(
                ("B130D000", "B130D000", "5830D000", "5030D000", "D203D000C000", "07FD", "4430D000", "41300000")
            )
            on = "" if test.startswith("B1") and r.random() < 0.5 else "AD04C1F8"
            gr = {SECOND: target, 3: 0x1234}
            found.append(maker.vector(lctl + "B20D0000" + on + test, gr, window=window, mode=8))
    return found


def recording(maker: Maker) -> list[Vector]:
    """Program-event recording: CR 9 to 11 come from the window, then PER goes on.

    Hercules does not watch registers, says of instructions of two bytes that they have four, and takes a COMPARE AND
    SWAP that does not swap for a store: tests/machine has these.
    """
    found = []
    r = maker.random
    codes = ("5010C000", "5810C000", "47F0D030", "4700D030", "45E0D030", "4630D030")
    codes += ("D203C000C010", "9204C000", "D503C000C000", "9834C000", "9034C000", "4030C000", "6000C000", "BE3FC000")
    codes += ("5A30C000", "4E30C020", "FA00C017C017", "0000", "5A31C001", "8930C001")
    codes += ("94FFC000", "DC03C000C010", "4060C7FF", "5830FFFF", "5030F000", "86340000", "DE03C000C010")
    for code in codes:
        for events in (0xE0, 0x80, 0x40, 0x20):
            start, end = r.choice(((0, 0xFFFFFF), (CODE, CODE + 0x3F), (WINDOW, WINDOW + 3), (WINDOW + 3, WINDOW)))
            controls = (events << 24 | 0xFFFF, start, end)
            window = {0: bytes.fromhex("0000001C"), 0x10: b"\x20\x21\x20\x4c", 0x17: b"\x1c"}
            window[256] = b"".join(word.to_bytes(4, "big") for word in controls)
            gr = {1: 5, 2: 7, 3: 3, 4: 4, 6: 6, 14: CODE + 0x30, SECOND: CODE, 15: SIZE}
            prefix = "B79BC100" + "AD40C1F0"
            found.append(maker.vector(prefix + code, gr, window=window, mode=8))
    return found


def all_picked() -> dict[str, list[Vector]]:
    """All, by name of the file."""
    groups = (protection, addressing, fetching, operation, control, fixed, extended, translation, recording)
    return {f"picked_{group.__name__}": group(Maker(group.__name__)) for group in groups}
