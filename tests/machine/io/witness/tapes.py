"""Channel programs for magnetic tape."""

from __future__ import annotations

from collections.abc import Iterator

from witness.chains import BEYOND, CC, CCW, CD, DATA, IDA, IDAWS, OTHER, SLI, Case, Program, chained, vary, words

MARK = ""
REEL = [
    *[(bytes((0xD0 + n,)) * (20 + 10 * n)).hex() for n in range(3)],
    MARK,
    *[(bytes((0xE0 + n,)) * 50).hex() for n in range(2)],
    MARK,
    MARK,
]
TEXT = bytes(range(256)) * 6
NO_BYTE = (
    "the first has more than 24 bits",
    "the list is not in storage",
    "another key, and no fetching: 3 and 30484848",
    "an address outside",
    "an address outside, skipped",
)
"""A write that gets no byte at all is an error of its own to a tape unit (word count zero)."""
READ, WRITE, BACKWARD = 0x02, 0x01, 0x0C
REWIND, WTM, FSB = 0x07, 0x1F, 0x37


def tapes() -> Iterator[Case]:
    """3420: read, write and read backward. What the other commands do is in the tape units' own vectors."""
    reel = {"blocks": REEL}
    yield from vary("3420 read", "3420", reel, READ, 20, reads=True)
    yield from vary("3420 write", "3420", {"blocks": []}, WRITE, 40, reads=False, contents=TEXT[:200], without=NO_BYTE)
    over = Program([(FSB, 0, SLI, 1)])
    for name, ccws, data, keys in backwards(20):
        yield Case(
            f"3420 read backward: {name}", "3420", reel, [over, Program(ccws, data, 3 if keys else 0, keys or bytes(4))]
        )
    for n in range(1, 9):
        yield Case(
            f"3420: a chain of {n} reads",
            "3420",
            reel,
            [Program(chained(*[(READ, DATA + 64 * k, SLI, 60) for k in range(n)]))],
        )
    writes = chained(
        (WRITE, DATA, 0, 100), (WRITE, DATA + 9, 0, 200), (WTM, 0, SLI, 1), (WRITE, OTHER, 0, 30), (REWIND, 0, SLI, 1)
    )
    again = Program(chained(*[(READ, DATA + 256 * k, SLI, 250) for k in range(4)]))
    yield Case(
        "3420: written and read back",
        "3420",
        {"blocks": []},
        [Program(writes, {DATA: TEXT[:400], OTHER: TEXT[:64]}), again],
    )


def backwards(size: int) -> Iterator[tuple[str, list[CCW], dict[int, bytes], bytes]]:
    """Variations of a command that stores downwards: what, CCWs, data, storage keys if they matter."""
    top = DATA + 0x100
    for count in (1, size - 1, size, size + 1, 60):
        for flags in (0, SLI, 0x10, 0x30):
            yield f"count {count} flags {flags:02X}", [(BACKWARD, top, flags, count)], {}, b""
    yield "data chaining", [(BACKWARD, top, CD, 8), (0, OTHER, SLI, 60)], {}, b""
    yield "data chaining and skipping", [(BACKWARD, top, CD | 0x10, 8), (0, OTHER, SLI, 60)], {}, b""
    yield "over a boundary", [(BACKWARD, 0x4805, SLI, 60)], {}, b""
    yield "twice", chained((BACKWARD, top, SLI, 60), (BACKWARD, OTHER, SLI, 60)), {}, b""
    yield "and forward again", [(BACKWARD, top, SLI | CC, 60), (READ, OTHER, SLI, 60)], {}, b""
    yield "an address outside", [(BACKWARD, BEYOND, SLI, 60)], {}, b""
    yield "into a block with another key", [(BACKWARD, 0x4805, SLI, 60)], {}, bytes.fromhex("40303030")
    yield "from a block with another key", [(BACKWARD, 0x4805, SLI, 60)], {}, bytes.fromhex("30403030")
    yield "indirect", [(BACKWARD, IDAWS, IDA, size)], {IDAWS: words(OTHER)}, b""
    yield "indirect over a boundary", [(BACKWARD, IDAWS, IDA, size)], {IDAWS: words(0x4805, 0x5FFF)}, b""
    yield (
        "indirect to what is not the end of a block",
        [(BACKWARD, IDAWS, IDA, size)],
        {IDAWS: words(0x4805, 0x5000)},
        b"",
    )
