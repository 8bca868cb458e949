"""The mechanism of a CKD drive: arm, heads, rotation, orientation, and how its commands end.

Sources: GA26-1617 (3830 Storage Control), GA26-1638 (3350), GA26-3599 (2314), A26-5988 (2841). Its control commands are
in `cpvm.machine.media.control`, its searches in `cpvm.machine.media.searching`; what reads and writes records is in
`cpvm.machine.devices.dasd`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, DeviceError, MediaError, TrackStore
from cpvm.machine.media.model import (
    END_OF_CYLINDER,
    FILE_PROTECTED,
    INCOMPLETE,
    INVALID_COMMAND,
    INVALID_SEQUENCE,
    INVALID_TRACK_FORMAT,
    MISSING_MARKER,
    NO_RECORD_FOUND,
    OPTIONAL,
    SEQUENCE,
    TRACK_CONDITION,
    model_of,
    sense_bytes,
)
from cpvm.machine.media.pack import PackDrive
from cpvm.machine.media.rotation import Decoded, Rotation
from cpvm.machine.media.volume import Volume
from cpvm.s370.ccw import Command, Sense, UnitStatus
from cpvm.s370.ckd import ALTERNATE, DEFECTIVE, GEOMETRY, CKDError, Record, Track

CHECKED: Final = ENDED | UnitStatus.UNIT_CHECK
END_OF_FILE: Final = ENDED | UnitStatus.UNIT_EXCEPTION
FOUND: Final = ENDED | UnitStatus.STATUS_MODIFIER
MULTI_TRACK: Final = 0x80

# file mask
MASK_WRITES, MASK_NO_HOME_R0, MASK_NO_WRITE, MASK_NO_FORMAT = 0xC0, 0x00, 0x40, 0x80
MASK_SEEKS, MASK_NO_SEEK, MASK_HEAD_ONLY, MASK_NO_SWITCH = 0x18, 0x08, 0x10, 0x18

# where the record last passed was left
NOWHERE, COUNT, KEY, DATA = 0, 1, 2, 3

# what the commands before make possible for a write: equal searches on whole fields, and format writes
NOTHING, HOME, ID_EQUAL, KEY_EQUAL, WRITTEN = range(5)

# Codes after which an index point is remembered: searches, Read Count, Read Sector. Two of them without anything else
# between them mean that a record is not there.
_SEARCHES = frozenset({0x39, 0x31, 0x51, 0x71, 0x29, 0x49, 0x69, 0x2D, 0x4D, 0x6D})
_KEEP_INDEX = _SEARCHES | {code | MULTI_TRACK for code in _SEARCHES} | {0x12, 0x22, 0xA2}
_KEEP_SENSE = frozenset({Command.SENSE, Command.NOP, 0x94, 0xB4, 0x14})
# Control and sense commands: the control unit loses the place within the record that was passed last.
_DISORIENT = frozenset(code for code in range(256) if code & 3 == 3 or code & 0x0F == 4)
_SINCE: Final = {"masked": False, "other": -1, "spaced": -1}  # what states of earlier versions lack
_NOT_READY = frozenset({Command.SENSE, Command.NOP, 0xE4, 0x94, 0xB4, 0x14, 0xA4})


class TrackCondition(Exception):
    """A defective track was come upon, or an alternate one is to be left by a switch of heads."""


class Drive(PackDrive):
    """A drive without its commands. Between channel programs it keeps only the position of the arm."""

    STATE = ("cyl", "head", "mask", "masked", "at", "index_passed", "left", "prior", "other", "spaced")
    SENSE_LENGTH = 24

    _tables: Final[dict[tuple[type, str], Mapping[int, Callable[[Any, DataPath], int]]]] = {}

    def __init__(
        self, name: str, tracks: TrackStore | None, cylinders: int | None = None, read_only: bool = False
    ) -> None:
        """A drive of type `name` with the first `cylinders` of its cylinders (all primary ones if not told).

        Without tracks it is not ready.

        Raises:
            DeviceError: the type is unknown or it has not so many cylinders.
        """
        super().__init__()
        geometry = GEOMETRY.get(name)
        if geometry is None:
            raise DeviceError(f"{name} is no DASD type")
        self.geometry = geometry
        self.model = model_of(geometry)
        self.type = name
        self.sense_length = self.model.sense_length
        self.sense = self._no_sense = bytes(self.sense_length)
        key = (type(self), geometry.name)
        if key not in self._tables:
            missing = OPTIONAL - self.model.commands
            self._tables[key] = {code: method for code, method in self._commands.items() if code not in missing}
        self._known = self._tables[key]
        self.put(tracks, cylinders, read_only)
        self.cyl = 0
        self.head = 0
        self._turned = 0  # microseconds since index as the command under way began
        self._chained = NOTHING  # `prior` as the command under way found it
        self.begin()

    def put(self, tracks: TrackStore | None, cylinders: int | None, read_only: bool) -> None:
        """Put a pack on the drive, or take it away. Raises DeviceError: the type has not so many cylinders."""
        self.cylinders = self.geometry.cylinders if cylinders is None else cylinders
        if not 1 <= self.cylinders <= self.geometry.cylinders + self.geometry.alternates:
            raise DeviceError(f"a {self.type} cannot have {self.cylinders} cylinders")
        self.read_only = read_only
        self._rotation = Rotation(self.geometry, tracks) if tracks is not None else None
        self._here: Decoded | None = None  # the track under the head, for as long as nobody else can change it

    @property
    def medium(self) -> str:
        return self.geometry.name

    @property
    def tracks(self) -> Rotation:
        """The pack. Raises MediaError if there is none."""
        if self._rotation is None:
            raise MediaError(f"the {self.type} is not ready")
        return self._rotation

    # ---- for native code

    @property
    def own_volume(self) -> Volume | None:
        """The volume on the drive, if the drive has opened it, so that nobody else writes it."""
        pack = self._pack
        if not isinstance(pack, Volume) or self._rotation is None or self._rotation.store is not pack:
            return None
        return pack

    @property
    def at_rest(self) -> bool:
        """Whether nothing was written that is not in the store."""
        return self._rotation is not None and self._rotation.at_rest

    def knows(self, code: int) -> bool:
        """Whether the type has a command."""
        return code in self._known

    def take_up(self, state: Sequence[int], sense_gone: bool, unsaved: bool) -> None:
        """The drive is as native code has left it. `unsaved`: a program has written, and is to be gone on with.

        `state`: what `cpvm.machine.quick.layout.DRIVE_STATE` names.
        """
        self.cyl, self.head, self.at, self.left, self.prior, index_passed, self.mask, masked = state
        self.index_passed, self.masked = bool(index_passed), bool(masked)
        self.other = self.spaced = -1
        self._here = None
        self._timed = False
        if sense_gone:
            self.sense = self._no_sense
        if self._rotation is not None:
            self._rotation.owe_commit(unsaved)

    # ---- the channel program as a whole

    def begin(self) -> None:
        self.mask = 0
        self.masked = False  # a Set File Mask was given
        self.prior = NOTHING
        self._orient(0)
        self.other = -1  # the alternate track that stands for a defective one: cylinder * heads + head
        self._timed = self.channel is not None and not self.channel.immediate
        self._here = None

    def unsaved(self) -> bool:
        return self._rotation is not None and not self._rotation.at_rest

    def end(self) -> int:
        self._here = None
        if self._rotation is None:
            return 0
        try:
            self._rotation.flush()
        except MediaError:
            self._rotation.forget()
            return self._fail(Sense.EQUIPMENT_CHECK)
        return 0

    def halt(self) -> None:
        self.end()  # what was written before is on the pack

    def reset(self) -> None:
        super().reset()
        self.cyl = self.head = 0
        self.begin()

    def save(self) -> dict[str, Any]:
        sense = self.sense
        self.end()  # a command may be on its way to channel end, and its track not yet in the store
        self.sense = sense
        return super().save()

    def load(self, state: Mapping[str, Any]) -> None:
        super().load({**_SINCE, **state})
        self._here = None
        if self._rotation is not None:
            self._rotation.forget()
        self._timed = self.channel is not None and not self.channel.immediate

    def perform(self, path: DataPath) -> int:
        code = path.command
        self._chained, self.prior = self.prior, NOTHING
        if code not in _KEEP_SENSE:
            self.sense = self._no_sense
        if code not in _KEEP_INDEX:
            self.index_passed = False
            if code in _DISORIENT:
                self.left = NOWHERE
        method = self._known.get(code)
        if method is None:
            self._fail(Sense.COMMAND_REJECT, 0, INVALID_COMMAND)
            return CHECK
        if self._rotation is None and code not in _NOT_READY:
            self._fail(Sense.INTERVENTION_REQUIRED)
            return CHECK
        head = self.head
        if self._timed and self.channel is not None:
            self._here = None  # between two commands other drives may write
            self._turned = self.channel.now % self.model.rotation
        try:
            status = method(self, path)
        except CKDError:
            status = self._fail(Sense.DATA_CHECK, INVALID_TRACK_FORMAT if self.model.modern else MISSING_MARKER)
        except TrackCondition:
            status = self._fail(TRACK_CONDITION)
        except MediaError:
            if self._rotation is not None:
                self._rotation.forget()
            self._here = None
            status = self._fail(Sense.EQUIPMENT_CHECK)
        if self._timed and code not in _DISORIENT:
            self._turn(self.head - head)
        return status

    # ---- endings

    def _fail(self, sense0: int, sense1: int = 0, message: int = 0, restart: int = 0) -> int:
        """Unit check with channel end and device end, and sense bytes with the place of the arm."""
        where = (self.cyl, self.head)
        self.sense = sense_bytes(
            self.geometry, (sense0, sense1), message=message, place=where, address=self.address, restart=restart
        )
        return CHECKED

    def _reject(self, message: int, sense1: int = 0) -> int:
        """Command reject, with a message of format 0."""
        if message == SEQUENCE and not self.model.modern:
            sense1 |= INVALID_SEQUENCE
        return self._fail(Sense.COMMAND_REJECT, sense1, message)

    # ---- place

    @property
    def _place(self) -> tuple[int, int]:
        """The track under the head: that of the arm, or the alternate one for it."""
        if self.other < 0:
            return self.cyl, self.head
        return divmod(self.other, self.geometry.heads)

    @property
    def _track(self) -> Track:
        return self._under_head().track

    def _under_head(self) -> Decoded:
        here = self._here
        if here is None:
            here = self._here = self.tracks.decoded(*self._place)
        return here

    def _changed(self) -> None:
        """The track was altered in place."""
        self.tracks.changed(*self._place, self._under_head())

    def _orient(self, at: int) -> None:
        """The record `at` comes next, and the search for it begins anew."""
        self.at = at  # number of the record that comes next under the head; record 0 is the first behind index
        self.index_passed = False
        self.left = NOWHERE
        self.spaced = -1  # lengths that Space Count gave: key length * 65536 + data length

    def _move(self, cyl: int, head: int) -> None:
        """Bring the heads to a track; the next thing under them is index."""
        if (cyl, head) != (self.cyl, self.head) or self.other >= 0:
            self.tracks.leave(*self._place)
            self.cyl, self.head = cyl, head
            self.other = -1
            self._here = None
        self._orient(0)

    def _usable(self) -> Track:
        """The track, for its records: the alternate one of a defective track, if the control unit sees to that."""
        track = self._track
        if track.flag & DEFECTIVE:
            if not self.model.switches or self.other >= 0:
                raise TrackCondition
            cyl, head = track.r0.cyl, track.r0.head
            if cyl >= self.cylinders or head >= self.geometry.heads or (cyl, head) == (self.cyl, self.head):
                raise TrackCondition
            self.other = cyl * self.geometry.heads + head
            self._here = None
            track = self._track
        return track

    def _record(self) -> Record:
        """The record last passed."""
        track = self._track
        if self.at <= 1:
            return track.r0
        if self.at - 2 >= len(track.records):
            raise CKDError("another drive has erased the record")
        return track.records[self.at - 2]

    def _switch(self, restart: int = 0) -> int:
        """Go on with the next head. 0, or the status that says why not; `restart`: in the middle of a record."""
        incomplete = INCOMPLETE if restart else 0
        if self.mask & MASK_SEEKS == MASK_NO_SWITCH:
            return self._fail(0, FILE_PROTECTED | incomplete, 0, restart)
        if self.head + 1 >= self.geometry.heads:
            return self._fail(0, END_OF_CYLINDER | incomplete, 0, restart)
        if not self.model.switches and self._track.flag & ALTERNATE:
            return self._fail(TRACK_CONDITION, incomplete, 0, restart)
        self._move(self.cyl, self.head + 1)
        return 0

    def _pass(self, multi: int, skip_r0: bool = True) -> Record | None:
        """Wait for the next count field; None if there is none (sense is set).

        Two index points without a read, write or control command between them mean that there is no such record.
        A multi-track command goes on with the next head at index.
        """
        self.spaced = -1
        while True:
            track = self._usable()
            while self.at <= len(track.records):
                self.at += 1
                if self.at > 1:
                    self.left = COUNT
                    return track.records[self.at - 2]
                if not skip_r0:
                    self.left = COUNT
                    return track.r0
            if multi:
                if self._switch():
                    return None
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

    # ---- time

    def _turn(self, switched: int) -> None:
        """Tell how long the pack turned from where it was as the command began to where the command leaves off.

        `switched`: how many heads further the command went, at an index point each.
        """
        if self._rotation is None:
            return
        geometry = self.geometry
        place = self._place
        try:
            at = self._rotation.position(*place, self.at - 1) if self.at > 0 else 0
            if self.at > 0 and self.left >= KEY:
                record = self._record()
                at += geometry.space(len(record.key), len(record.data) if self.left == DATA else 0, False)
        except (CKDError, MediaError):
            return
        rotation = self.model.rotation
        here = min(at * rotation // geometry.circumference, rotation - 1)
        revolutions = switched if switched > 0 else here < self._turned
        self.takes(here - self._turned + revolutions * rotation)
        self._turned = here
