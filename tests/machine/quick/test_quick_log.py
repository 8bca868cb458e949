"""What native code has written is lasting when the program has ended, and whole, wherever the process is killed."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from everyengine import at_once

from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled.native import library
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.media import redo
from cpvm.machine.media.volume import Volume
from cpvm.machine.quick import layout as where
from cpvm.s370.ccw import CCW
from cpvm.s370.ckd import Record, decode_track, encode_track
from cpvm.s370.psw import PSW

DRIVE, HEADS, LENGTH = 0x190, (0, 2, 3), 500


@pytest.fixture(autouse=True, scope="module")
def ready() -> None:
    library().wait()


def make(path: Path) -> None:
    with Volume.create(path, "3350", "LASTS", 2) as volume, volume.deferred():
        for head in HEADS:
            volume.write(1, head, encode_track(1, head, [Record(1, head, n, b"", bytes(LENGTH)) for n in (1, 2, 3)]))


class Writer:
    """A machine that writes record 2 of three tracks, natively, in one channel program."""

    def __init__(self, path: Path, engine: str = "compiled") -> None:
        self.machine = m = Machine(0x10000, engine=engine)
        at_once(m._interpreter)
        drive = Dasd.configure("3350", str(path), {}, room=None)  # type: ignore[arg-type]
        assert isinstance(drive, Dasd)
        self.drive = drive
        m.attach(DRIVE, drive)
        for block in range(0, 0x10000, 2048):
            m.storage.set_key(block, 6)
        self.python = 0
        original = m.io._start_io

        def counted(address: int, fast: bool) -> int:
            self.python += 1
            return original(address, fast)

        m.io._start_io = counted  # type: ignore[method-assign]

    @property
    def volume(self) -> Volume:
        volume = self.drive._pack
        assert isinstance(volume, Volume)
        return volume

    def write(self, number: int, heads: tuple[int, ...] = HEADS, code: int = 5) -> int:
        """Gives the unit and channel status."""
        m = self.machine
        ccws = []
        for n, head in enumerate(heads):
            seek, data, at = 0x1000 + 16 * n, 0x2000 + 0x400 * n, 0x800 + 8 * (4 * n + 1)
            m.storage.write(seek, bytes((0, 0, 0, 1, 0, head, 0, 1, 0, head, 2)))
            m.storage.write(data, bytes((number, head)) * (LENGTH // 2))
            ccws += [CCW(7, seek, 0x40, 6), CCW(0x31, seek + 6, 0x40, 5), CCW(8, at, 0, 0)]
            ccws.append(CCW(code, data, 0x40 if n < len(heads) - 1 else 0, LENGTH))
        m.storage.write(0x800, b"".join(ccw.to_bytes() for ccw in ccws))
        m.storage.write(0x48, (0x800).to_bytes(4, "big"))
        m.storage.write(0x78, PSW(0, 0, 2, address=0x600D).to_bytes())
        m.storage.write(0x300, bytes.fromhex("9C000190") + bytes.fromhex("82000310"))
        m.storage.write(0x310, PSW(0xFE, 0, 2).to_bytes())
        m.psw = PSW(address=0x300)
        stop = m.run(100)
        assert stop.reason is StopReason.DISABLED_WAIT and stop.detail == 0x600D
        return int.from_bytes(m.storage.read(0x44, 2), "big")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    make(tmp_path / "a.volume")
    writer = Writer(tmp_path / "a.volume")
    yield writer
    writer.drive.close()


def found(path: Path) -> int:
    """The number that was written last on all tracks."""
    with Volume.open(path, read_only=True) as volume:
        records = [decode_track(volume.read(1, head)) for head in HEADS]
    numbers = {rows[1].data[0] for rows in records}
    assert len(numbers) == 1, numbers
    number = numbers.pop()
    for head, rows in zip(HEADS, records, strict=True):
        assert rows[1].data == (bytes((number, head)) * (LENGTH // 2) if number else bytes(LENGTH))
        assert rows[0].data == rows[2].data == bytes(LENGTH)
    return number


def killed(path: Path, folder: Path) -> Path:
    """The files as a killed process would leave them, elsewhere."""
    folder.mkdir()
    for file in path.parent.glob(path.name + "*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder / file.name)
    return folder / path.name


def test_written_natively(writer: Writer, tmp_path: Path) -> None:
    path = writer.volume.path
    for number in range(1, 10):
        assert writer.write(number) == 0x0C00
        assert found(killed(path, tmp_path / f"killed{number}")) == number
    assert writer.python < 4
    assert redo.log_of(path).exists()
    writer.drive.close()
    assert not redo.log_of(path).exists()
    assert found(path) == 9


def test_wherever_the_log_ends(writer: Writer, tmp_path: Path) -> None:
    for number in range(1, 6):
        writer.write(number)
    left = killed(writer.volume.path, tmp_path / "left")
    log = redo.log_of(left).read_bytes()
    seen = []
    for size in [*range(0, len(log), 61), len(log)]:
        again = tmp_path / f"cut{size}"
        shutil.copytree(left.parent, again)
        redo.log_of(again / left.name).write_bytes(log[:size])
        seen.append(found(again / left.name))
        assert not redo.log_of(again / left.name).exists()
    assert seen == sorted(seen) and seen[-1] == 5 and len(set(seen)) >= 4


def test_damaged_log(writer: Writer, tmp_path: Path) -> None:
    for number in range(1, 6):
        writer.write(number)
    left = killed(writer.volume.path, tmp_path / "left")
    log = redo.log_of(left).read_bytes()
    for at in range(0, len(log), 97):
        again = tmp_path / f"bad{at}"
        shutil.copytree(left.parent, again)
        redo.log_of(again / left.name).write_bytes(log[:at] + bytes((log[at] ^ 0x10,)) + log[at + 1 :])
        assert found(again / left.name) < 5


def test_recovered_before_anything_is_written(writer: Writer, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        writer.write(number)
    left = killed(writer.volume.path, tmp_path / "left")
    other = Writer(left)
    assert not redo.log_of(left).exists()
    for number in (4, 5):
        assert other.write(number) == 0x0C00
    assert found(killed(left, tmp_path / "again")) == 5
    other.drive.close()
    assert found(left) == 5


def test_read_without_the_right_to_write(writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        writer.write(number)
    left = killed(writer.volume.path, tmp_path / "left")
    Volume.open(left).close()  # what SQLite's own log has
    shutil.copy(redo.log_of(writer.volume.path), redo.log_of(left))
    shutil.copy(writer.volume.path, left)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with Volume.open(left, read_only=True) as volume:
        assert decode_track(volume.read(1, 0))[1].data[0] in (0, 3)


def test_another_volume_of_that_name(writer: Writer, tmp_path: Path) -> None:
    writer.write(1)
    writer.write(2)
    left = killed(writer.volume.path, tmp_path / "left")
    for file in left.parent.glob("a.volume*"):
        if not file.name.endswith("-redo"):
            file.unlink()
    log = redo.log_of(left).read_bytes()
    make(left)
    redo.log_of(left).write_bytes(log)
    assert found(left) == 0


def test_log_of_another_generation(writer: Writer, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        writer.write(number)
    log = redo.log_of(writer.volume.path).read_bytes()
    writer.volume.settle()
    writer.write(4)
    left = killed(writer.volume.path, tmp_path / "left")
    assert found(left) == 4
    writer.volume.settle()
    left = killed(writer.volume.path, tmp_path / "old")
    redo.log_of(left).write_bytes(log)
    assert found(left) == 4


def test_the_host_fails_the_log(writer: Writer, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        writer.write(number)
    resident = writer.volume.resident
    assert resident is not None
    log = resident._get(where.LOG)
    broken = os.open(redo.log_of(writer.volume.path), os.O_RDONLY)  # no write to that succeeds
    resident._set(where.LOG, broken)
    assert writer.write(4) == 0x0C00
    assert found(killed(writer.volume.path, tmp_path / "killed")) == 4
    resident._set(where.LOG, log)
    os.close(broken)
    assert writer.write(5) == 0x0C00
    assert found(killed(writer.volume.path, tmp_path / "again")) == 5


def test_full_log(writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        writer.write(number)
    resident = writer.volume.resident
    assert resident is not None
    resident._set(where.LOG_BYTES, 4000)
    before = writer.python
    for number in range(3, 60):
        assert writer.write(number) == 0x0C00
        if number % 7 == 0:
            assert found(killed(writer.volume.path, tmp_path / f"killed{number}")) == number
    assert writer.python <= before + 1


def test_program_that_python_ends_is_whole(writer: Writer, tmp_path: Path) -> None:
    """A native write, and one that native code leaves to Python: kept together."""
    for number in (1, 2):
        writer.write(number)
    volume = writer.volume
    assert volume.resident is not None
    volume.resident.drop(1 * 30 + 3)
    volume.resident.load = lambda cyl, head: False  # type: ignore[method-assign]
    begun = []
    original = volume._commit

    def commit() -> None:
        begun.append(found(killed(volume.path, tmp_path / f"before{len(begun)}")))
        original()

    volume._commit = commit  # type: ignore[method-assign]
    assert writer.write(3) == 0x0C00
    assert begun == [2]
    assert found(killed(volume.path, tmp_path / "after")) == 3


def test_sqlite_fails(writer: Writer, tmp_path: Path) -> None:
    """A program whose writes cannot be kept is not acknowledged, and what was acknowledged stays."""
    for number in (1, 2):
        writer.write(number)
    volume = writer.volume
    assert volume.resident is not None
    volume.resident.drop(1 * 30 + 3)
    load, volume.resident.load = volume.resident.load, lambda cyl, head: False  # type: ignore[method-assign]
    original = volume._insert

    def insert(number: int, piece: bytes) -> None:
        raise sqlite3.OperationalError("full")

    volume._insert = insert  # type: ignore[method-assign]
    assert writer.write(3) & 0x0200
    volume._insert, volume.resident.load = original, load  # type: ignore[method-assign]
    assert found(killed(volume.path, tmp_path / "killed")) == 2
    assert decode_track(volume.read(1, 0))[1].data[0] in (2, 3)
    assert writer.write(4) == 0x0C00
    assert found(killed(volume.path, tmp_path / "again")) == 4


def test_mounted_later(tmp_path: Path) -> None:
    """A drive without a pack is not lent; with one it is, and its arm may stand where the pack has nothing."""
    make(tmp_path / "a.volume")
    with Volume.create(tmp_path / "large.volume", "3350", "LARGE", 20) as large:
        large.write(19, 0, encode_track(19, 0, [Record(19, 0, 1, b"", b"far away")]))
    writer = Writer(tmp_path / "large.volume")
    m, drive = writer.machine, writer.drive
    drive.dismount()
    m.storage.write(0x800, CCW(7, 0x1000, 0x40, 6).to_bytes() + CCW(6, 0x3000, 0, 8).to_bytes())
    m.storage.write(0x1000, bytes((0, 0, 0, 19, 0, 0)))
    m.storage.write(0x48, (0x800).to_bytes(4, "big"))
    m.storage.write(0x300, bytes.fromhex("9C000190") + bytes.fromhex("82000310"))
    m.storage.write(0x310, PSW(0xFE, 0, 2).to_bytes())
    m.storage.write(0x78, PSW(0, 0, 2, address=0x600D).to_bytes())

    def run() -> int:
        m.psw = PSW(address=0x300)
        m.run(100)
        return int.from_bytes(m.storage.read(0x44, 2), "big")

    assert run() & 0x0200  # not ready
    drive.mount(str(tmp_path / "large.volume"), {}, room=None)  # type: ignore[arg-type]
    for _ in range(3):
        run()
    before = writer.python
    assert run() == 0x0C00 and m.storage.read(0x3000, 8) == b"far away"
    assert writer.python == before
    drive.mount(str(tmp_path / "a.volume"), {}, room=None)  # type: ignore[arg-type]
    run()
    m.storage.write(0x800, CCW(6, 0x3000, 0, 8).to_bytes())
    for _ in range(3):
        assert run() & 0x0200  # no such cylinder
    assert drive.cyl == 19
    for number in (1, 2, 3):
        assert writer.write(number) == 0x0C00
    drive.close()
    assert found(tmp_path / "a.volume") == 3
