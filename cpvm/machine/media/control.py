"""The control and sense commands of CKD drives: seeks, file mask, rotational positions, reservation, identity.

Sources: GA26-1617 (3830 Storage Control), GA26-1661 (3880), GA26-3599 (2314), A26-5988 (2841).
"""

from __future__ import annotations

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, command
from cpvm.machine.media.characteristics import characteristics
from cpvm.machine.media.drive import (
    CHECKED,
    COUNT,
    MASK_HEAD_ONLY,
    MASK_NO_SEEK,
    MASK_NO_SWITCH,
    MASK_SEEKS,
    Drive,
)
from cpvm.machine.media.model import BAD_VALUE, FILE_PROTECTED, SEEK_CHECK, SEQUENCE, SHORT_COUNT, sense_bytes
from cpvm.s370.ccw import Command, Sense

_ALLOWED = {0x00: (0x07, 0x0B, 0x1B), MASK_NO_SEEK: (0x0B, 0x1B), MASK_HEAD_ONLY: (0x1B,), MASK_NO_SWITCH: ()}


class Controlled(Drive):
    """A drive with its control and sense commands."""

    # ---- the arm

    @command(0x07, 0x0B, 0x1B)
    def seek(self, path: DataPath) -> int:
        """Seek, Seek Cylinder, Seek Head: six bytes, of which the last four are cylinder and head."""
        code = path.command
        if code not in _ALLOWED[self.mask & MASK_SEEKS]:
            return self._fail(0, FILE_PROTECTED)
        where = path.take(6, exact=True)
        if path.failed:
            return ENDED
        check = 0 if self.model.modern else SEEK_CHECK
        if len(where) < 6:
            return self._fail(Sense.COMMAND_REJECT | check, 0, SHORT_COUNT)
        cyl = self.cyl if code == 0x1B else where[2] << 8 | where[3]
        head = where[4] << 8 | where[5]
        if where[0] | where[1] or cyl >= self.cylinders or head >= self.geometry.heads:
            return self._fail(Sense.COMMAND_REJECT | check, 0, BAD_VALUE)
        return self._travel(cyl, head)

    def _travel(self, cyl: int, head: int) -> int:
        """Move the arm: channel end now, device end when it has arrived."""
        distance = abs(cyl - self.cyl)
        self._move(cyl, head)
        return self.later(self.model.arm_time(distance, self.geometry.cylinders)) if self._timed else ENDED

    @command(0x13, immediate=True)
    def recalibrate(self, path: DataPath) -> int:
        """Move the arm to cylinder 0, head 0."""
        if self.mask & MASK_SEEKS:
            return self._fail(0, FILE_PROTECTED)
        return self._travel(0, 0)

    @command(0x17, immediate=True)
    def restore(self, path: DataPath) -> int:
        """Nothing: this command is for the strips of a 2321."""
        return ENDED

    # ---- what the rest of the program may do

    @command(0x1F)
    def set_file_mask(self, path: DataPath) -> int:
        """Say which writes and seeks the rest of the program may do; only once in a program."""
        if self.masked:
            return self._reject(SEQUENCE)
        mask = path.take(1, exact=True)
        if not mask:
            return ENDED
        if mask[0] & self.model.mask_zeros:
            return self._reject(BAD_VALUE)
        self.mask = mask[0]
        self.masked = True
        return ENDED

    # ---- rotation

    @command(0x23)
    def set_sector(self, path: DataPath) -> int:
        """Wait for a rotational sector; 255 means none."""
        operand = path.take(1, exact=True)
        if not operand:
            return ENDED
        sector = operand[0]
        if sector >= self.geometry.sectors and sector != 0xFF:
            return self._reject(BAD_VALUE)
        self._orient(0 if sector == 0xFF else self.tracks.behind_sector(*self._place, sector))
        if self._timed and sector != 0xFF:
            rotation = self.model.rotation
            self.takes((sector * rotation // self.geometry.sectors - self._turned) % rotation)
        return ENDED

    @command(0x22)
    def read_sector(self, path: DataPath) -> int:
        """Give the sector that finds the record last passed again."""
        path.send(bytes((self.tracks.sector(*self._place, max(self.at - 1, 0)),)))
        return ENDED

    @command(0x0F)
    def space_count(self, path: DataPath) -> int:
        """Pass over the next count field, which cannot be read; the program gives key and data length in its place."""
        given = path.take(3, exact=True).ljust(3, b"\0")
        if path.failed:
            return ENDED
        if self._pass(0, skip_r0=False) is None:
            return CHECKED
        self.left = COUNT
        self.spaced = int.from_bytes(given, "big")
        return ENDED

    # ---- sense

    @command(Command.NOP, immediate=True)
    def no_operation(self, path: DataPath) -> int:
        """Nothing, but the place within the record last passed is lost."""
        return ENDED

    @command(Command.SENSE)
    def read_sense(self, path: DataPath) -> int:
        """Give the sense bytes and forget them. Without a check they still tell of the drive and its arm."""
        sense = self.sense
        if not (sense[0] or sense[1]):
            sense = sense_bytes(self.geometry, (0, 0), place=(self.cyl, self.head), address=self.address)
        path.send(sense)
        self.sense = self._no_sense
        return ENDED

    @command(0x94)
    def release(self, path: DataPath) -> int:
        """Device Release, as Sense: there is one path to the drive. Not after Set File Mask."""
        return self._reject(SEQUENCE) if self.masked else self.read_sense(path)

    @command(0xB4, 0x14)
    def reserve(self, path: DataPath) -> int:
        """Device Reserve and Unconditional Reserve, as Sense. Only as the first command of a program."""
        return self._reject(SEQUENCE) if path.chained else self.read_sense(path)

    @command(0xA4)
    def read_buffered_log(self, path: DataPath) -> int:
        """Read and Reset Buffered Log: no errors were counted."""
        path.send(bytes(self.sense_length))
        return ENDED

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Give control unit type and model, device type and model."""
        g = self.geometry
        unit = g.control_unit.to_bytes(2, "big") + bytes((self.model.unit_model,))
        path.send(b"\xff" + unit + g.type.to_bytes(2, "big") + bytes((g.model,)))
        return ENDED

    @command(0x64)
    def read_characteristics(self, path: DataPath) -> int:
        """Read Device Characteristics: 64 bytes (3880 and 3990 with 3380, 3390)."""
        path.send(characteristics(self.geometry, self.model, self.cylinders))
        return ENDED
