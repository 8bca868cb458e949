"""A record 0 that is longer than its track; a search that finds nothing."""

from __future__ import annotations

import pytest
from dasdbench import Bench, find, seek

from cpvm.s370.ckd import GEOMETRY, R0_LENGTH, Track

ALL_WRITES = (0x1F, b"\xc0")
HOME = (0x39, bytes((0, 1, 0, 1)))
INVALID_FORMAT = 0x40


def r0(length: int) -> bytes:
    """Count and data of record 0 of track 1/1."""
    return bytes((0, 1, 0, 1, 0, 0)) + length.to_bytes(2, "big") + b"\xc5" * length


@pytest.mark.parametrize("kind", ["2311", "2314", "3330", "3350"])
def test_record_0_takes_the_track_at_most(kind: str) -> None:
    geometry = GEOMETRY[kind]
    whole = geometry.capacity + geometry.space(0, R0_LENGTH, False)
    longest = max(n for n in range(whole) if geometry.space(0, n, False) <= whole)
    bench = Bench(kind)
    bench.track(1, 1, (b"", b"RECORD 1"))
    before = bench.store.read(1, 1)
    assert bench.run(ALL_WRITES, seek(1, 1), HOME, (0x08, 1), (0x15, r0(longest + 1))) & 0x02
    assert bench.sense()[1] & INVALID_FORMAT
    assert bench.store.read(1, 1) == before
    assert bench.run(ALL_WRITES, seek(1, 1), HOME, (0x08, 1), (0x15, r0(longest))) == 0x0C
    track = Track.from_bytes(bench.store.read(1, 1))
    assert (len(track.r0.data), track.records) == (longest, [])
    assert bench.run(seek(1, 1), *find(1, 1, 0), (0x06, 8)) == 0x0C


@pytest.mark.parametrize("kind", ["2314", "3330", "3350", "3380"])
def test_a_search_for_a_home_address_that_is_another_ends(kind: str) -> None:
    """Two index points without a record read: no record found, and not a program without end."""
    bench = Bench(kind)
    bench.track(1, 1, (b"", b"RECORD 1"))
    other = (0x39, bytes((0, 2, 0, 2)))
    assert bench.run(seek(1, 1), other, (0x08, 1), (0x1A, 5)) == 0x0E
    assert bench.sense()[:2] == b"\x00\x08"
    assert not bench.io.active
    assert bench.run(seek(1, 1), HOME, (0x08, 1), (0x06, 8)) == 0x0C
    assert bench.read(8) == b"RECORD 1"
