"""CKD drives where no witness helps: alternate tracks, file scan, Space Count, rotation and time, packs on and off."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from unitbench import Room

from cpvm.machine.channel import Channels
from cpvm.machine.configure import device_from_words
from cpvm.machine.device import ConfigurationError, DeviceError, device_types
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.model import OPTIONAL, model_of
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import ALTERNATE, DEFECTIVE, GEOMETRY, OVERFLOW, Record, Track

ADDRESS, PROGRAM, ARGUMENT, DATA = 0x150, 0x800, 0x1000, 0x2000
CAW, CSW = 0x48, 0x40
TYPES = ("2305-1", "2305-2", "2311", "2314", "3330-1", "3330-11", "3340-35", "3340-70", "3344", "3350", "3375", "3380")


class Store:
    """Tracks in storage."""

    def __init__(self) -> None:
        self.images: dict[tuple[int, int], bytes] = {}

    def read(self, cyl: int, head: int) -> bytes:
        return self.images.setdefault((cyl, head), Track.empty(cyl, head).to_bytes())

    def write(self, cyl: int, head: int, image: bytes) -> None:
        self.images[cyl, head] = image

    def commit(self) -> None:
        return


class Bench:
    """A drive with a few tracks, and a channel."""

    def __init__(self, kind: str, cylinders: int = 4, immediate: bool = True) -> None:
        self.store = Store()
        self.storage = Storage(0x10000)
        self.io = Channels(self.storage, immediate=immediate)
        self.drive = Dasd(kind, self.store, cylinders)
        self.io.attach(ADDRESS, self.drive)

    def track(self, cyl: int, head: int, *records: tuple[bytes, bytes], flag: int = 0, over: int = 0) -> Track:
        """Put records on a track; the last one goes on elsewhere if `over`."""
        track = Track.empty(cyl, head)
        track.flag = flag
        track.records = [Record(cyl, head, n, key, data) for n, (key, data) in enumerate(records, 1)]
        if over:
            track.records[-1].cyl |= OVERFLOW
        self.store.images[cyl, head] = track.to_bytes()
        return track

    def put(self, *ccws: tuple[int, bytes | int]) -> None:
        """A program of commands with what they bring, or how much they read; SLI, chained."""
        at, reading, words = ARGUMENT, DATA, b""
        for n, (code, what) in enumerate(ccws):
            flags = 0x60 if n < len(ccws) - 1 else 0x20
            if code == 0x08:
                assert isinstance(what, int)
                words += CCW(0x08, PROGRAM + 8 * (n - what), 0, 0).to_bytes()
            elif isinstance(what, bytes):
                self.storage.write(at, what)
                words += CCW(code, at, flags, len(what) or 1).to_bytes()
                at += len(what)
            else:
                words += CCW(code, reading, flags, what).to_bytes()
                reading += what
        self.storage.write(PROGRAM, words)
        self.storage.write(CAW, PROGRAM.to_bytes(4, "big"))
        self.storage.write(DATA, bytes(0x1000))

    def run(self, *ccws: tuple[int, bytes | int]) -> int:
        """Run a program at once; the unit status."""
        self.put(*ccws)
        if self.io.sio(ADDRESS) == 0:
            assert self.io.tio(ADDRESS) == 1
        return self.storage.read(CSW + 4, 1)[0]

    def read(self, size: int, at: int = 0) -> bytes:
        return self.storage.read(DATA + at, size)

    def sense(self) -> bytes:
        """The sense bytes, by Sense."""
        assert self.run((0x04, 32)) == 0x0C
        return self.read(self.drive.sense_length)


def seek(cyl: int, head: int) -> tuple[int, bytes]:
    return 0x07, (cyl << 16 | head).to_bytes(6, "big")


def find(cyl: int, head: int, rec: int) -> tuple[tuple[int, bytes], tuple[int, int]]:
    return (0x31, (cyl << 16 | head).to_bytes(4, "big") + bytes((rec,))), (0x08, 1)


# ---- the types


def test_all_types_are_there() -> None:
    assert {*TYPES, "3380-A", "3380-D", "3380-E", "3380-K", "3390"} <= device_types().keys()


@pytest.mark.parametrize("kind", TYPES)
def test_optional_commands_are_refused_at_selection(kind: str) -> None:
    bench = Bench(kind)
    known = model_of(GEOMETRY[kind]).commands
    for code in sorted(OPTIONAL - known):
        bench.put((code, bytes(8)) if code & 1 else (code, 8))
        assert bench.io.sio(ADDRESS) == 1, f"{code:02X}"
        assert bench.storage.read(CSW + 4, 2) == b"\x02\x00"
        sense = bench.sense()
        assert sense[0] == 0x80
        assert len(sense) == 6 or sense[7] == 1
    for code in sorted(known):
        bench.put(seek(0, 0), (code, bytes(8)) if code & 1 else (code, 8))
        assert bench.io.sio(ADDRESS) == 0
        bench.io.tio(ADDRESS)
        assert bench.storage.read(CSW, 1) == b"\0"
        assert bench.storage.read(CSW + 4, 1)[0] & 0x0C == 0x0C, f"{code:02X}"


@pytest.mark.parametrize("kind", TYPES)
def test_ipl(kind: str) -> None:
    bench = Bench(kind)
    words = bytes.fromhex("0000000000001234") + CCW(0x06, 0x3000, 0x20, 100).to_bytes() + bytes(8)
    bench.track(0, 0, (b"", words), (b"", b"SECOND RECORD"))
    bench.drive.cyl, bench.drive.head = 2, 1
    status = bench.io.ipl(ADDRESS)
    assert status.cc == 0
    assert bench.storage.read(0x3000, 13) == b"SECOND RECORD"
    assert bench.storage.read(2, 2) == ADDRESS.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("kind", "byte4", "low", "high"),
    [
        ("3330", 0x28, 0x02, 0x43),
        ("3330-11", 0x28, 0x02, 0x23),
        ("3340-70", 0x04, 0x02, 0x23),
        ("3350", 0x04, 0x02, 0x23),
        ("3375", 0x05, 0x02, 0x43),
        ("3380", 0x05, 0x02, 0x13),
    ],
)
def test_sense_tells_drive_and_place(kind: str, byte4: int, low: int, high: int) -> None:
    bench = Bench(kind, GEOMETRY[kind].cylinders)
    bench.io.detach(ADDRESS)
    bench.io.attach(0x155, bench.drive)
    bench.drive.cyl, bench.drive.head = 0x102, 3
    bench.put((0x04, 24))
    assert bench.io.sio(0x155) == 0
    sense = bench.read(24)
    expected = bytes((0, 0, 0x82 if "3340" in kind else 0, 0, byte4 if kind[:4] != "3330" else 0x15, low, high))
    assert sense == expected.ljust(24, b"\0")


def test_wrong_sizes() -> None:
    with pytest.raises(DeviceError, match="cylinders"):
        Dasd("2311", Store(), 204)
    with pytest.raises(DeviceError, match="no DASD"):
        Dasd("3370", Store())


# ---- defective and alternate tracks


def test_defective_track() -> None:
    bench = Bench("3350")
    track = bench.track(1, 2, flag=DEFECTIVE)
    track.r0.cyl, track.r0.head = 3, 0
    bench.store.images[1, 2] = track.to_bytes()
    for program in ([(0x06, 8)], [(0x12, 8)], find(1, 2, 0), find(1, 2, 1), [(0x92, 8)], [(0x29, b"KEY")]):
        assert bench.run(seek(1, 2), *program, (0x03, b"")) == 0x0E
        assert bench.sense()[:2] == b"\x02\x00"
    assert bench.run(seek(1, 2), (0x1A, 5), (0x16, 16)) == 0x0C
    assert bench.read(13) == bytes.fromhex("02000100020003000000000008")
    assert bench.run(seek(1, 1), (0x86, 8)) == 0x0E
    assert bench.sense()[0] == 0x02


def test_heads_do_not_switch_on_an_alternate_track() -> None:
    bench = Bench("3330")
    bench.track(3, 0, (b"", b"HERE"), flag=ALTERNATE)
    assert bench.run(seek(3, 0), (0x86, 4)) == 0x0C
    assert bench.read(4) == b"HERE"
    assert bench.run(seek(3, 0), (0x86, 4), (0x86, 4)) == 0x0E
    assert bench.sense()[:2] == b"\x02\x00"


@pytest.mark.parametrize("kind", ["3375", "3380"])
def test_the_3880_goes_to_the_alternate_track_itself(kind: str) -> None:
    bench = Bench(kind)
    track = bench.track(1, 2, flag=DEFECTIVE)
    track.r0.cyl, track.r0.head = 3, 0
    bench.store.images[1, 2] = track.to_bytes()
    bench.track(3, 0, (b"", b"AWAY"), flag=ALTERNATE)
    bench.track(1, 3, (b"", b"NEXT"))
    assert bench.run(seek(1, 2), (0x06, 4), (0x86, 4)) == 0x0C
    assert bench.read(8) == b"AWAYNEXT"
    assert bench.run(seek(1, 2), (0x31, bytes.fromhex("0003000001")), (0x08, 1), (0x05, b"OVER")) == 0x0C
    assert Track.from_bytes(bench.store.images[3, 0]).records[0].data == b"OVER"
    assert bench.run(seek(1, 2), (0x1A, 5)) == 0x0C
    assert bench.read(5) == bytes.fromhex("0200010002")
    track.r0.cyl, track.r0.head = 1, 2  # no alternate track is named
    bench.store.images[1, 2] = track.to_bytes()
    assert bench.run(seek(1, 2), (0x06, 4)) == 0x0E
    assert bench.sense()[0] == 0x02


@pytest.mark.parametrize(("kind", "before"), [("2314", 0), ("3330", 0), ("3340", 2), ("3350", 6), ("3380", 0)])
def test_write_home_address(kind: str, before: int) -> None:
    bench = Bench(kind)
    bench.track(1, 2, (b"", b"LOST"))
    home = bytes(before) + bytes.fromhex("0200010002")
    r0 = bytes.fromhex("00030000000000080000000000000000")
    assert bench.run(seek(1, 2), (0x1F, b"\xc0"), (0x19, home), (0x15, r0)) == 0x0C
    track = Track.from_bytes(bench.store.images[1, 2])
    assert (track.flag, track.r0.cyl, track.records) == (DEFECTIVE, 3, [])
    assert bench.run(seek(1, 2), (0x1F, b"\xc0"), (0x19, bytes.fromhex("0000010002"))) == 0x0C
    assert Track.from_bytes(bench.store.images[1, 2]).flag == 0
    tries = [(b"\xc0", bytes.fromhex("0000010003")), (b"\xc0", b"\0\0\1\0"), (b"\x80", home), (b"\x00", home)]
    for mask, wrong in tries:
        assert bench.run(seek(1, 2), (0x1F, mask), (0x19, wrong)) == 0x0E
        assert bench.sense()[0] == 0x80


# ---- damage, packs that are not there, packs that cannot be written


@pytest.mark.parametrize(("kind", "sense"), [("2311", "0802"), ("2314", "0802"), ("3350", "0840")])
def test_damaged_track(kind: str, sense: str) -> None:
    bench = Bench(kind)
    bench.store.images[0, 0] = bytes(9)
    assert bench.run((0x06, 8)) == 0x0E
    assert bench.sense()[:2].hex() == sense


@pytest.mark.parametrize(("kind", "sense"), [("2314", "8004"), ("3350", "8002")])
def test_write_inhibited(kind: str, sense: str) -> None:
    bench = Bench(kind)
    bench.track(0, 0, (b"", b"KEPT"))
    bench.drive.read_only = True
    assert bench.run(seek(0, 0), *find(0, 0, 1), (0x05, b"LOST")) == 0x0E
    assert bench.sense()[:2].hex() == sense
    assert bench.run(seek(0, 0), (0x1F, b"\xc0"), (0x19, bytes(5))) == 0x0E
    assert bench.sense()[:2].hex() == sense


def test_not_ready() -> None:
    io = Channels(storage := Storage(0x4000))
    io.attach(ADDRESS, Dasd("3330", None))
    for code, status in ((0x06, 0x02), (0x07, 0x02), (0x03, 0x0C), (0xE4, 0x0C)):
        storage.write(PROGRAM, CCW(code, DATA, 0x20, 6).to_bytes())
        storage.write(CAW, PROGRAM.to_bytes(4, "big"))
        if io.sio(ADDRESS) == 0:
            io.tio(ADDRESS)
        assert storage.read(CSW + 4, 1)[0] == status
        drive = io.device(ADDRESS)
        assert drive is not None
        assert drive.sense[0] == (0 if code == 0xE4 else 0x40)


def test_states_of_earlier_versions() -> None:
    bench = Bench("3350")
    state = bench.drive.save()
    for name in ("masked", "other", "spaced"):
        del state[name]
    bench.drive.load(state)
    assert bench.drive.save()["other"] == -1


def test_a_failing_host(monkeypatch: pytest.MonkeyPatch) -> None:
    from cpvm.machine.device import MediaError

    bench = Bench("3350")

    def fail(*_: Any) -> bytes:
        raise MediaError("out of order")

    monkeypatch.setattr(bench.store, "read", fail)
    assert bench.run((0x06, 8)) == 0x0E
    assert bench.drive.sense[0] == 0x10


# ---- Space Count, file scan, orientation


def test_space_count() -> None:
    bench = Bench("3350")
    bench.track(0, 1, (b"K1", b"FIRST"), (b"K22", b"SECOND"))
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x0F, b"\x03\x00\x06"), (0x0E, 9)) == 0x0C
    assert bench.read(9) == b"K22SECOND"
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x0F, b"\x03\x00\x06"), (0x06, 9)) == 0x0C
    assert bench.read(6) == b"SECOND"
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x0F, b"\x03\x00\x07"), (0x06, 9)) == 0x0E
    assert bench.sense()[0] == 0x08
    assert bench.run(seek(0, 1), (0x0F, b"\x00\x00\x08"), (0x06, 9)) == 0x0C  # record 0 comes first
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x0F, b"\x03\x00\x06"), (0x0D, b"K22WRONG!")) == 0x0E
    assert bench.sense()[0] == 0x80


@pytest.mark.parametrize("kind", ["2311", "2314"])
@pytest.mark.parametrize(
    ("code", "argument", "record"),
    [
        (0x2D, b"BB22", 2),
        (0x2D, b"\xffB\xff2", 2),
        (0x2D, b"BB", 2),
        (0x2D, b"BB4", 0),  # the end of file comes before
        (0x4D, b"BB22", 3),
        (0x6D, b"AB\xff\xff", 2),
        (0x6D, b"\xff\xff\xff\xff", 1),
    ],
)
def test_file_scan(kind: str, code: int, argument: bytes, record: int) -> None:
    bench = Bench(kind)
    bench.track(0, 0, (b"AA", b"11"), (b"BB", b"22"), (b"", b"BB33"), (b"CC", b""))
    status = bench.run(seek(0, 0), (code, argument), (0x08, 1), (0x03, b""))
    if record:
        assert (status, bench.drive.at - 1) == (0x0C, record)
    else:
        assert (status, bench.drive.at - 1) == (0x0D, 4)


def test_scan_over_segments() -> None:
    bench = Bench("2314")
    bench.track(0, 0, (b"K", b"ABC"), over=1)
    bench.track(0, 1, (b"", b"DEF"))
    assert bench.run(seek(0, 0), (0x2D, b"KABCDEF"), (0x03, b""), (0x04, 6)) == 0x0C
    assert bench.drive.head == 1
    bench.track(0, 19, (b"K", b"ABC"), over=1)
    for code, argument, restart in (
        (0x2D, b"KABC", 0x25),
        (0x4D, b"KABC", 0x45),
        (0x6D, b"KABC", 0x65),
        (0x2D, b"KABD", 0x55),
        (0x6D, b"KABB", 0x75),
        (0x4D, b"KABD", 0x55),
    ):
        assert bench.run(seek(0, 19), (code, argument)) == 0x0E
        sense = bench.sense()
        assert (sense[0], sense[1], sense[5]) == (0, 0x21, restart)
    bench.track(1, 0, (b"", b"DEF"))
    for code, argument, found in (
        (0x25, b"DEF", True),
        (0x25, b"DEG", False),
        (0x45, b"DEE", True),
        (0x45, b"DEF", False),
        (0x65, b"DEF", True),
        (0x55, b"DEF", False),
        (0x75, b"AAA", True),
        (0x35, b"ZZZ", True),
    ):
        bench.put(seek(1, 0), (code, argument))
        assert bench.io.sio(ADDRESS) == 0
        bench.io.tio(ADDRESS)
        assert bool(bench.storage.read(CSW + 4, 1)[0] & 0x40) == found, f"{code:02X}"


def test_control_commands_lose_the_place_within_a_record() -> None:
    bench = Bench("3350")
    bench.track(0, 1, (b"", b"FIRST"), (b"", b"SECOND"))
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x06, 6)) == 0x0C
    assert bench.read(5) == b"FIRST"
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x03, b""), (0x06, 6)) == 0x0C
    assert bench.read(6) == b"SECOND"


def test_a_key_of_no_length_ends_a_search_that_is_chained_from_its_count() -> None:
    bench = Bench("3350")
    bench.track(0, 1, (b"", b"FIRST"), (b"K2", b"SECOND"))
    assert bench.run(seek(0, 1), *find(0, 1, 1), (0x29, b"K2"), (0x06, 6)) == 0x0C
    assert bench.read(5) == b"FIRST"
    assert bench.run(seek(0, 1), (0x29, b"K2"), (0x08, 1), (0x06, 6)) == 0x0C
    assert bench.read(6) == b"SECOND"


# ---- rotation


def test_set_sector_and_read_sector() -> None:
    bench = Bench("3350")
    bench.track(0, 1, *((b"", bytes((n,)) * 1000) for n in range(1, 16)))
    assert bench.run(seek(0, 1), *find(0, 1, 9), (0x06, 1), (0x22, 1)) == 0x0C
    sector = bench.read(2)[1]
    assert 60 < sector < 80
    assert bench.run(seek(0, 1), (0x23, bytes((sector,))), (0x1E, 5)) == 0x0C
    assert bench.read(5)[4] == 9
    assert bench.run(seek(0, 1), (0x23, b"\xff"), (0x1E, 5)) == 0x0C
    assert bench.read(5)[4] == 1
    for wrong in (b"\x80", b"\xfe"):
        assert bench.run(seek(0, 1), (0x23, wrong)) == 0x0E
        assert bench.sense()[:8].hex() == "8000000080000104"


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


# ---- by the operator


def test_configure(tmp_path: Path) -> None:
    from cpvm.machine.media.volume import Volume

    path = tmp_path / "work.vol"
    Volume.create(path, "3350", "WORK", cylinders=5).close()
    address, drive = device_from_words(["190", "3350", str(path)], Room())
    assert isinstance(drive, Dasd)
    assert (address, drive.cylinders, drive.read_only) == (0x190, 5, False)
    drive.close()
    drive.close()
    _, drive = device_from_words(["190", "3350", str(path), "ro"], Room())
    assert isinstance(drive, Dasd)
    assert drive.read_only
    drive.close()
    for words, text in (
        (["190", "3330", str(path)], "3350"),
        (["190", "3350", str(tmp_path / "none")], "none"),
        (["190", "3350", str(path), "rw"], "no option rw"),
        (["190", "3350", "", "ro"], "need a disk"),
    ):
        with pytest.raises(ConfigurationError, match=text):
            device_from_words(words, Room())


def test_a_3344_takes_the_disks_of_a_3340(tmp_path: Path) -> None:
    from cpvm.machine.media.volume import Volume

    path = tmp_path / "work.vol"
    Volume.create(path, "3340-70", "WORK", cylinders=5).close()
    drive = device_from_words(["160", "3344", str(path)], Room())[1]
    assert isinstance(drive, Dasd)
    assert drive.cylinders == 5
    drive.close()


def test_mount_and_dismount(tmp_path: Path) -> None:
    from cpvm.machine.media.volume import Volume

    path = tmp_path / "work.vol"
    Volume.create(path, "3330", "WORK", cylinders=5).close()
    io = Channels(storage := Storage(0x4000))
    drive = device_from_words(["250", "3330"], Room())[1]
    io.attach(0x250, drive)
    with pytest.raises(ConfigurationError, match="no disk"):
        drive.dismount()
    drive.mount(str(path), {}, Room())
    assert io.take() == 0x250
    assert storage.read(CSW + 4, 1) == b"\x04"
    assert io.ipl(0x250).cc == 0
    assert storage.read(0, 8).hex()[:4] == "0006"
    drive.dismount()
    assert io.ipl(0x250).csw.unit == 0x02


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


def test_the_committed_reference_is_up_to_date() -> None:
    reference = Path(__file__).parents[3] / "docs" / "reference"
    spec = importlib.util.spec_from_file_location("make_disks", reference / "make_disks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.text() == (reference / "disks.md").read_text(encoding="utf-8"), "run docs/reference/make_disks.py"
