"""Count-key-data DASD (2305, 2311, 2314, 3330, 3340, 3350, 3375, 3380, 3390): reading and writing of records.

Sources: GA26-1592 (3830 Storage Control), GA26-1638 (3350), GA26-3599 (2314).
"""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, command, device
from cpvm.machine.media.drive import (
    CHECKED,
    COUNT,
    DATA,
    END_OF_FILE,
    FILE_PROTECTED,
    FORMATTED,
    HOME_FOUND,
    HOME_WRITTEN,
    ID_FOUND,
    INVALID_TRACK_FORMAT,
    KEY,
    KEY_FOUND,
    MASK_NO_FORMAT,
    MASK_NO_HOME_R0,
    MASK_NO_WRITE,
    MASK_SEEKS,
    MASK_WRITES,
    MULTI_TRACK,
    RECORD_READ,
    WRITE_INHIBITED,
    Drive,
)
from cpvm.s370.ckd import COUNT_LENGTH, GEOMETRY, HOME_ADDRESS_LENGTH, Record, Track


@device(*GEOMETRY, kind="dasd")
class Dasd(Drive):
    """A drive that reads and writes."""

    # ---- read

    @command(0x02)
    def read_ipl(self, path: DataPath) -> int:
        """Seek to cylinder 0, head 0 and read the data of record 1."""
        if self.mask & MASK_SEEKS:
            return self._fail(0, FILE_PROTECTED)
        self._move(0, 0)
        return self._read_data(path, self._pass(0))

    def _read_data(self, path: DataPath, record: Record | None) -> int:
        if record is None:
            return CHECKED
        self._done(DATA, RECORD_READ)
        if not record.data:
            return END_OF_FILE
        path.send(record.data)
        return ENDED

    @command(0x06, 0x86)
    def read_data(self, path: DataPath) -> int:
        """Read Data: of the record whose count or key was passed last, else of the next one."""
        here = self.left in (COUNT, KEY)
        return self._read_data(path, self._record() if here else self._pass(path.command & MULTI_TRACK))

    @command(0x0E, 0x8E)
    def read_key_data(self, path: DataPath) -> int:
        """Read Key and Data."""
        record = self._record() if self.left == COUNT else self._pass(path.command & MULTI_TRACK)
        if record is None:
            return CHECKED
        self._done(DATA, RECORD_READ)
        path.send(record.key + record.data)
        return ENDED if record.data else END_OF_FILE

    @command(0x1E, 0x9E)
    def read_count_key_data(self, path: DataPath) -> int:
        """Read Count, Key and Data of the next record."""
        record = self._pass(path.command & MULTI_TRACK)
        if record is None:
            return CHECKED
        self._done(DATA, RECORD_READ)
        path.send(record.to_bytes())
        return ENDED if record.data else END_OF_FILE

    @command(0x12, 0x92)
    def read_count(self, path: DataPath) -> int:
        """Read Count: eight bytes of the next record."""
        record = self._pass(path.command & MULTI_TRACK)
        if record is None:
            return CHECKED
        self._done(COUNT)
        path.send(record.count)
        return ENDED

    @command(0x1A, 0x9A)
    def read_home_address(self, path: DataPath) -> int:
        """Read Home Address: flag, cylinder, head."""
        self._orient(0)
        self.prior = HOME_FOUND
        path.send(bytes((self._track.flag,)) + (self.cyl << 16 | self.head).to_bytes(4, "big"))
        return ENDED

    @command(0x16, 0x96)
    def read_r0(self, path: DataPath) -> int:
        """Read record 0: count, key and data."""
        self._orient(1)
        self._done(DATA, RECORD_READ)
        path.send(self._track.r0.to_bytes())
        return ENDED

    # ---- write

    def _may_write(self, *needed: int, formats: bool = False, home: bool = False) -> int:
        """0, or the unit status that refuses a write: read-only drive, file mask, or not chained from what it needs."""
        if self.read_only:
            return self._reject(WRITE_INHIBITED)
        writes = self.mask & MASK_WRITES
        inhibited = (
            writes == MASK_NO_WRITE
            or (formats and writes == MASK_NO_FORMAT)
            or (home and writes in (MASK_NO_HOME_R0, MASK_NO_FORMAT))
        )
        if inhibited or self._chained not in needed:
            return self._reject()
        return 0

    @command(0x05)
    def write_data(self, path: DataPath) -> int:
        """Write Data: into the record that the search before found; what the program does not give is zeros."""
        if status := self._may_write(ID_FOUND, KEY_FOUND):
            return status
        record = self._record()
        self._done(DATA, FORMATTED)
        if not record.data:
            return END_OF_FILE
        data = path.take(len(record.data), exact=True)
        record.data = data.ljust(len(record.data), b"\0")
        self.tracks.changed(self.cyl, self.head)
        return ENDED

    @command(0x0D)
    def write_key_data(self, path: DataPath) -> int:
        """Write Key and Data: into the record that Search ID Equal found."""
        if status := self._may_write(ID_FOUND):
            return status
        record = self._record()
        key, size = len(record.key), len(record.key) + len(record.data)
        self._done(DATA, FORMATTED)
        area = path.take(size, exact=True).ljust(size, b"\0") if size else b""
        ended = not record.data
        record.key, record.data = area[:key], area[key:]
        self.tracks.changed(self.cyl, self.head)
        return END_OF_FILE if ended else ENDED

    def _take_record(self, path: DataPath) -> Record | None:
        """Count, key and data from the program; None (sense is set) if the channel gave no count field."""
        count = path.take(COUNT_LENGTH, exact=True)
        if len(count) < COUNT_LENGTH:
            self._reject(INVALID_TRACK_FORMAT)
            return None
        key, size = count[5], count[5] + (count[6] << 8 | count[7])
        area = path.take(size, exact=True).ljust(size, b"\0") if size else b""
        return Record(count[0] << 8 | count[1], count[2] << 8 | count[3], count[4], area[:key], area[key:])

    @command(0x1D)
    def write_count_key_data(self, path: DataPath) -> int:
        """Write Count, Key and Data: a new record behind the last one passed; the rest of the track is erased."""
        if status := self._may_write(ID_FOUND, KEY_FOUND, FORMATTED, RECORD_READ, formats=True):
            return status
        record = self._take_record(path)
        if record is None:
            return CHECKED
        track = self._track
        records = [*track.records[: self.at - 1], record]
        if not self.geometry.fits(records):
            return self._fail(0, INVALID_TRACK_FORMAT)
        track.records = records
        self.tracks.changed(self.cyl, self.head)
        self.at += 1
        return self._done(DATA, FORMATTED)

    @command(0x11)
    def erase(self, path: DataPath) -> int:
        """Erase the track behind the record last passed; takes the bytes of a record, and writes none."""
        if status := self._may_write(ID_FOUND, KEY_FOUND, FORMATTED, RECORD_READ, formats=True):
            return status
        if self._take_record(path) is None:
            return CHECKED
        track = self._track
        track.records = track.records[: self.at - 1]
        self.tracks.changed(self.cyl, self.head)
        return self._done(DATA)

    @command(0x15)
    def write_r0(self, path: DataPath) -> int:
        """Write record 0; the rest of the track is erased."""
        if status := self._may_write(HOME_FOUND, HOME_WRITTEN, home=True):
            return status
        record = self._take_record(path)
        if record is None:
            return CHECKED
        if self.geometry.space(len(record.key), len(record.data), True) > self.geometry.capacity:
            return self._fail(0, INVALID_TRACK_FORMAT)
        track = self._track
        track.r0, track.records = record, []
        self.tracks.changed(self.cyl, self.head)
        self._orient(1)
        return self._done(DATA, FORMATTED)

    @command(0x19)
    def write_home_address(self, path: DataPath) -> int:
        """Write Home Address: the track's own cylinder and head only; the rest of the track is erased."""
        if self.read_only:
            return self._reject(WRITE_INHIBITED)
        if self.mask & MASK_WRITES != MASK_WRITES:
            return self._reject()
        home = path.take(HOME_ADDRESS_LENGTH, exact=True)
        if path.failed:
            return ENDED
        if home[1:] != (self.cyl << 16 | self.head).to_bytes(4, "big"):
            return self._reject()
        track = self._track
        fresh = Track.empty(self.cyl, self.head)
        track.flag, track.r0, track.records = home[0], fresh.r0, fresh.records
        self.tracks.changed(self.cyl, self.head)
        self._orient(0)
        self.prior = HOME_WRITTEN
        return ENDED
