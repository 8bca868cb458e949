"""CKD drives in virtual time: the arm, rotation, and what is saved and halted in the middle."""

from __future__ import annotations

from dasdbench import ADDRESS, CSW, Bench, find, seek

from cpvm.s370.ckd import Track


def test_seek_takes_time_and_ends_with_the_device() -> None:
    bench = Bench("3350", 555, immediate=False)
    bench.put(seek(300, 0))
    assert bench.io.sio(ADDRESS) == 0
    statuses = []
    total = 0
    while total < 1_000_000:
        bench.io.elapse(1000)
        total += 1000
        if bench.io.pending() and bench.io.take() == ADDRESS:
            statuses.append(bench.storage.read(CSW + 4, 1)[0])
            if statuses[-1] & 0x04:
                break
    assert statuses == [0x08, 0x04]
    assert 30_000 < total < 40_000


def timed_run(bench: Bench, *ccws: tuple[int, bytes | int]) -> int:
    """Run a program in virtual time; how many microseconds it took."""
    bench.put(*ccws)
    assert bench.io.sio(ADDRESS) == 0
    for passed in range(0, 2_000_000, 20):
        if bench.io.pending() and bench.io.take() == ADDRESS and bench.storage.read(CSW + 4, 1)[0] & 0x04:
            assert bench.storage.read(CSW + 4, 2) in (b"\x0c\x00", b"\x04\x00")
            return passed
        bench.io.elapse(20)
    raise AssertionError("it does not end")


def test_rotation_takes_time() -> None:
    bench = Bench("3350", immediate=False)
    bench.track(0, 0, *((b"", bytes((n,)) * 1800) for n in range(1, 10)))
    timed_run(bench, (0x1A, 5))  # from index on:
    record = 16_700 / 9.6
    assert abs(timed_run(bench, (0x06, 1800)) - record) < record / 5
    assert timed_run(bench, (0x06, 1800)) > 15_000  # record 1 again: nearly a revolution
    assert 16_700 + 2 * record < timed_run(bench, *find(0, 0, 4), (0x06, 1800)) < 16_700 + 4 * record  # from index on
    assert timed_run(bench, (0x1A, 5)) < 16_700
    whole = timed_run(bench, *((0x1E, 1808),) * 9)
    assert 13_000 < whole < 16_700
    assert timed_run(bench, seek(0, 0), (0x31, b"\0\0\0\0\1"), (0x08, 1), (0x06, 1)) <= 16_700 * 2


def test_a_write_under_way_is_saved_and_survives_halt() -> None:
    for ending in ("save", "halt", "reset"):
        bench = Bench("3350", immediate=False)
        bench.track(0, 0, (b"", b"OLD"))
        bench.put(seek(0, 0), *find(0, 0, 1), (0x05, b"NEW"), (0x1A, 5))
        assert bench.io.sio(ADDRESS) == 0
        while bench.drive.prior != 2 or bench.drive.left != 3:  # written, on its way to channel end
            bench.io.elapse(1)
        if ending == "save":
            bench.drive.load(bench.drive.save())
        elif ending == "halt":
            assert bench.io.hio(ADDRESS) == 2  # a burst is ended
        else:
            bench.io.reset()
        assert Track.from_bytes(bench.store.images[0, 0]).records[0].data == b"NEW", ending


def test_a_search_of_many_tracks_takes_revolutions() -> None:
    bench = Bench("3350", immediate=False)
    bench.track(0, 10, (b"KEY", b"FOUND"))
    took = timed_run(bench, seek(0, 0), (0xA9, b"KEY"), (0x08, 1), (0x06, 5))
    assert 9 * 16_700 < took < 12 * 16_700
    assert bench.read(5) == b"FOUND"
