"""What the host refuses: how it is told, and what is kept until the host takes it."""

import contextlib
import errno
import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm import cli
from cpvm.cp import hosttrouble, owed, spooling
from cpvm.cp.database import Database
from cpvm.cp.hosttrouble import Troubles, words
from cpvm.cp.realunit.outlet import FileOutlet, FolderOutlet
from cpvm.cp.spool import SpoolWriter
from cpvm.cp.spoolfile import SpoolFile
from cpvm.cp.system import System
from cpvm.cp.vspool import Output
from cpvm.machine.device import MediaError, NotReadyError
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.machine.steadyclock import SLEW, SteadyClock

from .helper import DIRECTORY, PATIENCE, Site

SECOND = 10**9


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path / "system", DIRECTORY)
    running = Site(tmp_path / "system")
    yield running
    running.system.shutdown()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), hosttrouble.FULL),
        (OSError(errno.EROFS, "Read-only file system"), hosttrouble.READ_ONLY),
        (OSError(errno.EMFILE, "Too many open files"), hosttrouble.NO_FILES),
        (OSError(errno.ENOENT, "No such file or directory"), ""),
        (MemoryError(), hosttrouble.NO_MEMORY),
        (RuntimeError("can't start new thread"), hosttrouble.NO_THREADS),
        (RuntimeError("something else"), ""),
        (sqlite3.OperationalError("no code"), ""),
        (ValueError("wrong"), ""),
    ],
)
def test_words(error: Exception, text: str) -> None:
    assert words(error) == text


def test_words_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "small.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA max_page_count = 2")
        db.execute("CREATE TABLE t (data)")
        with pytest.raises(sqlite3.OperationalError) as full:
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")
    db.close()
    assert words(full.value) == hosttrouble.FULL
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError) as damaged:
        sqlite3.connect(path).execute("SELECT * FROM t")
    assert words(damaged.value) == hosttrouble.DAMAGED


def test_the_same_trouble_is_told_once_a_minute() -> None:
    told: list[str] = []
    now = [0.0]
    troubles = Troubles(told.append, lambda: now[0])
    for _ in range(5):
        troubles.tell("PRT 00E", "X")
    troubles.tell("PRT 00F", "X")
    assert told == ["DMKPSA910W PRT 00E; X", "DMKPSA910W PRT 00F; X"]
    now[0] = 61.0
    troubles.tell("PRT 00E", "X")
    assert told[2:] == ["DMKPSA910W PRT 00E; X, 4 TIMES MORE"]


def test_places_without_end_are_told_of_and_take_no_memory() -> None:
    told: list[str] = []
    troubles = Troubles(told.append, lambda: 0.0)
    for number in range(3 * hosttrouble.MOST_PLACES):
        troubles.tell(f"PLACE {number}", "X")
    assert len(told) == 3 * hosttrouble.MOST_PLACES
    assert len(troubles._told) == hosttrouble.MOST_PLACES


def test_after_a_commit_that_fails_the_next_one_is_made(tmp_path: Path) -> None:
    """A deferred constraint is what makes COMMIT itself fail, without a disk that does."""
    schema = """CREATE TABLE IF NOT EXISTS a (n INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS b (n INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED);"""
    database = Database(tmp_path / "db", (schema,), create=True)
    database.query("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as db:
        db.execute("INSERT INTO b VALUES (1)")
    with database.transaction() as db:
        db.execute("INSERT INTO a VALUES (2)")
        db.execute("INSERT INTO b VALUES (2)")
    assert database.query("SELECT n FROM b") == [(2,)]
    database.close()


def test_a_record_waits_for_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(owed, "MOST", 3)
    written: list[int] = []
    full = [True]

    def write(number: int) -> None:
        if full[0]:
            raise sqlite3.OperationalError("database or disk is full")
        written.append(number)

    def put() -> None:
        for number in range(5):
            site.system.owed.put(lambda number=number: write(number))  # type: ignore[misc]

    site.on_cp(put)
    assert written == [] and len(site.system.owed) == 3
    full[0] = False
    site.on_cp(site.system.owed.stop)
    assert written == [2, 3, 4]  # in order, and it is told that two went
    assert any("2 ACCOUNTING RECORDS OR SPOOL FILES LOST" in line for line in site.system.log.lines)


class Slow:
    """A file that takes seven bytes at a time, as one on a disk that is nearly full does."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        self.data += bytes(data[:7])
        return min(7, len(data))


def test_a_line_that_the_host_takes_in_parts_is_printed_whole(tmp_path: Path) -> None:
    outlet = FileOutlet(tmp_path / "paper")
    slow = outlet._file = Slow()  # type: ignore[assignment]
    outlet.write(b"A LINE OF MORE THAN SEVEN BYTES\n")
    assert slow.data == b"A LINE OF MORE THAN SEVEN BYTES\n"


def test_what_could_not_be_finished_is_not_left_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = FolderOutlet(tmp_path, ".txt")
    file = SpoolFile(1, "PRT", "A", "A", "PRT", "A", 1, False, "", "", "", 0, 0.0, "", 1, False, False, "STANDARD")
    outlet.begin(file, 1)
    outlet.write(b"X")

    def fails(number: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output"):
        patch.setattr("os.fsync", fails)
        outlet.finish()
    outlet.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_disk_that_cannot_be_erased_is_given_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    System.create(tmp_path / "system", "VOLUME SCRTCH 3350 11 TDSK\n" + DIRECTORY)
    site = Site(tmp_path / "system")
    space = site.system.minidisks.temporary
    disk = space.allocate("3350", 10, "CMSUSER", 0x192)
    image = disk.tracks.read(0, 0)
    disk.tracks.write(0, 0, image)
    disk.tracks.commit()

    def fails(*args: object) -> None:
        raise MediaError("the host's disk")

    with monkeypatch.context() as patch:
        patch.setattr(type(disk.tracks), "commit", fails)
        space.release(disk)
        with pytest.raises(Exception, match="TEMP SPACE NOT AVAILABLE"):
            space.allocate("3350", 10, "USER01", 0x192)
    assert space.allocate("3350", 10, "USER01", 0x192).user == "USER01"
    site.system.shutdown()


def test_the_clock_never_goes_back() -> None:
    real, steady = [1000 * SECOND], [5 * SECOND]
    clock = SteadyClock(lambda: real[0], lambda: steady[0])

    def later(seconds: float, step: float = 0.0) -> float:
        steady[0] += int(seconds * SECOND)
        real[0] += int((seconds + step) * SECOND)
        return clock.nanoseconds() / SECOND

    assert later(1) == pytest.approx(1001)
    assert later(1, step=3600) == pytest.approx(4602)  # set forward: taken
    assert later(2, step=-10) == pytest.approx(4603)  # set back a little: half the pace
    assert later(100) == pytest.approx(4694)  # until it is right
    assert later(1, step=-7200) == pytest.approx(4695)  # set back a lot: goes on
    assert later(1) == pytest.approx(4696)
    assert SLEW == 60 * SECOND
    values = [clock.nanoseconds() for _ in range(100)]
    assert values == sorted(set(values))


def test_a_command_of_the_host_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def lacks(*words: object) -> int:
        raise MemoryError

    monkeypatch.setattr("cpvm.front.disk.run", lacks)
    assert cli.main(["disk", "list", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err == "cpvm: the host has no memory left\n"


def test_a_punch_that_waits_goes_on_when_the_host_has_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens in the spool: it is looked for room all the same."""
    monkeypatch.setattr(spooling, "SPACE_SECONDS", 0.01)
    site.logon("CMSUSER")
    vm = site.system.users["CMSUSER"]
    output, device = vm.devices[0x00D], vm.machine.device(0x00D)
    assert isinstance(output, Output) and isinstance(device, Punch2540)
    refuses = [True]
    write = SpoolWriter._write

    def written(writer: SpoolWriter) -> None:
        if refuses[0]:
            raise sqlite3.OperationalError("database or disk is full")
        write(writer)

    monkeypatch.setattr(SpoolWriter, "_write", written)

    def fill() -> None:
        with contextlib.suppress(NotReadyError):
            while True:
                output.card(bytes(80))
        device.press("stop")  # as the device does itself

    site.on_cp(fill)
    refuses[0] = False
    ready = threading.Event()
    monkeypatch.setattr(vm, "wake", ready.set)
    assert ready.wait(PATIENCE)
    assert not device.not_ready


def test_what_cannot_be_thrown_away_keeps_its_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its chunks go at the next start; no other file may have the number before."""
    spool = site.system.spool
    numbers: list[int] = []

    def throw_away() -> None:
        writer = spool.open()
        for _ in range(20_000):
            writer.put(0x41, random.randbytes(80))
        numbers.append(writer.spoolid)
        with monkeypatch.context() as patch:
            patch.setattr(site.system.database, "transaction", refused)
            writer.discard()
        spool._last = writer.spoolid - 1
        numbers.append(spool.open().spoolid)

    def refused() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    site.on_cp(throw_away)
    assert numbers[0] != numbers[1]
    site.system.shutdown()
    again = Site(site.folder)
    chunks: list[object] = []
    again.on_cp(lambda: chunks.extend(again.system.database.query("SELECT * FROM spool_data")))
    assert chunks == []
    again.system.shutdown()
