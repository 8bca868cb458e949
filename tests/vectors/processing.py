"""Cases for SIGP, TPROT, IPTE and the keys of 4K blocks."""

from collections.abc import Callable, Iterator

from cpvm.s370.insn import Insn, by_mnemonic
from vectors.maker import MIDDLE, SECOND, Maker
from vectors.vector import SIZE, WINDOW, Vector

BLOCKS = (0x21000, 0x21800, 0x21FFF, SIZE, 0xFFFFFF)
"""Hercules takes 31 bits of an address here; a System/370 has 24, so the first byte is zero in these cases."""
AT_BLOCKS = 0x21000


def _text(mnemonic: str, **fields: int) -> str:
    row = by_mnemonic(mnemonic)
    assert row is not None
    return row.encode(**fields).hex()


def signalling(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Sense, start, invalid orders, and processors that are not there."""
    r = maker.random
    for _ in range(110):
        order = r.choice((1, 1, 4, 0, 0x20, 0x80, 0xFF))
        address = r.choice((0, 0, 0, 1, 2, 0xFFFF, 0x10000, 0x00FF0000))
        fields = {"r1": r.choice((2, 3, 6, 9)), "r3": 7, "b2": SECOND, "d2": r.choice((0, 1, 0x200))}
        gr = {n: maker.word() for n in range(11)} | {7: address, SECOND: order - fields["d2"]}
        yield maker.vector(row.encode(**fields).hex(), gr)


def protection(maker: Maker, row: Insn) -> Iterator[Vector]:
    """All keys against the keys of all blocks, beyond the end of storage too."""
    r = maker.random
    places = (WINDOW, WINDOW + MIDDLE, WINDOW + MIDDLE - 1, 0x21000, 0x21FFF, 0x22000, SIZE, SIZE - 1)
    for place in places:
        for key in range(16):
            fields = {"b1": SECOND, "d1": r.choice((0, 1)), "b2": 3, "d2": r.randrange(16)}
            gr = {SECOND: place - fields["d1"], 3: key << 4 | r.choice((0, 0x7F000)), 4: maker.word()}
            yield maker.vector(row.encode(**fields).hex(), gr, mode=r.choice((0, 0, 8)))


def invalidation(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Entries of a table in the window, with all sizes of pages and segments."""
    r = maker.random
    for n in range(110):
        cr0 = r.choice((0x00400000, 0x00800000, 0x00900000, 0x00500000)) if n % 12 else r.choice((0, 0x00C80000))
        gr = {2: WINDOW & -8 | r.getrandbits(3) | r.getrandbits(8) << 24, 3: r.randrange(0x10000), SECOND: SIZE}
        if n % 9 == 0:
            gr[2] = SIZE - 8
        window = {0: maker.bytes(480), 500: cr0.to_bytes(4, "big")}
        code = f"B700C{500:03X}" + row.encode(r1=2, r2=3).hex()
        yield maker.vector(code, gr, window=window, mode=r.choice((0, 8)))


def keys(maker: Maker, row: Insn) -> Iterator[Vector]:
    """Blocks of 4K, of which the halves may have different keys; what was set is looked at afterwards."""
    r = maker.random
    for n in range(110):
        block = BLOCKS[n % len(BLOCKS)]
        gr = {k: maker.word() for k in range(1, 9)} | {4: block, 5: AT_BLOCKS + r.choice((0, 0x800))}
        gr[7] = r.choice((AT_BLOCKS, AT_BLOCKS + 0x800))
        code = row.encode(r1=3, r2=4).hex()
        if r.random() < 0.5:
            code = _text("SSK", r1=2, r2=7) + code
        code += r.choice(("", _text("ISKE", r1=6, r2=5), _text("ISK", r1=6, r2=7), _text("RRBE", r1=6, r2=5)))
        yield maker.vector(code, gr, mode=r.choice((0, 8)))


SPECIAL: dict[str, Callable[[Maker, Insn], Iterator[Vector]]] = {
    "SIGP": signalling,
    "TPROT": protection,
    "IPTE": invalidation,
    "ISKE": keys,
    "SSKE": keys,
    "RRBE": keys,
}
