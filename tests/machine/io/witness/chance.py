"""Random channel programs: any flags, counts, areas, lists and keys, on five devices."""

from __future__ import annotations

import random
from collections.abc import Iterator

from witness.cards import CARDS, TEXT
from witness.chains import (
    BOUNDARY,
    CC,
    CCW,
    CCWS,
    CD,
    DATA,
    IDA,
    IDAWS,
    OTHER,
    PCI,
    SKIP,
    SLI,
    TIC,
    Case,
    Program,
    words,
)
from witness.disks import CYLINDERS, SETUP, at, ccw_seek
from witness.tapes import REEL

CASES = 500
CODES = {
    "3505": (0x02, 0x02, 0x42, 0x03),
    "3420": (0x02, 0x02, 0x02, 0x37, 0x03),
    "3525": (0x01, 0x01, 0x41, 0x03),
    "1403": (0x09, 0x01, 0x11, 0x0B, 0x8B, 0x03),
    "3350": (0x12, 0x12, 0x1E, 0x06, 0x0E, 0x1A, 0x16, 0x92),
}
IMMEDIATE = (0x03, 0x0B, 0x37, 0x8B)
"""What a data chaining flag does to these is not said anywhere: they have no data."""
MEDIA: dict[str, dict[str, object]] = {
    "3505": {"cards": [card.hex() for card in CARDS] * 3},
    "3420": {"blocks": REEL},
    "3525": {},
    "1403": {},
    "3350": {"cylinders": CYLINDERS},
}
READERS = ("3505", "3420", "3350")
AREAS = (DATA, DATA + 0x100, OTHER, OTHER + 0x100, BOUNDARY - 7, 0x5000 - 33)
COUNTS = (1, 5, 8, 20, 30, 60, 79, 80, 81, 100, 130)
SHORT_COUNTS = (1, 10, 40, 60)
"""For the printer, which has 132 positions."""
CHAINING = (CC, CC | SLI, CC | SLI, CC | SLI, SLI, CD, CD | SLI, CD | CC, CD | CC | SLI)


def _ccw(rng: random.Random, type: str, number: int, data: dict[int, bytes]) -> CCW:
    """A CCW; its indirect addresses, if it has any, go to `data`."""
    code, address = rng.choice(CODES[type]), rng.choice(AREAS)
    flags = rng.choice(CHAINING) | rng.choice((0, 0, 0, SKIP if type in READERS else 0, PCI, IDA))
    if code in IMMEDIATE:
        flags &= ~(CD | IDA)
    if type == "1403":
        flags &= ~CD
    if flags & IDA:
        address = IDAWS + 16 * number
        data[address] = words(rng.choice((DATA, OTHER + 64, BOUNDARY - 7)), rng.choice((0x4800, 0x5000, 0x5800)))
    return code, address, flags, rng.choice(SHORT_COUNTS if type == "1403" else COUNTS)


def _program(rng: random.Random, type: str) -> Program:
    data: dict[int, bytes] = {}
    ccws: list[CCW] = []
    if type == "3350":
        data.update(at(0, rng.randrange(2)))
        ccws.append((*ccw_seek()[:2], CC, 6))
    for number in range(rng.randrange(1, 7)):
        before = ccws[-1] if ccws else (TIC, 0, 0, 0)
        if before[0] != TIC and not before[2] & CD and rng.random() < 0.12:
            ccws.append((TIC, CCWS + 8 * len(ccws) + 8, rng.choice((0, CC, 0xFF)), 0))
        else:
            ccws.append(_ccw(rng, type, number, data))
    code, address, flags, count = ccws[-1]
    if code == TIC:
        ccws.append((CODES[type][0], OTHER, SLI, 30))
    else:
        ccws[-1] = code, address, flags & ~(CC | CD), count
    if type not in READERS:
        data.update((area, TEXT[:96]) for area in (*AREAS, 0x5000 + 64))
    if rng.random() < 0.8:
        return Program(ccws, data)
    return Program(ccws, data, 3, bytes((0x30, *(rng.choice((0x30, 0x30, 0x30, 0x40, 0x48)) for _ in range(3)))))


def chance() -> Iterator[Case]:
    """The same ones each time."""
    for seed in range(CASES):
        rng = random.Random(seed)
        type = rng.choice(list(CODES))
        before = SETUP if type == "3350" else ()
        yield Case(f"random {seed}: {type}", type, MEDIA[type], [*before, _program(rng, type)])
