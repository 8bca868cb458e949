"""CKD drives where no witness helps: alternate tracks, file scan, Space Count, damage."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from dasdbench import ADDRESS, CSW, Bench, Store, find, seek

from cpvm.machine.device import DeviceError, device_types
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.model import OPTIONAL, model_of
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import ALTERNATE, DEFECTIVE, GEOMETRY, Track

TYPES = ("2305-1", "2305-2", "2311", "2314", "3330-1", "3330-11", "3340-35", "3340-70", "3344", "3350", "3375", "3380")


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


def test_the_committed_reference_is_up_to_date() -> None:
    reference = Path(__file__).parents[3] / "docs" / "reference"
    spec = importlib.util.spec_from_file_location("make_disks", reference / "make_disks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.text() == (reference / "disks.md").read_text(encoding="utf-8"), "run docs/reference/make_disks.py"
