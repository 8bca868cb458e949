"""Channel programs to be compared, and the variations of a command that every channel has to cope with.

A program's CCWs stand at the beginning of the window, its data behind: the first area at DATA, then OTHER. A case has a
device as it comes from the factory, programs that bring it into some state, and the program that matters, the last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CCWS, ARGUMENTS, DATA, IDAWS, OTHER, BOUNDARY = 0x4000, 0x4180, 0x4200, 0x4700, 0x5200, 0x4800
BEYOND = 0xF00000
"""An address that no machine here has storage for."""
CD, CC, SLI, SKIP, PCI, IDA = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
NOP, TIC, SENSE = 0x03, 0x08, 0x04

CCW = tuple[int, int, int, int]
"""Command, address, flags, count."""


@dataclass(frozen=True)
class Program:
    """A channel program: CCWs, what is in the window besides, key of the CAW, keys of the window's four blocks."""

    ccws: Sequence[CCW]
    data: Mapping[int, bytes] = field(default_factory=dict)
    key: int = 0
    keys: bytes = bytes(4)
    caw: int = CCWS


@dataclass(frozen=True)
class Case:
    """A device, by its type and medium, and what is done with it."""

    name: str
    type: str
    medium: Mapping[str, object]
    programs: Sequence[Program]


def chained(*ccws: CCW) -> list[CCW]:
    """These CCWs with command chaining from each to the next."""
    return [(c, a, f | CC, n) for c, a, f, n in ccws[:-1]] + [ccws[-1]]


def words(*values: int) -> bytes:
    """Indirect data address words."""
    return b"".join(v.to_bytes(4, "big") for v in values)


Variation = tuple[str, list[CCW], dict[int, bytes], int, bytes]
"""What it is, CCWs from the command on, data, key, storage keys."""


def _plain(name: str, ccws: Sequence[CCW], data: Mapping[int, bytes] | None = None) -> Variation:
    return name, list(ccws), dict(data or {}), 0, bytes(4)


def lengths(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """Counts shorter and longer than what the device has or wants."""
    for count in sorted({1, max(1, size - 1), size, size + 1, size + 200, 3000}):
        for flags in (0, SLI) + ((SKIP, SKIP | SLI) if reads else ()):
            yield _plain(
                f"count {count} flags {flags:02X}", [(code, DATA if count < 1400 else OTHER - 0x80, flags, count)]
            )


def data_chains(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """Data chaining: areas, lengths, skipping, transfer in channel within it."""
    half = max(1, size // 2)
    first: CCW = (code, DATA, CD, half)
    for rest in sorted({max(1, size - half), size - half + 5, max(1, size - half - 1)}):
        for flags in (0, SLI):
            yield _plain(f"data chaining {half} and {rest} flags {flags:02X}", [first, (0, OTHER, flags, rest)])
    yield _plain("data chaining, the command code behind it does not matter", [first, (0xFF, OTHER, SLI, size)])
    yield _plain("data chaining through a transfer in channel", [first, (TIC, CCWS + 0x100, 0, 0)])
    yield _plain("data chaining to a count of zero", [first, (0, OTHER, 0, 0)])
    yield _plain("data chaining to flags that are none", [first, (0, OTHER, 2, size)])
    yield _plain(
        "data chaining goes unused: wrong length in spite of SLI",
        [(code, DATA, CD | SLI, size + 9), (0, OTHER, SLI, 5)],
    )
    yield _plain("data chaining exactly used up", [(code, DATA, CD, size), (0, OTHER, SLI, 5)])
    yield _plain(
        "data chaining in single bytes", [(code, DATA, CD, 1), (0, OTHER, CD, 1), (0, OTHER + 9, 0, max(1, size - 2))]
    )
    yield _plain("data chaining to storage that is not there", [first, (0, BEYOND, 0, size)])
    if reads:
        yield _plain(
            "data chaining with the first part skipped", [(code, DATA, CD | SKIP, half), (0, OTHER, SLI, size)]
        )
        yield _plain("data chaining with the second part skipped", [first, (0, OTHER, SKIP | SLI, size)])


def indirect(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """Indirect data addressing."""
    near = BOUNDARY - min(size, 7) // 2 - 1
    for flags in (IDA, IDA | SLI):
        yield _plain(f"one indirect address flags {flags:02X}", [(code, IDAWS, flags, size)], {IDAWS: words(OTHER)})
    yield _plain("two indirect addresses", [(code, IDAWS, IDA, size)], {IDAWS: words(near, OTHER & ~0x7FF)})
    yield _plain("the second is not on a boundary", [(code, IDAWS, IDA, size)], {IDAWS: words(near, OTHER)})
    yield _plain("the second has more than 24 bits", [(code, IDAWS, IDA, size)], {IDAWS: words(near, 0x01005000)})
    yield _plain("the second leads outside", [(code, IDAWS, IDA, size)], {IDAWS: words(near, BEYOND)})
    yield _plain("the first has more than 24 bits", [(code, IDAWS, IDA, size)], {IDAWS: words(0x80004200)})
    yield _plain("the list is not on a word", [(code, IDAWS + 2, IDA, size)], {IDAWS: words(DATA, OTHER)})
    yield _plain("the list is not in storage", [(code, BEYOND, IDA, size)])
    yield _plain(
        "data chaining between lists",
        [(code, IDAWS, IDA | CD, max(1, size // 2)), (0, IDAWS + 8, IDA | SLI, size)],
        {IDAWS: words(DATA, 0, OTHER)},
    )
    yield _plain(
        "data chaining to a direct address",
        [(code, IDAWS, IDA | CD, max(1, size // 2)), (0, OTHER, SLI, size)],
        {IDAWS: words(DATA)},
    )


def protection(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """Storage keys: the blocks of the window at 4000, 4800, 5000 and 5800."""
    for key, keys, what in (
        (3, "30303030", "the same key"),
        (3, "30404040", "another key"),
        (3, "30484848", "another key, and no fetching"),
        (3, "38404040", "another key, CCWs not to be fetched by others"),
        (4, "38404040", "CCWs that may not be fetched"),
        (0, "38484848", "key zero"),
    ):
        yield f"{what}: {key} and {keys}", [(code, OTHER, SLI, size)], {}, key, bytes.fromhex(keys)
    near = BOUNDARY - min(size, 7) // 2 - 1
    yield "the second block has another key", [(code, near, 0, size)], {}, 3, bytes.fromhex("30484848")
    yield "the first block has another key", [(code, BOUNDARY, SLI, size)], {}, 3, bytes.fromhex("30403030")
    yield "an address outside", [(code, BEYOND, SLI, size)], {}, 0, bytes(4)
    yield "an address outside, skipped", [(code, BEYOND, SLI | SKIP, size)], {}, 0, bytes(4)


def command_chains(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """Command chaining, transfer in channel, and CCWs that are wrong."""
    this: CCW = (code, DATA, SLI, size)
    again: CCW = (code, OTHER, SLI, size)
    nop: CCW = (NOP, 0, SLI, 1)
    yield _plain("no operation in front", chained(nop, this))
    yield _plain("no operation behind", chained(this, nop))
    yield _plain("twice", chained(this, again))
    yield _plain("twice, the first too short", [(code, DATA, CC, max(1, size - 1)), again])
    yield _plain("twice, the first too long", [(code, DATA, CC, size + 1), again])
    yield _plain("twice, the second too long", [(code, DATA, CC, size), (code, OTHER, 0, size + 1)])
    yield _plain("transfer in channel", [(*this[:2], SLI | CC, size), (TIC, CCWS + 0x100, 0, 0)])
    yield _plain(
        "transfer in channel, its other bits ignored", [(*this[:2], SLI | CC, size), (0xF8, CCWS + 0x100, 0xFF, 9)]
    )
    yield _plain("transfer in channel to another", [(*this[:2], SLI | CC, size), (TIC, CCWS + 0x140, 0, 0)])
    yield _plain("transfer in channel off a doubleword", [(*this[:2], SLI | CC, size), (TIC, CCWS + 0x104, 0, 0)])
    yield _plain("transfer in channel out of storage", [(*this[:2], SLI | CC, size), (TIC, BEYOND, 0, 0)])
    yield _plain("transfer in channel first", [(TIC, CCWS + 0x100, 0, 0)])
    yield _plain("a count of zero", [(code, DATA, SLI, 0)])
    yield _plain("a count of zero behind it", chained(this, (code, DATA, SLI, 0)))
    yield _plain("bit 38", [(code, DATA, SLI | 2, size)])
    yield _plain("bit 39 behind it", chained(this, (code, DATA, SLI | 1, size)))
    yield _plain("a command code that ends in zero behind it", chained(this, (0x10, DATA, SLI, size)))
    yield _plain("program-controlled interruption", [(code, DATA, SLI | PCI, size)])
    yield _plain("program-controlled interruption behind it", chained(this, (code, OTHER, SLI | PCI, size)))
    yield _plain("program-controlled interruption in front", chained((NOP, 0, SLI | PCI, 1), this))


def every(code: int, size: int, reads: bool) -> Iterator[Variation]:
    """All of them."""
    for variations in (lengths, data_chains, indirect, protection, command_chains):
        yield from variations(code, size, reads)


def vary(
    prefix: str,
    type: str,
    medium: Mapping[str, object],
    code: int,
    size: int,
    *,
    reads: bool,
    before: Sequence[Program] = (),
    front: Sequence[CCW] = (),
    arguments: Mapping[int, bytes] | None = None,
    contents: bytes = b"",
    limit: int = 65535,
    without: Collection[str] = (),
) -> Iterator[Case]:
    """Cases with all variations of a command that has, or wants, `size` bytes.

    `before` are programs before, `front` CCWs in the same program that bring it about, with their `arguments`;
    `contents` is what a program that writes has in storage. Counts beyond `limit` are left out, and `without`.
    """
    behind: CCW = (code, OTHER, SLI, size)
    for name, ccws, data, key, keys in every(code, size, reads):
        if name in without or any(ccw[3] > limit for ccw in ccws):
            continue
        at = CCWS + 8 * len(front)
        placed = [(c, a + 8 * len(front) if c & 15 == TIC and CCWS <= a < DATA else a, f, n) for c, a, f, n in ccws]
        everything = dict(arguments or {})
        everything[at + 0x100] = ccw_bytes(behind)
        everything[at + 0x140] = ccw_bytes((TIC, at + 0x100, 0, 0))
        if contents:
            for where in (DATA, BOUNDARY - 4, OTHER - 0x80, OTHER):
                everything[where] = contents
        everything.update(data)
        first = chained(*front, placed[0])[: len(front)]
        yield Case(f"{prefix}: {name}", type, medium, [*before, Program([*first, *placed], everything, key, keys)])


def ccw_bytes(ccw: CCW) -> bytes:
    """The eight bytes of a CCW."""
    command, address, flags, count = ccw
    return (command << 24 | address).to_bytes(4, "big") + bytes((flags, 0)) + count.to_bytes(2, "big")
