"""A search loop that the drive goes through by itself ends as one that the channel goes through, command by command."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from dasdbench import CAW, CSW, DATA, PROGRAM, Bench

from cpvm.machine.datapath import DataPath
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.iotime import NEVER
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, Track

SEEK_AT, ID_AT = 0x1000, 0x1010
ADDRESS = 0x150
SLI, CC, PCI, SKIP, CD = 0x20, 0x40, 0x08, 0x10, 0x80


def fill(bench: Bench, chance: random.Random) -> None:
    """Two tracks with records of odd numbers, some twice, some segments of overflow records."""
    for head in (0, 1):
        track = Track.empty(0, head)
        for _ in range(chance.randrange(8)):
            cyl = chance.choice((0, 0, 0, 0x8000, 0xFF00))
            track.records.append(
                Record(cyl, head, chance.randrange(6), b"", chance.randbytes(chance.choice((0, 8, 80))))
            )
        bench.store.images[0, head] = track.to_bytes()


def prepare(bench: Bench, chance: random.Random) -> None:
    """Seek, a search loop of some kind, and something behind it."""
    head = chance.randrange(2)
    bench.storage.write(SEEK_AT, bytes((0, 0, 0, 0, 0, head)))
    cyl = chance.choice((0, 0, 0, 0, 0xFF00))
    bench.storage.write(ID_AT, cyl.to_bytes(2, "big") + bytes((0, head, chance.randrange(7))))
    code = chance.choice((0x31, 0x31, 0x31, 0x31, 0xB1, 0x51, 0x71))
    flags = chance.choice((CC,) * 9 + (0,)) | chance.choice((0, 0, 0, SLI, SLI, PCI, SKIP))
    search = PROGRAM + 8
    words = [CCW(0x07, SEEK_AT, CC, 6)]
    if chance.random() < 0.1:
        words.append(CCW(code, ID_AT, CD | CC, 2))
        words.append(CCW(code, ID_AT + 2, flags, 3))
        search += 8 * chance.randrange(2)
    else:
        words.append(CCW(code, ID_AT, flags, chance.choice((5, 5, 5, 5, 5, 4, 6))))
    if chance.random() < 0.1:
        words.append(CCW(0x03, 0, CC | SLI, 1))
    words.append(CCW(0x08, chance.choice((search,) * 12 + (search + 8, 0xFF8)), chance.choice((0, PCI)), 0))
    words.append(CCW(chance.choice((0x06, 0x05, 0x1E, 0x31)), DATA, chance.choice((0, SLI)), chance.choice((8, 80))))
    bench.storage.write(PROGRAM, b"".join(word.to_bytes() for word in words))
    key = chance.choice((0, 0, 0, 3))
    bench.storage.write(CAW, (key << 28 | PROGRAM).to_bytes(4, "big"))
    for block in range(0, 0x4000, 2048):
        bench.storage.set_key(block, chance.choice((0x30, 0x30, 0x30, 0x34, 0x36, 0x50, 0x58, 0)))


def outcome(seed: int, immediate: bool) -> tuple[object, ...]:
    """All that is to be seen after some programs one after the other."""
    chance = random.Random(seed)
    bench = Bench("3350", immediate=immediate)
    fill(bench, chance)
    seen: list[object] = []
    for _ in range(4):
        prepare(bench, chance)
        cc = bench.io.sio(ADDRESS)
        for _ in range(500):
            while bench.io.take() is not None:
                seen.append((bench.io.now, bench.storage.read(CSW, 8).hex()))
            if bench.io.agenda.next == NEVER:
                break
            bench.io.elapse(max(0, bench.io.agenda.next - bench.io.now))
        seen.append((cc, bench.storage.read(CSW, 8).hex(), bench.drive.sense.hex()))
    return (*seen, bytes(bench.storage.data), bytes(bench.storage.keys), bench.drive.save(), bench.store.images)


@pytest.mark.parametrize("immediate", [True, False])
def test_the_drive_searches_as_the_channel_does(immediate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In virtual time it takes as long, too."""
    taken: Counter[int] = Counter()
    search_on = Dasd._search_on

    def counted(drive: Dasd, wanted: bytes) -> int:
        status = search_on(drive, wanted)
        taken[status] += 1
        return status

    monkeypatch.setattr(Dasd, "_search_on", counted)
    by_itself = [outcome(seed, immediate) for seed in range(80)]
    monkeypatch.setattr(DataPath, "returns", lambda path, n: False)
    before = taken.total()
    one_by_one = [outcome(seed, immediate) for seed in range(80)]
    assert taken.total() == before
    for seed, (found, expected) in enumerate(zip(by_itself, one_by_one, strict=True)):
        assert found == expected, f"seed {seed}"
    assert len(taken) == 2, "found, and not found"
    assert min(taken.values()) > 10


def test_nothing_is_searched_on_where_a_check_would_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transfer in channel lies in a block that the key does not open."""
    bench = Bench("3350")
    bench.track(0, 0, *((b"", bytes((n,)) * 8) for n in range(1, 6)))
    program = 0x1800 - 8
    bench.storage.write(ID_AT, bytes((0, 0, 0, 0, 4)))
    words = (CCW(0x31, ID_AT, CC, 5), CCW(0x08, program, 0, 0), CCW(0x06, DATA, 0, 8))
    bench.storage.write(program, b"".join(word.to_bytes() for word in words))
    bench.storage.write(CAW, (0x30000000 | program).to_bytes(4, "big"))
    for block in range(0, 0x4000, 2048):
        bench.storage.set_key(block, 0x34)
    bench.storage.set_key(0x1800, 0x5C)
    assert bench.io.sio(ADDRESS) == 0
    bench.io.take()
    assert bench.storage.read(CSW, 8).hex() == "30001808" + "00100000"[:8]
