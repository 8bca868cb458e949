"""Magnetic tape units: 2401-2404, 2415, 2420 with 2803/2804 control, 3410/3411, and 3420 with 3803 control.

Sources: GA22-6866 (2400 series), GA32-0022 (3410/3411), GA32-0020 and GX20-2022 (3803/3420).
Control commands give channel end when they are accepted and device end when the tape has stopped; if that brings unit
check or unit exception, it brings control unit end too (3803: "Control Unit End, Device End, and Unit Check").
"""

from __future__ import annotations

from typing import Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, command, device
from cpvm.machine.media.tape.drive import EXCEPTION, LOOPED, REJECT_UNIT, WORD_COUNT_ZERO, TapeUnit
from cpvm.machine.media.tape.store import MAX_BLOCK, Block
from cpvm.machine.media.tape.units import FOOT, MARK, UNITS
from cpvm.s370.ccw import Command, Sense, UnitStatus

UNLOAD_TIME: Final = 1000  # microseconds until the control unit is through with a Rewind and Unload
DENSITY = {0xC3: 1600, 0xCB: 800, 0xD3: 6250}
SEVEN_TRACK = tuple(d << 6 | m << 3 | 3 for d in range(3) for m in (2, 4, 5, 6, 7))  # density, parity, translation
OF_DOS = 0xEB  # no mode set of any unit, but DOS/VS gives it


@device(*UNITS, kind="tape")
class Tape(TapeUnit):
    """A tape unit and its commands."""

    # ---- sense

    @command(Command.SENSE)
    def read_sense(self, path: DataPath) -> int:
        """Give the sense bytes: 6 on the 2400 series, 9 on 3410/3411, 24 on the 3420."""
        path.send(self._present_sense())
        self.sense = bytes(self.sense_length)
        return ENDED

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Sense ID: the 3420 only."""
        if self.unit.id is None:
            return self.check(Sense.COMMAND_REJECT)
        path.send(self.unit.id)
        return ENDED

    @command(0xF4, 0xD4)
    def reserve_or_release(self, path: DataPath) -> int:
        """Sense Reserve, Sense Release (two-channel switch): sense for a unit that no other channel can reach."""
        return self.read_sense(path) if self.type == "3420" else self.check(Sense.COMMAND_REJECT)

    # ---- read

    @command(Command.IPL)
    def read(self, path: DataPath) -> int:
        """Read: the next block; unit exception at a tape mark."""
        block = self._next(True)
        return block if isinstance(block, int) else self._transfer(path, block, block.data, False)

    @command(Command.READ_BACKWARD)
    def read_backward(self, path: DataPath) -> int:
        """Read Backward: the block before this place, its last byte first."""
        block = self._reel().backward(self.position)
        if block is None:
            return self._checked(0)
        return self._transfer(path, block, block.data[::-1], True)

    def _transfer(self, path: DataPath, block: Block, data: bytes, back: bool) -> int:
        self.takes(self.unit.pass_time(self._pass(block, back)))
        if block.mark:
            return ENDED | EXCEPTION
        if data:
            path.send(data)
        return self._fault() if block.fault else ENDED

    # ---- space

    @command(0x37, immediate=True)
    def forward_space_block(self, path: DataPath) -> int:
        """Forward Space Block: unit exception at a tape mark."""
        block = self._next(False)
        if isinstance(block, int):
            return self._stopped(0, block)
        return self._spaced(self._pass(block), block)

    @command(0x27, immediate=True)
    def backspace_block(self, path: DataPath) -> int:
        """Backspace Block: unit exception at a tape mark, unit check at the load point."""
        block = self._reel().backward(self.position, False)
        if block is None:
            return self._stopped(0, self._checked(0))
        return self._spaced(self._pass(block, True), block)

    def _spaced(self, mils: int, block: Block) -> int:
        return self._stopped(mils, EXCEPTION if block.mark else self._fault() if block.fault else 0)

    @command(0x3F, immediate=True)
    def forward_space_file(self, path: DataPath) -> int:
        """Forward Space File: to behind the next tape mark."""
        mils = 0
        while True:
            block = self._next(False)
            if isinstance(block, int):
                return self._stopped(mils, block)
            mils += self._pass(block)
            if block.mark:
                return self._stopped(mils)
            if block.end == block.start:
                return self._spaced(mils, block)

    @command(0x2F, immediate=True)
    def backspace_file(self, path: DataPath) -> int:
        """Backspace File: to before the tape mark before this place; unit check at the load point."""
        mils = 0
        while (block := self._reel().backward(self.position, False)) is not None:
            mils += self._pass(block, True)
            if block.mark:
                return self._stopped(mils)
            if block.end == block.start:
                return self._spaced(mils, block)
        return self._stopped(mils, self._checked(0))

    # ---- write

    @command(0x01)
    def write(self, path: DataPath) -> int:
        """Write a block; all that was recorded behind it is lost."""
        if status := self._may_write():
            return status
        data = path.take(MAX_BLOCK + 1)
        mils = self.unit.length(len(data), self.density)
        if not data:
            return self._checked(WORD_COUNT_ZERO)
        if len(data) > MAX_BLOCK or self._may_write(mils):
            return self._checked(Sense.EQUIPMENT_CHECK, byte4=REJECT_UNIT)
        self.takes(self.unit.pass_time(mils))
        return ENDED | self._wrote(self._reel().write(self.position, data), mils)

    @command(0x1F, immediate=True)
    def write_tape_mark(self, path: DataPath) -> int:
        """Write Tape Mark. All before it now survives loss of power."""
        if status := self._may_write(MARK):
            return status
        status = self._wrote(self._reel().mark(self.position), MARK)
        self._reel().commit()
        return self._stopped(MARK, status)

    @command(0x17, immediate=True)
    def erase_gap(self, path: DataPath) -> int:
        """Erase Gap: what was recorded from here on is lost, since nothing but a write can follow."""
        if status := self._may_write(MARK):
            return status
        self._reel().cut(self.position)
        if self.position:  # a gap is not recorded in the file: the load point stays the load point
            self.travel += MARK
        return self._stopped(MARK, EXCEPTION if self._past_spot() else 0)

    @command(0x97, immediate=True)
    def data_security_erase(self, path: DataPath) -> int:
        """Data Security Erase, chained from Erase Gap: erase to the end of the reel."""
        if self.prior != 0x17 or self.type.startswith("24"):
            return self.check(Sense.COMMAND_REJECT)
        if status := self._may_write():
            return status
        self._reel().cut(self.position)
        return self._stopped(max(0, self.feet * FOOT - self.travel))

    @command(0x8B)
    def loop_write_to_read(self, path: DataPath) -> int:
        """Loop Write-to-Read: what would be written comes back through the read circuits, and the tape stands still."""
        if self.type.startswith("24"):
            return self.check(Sense.COMMAND_REJECT)
        path.take(MAX_BLOCK)
        self.sense = bytes((0, 0, 0, 0, LOOPED)).ljust(self.sense_length, b"\0")
        return ENDED

    # ---- rewind

    @command(0x07, immediate=True)
    def rewind(self, path: DataPath) -> int:
        """Rewind: channel end at once, device end at the load point; the control unit is free meanwhile."""
        time = self.unit.rewind_time(self.travel)
        self.position = self.travel = 0
        self.writing = self.backwards = False
        self._reel().commit()
        return self.later(time)

    @command(0x0F, immediate=True)
    def rewind_unload(self, path: DataPath) -> int:
        """Rewind and Unload: device end with unit check as soon as the unit has become not ready."""
        failed = self._unload()
        self._checked(Sense.EQUIPMENT_CHECK if failed else Sense.INTERVENTION_REQUIRED)
        return self.later(UNLOAD_TIME, CHECK | UnitStatus.CONTROL_UNIT_END)

    # ---- modes

    @command(*SEVEN_TRACK, OF_DOS, immediate=True)
    def mode_set_seven_track(self, path: DataPath) -> int:
        """Mode Set 1, for seven tracks: nothing to a unit for nine."""
        return ENDED

    @command(*DENSITY, immediate=True)
    def mode_set(self, path: DataPath) -> int:
        """Mode Set 2: the density of what is written from the load point on, if the unit has it."""
        density = DENSITY[path.command]
        if density == 6250 and density not in self.unit.densities:
            return self.check(Sense.COMMAND_REJECT)
        if density in self.unit.densities:
            self.mode = density
        return ENDED

    @command(0x1B)
    def request_track_in_error(self, path: DataPath) -> int:
        """Request Track in Error: takes the number of a track that is to be corrected; none is ever wrong here."""
        path.take(1)
        return ENDED

    @command(0x0B, immediate=True)
    def diagnostic_mode_set(self, path: DataPath) -> int:
        """Diagnostic Mode Set: errors are not simulated."""
        return ENDED

    @command(0x4B)
    def set_diagnose(self, path: DataPath) -> int:
        """Set Diagnose: takes a byte that says which circuits to test."""
        if self.type.startswith("24"):
            return self.check(Sense.COMMAND_REJECT)
        path.take(1)
        return ENDED
