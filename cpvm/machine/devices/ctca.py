"""Channel-to-channel adapter: System/370's own, and one pair of a 3088.

Two devices are the two sides of an `Adapter`, on channels of two machines or of one. A write waits at its side until
the other side reads, a read until it writes, control until it senses the command byte; the side that is waited for gets
attention. Commands that cannot go together are turned away with busy and attention.

The machines may run in one thread or in two: see `cpvm.machine.adapter`.

Data takes 1 microsecond a byte, a time that is chosen. Between channel end and device end of a control or prepare
command that is not chained, Test I/O does not show that the side is busy, and Halt I/O does not take the command back.

Sources: GA22-6983, *System/370 Special Feature: Channel-to-Channel Adapter*; SA22-7091, *Channel-to-Channel Adapter*
(3088), tables of commands and states.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Final

from cpvm.machine.adapter import Adapter, Side
from cpvm.machine.configure import accept, flag
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, SUSPENDED, ConfigurationError, Device, DeviceError, command, device
from cpvm.s370.ccw import Command, Flag, Sense, UnitStatus

if TYPE_CHECKING:
    from cpvm.machine.configure import Room

AVAILABLE, PREPARE, CONTROL, READ, WRITE = range(5)
"""States of a side: the last four wait for the other side."""

_DEPENDENT = (CONTROL, READ, WRITE)
_REFUSED = UnitStatus.BUSY | UnitStatus.ATTENTION
_LIMIT = 1 << 24  # bytes in one transfer


@device("CTCA", "3088", kind="ctca")
class CTCA(Side):
    """One side of a channel-to-channel adapter.

    Args:
        type: CTCA or 3088; only the latter knows Prepare and Sense ID.
        extended: whether the mode after a reset is the extended one (3088 only).

    Attributes:
        state: AVAILABLE, or what the side waits in.
        code: the command that waits, for the other side to sense.
        extended: Write End of File exists, and the other side is not ready until its first command.
        end_of_file: the other side has written end of file, which the next read gets.
        down: reset, and no command since.
        unready: told that the other side is not ready; device end is due when it is.
        split: channel end of the waiting command has been given.
        room: bytes that the waiting read has room for, -1 if data chaining hides how many.
        matched: the other side's write answers this read, but its machine has not yet delivered the data.
        owed: attention is due at the end of the program under way.
    """

    STATE = (
        "state", "code", "extended", "end_of_file", "down", "unready", "split", "room", "matched", "owed",
    )  # fmt: skip

    def __init__(self, type: str = "CTCA", extended: bool = False) -> None:
        super().__init__()
        if type not in ("CTCA", "3088") or (extended and type != "3088"):
            raise DeviceError(f"there is no channel-to-channel adapter {type} with this mode")
        self.type = type
        self.initially_extended = extended
        self.state = AVAILABLE
        self.code = 0
        self.extended = extended
        self.end_of_file = False
        self.down = extended
        self.unready = False
        self.split = False
        self.room = 0
        self.matched = False
        self.owed = False
        self._in_program = False
        self._in_command = False
        self._result: tuple[bytes, int] | None = None
        self._refusing = False
        self._prepared: tuple[CTCA, int] | None = None  # the other side in its turn, to be released when this one waits
        self._turn = 0  # counts the commands that have waited: what comes for one that was halted is too late
        self._answered = -1  # the last of them that the other side has answered
        self._called = 0  # the last of the other side's that this one is to attend to
        self._attention = self._attend_to_call

    @classmethod
    def configure(cls, type: str, path: str | None, options: Mapping[str, str], room: Room) -> Device:
        """`0E0,CTCA,line`: the device that is given the same name is on the other side. Option `extended`: the mode
        after a reset of a 3088."""
        accept(options, "extended")
        if path is None:
            raise ConfigurationError("the name of the link is missing: two adapters with the same name are connected")
        if type != "3088" and "extended" in options:
            raise ConfigurationError("only a 3088 can begin in the extended mode")
        place = room.link(path)
        if not isinstance(place, MutableMapping):
            raise ConfigurationError(f"{path} is a link of something else")
        adapter = place.setdefault("ctca", Adapter())
        side = cls(type, flag(options, "extended"))
        adapter.connect(side)
        return side

    # ---- between the sides

    def _call(self, turn: int) -> None:
        """Have this side attend to the other one's command. One call is enough for commands that come and are halted,
        however many: nobody can fill the host with them."""
        self._called = turn
        if not (self._inbox and self._inbox[-1] is self._attention):
            self._post(self._attention)

    def _attend_to_call(self) -> None:
        with self._lock():
            turn = self._called
        self._attend(turn)

    def _attend(self, turn: int) -> None:
        """Attention, unless this side has answered the other one's command; at the end of a program under way."""
        with self._lock():
            peer = self._peer(CTCA)
            if peer is None or peer._answered >= turn or self.state != AVAILABLE:
                return
            if self._in_program:
                self.owed = True
                return
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.ATTENTION)

    def _finish(self, turn: int, data: bytes, status: int, sense: int) -> None:
        """The command that waits has ended."""
        with self._lock():
            if turn != self._turn:
                return
            split, self.split = self.split, False
            self.state, self.matched = AVAILABLE, False
            if sense:
                self.sense = bytes((sense,))
            if self._in_command:
                self._result = (data, status)
                return
        if self.channel is None:
            return
        if split:
            self.channel.unsolicited(self.address, status & ~UnitStatus.CHANNEL_END)
        else:
            self.channel.complete(self.address, data, status)

    def _release(self, data: bytes = b"", status: int = ENDED, sense: int = 0) -> None:
        """The other side has answered what this one waits in."""
        self.state, self.matched = AVAILABLE, False
        turn = self._answered = self._turn
        self._post(lambda: self._finish(turn, data, status, sense))

    def _deliver(self, room: int) -> None:
        """The other side reads what this one writes: up to so many bytes, or as many as there are."""
        path = self.channel.program_of(self.address) if self.channel is not None else None
        with self._lock():
            peer = self._peer(CTCA)
            if path is None or self.state != WRITE:  # halted in the meantime
                if peer is not None and peer.matched:
                    peer.matched = False
                    turn = peer._turn
                    self._post(lambda: self._attend(turn))
                return
            data = _take(path, room)
            self.state, self._answered = AVAILABLE, self._turn
            if peer is not None:
                peer._release(data)
        self._finish(self._turn, b"", ENDED, 0)

    def arrived(self) -> None:
        """This side is there, and ready if it need not give a command first: device end for the other one, if it was
        told that it was not."""
        peer = self._peer(CTCA)
        if peer is not None and peer.unready and not self.down:
            peer.unready = False
            peer._post(peer._ready)

    def _ready(self) -> None:
        if self.channel is not None:
            self.channel.unsolicited(self.address, UnitStatus.DEVICE_END)

    def abandon(self) -> None:
        """This side is reset, or goes: a command at which the other one waits ends with unit check."""
        peer = self._peer(CTCA)
        if peer is not None and peer.state != AVAILABLE and not peer.matched:
            peer._release(status=ENDED | UnitStatus.UNIT_CHECK, sense=Sense.INTERVENTION_REQUIRED)

    # ---- called by the channel

    def begin(self) -> None:
        self._in_program = True

    def end(self) -> int:
        self._in_program = False
        if self._prepared is not None:
            (prepared, turn), self._prepared = self._prepared, None
            with self._lock():
                if prepared._turn == turn and prepared.state == PREPARE:
                    prepared._release()
        if self.owed:
            self.owed = False
            peer = self._peer(CTCA)
            if peer is not None and peer.state in _DEPENDENT:
                self._attend(peer._turn)
        return 0

    def halt(self) -> None:
        with self._lock():
            self.state, self.code = AVAILABLE, 0
            self.split = self.matched = False
            self._turn += 1

    def reset(self) -> None:
        with self._lock():
            super().reset()
            self.end_of_file = self.owed = self.unready = False
            self.down = self.extended = self.initially_extended
            self.abandon()

    def is_immediate(self, code: int) -> bool:
        return self._refusing or super().is_immediate(code)

    def perform(self, path: DataPath) -> int:
        self._refusing = False
        self._in_program = True  # also of a program that has waited
        self.poll()
        with self._lock():
            if self.state != AVAILABLE:  # its channel end was given, its device end not yet
                return self._refuse(UnitStatus.BUSY)
            if path.command in (Command.SENSE, Command.SENSE_ID):
                return super().perform(path)
            if path.command not in self._commands:
                return self.check(Sense.COMMAND_REJECT)
            peer = self._peer(CTCA)
            if self.down and peer is not None:
                self.down = False
                self.arrived()
            if peer is None or (peer.down and self.extended):
                self.unready = True
                return self.check(Sense.INTERVENTION_REQUIRED)
            self._result = None
            self._in_command = True
            try:
                status = super().perform(path)
            finally:
                self._in_command = False
        return status

    def _refuse(self, status: int = _REFUSED) -> int:
        self._refusing = True
        return status

    # ---- commands; the other side is there

    def _wait(self, path: DataPath, state: int, peer: CTCA) -> int:
        """Wait in a state; the other side is told."""
        self.state, self.code = state, path.command
        self._turn += 1
        self.room = -1 if path.flags & Flag.CD else path.count
        if peer.state == PREPARE:
            self._prepared = peer, peer._turn  # its program may go on with what this one waits for
        elif state != PREPARE:
            peer._call(self._turn)
        if state in (READ, WRITE) or path.flags & (Flag.CC | Flag.CD) == Flag.CC:
            self.split = False
            return SUSPENDED
        self.split = True
        return UnitStatus.CHANNEL_END

    def _other(self) -> CTCA:
        peer = self._peer(CTCA)
        assert peer is not None, "perform has seen to it"
        return peer

    @command(*(code for code in range(256) if code & 0x83 == 0x01))
    def write(self, path: DataPath) -> int:
        """Write: to the other side's read."""
        peer = self._other()
        if peer.state in (CONTROL, WRITE) or peer.matched:
            return self._refuse()
        if peer.state != READ:
            self.end_of_file = False
            return self._wait(path, WRITE, peer)
        data = _take(path, peer.room)
        self.takes(len(data))
        peer._release(data)
        return ENDED

    @command(*(code for code in range(256) if code & 0x83 == 0x81))
    def write_end_of_file(self, path: DataPath) -> int:
        """Write End of File: unit exception for the other side's read. In the basic mode it is a write."""
        if not self.extended:
            return self.write(path)
        peer = self._other()
        if peer.state in (CONTROL, WRITE) or peer.matched:
            return self._refuse()
        if peer.state == READ:
            peer._release(status=ENDED | UnitStatus.UNIT_EXCEPTION)
        else:
            peer.end_of_file = True
        return ENDED

    @command(*(code for code in range(256) if code & 0x03 == 0x02 or code & 0x0F == 0x0C))
    def read(self, path: DataPath) -> int:
        """Read, or Read Backward, what the other side writes."""
        peer = self._other()
        if self.end_of_file:
            self.end_of_file = False
            return ENDED | UnitStatus.UNIT_EXCEPTION
        if peer.state in (CONTROL, READ):
            return self._refuse()
        if peer.state != WRITE:
            return self._wait(path, READ, peer)
        self.state, self.code, self.matched, self.split = READ, path.command, True, False
        self._turn += 1
        room = -1 if path.flags & Flag.CD else path.count
        peer._post(lambda: peer._deliver(room))
        if self._result is None:
            self.room = room
            return SUSPENDED
        data, status = self._result
        self.takes(len(data))
        path.send(data)
        return status

    @command(*(code for code in range(256) if code & 0x07 == 0x07), immediate=True)
    def control(self, path: DataPath) -> int:
        """Control: channel end at once, device end when the other side has sensed the command byte."""
        peer = self._other()
        if peer.state in _DEPENDENT:
            return self._refuse()
        return self._wait(path, CONTROL, peer)

    @command(*(code for code in range(256) if code & 0x1F == 0x14))
    def sense_command_byte(self, path: DataPath) -> int:
        """Sense Command Byte: which command waits at the other side, 0 if none. Ends a control command."""
        peer = self._other()
        path.send(bytes((peer.code if peer.state != AVAILABLE else 0,)))
        if peer.state == CONTROL:
            peer._release()
        return ENDED

    @command(*(code for code in range(256) if code & 0x47 == 0x03), immediate=True)
    def no_operation(self, path: DataPath) -> int:
        """No operation; busy if the other side waits."""
        return self._refuse() if self._other().state in _DEPENDENT else ENDED

    @command(0xC3, *(code for code in range(256) if code & 0xC7 == 0x43), immediate=True)
    def set_mode(self, path: DataPath) -> int:
        """Set Extended Mode (X'C3') or Basic Mode."""
        if self._other().state in _DEPENDENT:
            return self._refuse()
        self.extended = path.command == 0xC3
        return ENDED

    @command(0xE3, immediate=True)
    def prepare(self, path: DataPath) -> int:
        """Prepare: channel end at once, device end when the other side begins something that waits, or has done so."""
        peer = self._other()
        if self.type != "3088":
            return self.check(Sense.COMMAND_REJECT)
        if peer.state == PREPARE:
            peer._release()
        elif peer.state == AVAILABLE:
            return self._wait(path, PREPARE, peer)
        return ENDED

    @command(Command.SENSE_ID)
    def sense_id(self, path: DataPath) -> int:
        """Sense ID: 3088, and the mode after a reset."""
        if self.type != "3088":
            return self.check(Sense.COMMAND_REJECT)
        path.send(bytes((0xFF, 0x30, 0x88, 0x08, 0x00, 0x00, not self.initially_extended)))
        return ENDED


EXCESS: Final = b"\0"
"""Stands behind data of which the other side has more, so that the reader's length is wrong."""


def _take(path: DataPath, room: int) -> bytes:
    """What a write gives to a reader with so much room, -1 if it is not known."""
    data = path.take(_LIMIT if room < 0 else room)
    more = path.count or path.flags & Flag.CD
    return data + EXCESS if more and len(data) == room and not path.failed else data
