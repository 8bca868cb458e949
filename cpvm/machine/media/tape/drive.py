"""A tape unit without its commands: the reel, its place under the heads, and what sense bytes say of them.

Sources: GA22-6866 (2400 series), GA32-0022 (3410/3411), GA32-0020 and GX20-2022 (3803/3420).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cpvm.machine.configure import ConfigurationError, Room, accept, choice, flag, number
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, Device, MediaError
from cpvm.machine.media.tape.open import FORMATS, is_new_tape, open_tape
from cpvm.machine.media.tape.store import Block, TapeStore
from cpvm.machine.media.tape.units import BEHIND_SPOT, FOOT, LATEST, MARK, UNITS
from cpvm.s370.ccw import Command, Sense, UnitStatus

WORD_COUNT_ZERO: Final = 0x02  # sense byte 0: the channel had no byte to write
READY, NOT_READY, LOAD_POINT, WRITE_STATUS, FILE_PROTECT, NOT_CAPABLE = 0x40, 0x20, 0x08, 0x04, 0x02, 0x01  # byte 1
NO_TRACK: Final = 0x03  # byte 2, at 800 bytes an inch: more than one track, or nobody knows which
VRC, MULTIPLE_TRACK, SET_TO_1600, BACKWARD = 0x80, 0x40, 0x04, 0x02  # byte 3
HARDWARE, REJECT_UNIT, TAPE_INDICATE, LOOPED = 0x80, 0x40, 0x20, 0x04  # byte 4
NOT_AT_1600: Final = 0x10  # byte 6
OFF_THE_REEL: Final = 0x60  # byte 7: the tape has left both vacuum columns
EXCEPTION: Final = UnitStatus.UNIT_EXCEPTION

SENSES: Final = (Command.SENSE, Command.SENSE_ID, 0xD4, 0xF4)  # commands for units that are not ready


class TapeUnit(Device):
    """A tape unit. Its reel is in `store`; a unit without one, or with a reel that was unloaded, is not ready."""

    STATE = ("position", "travel", "density", "mode", "loaded", "writing", "backwards", "prior")

    def __init__(self, type: str = "3420", store: TapeStore | None = None, feet: int = 0, recorded: int = 0) -> None:
        """A unit of a type in UNITS, with a reel at its load point.

        Args:
            type: the type number.
            store: the reel; None if there is none.
            feet: from the load point to the reflective spot near the end of the reel; 0: the reel has no end.
            recorded: density of what is on the reel; 0: one that the unit can read.
        """
        super().__init__()
        self.type = type
        self.unit = UNITS[type]
        self.sense_length = self.unit.sense
        self.sense = bytes(self.sense_length)
        self.store = store
        self.feet = feet
        self.reel: tuple[str, dict[str, str]] | None = None  # its name and options, to load it again
        self.position = 0
        self.travel = 0  # mils of tape from the load point
        self.density = recorded or self.unit.densities[-1]
        self.mode = self.unit.densities[-1]  # density of the next write from the load point
        self.loaded = store is not None
        self.writing = False  # the heads are set to write
        self.backwards = False
        self.prior = 0  # the command before this one in its chain

    # ---- by the operator

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> TapeUnit:
        """Words: the file of the reel, `ro`, `format=`, `feet=`, `density=`, `bzip2`; without a file, no reel."""
        unit = cls(type)
        if path is not None:
            unit._take_reel(path, options)
        else:
            accept(options)
        return unit

    def mount(self, path: str, options: Mapping[str, str], room: Room) -> None:
        if self.store is not None:
            raise ConfigurationError("a reel is mounted already")
        self._take_reel(path, options)
        self._became_ready()

    def dismount(self) -> None:
        if self.store is None and self.reel is None:
            raise ConfigurationError("no reel is mounted")
        self.close()
        self.reel = None

    def press(self, key: str) -> None:
        """Keys: `reset` (not ready, the tape stays where it is), `start` (ready again; a reel that was unloaded is
        loaded), `rewind` (to the load point, and ready), `unload`."""
        if key == "unload":
            self.close()
        elif key == "reset":
            self.loaded = False
        elif key in ("start", "rewind"):
            if self.reel is None and self.store is None:
                raise ConfigurationError("no reel is mounted")
            was = self.store is not None and self.loaded
            if self.store is None and self.reel is not None:
                self._take_reel(*self.reel)
            elif key == "rewind":
                self.position = self.travel = 0
                self.writing = self.backwards = False
            self.loaded = True
            if not was:
                self._became_ready()
        else:
            super().press(key)

    def _take_reel(self, path: str, options: Mapping[str, str]) -> None:
        accept(options, "ro", "format", "feet", "density", "bzip2")
        name = choice(options, "format", *FORMATS) if "format" in options else ""
        read_only = flag(options, "ro")
        feet = number(options, "feet", 0, 1, 100_000)
        density = int(choice(options, "density", *map(str, LATEST))) if "density" in options else 0
        bzip2 = flag(options, "bzip2")
        self.close()
        try:
            store = open_tape(path, read_only, name, bzip2)
            if not store.path.exists() and not name and not is_new_tape(path):
                raise MediaError(f"{path}: no such file; a new reel ends in .{', .'.join(FORMATS)}, or has a format=")
        except MediaError as error:
            raise ConfigurationError(str(error)) from None
        self.store = store
        self.reel = path, dict(options)
        self.feet = feet
        self.density = density or self.unit.densities[-1]
        self.position = self.travel = 0
        self.loaded = True

    def _became_ready(self) -> None:
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def close(self) -> None:
        self._unload()

    def _unload(self) -> MediaError | None:
        """Let go of the reel's file; what the host had against it."""
        store, self.store = self.store, None
        self.position = self.travel = 0
        self.loaded = self.writing = self.backwards = False
        try:
            if store is not None:
                store.close()
        except MediaError as error:
            return error
        return None

    # ---- by the channel

    def begin(self) -> None:
        self.prior = 0

    def reset(self) -> None:
        super().reset()
        self.prior = 0
        self.mode = self.unit.densities[-1]

    def perform(self, path: DataPath) -> int:
        code = path.command
        if code not in SENSES and (self.store is None or not self.loaded):
            return self._checked(Sense.INTERVENTION_REQUIRED, status=CHECK)
        try:
            return super().perform(path)
        except MediaError:
            return self._checked(Sense.EQUIPMENT_CHECK, byte4=HARDWARE)
        finally:
            self.prior = code

    def _reel(self) -> TapeStore:
        assert self.store is not None  # `perform` has looked
        return self.store

    # ---- sense

    def _checked(
        self, sense0: int, sense1: int = 0, byte3: int = 0, byte4: int = 0, status: int = ENDED | CHECK
    ) -> int:
        """Set the sense bytes of a condition; gives unit check, with channel end and device end if not told else."""
        sense = bytearray(max(self.sense_length, 8))
        sense[0], sense[1], sense[3], sense[4] = sense0, sense1, byte3, byte4
        if byte4 == REJECT_UNIT and self.sense_length > 7:
            sense[4], sense[7] = 0, OFF_THE_REEL
        if sense0 & Sense.DATA_CHECK and self.density == 800:
            sense[2] = NO_TRACK
        self.sense = bytes(sense[: self.sense_length]).ljust(self.sense_length, b"\0")
        return status | CHECK

    def _present_sense(self) -> bytes:
        """The sense bytes of the last condition with those that tell the unit's present state."""
        sense = bytearray(self.sense)
        ready = self.store is not None and self.loaded
        if not ready:
            sense[0] |= Sense.INTERVENTION_REQUIRED
            sense[1] |= NOT_READY | FILE_PROTECT
        else:
            sense[1] |= READY
            sense[1] |= 0 if self.position else LOAD_POINT
            sense[1] |= WRITE_STATUS if self.writing else 0
            sense[1] |= FILE_PROTECT if self._reel().read_only else 0
        sense[3] |= (SET_TO_1600 if self.density == 1600 else 0) | (BACKWARD if self.backwards else 0)
        if len(sense) > 6:
            sense[4] |= TAPE_INDICATE if self._past_spot() else 0
        for index, bits in self.unit.fixed.items():
            sense[index] |= bits
        if len(sense) > 9 and self.density != 1600:
            sense[6] |= NOT_AT_1600
        return bytes(sense)

    # ---- the tape

    def _past_spot(self) -> bool:
        return bool(self.feet) and self.travel > self.feet * FOOT

    def _pass(self, block: Block, back: bool = False) -> int:
        """Move over a block; mils of tape."""
        mils = MARK if block.mark else self.unit.length(block.length, self.density)
        self.writing = False
        self.backwards = back
        self.position = block.start if back else block.end
        self.travel = max(0, self.travel + (-mils if back else mils)) if self.position else 0
        return mils

    def _stopped(self, mils: int, status: int = 0) -> int:
        """End a control command: device end when the tape has moved so far."""
        if status & (CHECK | EXCEPTION):
            status |= UnitStatus.CONTROL_UNIT_END
        status &= ~UnitStatus.CHANNEL_END  # it was given when the command was accepted
        return self.later(self.unit.pass_time(mils), status, holds=True)

    def _next(self, data: bool) -> Block | int:
        """The block in front; unit status if there is none that this unit can read."""
        if not self.position and self.density not in self.unit.densities:
            return self._checked(0, NOT_CAPABLE)
        block = self._reel().forward(self.position, data)
        if block is None:
            self.writing = self.backwards = False
            return self._checked(Sense.EQUIPMENT_CHECK, byte4=REJECT_UNIT)
        return block

    def _fault(self) -> int:
        return self._checked(Sense.DATA_CHECK, byte3=VRC | MULTIPLE_TRACK)

    # ---- writing

    def _may_write(self, mils: int = 0) -> int:
        """0, or the unit status that refuses a write: no ring in the reel, or no tape left for so many mils."""
        if self._reel().read_only:
            return self.check(Sense.COMMAND_REJECT)
        if not self.position:
            self.density = self.mode
        self.writing, self.backwards = True, False
        if self.feet and self.travel + mils > self.feet * FOOT + BEHIND_SPOT:
            return self._checked(Sense.EQUIPMENT_CHECK, byte4=REJECT_UNIT)
        return 0

    def _wrote(self, block: Block, mils: int) -> int:
        """Move behind what was written: unit exception in the end of reel area."""
        self.position = block.end
        self.travel += mils
        return EXCEPTION if self._past_spot() else 0
