"""Count-key-data DASD (2305, 2311, 2314, 3330, 3340, 3344, 3350, 3375, 3380, 3390): reading and writing of records.

Sources: GA26-1617 (3830 Storage Control), GA26-1638 (3350), GA26-3599 (2314), GA26-1661 (3880).
"""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, DeviceError, command, device
from cpvm.machine.media.drive import (
    CHECKED,
    COUNT,
    DATA,
    END_OF_FILE,
    HOME,
    ID_EQUAL,
    KEY,
    KEY_EQUAL,
    MASK_NO_FORMAT,
    MASK_NO_HOME_R0,
    MASK_NO_WRITE,
    MASK_WRITES,
    MULTI_TRACK,
    NOTHING,
    WRITTEN,
)
from cpvm.machine.media.images.image import BlockImage, TrackImage
from cpvm.machine.media.model import (
    BAD_VALUE,
    FILE_PROTECTED,
    INVALID_TRACK_FORMAT,
    SEQUENCE,
    SHORT_COUNT,
    WRITE_INHIBITED,
)
from cpvm.machine.media.searching import Searching
from cpvm.s370.ckd import COUNT_LENGTH, GEOMETRY, HOME_ADDRESS_LENGTH, OVERFLOW, Record, Track

READING, WRITING = 0x06, 0x05  # sense: which command goes on with an overflow record


@device(*GEOMETRY, kind="dasd")
class Dasd(Searching):
    """A drive that reads and writes."""

    # ---- the pack

    @classmethod
    def unready(cls, type: str) -> Dasd:
        return cls(type, None)

    def put_image(self, image: TrackImage | BlockImage) -> None:
        if not isinstance(image, TrackImage) or image.geometry.type != self.geometry.type:
            raise DeviceError(f"it is a {image.device_type} disk")
        self.put(image, image.cylinders, image.read_only)

    def take_away(self) -> None:
        self.put(None, None, False)

    # ---- read

    @command(0x02)
    def read_ipl(self, path: DataPath) -> int:
        """Seek to cylinder 0, head 0 and read the data of record 1. Not after Set File Mask."""
        if self.masked:
            return self._reject(SEQUENCE)
        self._move(0, 0)
        return self._read(path, self._pass(0))

    def _read(self, path: DataPath, record: Record | None, head: bytes = b"") -> int:
        """Send `head`, and the data of a record with all its segments."""
        if record is None:
            return CHECKED
        if not self._spaced_right(record):
            return self._unreadable()
        self._done(DATA, self._lasting())
        data = head + record.data if head else record.data
        if data:
            path.send(data)
        if not record.data:
            return END_OF_FILE
        while record.overflows:
            following = self._next_segment(READING)
            if following is None:
                return CHECKED
            record = following
            self.left = DATA
            path.send(record.data)
        return ENDED

    def _lasting(self) -> int:
        """What an equal search still permits behind a read or a write of the record that it found: format writes."""
        return self._chained if self._chained in (ID_EQUAL, KEY_EQUAL) else NOTHING

    @command(0x06, 0x86)
    def read_data(self, path: DataPath) -> int:
        """Read Data: of the record whose count or key was passed last, else of the next one."""
        if self.left in (COUNT, KEY):
            return self._read(path, self._record())
        self._chained = NOTHING
        return self._read(path, self._pass(path.command & MULTI_TRACK))

    @command(0x0E, 0x8E)
    def read_key_data(self, path: DataPath) -> int:
        """Read Key and Data."""
        if self.left == COUNT:
            record: Record | None = self._record()
        else:
            self._chained = NOTHING
            record = self._pass(path.command & MULTI_TRACK)
        return self._read(path, record, record.key if record is not None else b"")

    @command(0x1E, 0x9E)
    def read_count_key_data(self, path: DataPath) -> int:
        """Read Count, Key and Data of the next record."""
        self._chained = NOTHING
        record = self._pass(path.command & MULTI_TRACK)
        return self._read(path, record, record.count + record.key if record is not None else b"")

    @command(0x5E)
    def read_multiple(self, path: DataPath) -> int:
        """Read Multiple Count, Key and Data: all records from the next one to the end of the track."""
        track = self._usable()
        records = track.records[max(self.at - 1, 0) :]
        self.at = len(track.records) + 1
        self._done(DATA)
        path.send(b"".join(record.count + record.key + record.data for record in records))
        return ENDED

    @command(0x12, 0x92)
    def read_count(self, path: DataPath) -> int:
        """Read Count: eight bytes of the next record."""
        record = self._pass(path.command & MULTI_TRACK)
        if record is None:
            return CHECKED
        path.send(record.count)
        return ENDED

    @command(0x1A, 0x9A)
    def read_home_address(self, path: DataPath) -> int:
        """Read Home Address: flag, cylinder, head; with multi-track, of the next track."""
        if path.command & MULTI_TRACK and self._switch():
            return CHECKED
        self._orient(0)
        track = self._track
        path.send(bytes((track.flag,)) + (track.cyl << 16 | track.head).to_bytes(4, "big"))
        return ENDED

    @command(0x16, 0x96)
    def read_r0(self, path: DataPath) -> int:
        """Read record 0: count, key and data; with multi-track, of the next track."""
        if path.command & MULTI_TRACK and self._switch():
            return CHECKED
        self._orient(1)
        record = self._track.r0
        self._done(DATA)
        path.send(record.count + record.key + record.data)
        return ENDED if record.data else END_OF_FILE

    # ---- write

    def _may_write(self, *needed: int, formats: bool = False, home: bool = False) -> int:
        """0, or the unit status that refuses a write: read-only drive, file mask, or not chained from what it needs."""
        if self.read_only:
            return self._reject(0, WRITE_INHIBITED if self.model.modern else FILE_PROTECTED)
        writes = self.mask & MASK_WRITES
        inhibited = (
            writes == MASK_NO_WRITE
            or (formats and writes == MASK_NO_FORMAT)
            or (home and writes in (MASK_NO_HOME_R0, MASK_NO_FORMAT))
        )
        if self._chained not in needed:
            return self._reject(SEQUENCE)
        return self._reject(SEQUENCE if self.model.modern else 0) if inhibited else 0

    def _update(self, path: DataPath, record: Record, key: int) -> int:
        """Write over data, and the first `key` bytes of the key, of a record and its segments.

        What the program does not give is zeros.
        """
        if not self._spaced_right(record):
            return self._unreadable()
        self._done(DATA, self._lasting())
        if not record.data:
            return END_OF_FILE
        while True:
            size = key + len(record.data)
            area = path.take(size, exact=True).ljust(size, b"\0")
            if key:
                record.key = area[:key]
            record.data = area[key:]
            self._changed()
            if not record.overflows:
                return ENDED
            following = self._next_segment(WRITING)
            if following is None:
                return CHECKED
            record = following
            self.left = DATA
            key = 0

    @command(0x05)
    def write_data(self, path: DataPath) -> int:
        """Write Data: of the record that an equal search of its identifier or key just found."""
        if self.left not in (COUNT, KEY):
            self._chained = NOTHING
        if status := self._may_write(ID_EQUAL, KEY_EQUAL):
            return status
        return self._update(path, self._record(), 0)

    @command(0x0D)
    def write_key_data(self, path: DataPath) -> int:
        """Write Key and Data: of the record that Search ID Equal just found."""
        if self.left != COUNT:
            self._chained = NOTHING
        if status := self._may_write(ID_EQUAL):
            return status
        record = self._record()
        return self._update(path, record, len(record.key))

    def _take_record(self, path: DataPath) -> Record | None:
        """Count, key and data from the program; None (sense is set) if the channel gave no count field."""
        count = path.take(COUNT_LENGTH, exact=True)
        if len(count) < COUNT_LENGTH:
            self._reject(SHORT_COUNT)
            return None
        key, size = count[5], count[5] + (count[6] << 8 | count[7])
        area = path.take(size, exact=True).ljust(size, b"\0") if size else b""
        return Record(count[0] << 8 | count[1], count[2] << 8 | count[3], count[4], area[:key], area[key:])

    @command(0x1D, 0x01)
    def write_count_key_data(self, path: DataPath) -> int:
        """Write Count, Key and Data, or Write Special: a new record behind the last one passed.

        The rest of the track is erased. The special one is a segment of an overflow record, the last of its track.
        """
        if status := self._may_write(ID_EQUAL, KEY_EQUAL, WRITTEN, formats=True):
            return status
        record = self._take_record(path)
        if record is None:
            return CHECKED
        special = path.command == 0x01
        if special:
            record.cyl |= OVERFLOW
        track = self._track
        records = [*track.records[: max(self.at - 1, 0)], record]
        if not self.geometry.fits(records, track.r0):
            return self._fail(0, INVALID_TRACK_FORMAT)
        track.records = records
        self._changed()
        self.at = len(records) + 1
        return self._done(DATA, NOTHING if special else WRITTEN)

    @command(0x11)
    def erase(self, path: DataPath) -> int:
        """Erase the track behind the record last passed; takes the bytes of a record, and writes none."""
        if status := self._may_write(ID_EQUAL, KEY_EQUAL, WRITTEN, formats=True):
            return status
        if self._take_record(path) is None:
            return CHECKED
        track = self._track
        track.records = track.records[: max(self.at - 1, 0)]
        self._changed()
        return self._done(DATA)

    @command(0x15)
    def write_r0(self, path: DataPath) -> int:
        """Write record 0; the rest of the track is erased."""
        if status := self._may_write(HOME, home=True):
            return status
        record = self._take_record(path)
        if record is None:
            return CHECKED
        if not self.geometry.fits([], record):
            return self._fail(0, INVALID_TRACK_FORMAT)
        track = self._track
        track.r0, track.records = record, []
        self._changed()
        self._orient(1)
        return self._done(DATA, WRITTEN)

    @command(0x19)
    def write_home_address(self, path: DataPath) -> int:
        """Write Home Address: the track's own cylinder and head only; the rest of the track is erased.

        Where the track's defects are stands before flag, cylinder and head, if the type wants it; it may be left out.
        """
        if self.read_only:
            return self._may_write()
        if self.mask & MASK_WRITES != MASK_WRITES:
            return self._reject(SEQUENCE if self.model.modern else 0)
        home = path.take(self.model.home)
        if path.failed:
            return ENDED
        if len(home) < HOME_ADDRESS_LENGTH:
            return self._reject(SHORT_COUNT)
        home = home[-HOME_ADDRESS_LENGTH:] if len(home) == self.model.home else home[:HOME_ADDRESS_LENGTH]
        if home[1:] != (self.cyl << 16 | self.head).to_bytes(4, "big"):
            return self._reject(BAD_VALUE)
        self.other = -1
        self._here = None
        track = self._track
        fresh = Track.empty(self.cyl, self.head)
        track.flag, track.r0, track.records = home[0], fresh.r0, fresh.records
        self._changed()
        self._orient(0)
        self.prior = HOME
        return ENDED
