"""A DASD volume in one SQLite file, and the minidisks cut out of it.

Only tracks that were ever written are in the file, compressed; any other is a formatted track without records. What a
channel program wrote is lasting once `commit` has returned, even if the process is killed at that moment: SQLite writes
ahead to a log, and takes up the log when the volume is opened next.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cpvm.machine.device import MediaError
from cpvm.s370.ckd import GEOMETRY, CKDError, Geometry, Record, Track, encode_track
from cpvm.s370.ebcdic import to_ebcdic

FORMAT: Final = 1
APPLICATION_ID: Final = 0x43504456  # "CPDV" in the file's header
CACHE: Final = 64  # track images kept uncompressed
VOLID_LENGTH: Final = 6

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE volume (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE track (number INTEGER PRIMARY KEY, image BLOB NOT NULL);
"""


class Volume:
    """One volume. Cylinders and heads count from 0. Methods may be called from any thread; all raise MediaError if the
    file cannot be read or written."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        """For `create` and `open` only."""
        self.path = path
        self._database = database
        self._lock = threading.RLock()
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._written = False
        self._deferred = 0
        facts = dict(database.execute("SELECT name, value FROM volume"))
        if facts.get("format") != FORMAT or facts.get("type") not in GEOMETRY:
            raise MediaError(f"{path} is not a volume that this release can read")
        self.geometry: Geometry = GEOMETRY[facts["type"]]
        self.volid: str = facts["volid"]
        self.cylinders: int = facts["cylinders"]

    @classmethod
    def create(cls, path: str | Path, device: str, volid: str, cylinders: int | None = None) -> Volume:
        """Make a new, formatted volume of a device type ("3350"), labelled on track 0, record 3.

        Raises:
            ValueError: no such device type, a volume identifier that is not 1-6 letters or digits, too many cylinders.
            MediaError: the file exists already or cannot be written.
        """
        path = Path(path)
        geometry = GEOMETRY.get(device)
        if geometry is None:
            raise ValueError(f"{device} is no DASD type")
        if not (volid.isascii() and volid.isalnum() and len(volid) <= VOLID_LENGTH):
            raise ValueError(f"volume identifier {volid!r} is not 1 to 6 letters or digits")
        cylinders = geometry.cylinders if cylinders is None else cylinders
        if not 1 <= cylinders <= geometry.cylinders + geometry.alternates:
            raise ValueError(f"a {device} cannot have {cylinders} cylinders")
        if path.exists():
            raise MediaError(f"{path} exists already")
        database = _connect(path)
        try:
            database.executescript(_SCHEMA)
            facts = {"format": FORMAT, "type": device, "volid": volid.upper(), "cylinders": cylinders}
            database.execute("BEGIN")
            database.executemany("INSERT INTO volume VALUES (?, ?)", facts.items())
            database.execute("COMMIT")
            volume = cls(path, database)
            volume.write(0, 0, label_track(volid.upper()))
            volume.commit()
        except sqlite3.Error as error:
            database.close()
            raise MediaError(f"{path}: {error}") from error
        return volume

    @classmethod
    def open(cls, path: str | Path) -> Volume:
        """Open a volume. Raises MediaError: no such file, not a volume, or in use by another process."""
        path = Path(path)
        if not path.is_file():
            raise MediaError(f"{path} does not exist")
        database = _connect(path)
        try:
            if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise MediaError(f"{path} is not a volume")
            return cls(path, database)
        except (sqlite3.Error, MediaError) as error:
            database.close()
            raise error if isinstance(error, MediaError) else MediaError(f"{path} is not a volume: {error}") from error

    # ---- tracks

    def _number(self, cyl: int, head: int) -> int:
        if not (0 <= cyl < self.cylinders and 0 <= head < self.geometry.heads):
            raise MediaError(f"{self.volid} has no track {cyl}/{head}")
        return cyl * self.geometry.heads + head

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track; the same object as long as the track does not change and is in the cache."""
        number = self._number(cyl, head)
        with self._lock:
            image = self._cache.get(number)
            if image is None:
                try:
                    row = self._database.execute("SELECT image FROM track WHERE number = ?", (number,)).fetchone()
                    image = zlib.decompress(row[0]) if row else Track.empty(cyl, head).to_bytes()
                except (sqlite3.Error, zlib.error) as error:
                    raise MediaError(f"{self.volid}, track {cyl}/{head}: {error}") from error
            self._keep(number, image)
            return image

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image; lasting after the next `commit`."""
        number = self._number(cyl, head)
        with self._lock:
            try:
                if not self._written:
                    self._database.execute("BEGIN")
                    self._written = True
                self._database.execute("INSERT OR REPLACE INTO track VALUES (?, ?)", (number, zlib.compress(image, 1)))
            except sqlite3.Error as error:
                raise self._failed(error) from error
            self._keep(number, image)

    def _keep(self, number: int, image: bytes) -> None:
        self._cache[number] = image
        self._cache.move_to_end(number)
        if len(self._cache) > CACHE:
            self._cache.popitem(last=False)

    def _failed(self, error: sqlite3.Error) -> MediaError:
        """A write failed: the file goes back to the last commit, and so does what is remembered of it."""
        self._cache.clear()
        self._written = False
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        return MediaError(f"{self.volid}: {error}")

    def commit(self) -> None:
        """Make all writes lasting (not while `deferred`)."""
        with self._lock:
            if not self._written or self._deferred:
                return
            try:
                self._database.execute("COMMIT")
                self._written = False
            except sqlite3.Error as error:
                raise self._failed(error) from error

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Group commit: `commit` does nothing within; all is committed at the end, nothing if an exception leaves."""
        with self._lock:
            self._deferred += 1
            try:
                yield
            except BaseException:
                self._deferred -= 1
                if not self._deferred and self._written:
                    self._failed(sqlite3.Error("given up"))
                raise
            self._deferred -= 1
            self.commit()

    def minidisk(self, start: int, cylinders: int, read_only: bool = False) -> Minidisk:
        """The tracks of an extent, as a disk of its own.

        Raises:
            ValueError: the extent does not lie on the volume.
        """
        if start < 0 or cylinders < 1 or start + cylinders > self.cylinders:
            raise ValueError(f"cylinders {start}-{start + cylinders - 1} are not all on {self.volid}")
        return Minidisk(self, start, cylinders, read_only)

    def close(self) -> None:
        """Commit and close; the volume cannot be used any more."""
        with self._lock:
            self.commit()
            self._database.close()


class Minidisk:
    """An extent of a volume as a `TrackStore`: cylinders count from 0 at its start.

    Home addresses and count fields on the volume name the volume's cylinders, those that the guest sees its own.
    """

    def __init__(self, volume: Volume, start: int, cylinders: int, read_only: bool) -> None:
        self.volume = volume
        self.start = start
        self.cylinders = cylinders
        self.read_only = read_only
        self._moved: OrderedDict[tuple[int, int], tuple[bytes, bytes]] = OrderedDict()

    def _check(self, cyl: int) -> None:
        if not 0 <= cyl < self.cylinders:
            raise MediaError(f"cylinder {cyl} is outside of the minidisk")

    def read(self, cyl: int, head: int) -> bytes:
        """The image of a track, relocated to the minidisk. Raises MediaError."""
        self._check(cyl)
        image = self.volume.read(self.start + cyl, head)
        if not self.start:
            return image
        known = self._moved.get((cyl, head))
        if known is not None and known[0] is image:
            self._moved.move_to_end((cyl, head))
            return known[1]
        try:
            moved = relocate(image, -self.start)
        except CKDError as error:
            raise MediaError(str(error)) from error
        self._keep(cyl, head, image, moved)
        return moved

    def write(self, cyl: int, head: int, image: bytes) -> None:
        """Replace a track image. Raises MediaError, also if the minidisk is read-only."""
        self._check(cyl)
        if self.read_only:
            raise MediaError("the minidisk is read-only")
        moved = relocate(image, self.start) if self.start else image
        self.volume.write(self.start + cyl, head, moved)
        if self.start:
            self._keep(cyl, head, moved, image)

    def _keep(self, cyl: int, head: int, image: bytes, moved: bytes) -> None:
        self._moved[cyl, head] = (image, moved)
        if len(self._moved) > CACHE:
            self._moved.popitem(last=False)

    def commit(self) -> None:
        """Make all writes lasting. Raises MediaError."""
        self.volume.commit()


def relocate(image: bytes, by: int) -> bytes:
    """A track image with `by` added to the cylinder numbers (modulo 65536) of home address and count fields.

    Raises:
        CKDError: the image is damaged.
    """
    track = Track.from_bytes(image)
    track.cyl = track.cyl + by & 0xFFFF
    for record in (track.r0, *track.records):
        record.cyl = record.cyl + by & 0xFFFF
    return track.to_bytes()


def label_track(volid: str) -> bytes:
    """Track 0 of a new volume: two IPL records that load a wait PSW, and the volume label."""
    ipl = bytes.fromhex("000600000000000F") + bytes(16)
    label = to_ebcdic(f"VOL1{volid:6}".ljust(80))
    records = ((b"IPL1", ipl), (b"IPL2", bytes(144)), (b"VOL1", label))
    return encode_track(0, 0, [Record(0, 0, n, to_ebcdic(k.decode()), d) for n, (k, d) in enumerate(records, 1)])


def _connect(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        # One process writes a volume. The log is written through to the operating system at each commit, and to the
        # medium at each checkpoint: a killed process loses nothing, a failing host at most the last moments, whole.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        database.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise MediaError(f"{path} is in use or cannot be opened: {error}") from error
    except sqlite3.Error as error:
        raise MediaError(f"{path} is not a volume: {error}") from error
    return database
