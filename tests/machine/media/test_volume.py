"""Volumes: tracks, minidisks, what survives a killed process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm.machine.channel import Channels
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media.minidisk import CACHE, relocate
from cpvm.machine.media.volume import Volume
from cpvm.machine.storage import Storage
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, Track, decode_track, encode_track
from cpvm.s370.ebcdic import from_ebcdic

SEEK = bytes.fromhex("000000010002")


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.create(tmp_path / "v", "3350", "CPVM01", cylinders=20)


def image(cyl: int, head: int, fill: bytes) -> bytes:
    return encode_track(cyl, head, [Record(cyl, head, n, b"", fill * 800) for n in range(1, 20)])


def test_new_volume_is_formatted_and_labelled(volume: Volume) -> None:
    track = Track.from_bytes(volume.read(19, 29))
    assert (track.cyl, track.head, track.r0.data, track.records) == (19, 29, bytes(8), [])
    label = decode_track(volume.read(0, 0))[2]
    assert from_ebcdic(label.key) == "VOL1"
    assert from_ebcdic(label.data[:10]) == "VOL1CPVM01"


def test_tracks_stay(volume: Volume) -> None:
    for cyl in range(1, 5):
        for head in range(30):
            volume.write(cyl, head, image(cyl, head, bytes((cyl, head))[:1]))
    volume.close()
    again = Volume.open(volume.path)
    assert (again.volid, again.geometry.name, again.cylinders) == ("CPVM01", "3350", 20)
    assert all(again.read(c, h) == image(c, h, bytes((c,))) for c in range(1, 5) for h in range(30))
    again.close()


def test_what_was_not_committed_is_gone_after_a_failure(volume: Volume) -> None:
    volume.write(1, 0, image(1, 0, b"A"))
    volume.commit()
    with pytest.raises(RuntimeError), volume.deferred():
        volume.write(1, 0, image(1, 0, b"B"))
        volume.commit()
        raise RuntimeError
    assert volume.read(1, 0) == image(1, 0, b"A")
    with volume.deferred():
        volume.write(1, 0, image(1, 0, b"C"))
    assert volume.read(1, 0) == image(1, 0, b"C")


def test_an_unchanged_track_is_the_same_object(volume: Volume) -> None:
    disk = volume.minidisk(3, 2)
    assert disk.read(1, 0) is disk.read(1, 0)
    disk.write(1, 0, image(1, 0, b"A"))
    first = disk.read(1, 0)
    assert first is disk.read(1, 0)
    volume.write(4, 0, image(4, 0, b"B"))
    assert disk.read(1, 0) == image(1, 0, b"B")
    for n in range(CACHE + 1):
        volume.read(n // 30, n % 30)
    assert disk.read(1, 0) == image(1, 0, b"B")


def test_minidisk_is_relocated(volume: Volume) -> None:
    disk = volume.minidisk(5, 10)
    assert Track.from_bytes(disk.read(2, 3)).cyl == 2
    disk.write(2, 3, image(2, 3, b"A"))
    assert volume.read(7, 3) == image(7, 3, b"A")
    assert volume.minidisk(5, 10).read(2, 3) == image(2, 3, b"A")
    assert volume.minidisk(7, 1).read(0, 3) == image(0, 3, b"A")
    assert relocate(relocate(image(65535, 0, b"A"), 3), -3) == image(65535, 0, b"A")


def test_minidisk_keeps_to_its_extent(volume: Volume) -> None:
    disk = volume.minidisk(5, 10)
    for cyl, head in ((10, 0), (-1, 0), (0, 30)):
        with pytest.raises(MediaError):
            disk.read(cyl, head)
    with pytest.raises(MediaError):
        disk.write(10, 0, image(10, 0, b"A"))
    with pytest.raises(MediaError, match="read-only"):
        volume.minidisk(5, 10, read_only=True).write(0, 0, image(0, 0, b"A"))
    for start, cylinders in ((-1, 2), (0, 0), (15, 6)):
        with pytest.raises(ValueError, match="CPVM01"):
            volume.minidisk(start, cylinders)


def test_one_process_at_a_time(volume: Volume) -> None:
    with pytest.raises(MediaError, match="in use"):
        Volume.open(volume.path)


def test_wrong_files(tmp_path: Path, volume: Volume) -> None:
    with pytest.raises(MediaError, match="exists already"):
        Volume.create(volume.path, "3350", "X")
    with pytest.raises(MediaError, match="does not exist"):
        Volume.open(tmp_path / "none")
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at" * 99)
    with pytest.raises(MediaError, match="not a volume"):
        Volume.open(tmp_path / "text")
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(MediaError, match="not a volume"):
        Volume.open(tmp_path / "other")
    for device, volid, cylinders in (("9999", "A", 1), ("3350", "TOOLONG", 1), ("3350", "A+B", 1), ("3350", "A", 561)):
        with pytest.raises(ValueError, match=r"DASD|identifier|cylinders"):
            Volume.create(tmp_path / "new", device, volid, cylinders)


def test_damaged_track_is_an_error_of_the_device(volume: Volume) -> None:
    volume.write(1, 2, image(1, 2, b"A")[:-100])
    storage = Storage(65536)
    io = Channels(storage)
    io.attach(0x191, Dasd("3350", volume.minidisk(0, 20), 20))
    io.attach(0x192, Dasd("3350", volume.minidisk(1, 19), 19))
    for address, seek in ((0x191, SEEK), (0x192, bytes(5) + b"\x02")):
        storage.write(0x1000, seek)
        storage.write(0x800, CCW(7, 0x1000, 0x40, 6).to_bytes() + CCW(6, 0x2000, 0x20, 800).to_bytes())
        status = io.execute(address, 0x800)
        assert (status.cc, status.csw.unit) == (1, 0x0E)
        assert status.sense[0] in (0x08, 0x10)


def test_drives_see_each_other_and_commit_by_program(volume: Volume) -> None:
    volume.write(1, 2, image(1, 2, b"A"))
    volume.commit()
    storage = Storage(65536)
    io = Channels(storage)
    for address in (0x191, 0x192):
        io.attach(address, Dasd("3350", volume.minidisk(1, 2), 2))
    storage.write(0x1000, bytes.fromhex("00000000000205") + b"\0" + b"B" * 800)
    find = [CCW(7, 0x1000, 0x40, 6), CCW(0x31, 0x1002, 0x40, 5), CCW(8, 0x808, 0, 0)]

    def run(address: int, last: CCW) -> bytes:
        storage.write(0x800, b"".join(ccw.to_bytes() for ccw in (*find, last)))
        assert io.execute(address, 0x800).cc == 0
        return storage.read(0x2000, 800)

    read = CCW(6, 0x2000, 0, 800)
    assert run(0x192, read) == b"A" * 800
    run(0x191, CCW(5, 0x1008, 0, 800))
    assert run(0x192, read) == b"B" * 800
    storage.write(0x1008, b"C" * 800)
    run(0x192, CCW(5, 0x1008, 0, 800))
    assert run(0x191, read) == b"C" * 800
    with pytest.raises(MediaError), volume.deferred():
        raise MediaError("nothing was left uncommitted")
    assert run(0x191, read) == b"C" * 800


WRITER = """
import sys
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import Record, encode_track
volume = Volume.open(sys.argv[1])
disk = volume.minidisk(3, 10)
n = 0
while True:
    n += 1
    for head in (0, 7, 14):
        data = n.to_bytes(4, "big") * 200
        disk.write(n % 10, head, encode_track(n % 10, head, [Record(n % 10, head, r, b"", data) for r in range(1, 20)]))
    disk.commit()
    print(n, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40, 90])
def test_killed_writer(volume: Volume, acknowledged: int) -> None:
    volume.close()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(volume.path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    last = 0
    while last < acknowledged:
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    last = max([last, *map(int, writer.stdout.read().split("\n")[:-1])])
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    disk = Volume.open(volume.path).minidisk(3, 10)
    newest = 0
    for cyl in range(10):
        numbers = set()
        for head in (0, 7, 14):
            records = decode_track(disk.read(cyl, head))
            numbers |= {r.data for r in records} or {b""}
            assert len(records) in (0, 19)
        assert len(numbers) == 1, "three tracks of one program differ"
        newest = max(newest, int.from_bytes(numbers.pop()[:4], "big"))
    assert newest in (last, last + 1)
