"""Cases for control instructions: LPSW, keys, clocks, prefix, translation; mostly what they refuse.

What differs from machine to machine (clocks, identities) is overwritten with zeros before the end.
"""

from collections.abc import Callable, Iterator

from cpvm.s370.insn import Insn, by_mnemonic
from vectors.maker import BASE, MIDDLE, SECOND, Maker
from vectors.vector import CODE, SIZE, WINDOW, WINDOW_SIZE, Vector

Generator = Callable[[Maker, Insn], Iterator[Vector]]
ZEROS = WINDOW_SIZE - 16
TIMES = 110


def _text(mnemonic: str, **fields: int) -> str:
    row = by_mnemonic(mnemonic)
    assert row is not None
    return row.encode(**fields).hex()


def clocks(maker: Maker, row: Insn) -> Iterator[Vector]:
    """One operand of 8 (or 4, or 2) bytes: anywhere, also where it may not be."""
    r = maker.random
    for _ in range(TIMES):
        place = maker.place(8) & -8 if r.random() < 0.6 else maker.place(8)
        place = min(place, ZEROS - 8)
        fields = {"b2": BASE, "d2": place}
        gr = {SECOND: r.choice((SIZE, SIZE - 8, SIZE - 4, 0x21000, 0x21800, 0xFFFFF8))}
        if r.random() < 0.25:
            fields = {"b2": SECOND, "d2": 0}
        data = maker.bytes(8) if row.mnemonic != "SCK" else b"\x70" + maker.bytes(7)
        if row.mnemonic == "SPX":
            data = r.choice((b"\xff", b"\x00")) + r.choice((b"\x20\x00", b"\xff\xf0", b"\x7f\xff")) + data[3:]
            if fields["b2"] == SECOND:
                continue
        code = row.encode(**fields).hex() + _text("MVC", l=7, b1=BASE, d1=place, b2=BASE, d2=ZEROS)
        mode, key = r.choice((0, 0, 0, 8, 1, 9)), r.choice((0, 0, 0, 1, 2, 3, 4))
        if gr[SECOND] == SIZE - 8 and fields["b2"] == SECOND:
            continue  # it would be left there
        yield maker.vector(code, gr, window={place: data}, mode=mode, key=key)


def psws(maker: Maker, row: Insn) -> Iterator[Vector]:
    """LPSW: PSWs of both modes, good and bad."""
    r = maker.random
    for _ in range(TIMES):
        first = r.choice((0, 0xFC000000)) | r.choice((0, 0x00100000, 0x00F00000)) | r.getrandbits(16)
        first |= r.choice((0, 0, 0x00010000))
        second = r.getrandbits(6) << 24 | r.choice((CODE + 2 * r.randrange(4, 30), CODE + 9, SIZE, 0x21000))
        if r.random() < 0.5:
            first = 0x00080000 | first & 0x00F13F00
            second &= 0xFFFFFF
            if r.random() < 0.3:
                first |= r.choice((0x80000000, 0x00008000, 0x00000001, 0x10000000))
        place = maker.place(8) & (-8 if r.random() < 0.9 else -1)
        data = first.to_bytes(4, "big") + second.to_bytes(4, "big")
        code = row.encode(b2=BASE, d2=place).hex()
        yield maker.vector(code, window={place: data}, mode=r.choice((0, 0, 8, 1)))


def use_bits(maker: Maker, row: Insn) -> Iterator[Vector]:
    """RRB after a key was set."""
    r = maker.random
    for _ in range(TIMES):
        block = r.choice((0x21000, 0x21800, 0x21801, SIZE, 0xFFF800))
        gr = {2: maker.word(), 4: 0x21000 | block & 0x800, SECOND: block - 8, 6: maker.word()}
        code = _text("SSK", r1=2, r2=4) + row.encode(b2=SECOND, d2=8).hex() + _text("ISK", r1=6, r2=4)
        yield maker.vector(code, gr, mode=r.choice((0, 8, 8, 1)) if r.random() < 0.2 else 8)


def old_keys(maker: Maker, row: Insn) -> Iterator[Vector]:
    """ISK and SSK, in both modes."""
    r = maker.random
    for _ in range(TIMES):
        block = r.choice((0x21000, 0x21800, 0x217F0, 0x21008, 0x21001, SIZE, 0x7F021000, 0xFFFFF0))
        gr = {2: maker.word(), 3: maker.word(), 4: block, 5: 0x21000 | block & 0x800}
        code = row.encode(r1=2, r2=4).hex()
        if r.random() < 0.6:
            code += _text("ISK", r1=3, r2=5)
        yield maker.vector(code, gr, mode=r.choice((0, 0, 8, 8, 1)))


def real_addresses(maker: Maker, row: Insn) -> Iterator[Vector]:
    """LRA with tables in the window: all sizes, entries invalid, reserved bits, tables that end."""
    r = maker.random
    for _ in range(TIMES):
        page_bits, segment_bits = r.choice((11, 12)), r.choice((16, 20))
        cr0 = (0x00400000 if page_bits == 11 else 0x00800000) | (0x00100000 if segment_bits == 20 else 0)
        if r.random() < 0.05:
            cr0 = r.choice((0, 0x00C00000, 0x00880000))
        invalid, reserved = (8, 8) if page_bits == 12 else (4, 2)
        segments = b""
        for _ in range(16):
            # Hercules notices only tables of 4K pages that have a sixteenth of the entries, and takes the bits that
            # ought to be zero in an entry for a 4K page as extensions of the address: tests/machine has those
            length = r.choice((15, 15, 15, 0)) if page_bits == 12 else 15
            word = length << 28 | WINDOW + 64 + 8 * r.randrange(4) | r.choice((0, 0, 0, 0, 0, 0, 1, 0x08000000))
            segments += word.to_bytes(4, "big")
        pages = b""
        for _ in range(160):
            entry = r.getrandbits(16) & ~15 | r.choice((0, 0, 0, 0, 0, invalid, reserved))
            if page_bits == 11 and r.random() < 0.5:
                entry |= 8
            pages += entry.to_bytes(2, "big")
        controls = cr0.to_bytes(4, "big") + (WINDOW | (0, 0, 255 << 24)[r.randrange(3)]).to_bytes(4, "big")
        window = {0: segments + pages, ZEROS: controls}
        segment = r.randrange(16) if r.random() < 0.93 else r.randrange(16, 256)
        target = (segment << segment_bits | r.randrange(64) << page_bits | r.getrandbits(page_bits)) & 0xFFFFFF
        gr = {SECOND: target, 3: 0x1234, 4: r.choice((0, 1, 0x800))}
        code = _text("LCTL", r1=0, r3=1, b2=BASE, d2=ZEROS) + _text("PTLB")
        code += row.encode(r1=3, b2=SECOND, x2=r.choice((0, 4))).hex()
        yield maker.vector(code, gr, window=window, mode=8)


def channels(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Channels and devices that are not there."""
    r = maker.random
    for _ in range(TIMES):
        address = r.choice((0x222, 0x200, 0x5FF, 0x400, 0xF00))
        gr = {SECOND: address - 0x20 | r.choice((0, 0xF0000))}
        code = row.encode(b2=SECOND, d2=0x20).hex()
        yield maker.vector(code, gr, mode=r.choice((0, 0, 0, 8, 1)))


def forbidden(maker: Maker, row: Insn) -> Iterator[Vector]:
    """DIAGNOSE, which is the host's: here only in the problem state."""
    for _ in range(TIMES):
        r = maker.random
        fields = {"r1": r.randrange(16), "r3": r.randrange(16), "d2": r.randrange(0, MIDDLE)}
        yield maker.vector(row.encode(**fields).hex(), {n: maker.word() for n in range(4)}, mode=r.choice((1, 9)))


SPECIAL: dict[str, Generator] = {
    "LPSW": psws,
    "RRB": use_bits,
    "ISK": old_keys,
    "SSK": old_keys,
    "LRA": real_addresses,
    "DIAG": forbidden,
    **dict.fromkeys(("STCK", "SCK", "STCKC", "SCKC", "SPT", "STPT", "STIDP", "SPX", "STPX", "STAP"), clocks),
    **dict.fromkeys(("TCH", "STIDC", "SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV"), channels),
}
