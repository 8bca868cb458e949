"""Channel programs: the commands of a program one after the other, at once or in virtual time.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations": execution and conclusion of input/output
operations.

With immediate completion a program runs as far as it can within SIO; it stays behind only if its device has to wait (a
console read) or if it has passed CCW_LIMIT commands, and then goes on with `complete` or `advance`. Otherwise a command
occupies its device as long as the device says (`Device.takes`), and device end may follow channel end (`Device.later`).
The bytes of a command move when it begins; nothing is left half done, but the program learns of it at channel end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, SUSPENDED, Device, MediaError
from cpvm.machine.iotime import NEVER
from cpvm.machine.pending import Pending
from cpvm.machine.subchannel import ENDING, NOTHING, PAUSED, SELECTING, TRANSFER, Subchannel
from cpvm.s370.ccw import CSW, ChannelCondition, Flag, Sense, UnitStatus

CCW_LIMIT: Final = 4096  # commands a program may run before the CPU gets its turn: a TIC loop never ends
LATE_EACH: Final = 8  # commands after which it is asked whether a program takes too long; a power of two
UNSAVED_EACH: Final = 256
"""The same of a program that has written to a disk: all of it is to be there after a kill, or nothing, but what is
written when it is interrupted lasts. A power of two."""
SHARE: Final = 64  # commands that say nothing of their time; when there are so many at a stretch
SHARE_TIME: Final = 640  # microseconds pass for them

CHANNEL_END, DEVICE_END = UnitStatus.CHANNEL_END, UnitStatus.DEVICE_END

_NEXT: Final = CSW()
"""In place of the CSW of a program that has ended: command chaining has brought the next command."""


class Programs(Pending):
    """Executes channel programs. `active` tells whether a program waits for `advance`."""

    late: Callable[[], bool] | None = None
    """Whether a program has gone on for so long that the CPU should get its turn, though CCW_LIMIT is not reached."""

    @property
    def active(self) -> bool:
        """Whether a program would go on with `advance`."""
        return bool(self._working)

    # ---- from the devices

    def complete(self, address: int, data: bytes = b"", status: int = ENDED) -> None:
        """The device ends its SUSPENDED operation with these bytes for the program and this unit status."""
        subchannel = self._subchannels[address]
        path = subchannel.path
        if path is None or not subchannel.suspended or address in self._working:
            return
        subchannel.path = None
        if data:
            path.send(data)
        csw = self._performed(subchannel, path, status)
        if csw is _NEXT:
            csw = self._run(subchannel, path, self._limit)
        if csw is not None:
            subchannel.ended = csw
        self._requeue(subchannel)

    def program_of(self, address: int) -> DataPath | None:
        """The program whose SUSPENDED command waits for the device at an address; None if there is none."""
        subchannel = self._subchannels[address]
        return subchannel.path if subchannel.suspended and address not in self._working else None

    # ---- programs that native code has begun

    def go_on(self, address: int, path: DataPath, done: int, status: int | None) -> None:
        """Bring a program to its end of which so many commands were executed elsewhere.

        `status`: the unit status at its end; None if the next command comes, which is to be fetched.
        """
        subchannel = self._subchannels[address]
        if status is not None:
            csw: CSW | None = self._conclude(subchannel, path, status)
        elif path.next_command():
            csw = self._run(subchannel, path, self._limit - done)
        else:
            csw = self._conclude(subchannel, path, 0)
        if csw is not None:
            subchannel.ended = csw
        self._requeue(subchannel)

    # ---- time

    def advance(self) -> None:
        """Let programs go on that have used up their share of commands. Called by the machine between instructions."""
        working, self._working = self._working, []
        for address in working:
            subchannel = self._subchannels[address]
            path = subchannel.path
            if path is None:
                continue
            subchannel.path = None
            csw = self._run(subchannel, path, CCW_LIMIT)
            if csw is not None:
                subchannel.ended = csw
            self._requeue(subchannel)

    def elapse(self, microseconds: int) -> None:
        """Let virtual time pass, and everything happen that is due."""
        agenda = self.agenda
        agenda.now += microseconds
        agenda.settle()
        while (address := agenda.pop()) is not None:
            subchannel = self._subchannels[address]
            self._go_on(subchannel)
            self._requeue(subchannel)

    @property
    def timed(self) -> bool:
        """Whether anything will happen by itself in virtual time."""
        return self.agenda.next != NEVER

    def _go_on(self, subchannel: Subchannel) -> None:
        """The time of what a subchannel is about has come."""
        phase, path, status, rest = subchannel.phase, subchannel.path, subchannel.status, subchannel.rest
        subchannel.phase, subchannel.path, subchannel.rest = NOTHING, None, None
        if phase == ENDING:
            subchannel.holds = False
            if path is None:
                subchannel.unsolicited |= status | self._owed(subchannel)
                return
        if path is None:
            return
        csw: CSW | None
        if phase == SELECTING:
            csw = self._select(subchannel, path)
        elif phase == PAUSED:
            csw = self._run(subchannel, path, self._limit)
        else:
            csw = (
                self._after(subchannel, path, status, rest)
                if phase == TRANSFER
                else self._ended(subchannel, path, status)
            )
            if csw is _NEXT:
                csw = self._run(subchannel, path, self._limit)
        if csw is not None:
            subchannel.ended = csw

    # ---- channel programs

    @property
    def _limit(self) -> int:
        return CCW_LIMIT if self.immediate else SHARE

    def _start(self, subchannel: Subchannel, path: DataPath) -> CSW | None:
        """Execute a program whose first command is in `path`, else as `_run`."""
        subchannel.connected = not self.multiplexing()
        subchannel.device.begin()
        return self._run(subchannel, path, self._limit)

    def _select(self, subchannel: Subchannel, path: DataPath) -> CSW | None:
        """Start a program after Start I/O Fast Release; what SIO would show at once has a deferred condition code."""
        status = self._refusal(subchannel)
        if status:
            return CSW(path.key, path.ccw, status, path.channel, path.count, deferred_cc=1)
        csw = self._start(subchannel, path)
        if csw is not None and self._at_once(subchannel, path, csw):
            csw = CSW(csw.key, csw.address, csw.unit, csw.channel, csw.count, deferred_cc=1)
        return csw

    def _run(self, subchannel: Subchannel, path: DataPath, limit: int) -> CSW | None:
        """Execute commands from the one that `path` holds. The CSW at the end; None if the program stays behind."""
        device = subchannel.device
        perform = device.perform
        late = self.late
        for n in range(limit):
            if late is not None and n & LATE_EACH - 1 == LATE_EACH - 1 and _may_stop(device, n) and late():
                break
            device.duration = 0
            device.remainder = None
            try:
                status = perform(path)
            except MediaError:
                status = ENDED | device.check(Sense.EQUIPMENT_CHECK)
            if status == SUSPENDED:
                device.duration = 0
                device.remainder = None
                subchannel.path = path
                device.end()
                return None
            if device.duration or device.remainder:
                csw = self._performed(subchannel, path, status)
            else:
                csw = self._ended(subchannel, path, status)
            if csw is not _NEXT:
                return csw
        subchannel.path = path
        device.end()
        if self.immediate:
            self._working.append(device.address)
        else:
            self._wait(subchannel, PAUSED, SHARE_TIME)
        return None

    def _wait(self, subchannel: Subchannel, phase: int, microseconds: int) -> None:
        subchannel.phase = phase
        self.agenda.put(subchannel.device.address, microseconds)

    def _performed(self, subchannel: Subchannel, path: DataPath, status: int) -> CSW | None:
        """The device has carried out a command: its CSW, _NEXT, or None if it takes time."""
        device = subchannel.device
        if not device.duration:
            return self._after(subchannel, path, status, device.remainder)
        subchannel.path = path
        subchannel.status = status
        subchannel.rest = device.remainder
        self._wait(subchannel, TRANSFER, device.duration)
        return None

    def _after(
        self, subchannel: Subchannel, path: DataPath, status: int, rest: tuple[int, int, bool] | None
    ) -> CSW | None:
        """A command has come to channel end: its CSW, _NEXT, or None if the program waits for device end."""
        if rest is None:
            return self._ended(subchannel, path, status)
        csw = None
        delay, subchannel.status, subchannel.holds = rest
        if self._chains(subchannel, path, status | DEVICE_END):
            subchannel.path = path
        else:
            csw = self._conclude(subchannel, path, status)
        self._wait(subchannel, ENDING, delay)
        return csw

    def _ended(self, subchannel: Subchannel, path: DataPath, status: int) -> CSW:
        """A command has come to device end: its CSW, or _NEXT.

        Device end alone is that of a program that waited for it. If it does not go on the CSW has no channel end. If
        the next CCW is wrong there is no unit status: what the device gave was used for chaining.
        """
        if not self._chains(subchannel, path, status | (CHANNEL_END if status & DEVICE_END else 0)):
            return self._conclude(subchannel, path, status)
        if status & UnitStatus.STATUS_MODIFIER:
            path.ccw = path.ccw + 8 & 0xFFFFFF
        return _NEXT if path.next_command() else self._conclude(subchannel, path, 0)

    def _chains(self, subchannel: Subchannel, path: DataPath, status: int) -> bool:
        """Whether command chaining goes on after a command with this status. A wrong length is noted."""
        flags = path.flags
        if path.channel & ChannelCondition.ERRORS:
            return False
        if path.moved or not (subchannel.device.is_immediate(path.command) or status == CHECK):
            wrong = path.count or path.long or flags & Flag.CD
            if wrong and (flags & Flag.CD or not flags & Flag.SLI):
                path.channel |= ChannelCondition.INCORRECT_LENGTH
                return False
        return flags & (Flag.CC | Flag.CD) == Flag.CC and status & ~UnitStatus.STATUS_MODIFIER == ENDED

    def _conclude(self, subchannel: Subchannel, path: DataPath, status: int) -> CSW:
        """The CSW of a program that goes no further."""
        status |= subchannel.device.end()
        if subchannel.owes:
            status |= self._owed(subchannel)
        return CSW(path.key, path.ccw, status, path.channel, path.count)

    def _owed(self, subchannel: Subchannel) -> int:
        """Control unit end, if the control unit is free again and has turned somebody away; not within a chain."""
        if not subchannel.owes or subchannel.holds:
            return 0
        subchannel.owes = False
        return UnitStatus.CONTROL_UNIT_END

    def _at_once(self, subchannel: Subchannel, path: DataPath, csw: CSW) -> bool:
        """Whether this is the end of the first command and the device gave it when it was selected."""
        if path.chained or path.moved:
            return False
        return subchannel.device.is_immediate(path.command) or csw.unit == CHECK

    # ---- what keeps a device, its control unit or its subchannel from the next operation

    def _refusal(self, subchannel: Subchannel) -> int:
        """Unit status with which the device turns a command away, 0 if it takes it. Pending status is cleared by it."""
        status = self._busy(subchannel)
        if not status and subchannel.unsolicited:
            status = subchannel.unsolicited | UnitStatus.BUSY
            subchannel.unsolicited = 0
            self._requeue(subchannel)
        return status

    def _busy(self, subchannel: Subchannel) -> int:
        """Unit status if the device, or its control unit, is busy behind channel end; 0 if they are not."""
        holder = self._holder(subchannel)
        if holder is not None:
            holder.owes = True
            return UnitStatus.STATUS_MODIFIER | UnitStatus.BUSY
        return UnitStatus.BUSY if subchannel.working else 0

    def _holder(self, subchannel: Subchannel) -> Subchannel | None:
        """The subchannel of the device that keeps this device's control unit busy, if one does."""
        device = subchannel.device
        for address, other in self._subchannels.items():
            if other.holds and address >> 4 == device.address >> 4 and other.device.kind == device.kind:
                return other
        return None

    def _terminate(self, subchannel: Subchannel) -> None:
        """Halt the program of a subchannel."""
        path, phase, rest = subchannel.path, subchannel.phase, subchannel.rest
        if path is None:
            return
        device = subchannel.device
        if phase == ENDING:  # the device does what it does, but nothing is chained to it
            path.flags &= ~Flag.CC
            return
        if subchannel.suspended and device.address not in self._working:
            device.halt()
        owes = subchannel.owes
        self._drop(subchannel)
        subchannel.path, subchannel.owes = None, owes
        status = 0 if phase == SELECTING else ENDED
        if rest is not None:
            delay, subchannel.status, subchannel.holds = rest
            status = CHANNEL_END
            self._wait(subchannel, ENDING, delay)
        subchannel.ended = self._conclude(subchannel, path, status)
        self._requeue(subchannel)


def _may_stop(device: Device, n: int) -> bool:
    """Whether a program may be interrupted before its command number N, from 0."""
    return n & UNSAVED_EACH - 1 == UNSAVED_EACH - 1 or not device.unsaved()
