"""The mechanism of a CKD drive: arm, rotation, control and search commands, file mask and sense.

Sources: GA26-1592 (3830 Storage Control), GA26-1638 (3350), GA26-3599 (2314). What reads and writes records is in
`cpvm.machine.devices.dasd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, DeviceError, MediaError, TrackStore, command
from cpvm.machine.media.rotation import Rotation
from cpvm.s370.ccw import Sense, UnitStatus
from cpvm.s370.ckd import GEOMETRY, CKDError, Record, Track

CHECKED: Final = ENDED | UnitStatus.UNIT_CHECK
END_OF_FILE: Final = ENDED | UnitStatus.UNIT_EXCEPTION
FOUND: Final = ENDED | UnitStatus.STATUS_MODIFIER
MULTI_TRACK: Final = 0x80

# sense byte 1
INVALID_TRACK_FORMAT, END_OF_CYLINDER, NO_RECORD_FOUND, FILE_PROTECTED, WRITE_INHIBITED = 0x40, 0x20, 0x08, 0x04, 0x02
SEEK_CHECK: Final = 0x01  # sense byte 0

# file mask
MASK_WRITES, MASK_NO_HOME_R0, MASK_NO_WRITE, MASK_NO_FORMAT = 0xC0, 0x00, 0x40, 0x80
MASK_SEEKS, MASK_NO_SEEK, MASK_HEAD_ONLY, MASK_NO_SWITCH = 0x18, 0x08, 0x10, 0x18
MASK_INVALID: Final = 0x20

# where the record last passed was left
NOWHERE, COUNT, KEY, DATA = 0, 1, 2, 3

# what the previous command makes possible for a write
NOTHING, HOME_FOUND, ID_FOUND, KEY_FOUND, HOME_WRITTEN, FORMATTED, RECORD_READ = range(7)


class Drive(Device):
    """A drive without its read and write commands. Between channel programs it keeps only the position of the arm."""

    STATE = ("cyl", "head", "mask", "at", "index_passed", "left", "prior")
    SENSE_LENGTH = 24

    def __init__(self, name: str, tracks: TrackStore, cylinders: int | None = None, read_only: bool = False) -> None:
        """A drive of type `name` with the first `cylinders` of its cylinders (all primary ones if not told).

        Raises:
            DeviceError: the type is unknown or it has not so many cylinders.
        """
        super().__init__()
        geometry = GEOMETRY.get(name)
        if geometry is None:
            raise DeviceError(f"{name} is no DASD type")
        self.geometry = geometry
        self.cylinders = geometry.cylinders if cylinders is None else cylinders
        if not 1 <= self.cylinders <= geometry.cylinders + geometry.alternates:
            raise DeviceError(f"a {name} cannot have {self.cylinders} cylinders")
        self.type = name
        if name in ("2311", "2314"):
            self.sense_length = 6
            self.sense = bytes(6)
        self.read_only = read_only
        self.tracks = Rotation(geometry, tracks)
        self.cyl = 0
        self.head = 0
        self.mask = 0
        self.at = 0  # number of the record that comes next under the head; record 0 is the first behind index
        self.index_passed = False
        self.left = NOWHERE
        self.prior = NOTHING
        self._chained = NOTHING  # `prior` as the command under way found it

    # ---- the channel program as a whole

    def begin(self) -> None:
        self.mask = 0
        self._orient(0)
        self.prior = NOTHING

    def end(self) -> int:
        try:
            self.tracks.flush()
        except MediaError:
            self.tracks.forget()
            return self._fail(Sense.EQUIPMENT_CHECK)
        return 0

    def reset(self) -> None:
        super().reset()
        self.cyl = self.head = 0
        self.begin()

    def perform(self, path: DataPath) -> int:
        self._chained, self.prior = self.prior, NOTHING
        try:
            return super().perform(path)
        except CKDError:
            return self._fail(Sense.DATA_CHECK, INVALID_TRACK_FORMAT)
        except MediaError:
            self.tracks.forget()
            return self._fail(Sense.EQUIPMENT_CHECK)

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state)
        self.tracks.forget()

    def _fail(self, sense0: int, sense1: int = 0) -> int:
        """Unit check with channel end and device end; the sense bytes hold the position too (3330 format)."""
        self.check(sense0, sense1)
        place = bytes((self.cyl & 0xFF, self.cyl >> 3 & 0x60 | self.head & 0x1F))
        self.sense = (self.sense[:5] + place + self.sense[7:])[: self.sense_length]
        return CHECKED

    def _reject(self, sense1: int = 0) -> int:
        return self._fail(Sense.COMMAND_REJECT, sense1)

    # ---- position

    @property
    def _track(self) -> Track:
        return self.tracks.track(self.cyl, self.head)

    def _orient(self, at: int) -> None:
        """The record `at` comes next, and the search for it begins anew."""
        self.at = at
        self.index_passed = False
        self.left = NOWHERE

    def _record(self) -> Record:
        """The record last passed."""
        track = self._track
        if self.at == 1:
            return track.r0
        if self.at - 2 >= len(track.records):
            raise CKDError("another drive has erased the record")
        return track.records[self.at - 2]

    def _pass(self, multi: int, skip_r0: bool = True) -> Record | None:
        """Wait for the next count field; None if there is none (sense is set).

        Two index points without a read, write or control command between them mean that there is no such record.
        A multi-track command goes on with the next head at index.
        """
        while True:
            track = self._track
            while self.at <= len(track.records):
                self.at += 1
                if self.at > 1 or not skip_r0:
                    self.left = COUNT
                    return self._record()
            if multi:
                if self.mask & MASK_SEEKS == MASK_NO_SWITCH:
                    self._fail(0, FILE_PROTECTED)
                    return None
                if self.head + 1 >= self.geometry.heads:
                    self._fail(0, END_OF_CYLINDER)
                    return None
                self.tracks.leave(self.cyl, self.head)
                self.head += 1
            elif self.index_passed:
                self._fail(0, NO_RECORD_FOUND)
                return None
            else:
                self.index_passed = True
            self.at = 0

    def _done(self, left: int, prior: int = NOTHING) -> int:
        """An operation on the record last passed is over."""
        self.left = left
        self.index_passed = False
        self.prior = prior
        return ENDED

    # ---- control

    @command(0x07, 0x0B, 0x1B)
    def seek(self, path: DataPath) -> int:
        """Seek, Seek Cylinder, Seek Head: six bytes, of which the last four are cylinder and head."""
        code = path.command
        allowed = {0x00: True, MASK_NO_SEEK: code != 0x07, MASK_HEAD_ONLY: code == 0x1B, MASK_NO_SWITCH: False}
        if not allowed[self.mask & MASK_SEEKS]:
            return self._fail(0, FILE_PROTECTED)
        where = path.take(6, exact=True)
        if path.failed:
            return ENDED
        if len(where) < 6:
            return self._reject()
        cyl = self.cyl if code == 0x1B else where[2] << 8 | where[3]
        head = where[4] << 8 | where[5]
        if where[0] | where[1] or cyl >= self.cylinders or head >= self.geometry.heads:
            return self._fail(Sense.COMMAND_REJECT | SEEK_CHECK)
        self._move(cyl, head)
        return ENDED

    def _move(self, cyl: int, head: int) -> None:
        if (cyl, head) != (self.cyl, self.head):
            self.tracks.leave(self.cyl, self.head)
            self.cyl, self.head = cyl, head
        self._orient(0)

    @command(0x13, immediate=True)
    def recalibrate(self, path: DataPath) -> int:
        """Move the arm to cylinder 0, head 0."""
        if self.mask & MASK_SEEKS:
            return self._fail(0, FILE_PROTECTED)
        self._move(0, 0)
        return ENDED

    @command(0x17, immediate=True)
    def restore(self, path: DataPath) -> int:
        """Nothing to restore."""
        return ENDED

    @command(0x1F)
    def set_file_mask(self, path: DataPath) -> int:
        """Say which writes and seeks the rest of the program may do."""
        mask = path.take(1, exact=True)
        if not mask:
            return ENDED
        if mask[0] & MASK_INVALID:
            return self._reject()
        self.mask = mask[0]
        self.index_passed = False
        self.prior = self._chained
        return ENDED

    @command(0x23)
    def set_sector(self, path: DataPath) -> int:
        """Wait for a rotational sector; 255 means none."""
        operand = path.take(1, exact=True)
        if not operand:
            return ENDED
        sector = operand[0]
        if not self.geometry.sectors or (sector >= self.geometry.sectors and sector != 0xFF):
            return self._reject()
        self._orient(0 if sector == 0xFF else self.tracks.behind_sector(self.cyl, self.head, sector))
        return ENDED

    @command(0x22)
    def read_sector(self, path: DataPath) -> int:
        """Give the sector that finds the record last passed again."""
        if not self.geometry.sectors:
            return self._reject()
        path.send(bytes((self.tracks.sector(self.cyl, self.head, max(self.at - 1, 0)),)))
        return ENDED

    @command(0x94, 0xB4)
    def release_reserve(self, path: DataPath) -> int:
        """Device Release and Reserve: there is one path to the drive; sense bytes are given, as the commands do."""
        return self.read_sense(path)

    @command(0xA4)
    def read_buffered_log(self, path: DataPath) -> int:
        """Read and Reset Buffered Log: no errors were counted."""
        path.send(bytes(self.sense_length))
        return ENDED

    @command(0xE4)
    def sense_id(self, path: DataPath) -> int:
        """Give control unit type and model, device type and model."""
        g = self.geometry
        path.send(b"\xff" + g.control_unit.to_bytes(2, "big") + b"\x02" + g.type.to_bytes(2, "big") + bytes((g.model,)))
        return ENDED

    # ---- search

    def _compare(self, path: DataPath, actual: bytes) -> int:
        """Compare the program's bytes with those of the track, as many as both have."""
        wanted = path.take(len(actual), exact=True)
        if path.failed:
            return ENDED
        actual = actual[: len(wanted)]
        high = path.command & 0x40
        equal = path.command & 0x20
        found = (equal and actual == wanted) or (high and actual > wanted)
        return FOUND if found else ENDED

    @command(0x39, 0xB9)
    def search_home_address(self, path: DataPath) -> int:
        """Search Home Address Equal."""
        if self.index_passed:
            return self._fail(0, NO_RECORD_FOUND)
        self.index_passed = True
        self.at = 0
        self.left = NOWHERE
        wanted = path.take(4, exact=True)
        if path.failed:
            return ENDED
        if wanted == (self.cyl << 16 | self.head).to_bytes(4, "big")[: len(wanted)]:
            self.prior = HOME_FOUND
            return FOUND
        if path.command & MULTI_TRACK and self.head + 1 < self.geometry.heads:
            self._move(self.cyl, self.head + 1)
        return ENDED

    @command(0x31, 0x51, 0x71, 0xB1, 0xD1, 0xF1)
    def search_id(self, path: DataPath) -> int:
        """Search ID Equal, High, Equal or High: five bytes."""
        record = self._pass(path.command & MULTI_TRACK, skip_r0=False)
        if record is None:
            return CHECKED
        status = self._compare(path, record.id)
        if status == FOUND and path.command & 0x7F == 0x31:
            self.prior = ID_FOUND
        return status

    @command(0x29, 0x49, 0x69, 0xA9, 0xC9, 0xE9)
    def search_key(self, path: DataPath) -> int:
        """Search Key Equal, High, Equal or High. Records without key are passed over."""
        record = self._record() if self.left == COUNT else self._pass(path.command & MULTI_TRACK)
        while record is not None and not record.key:
            record = self._pass(path.command & MULTI_TRACK)
        if record is None:
            return CHECKED
        self.left = KEY
        status = self._compare(path, record.key)
        if status == FOUND and path.command & 0x7F == 0x29:
            self.prior = KEY_FOUND
        return status
