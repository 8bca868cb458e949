"""Channel programs for count-key-data and fixed-block disks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from witness.chains import CC, CCW, CCWS, TIC, Case, Program, vary

CYLINDERS = 3
SEEK, RD, RKD, RCKD, WD, WCKD, IDEQ = 0x07, 0x06, 0x0E, 0x1E, 0x05, 0x1D, 0x31
ID = 0x41A0
"""Search argument; the seek address is two bytes before it."""
FORMAT = 0x4400
"""Count, key and data areas of records that are written."""


def ccw_seek() -> CCW:
    """A seek to the argument's track."""
    return (SEEK, ID - 2, 0, 6)


def at(cyl: int, head: int, number: int = 0) -> dict[int, bytes]:
    """Arguments for a seek to a track and a search for a record."""
    return {ID - 2: bytes(2) + bytes((cyl >> 8, cyl & 255, head >> 8, head & 255, number))}


def search(index: int) -> list[CCW]:
    """A search and the transfer in channel that repeats it; the search is CCW number `index` of the program."""
    return [(IDEQ, ID, CC, 5), (TIC, CCWS + 8 * index, 0, 0)]


def record(cyl: int, head: int, number: int, key: bytes, data: bytes) -> bytes:
    """A record as Write Count, Key and Data takes it."""
    where = bytes((cyl >> 8, cyl & 255, head >> 8, head & 255, number, len(key)))
    return where + len(data).to_bytes(2, "big") + key + data


def track(cyl: int, head: int, records: Sequence[tuple[bytes, bytes]]) -> Program:
    """Write records 1, 2, ... of a track."""
    ccws: list[CCW] = [ccw_seek(), *search(1)]
    data = at(cyl, head)
    where = FORMAT
    for number, (key, contents) in enumerate(records, 1):
        area = record(cyl, head, number, key, contents)
        data[where] = area
        ccws.append((WCKD, where, 0, len(area)))
        where += len(area) + 8
    return Program([(c, a, f if c == TIC else f | CC, n) for c, a, f, n in ccws[:-1]] + [ccws[-1]], data)


PLAIN = [(b"", bytes((0xA0 + n,)) * (20 + n)) for n in range(4)]
KEYED = [(bytes((0xC1 + n,)) * 4, bytes((0xB0 + n,)) * (30 + n)) for n in range(4)]
SETUP = (track(0, 0, PLAIN), track(0, 1, KEYED))
BLOCKS = 40
"""Blocks of 512 bytes on a fixed-block disk."""


def _asks(size: int) -> set[str]:
    """Variations in which the drive asks for more than it gets, which Hercules does not tell."""
    less = size - size // 2 - 1
    short = {"count 1 flags 00", f"count {size - 1} flags 00", f"data chaining {size // 2} and {less} flags 00"}
    return {*short, "data chaining goes unused: wrong length in spite of SLI", "twice, the first too short"}


NOP_BEFORE = {"no operation in front", "program-controlled interruption in front"}
"""No operation makes the drive forget where it is; Hercules' drives do not."""
NO_SEARCH = {
    *("twice", "twice, the first too short", "twice, the second too long", "transfer in channel"),
    *("transfer in channel, its other bits ignored", "program-controlled interruption behind it"),
}
"""A second Write Data is out of sequence and gets no byte; Hercules' residual count says that it gets all."""
NO_COUNT = {
    *("count 1 flags 20", "data chaining in single bytes", "the second is not on a boundary", "an address outside"),
    *("the second has more than 24 bits", "the second leads outside", "the first has more than 24 bits"),
    *("the list is not in storage", "another key, and no fetching: 3 and 30484848", "an address outside, skipped"),
    *("the second block has another key", "the first block has another key"),
}
"""What a drive says that gets only a part of a count field is in the drives' own vectors."""


def disks() -> Iterator[Case]:
    """A 3350, 3330, 2314 and 3370. What their other commands do is in the drives' own vectors."""
    front = [ccw_seek(), *search(1)]
    pack = {"cylinders": CYLINDERS}
    where, keyed = at(0, 0, 2), at(0, 1, 2)
    text = bytes(range(99, 255)) * 4
    count = record(0, 0, 3, b"", text[:30])
    for name, type, code, size, arguments in (
        ("3350 read data", "3350", RD, 21, where),
        ("3330 read key and data", "3330", RKD, 35, keyed),
        ("2314 read count, key and data", "2314", RCKD, 30, where),
    ):
        yield from vary(
            name, type, pack, code, size, reads=True, before=SETUP, front=front, arguments=arguments, without=NOP_BEFORE
        )
    for name, type, code, contents, without in (
        ("3350 write data", "3350", WD, text[:21], NO_SEARCH),
        ("2314 write count, key and data", "2314", WCKD, count, NO_COUNT),
    ):
        left_out = _asks(len(contents)) | NOP_BEFORE | without
        yield from vary(
            name,
            type,
            pack,
            code,
            len(contents),
            reads=False,
            before=SETUP,
            front=front,
            arguments=where,
            contents=contents,
            without=left_out,
        )
    to = bytes.fromhex("000000010002")
    yield from vary("3330 seek", "3330", pack, SEEK, 6, reads=False, contents=to, without=_asks(6))
    blocks = {"blocks": BLOCKS}
    extent = bytes.fromhex("00000000000000000000000000000027")
    for name, code, operation in (("read", 0x42, 0x06), ("write", 0x41, 0x01)):
        locate = bytes((operation, 0, 0, 1)) + (3).to_bytes(4, "big")
        begin = [(0x63, 0x4190, 0, 16), (0x43, 0x41A0, 0, 8)]
        placed = {0x4190: extent, 0x41A0: locate}
        reads = code == 0x42
        contents = b"" if reads else text
        for case in vary(
            f"3370 {name}",
            "3370",
            blocks,
            code,
            512,
            reads=reads,
            front=begin,
            arguments=placed,
            contents=contents,
            without=NOP_BEFORE | NO_SEARCH - {"transfer in channel", "transfer in channel, its other bits ignored"},
        ):
            if "data chaining" not in case.name:  # Hercules does not know it within a block
                yield case
