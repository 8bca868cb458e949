"""The channels of one machine: the I/O instructions, and programs on behalf of whoever runs the machine.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations": states of the input/output system, input/output
instructions, and the table of condition codes for I/O states. A device on a multiplexer channel has a subchannel of
its own; a selector channel has one for all of its devices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import CHECK, ENDED, DeviceError
from cpvm.machine.pending import BLOCK_MULTIPLEXER, BURST_KINDS, BYTE_MULTIPLEXER, SELECTOR
from cpvm.machine.program import CCW_LIMIT, Programs
from cpvm.machine.subchannel import ENDING, NOTHING, PAUSED, SELECTING, TRANSFER, ChannelStatus, Execution, Subchannel
from cpvm.s370 import psa
from cpvm.s370.ccw import CSW, ChannelCondition, UnitStatus, caw

EXECUTE_LIMIT: Final = 1 << 14  # commands in a synchronous program that must come to its end in one go
SELECTION: Final = 10  # microseconds until a device answers after Start I/O Fast Release
IPL_CCW: Final = b"\x02\0\0\0\x60\0\0\x18"  # read 24 bytes to location 0; command chaining, length not checked


class Channels(Programs):
    """Channels 0-15 of a machine, with their devices. I/O addresses are 0-X'FFF'; methods named for instructions give
    the condition code.

    With `immediate` operations take no time. Otherwise they take virtual time, which `elapse` lets pass: the machine
    calls it as it executes instructions, and skips ahead while it waits (`cpvm.machine.iotime`).
    """

    started = 0
    """Programs started."""

    # ---- states

    def _kind(self, channel: int) -> int:
        return self.types.get(channel, BLOCK_MULTIPLEXER)

    def _burst(self, channel: int) -> Subchannel | None:
        """The subchannel with which a channel is working so that it can do nothing else."""
        kind = self._kind(channel)
        if self.immediate and kind != SELECTOR:
            return None
        for address, subchannel in self._subchannels.items():
            if address >> 8 == channel and subchannel.path is not None and self._occupies(subchannel, kind):
                return subchannel
        return None

    def _occupies(self, subchannel: Subchannel, kind: int) -> bool:
        """Whether a program occupies its channel at this moment, and not only its subchannel."""
        if kind == SELECTOR:
            return True
        if subchannel.phase in (TRANSFER, PAUSED):
            return kind == BLOCK_MULTIPLEXER or subchannel.device.kind in BURST_KINDS
        return kind == BLOCK_MULTIPLEXER and subchannel.connected and subchannel.phase != NOTHING

    def _sharing(self, subchannel: Subchannel) -> list[Subchannel]:
        """All who share the channel's subchannel with this one: on a selector channel all devices."""
        channel = subchannel.device.address >> 8
        if self._kind(channel) != SELECTOR:
            return [subchannel]
        return [other for address, other in self._subchannels.items() if address >> 8 == channel]

    # ---- instructions

    def sio(self, address: int) -> int:
        """START I/O."""
        return self._answer(self._start_io(address, fast=False))

    def siof(self, address: int) -> int:
        """START I/O FAST RELEASE: on a block multiplexer the program goes on before the device is selected."""
        return self._answer(self._start_io(address, fast=True))

    def _answer(self, cc: int) -> int:
        """The condition code of an instruction by which programs ask whether something has ended. It takes time."""
        if not self.immediate:
            told_busy = self.storage.read(self.prefix + psa.CSW + 4, 1)[0] & UnitStatus.BUSY
            self.agenda.spend(cc == 2 or (cc == 1 and told_busy != 0))
        return cc

    def _start_io(self, address: int, fast: bool) -> int:
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.path is not None or subchannel.ended is not None:
            return 2
        if self.types.get(address >> 8) == SELECTOR or not self.immediate:
            if self._burst(address >> 8) is not None:
                return 2
            if any(other.path is not None or other.ended is not None for other in self._sharing(subchannel)):
                return 2
        at = self.prefix + psa.CAW
        try:
            key, ccw = caw(self.storage.data[at : at + 4])
        except ValueError:
            self._store_status(0, ChannelCondition.PROGRAM_CHECK)
            return 1
        path = DataPath(self.storage, key, ccw)
        if not path.next_command():
            self._store_status(0, path.channel)
            return 1
        self.started += 1
        if fast and self._releases(subchannel):
            subchannel.path = path
            self._wait(subchannel, SELECTING, SELECTION)
            self._requeue(subchannel)
            return 0
        if subchannel.unsolicited or self.timed:
            status = self._refusal(subchannel)
            if status:
                self._store_status(status, path.channel)
                return 1
        csw = self._start(subchannel, path)
        if csw is not None and self._at_once(subchannel, path, csw):
            self._store_status(csw.unit, csw.channel)
            return 1
        if csw is not None:  # else the device may have ended the program by now
            subchannel.ended = csw
        self._requeue(subchannel)  # without an end there may be a program-controlled interruption
        return 0

    def _releases(self, subchannel: Subchannel) -> bool:
        """Whether Start I/O Fast Release does not wait for the device. One that is busy is known to be."""
        kind = self._kind(subchannel.device.address >> 8)
        return not self.immediate and kind == BLOCK_MULTIPLEXER and self.multiplexing() and not subchannel.working

    def tio(self, address: int) -> int:
        """TEST I/O."""
        return self._answer(self._test_io(address))

    def _test_io(self, address: int) -> int:
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if self._burst(address >> 8) is not None:
            return 2
        for other in self._sharing(subchannel):
            if other.path is not None or (other.ended is not None and other is not subchannel):
                return 2
        if subchannel.ended is None:
            busy = self._busy(subchannel)
            if busy:
                self._store_csw(CSW(unit=busy))
                return 1
        if not subchannel.pending:
            return 0
        self._store_csw(self._accept(subchannel))
        return 1

    def clrio(self, address: int) -> int:
        """CLEAR I/O; the same as TEST I/O while block multiplexing is off. The device ends what it has begun."""
        if not self.multiplexing():
            return self.tio(address)
        self._answer(0)
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        path = subchannel.path
        if path is None:
            if subchannel.ended is None:
                return 0
            csw, subchannel.ended = subchannel.ended, None
        else:
            csw = CSW(path.key, path.ccw, 0, path.channel & ~ChannelCondition.PCI, path.count)
            self._discontinue(subchannel)
        self._store_csw(csw)
        self._requeue(subchannel)
        return 1

    def _discontinue(self, subchannel: Subchannel) -> None:
        """Take the program away from a subchannel whose device may be at work; it will show channel end itself."""
        device = subchannel.device
        if subchannel.suspended and device.address not in self._working:
            device.halt()
        subchannel.path = None
        device.end()
        if subchannel.phase == TRANSFER:
            subchannel.phase = ENDING
            if subchannel.rest is not None:
                delay, status, subchannel.holds = subchannel.rest
                subchannel.status |= status
                self.agenda.extend(device.address, delay)
                subchannel.rest = None
        elif subchannel.phase == ENDING:
            subchannel.status |= UnitStatus.CHANNEL_END
        else:
            owes = subchannel.owes
            self._drop(subchannel)
            subchannel.owes = owes
            subchannel.unsolicited |= self._owed(subchannel)

    def hio(self, address: int) -> int:
        """HALT I/O: ends what the channel is about, or if it can be shared, what the device is about."""
        self._answer(0)
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        burst = self._burst(address >> 8)
        if burst is not None:
            self._terminate(burst)
            return 2
        return self._halt(subchannel)

    def hdv(self, address: int) -> int:
        """HALT DEVICE: as HALT I/O, but does nothing to the operation of another device."""
        self._answer(0)
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        burst = self._burst(address >> 8)
        if burst is not None and burst is not subchannel:
            self._terminate(subchannel)
            return 2
        return self._halt(subchannel)

    def _halt(self, subchannel: Subchannel) -> int:
        if any(other.ended is not None for other in self._sharing(subchannel)):
            return 0
        if subchannel.path is not None:
            self._terminate(subchannel)
            self._store_status(0, 0)
            return 1
        holder = self._holder(subchannel)
        if holder is not None and holder is not subchannel:
            self._store_status(self._busy(subchannel), 0)
        else:
            self._store_status(0, 0)  # the device was signalled to end what it is about, which is nothing
        return 1

    def tch(self, address: int) -> int:
        """TEST CHANNEL: 0 available, 1 an interruption is pending, 2 working in burst mode, 3 not there."""
        channel = address >> 8 & 0xFF
        if not self._has(channel):
            return 3
        if self._burst(channel) is not None:
            cc = 2
        else:
            cc = 1 if channel < 32 and self.waiting & 0x80000000 >> channel else 0
        if not self.immediate:
            self.agenda.spend(fruitless=cc != 1)
        return cc

    def stidc(self, address: int) -> int:
        """STORE CHANNEL ID: the channel's type (model and log-out length are zero) at location X'A8'."""
        channel = address >> 8 & 0xFF
        if not self._has(channel):
            return 3
        self.storage.write(self.prefix + psa.CHANNEL_ID, self._kind(channel).to_bytes(4, "big"))
        return 0

    def _has(self, channel: int) -> bool:
        return any(address >> 8 == channel for address in self._subchannels)

    # ---- programs on behalf of whoever runs the machine

    def execute(self, address: int, ccw_address: int, key: int = 0) -> ChannelStatus:
        """Run a channel program to its end, without interruption or CSW in storage; EXECUTE_LIMIT commands at most.

        `ccw_address` is a real address on a doubleword; `key` 0-15 is checked as that of a CAW would be.
        A condition that is pending in the device on its own account (attention) does not matter and stays.
        """
        return self._synchronous(address, DataPath(self.storage, key, ccw_address), ccw_address % 8 == 0)

    def begin(self, address: int, ccw_address: int, key: int = 0) -> ChannelStatus | Execution:
        """As `execute`, for a program of any length (DIAGNOSE X'18', X'20'): how it ended, or what `proceed` goes on
        with, if it took too long (`late`). Nothing else is to be started at the device meanwhile."""
        started = self._begin(address, DataPath(self.storage, key, ccw_address), ccw_address % 8 == 0)
        return started if isinstance(started, ChannelStatus) else self.proceed(started)

    def proceed(self, execution: Execution) -> ChannelStatus | Execution:
        """Go on with a synchronous program. The device may have been taken away, or reset, in between."""
        subchannel = execution.subchannel
        if self._subchannels.get(subchannel.device.address) is not subchannel:
            return ChannelStatus(3)
        if subchannel.path is not None or subchannel.ended is not None or subchannel.working:
            return ChannelStatus(2)
        return self._advance(execution, CCW_LIMIT)

    def ipl(self, address: int) -> ChannelStatus:
        """Read the IPL records: 24 bytes to location 0, then the CCWs at location 8. The machine was reset before.

        The I/O address is stored at location 2 if the PSW at location 0 is of the BC mode, at X'BA' if of the EC
        mode; loading the PSW is the machine's. Principles of Operation, System Control, Initial Program Loading.
        """
        self.storage.write(0, IPL_CCW)
        status = self._synchronous(address, DataPath(self.storage, 0, 0), True)
        if status.cc == 0:
            ec_mode = self.storage.read(1, 1)[0] & 0x08
            self.storage.write(psa.IO_ADDRESS + 2 if ec_mode else 2, address.to_bytes(2, "big"))
        return status

    def _synchronous(self, address: int, path: DataPath, aligned: bool) -> ChannelStatus:
        started = self._begin(address, path, aligned)
        if isinstance(started, ChannelStatus):
            return started
        late, self.late = self.late, None
        try:
            ended = self._advance(started, EXECUTE_LIMIT)
        finally:
            self.late = late
        return ended if isinstance(ended, ChannelStatus) else ChannelStatus(2)

    def _begin(self, address: int, path: DataPath, aligned: bool) -> ChannelStatus | Execution:
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return ChannelStatus(3)
        if subchannel.path is not None or subchannel.ended is not None or subchannel.working:
            return ChannelStatus(2)
        if not aligned:
            return ChannelStatus(1, CSW(path.key, path.ccw, 0, ChannelCondition.PROGRAM_CHECK))
        if not path.next_command():
            return ChannelStatus(1, CSW(path.key, path.ccw, 0, path.channel))
        self.started += 1
        subchannel.device.begin()
        return Execution(subchannel, path)

    def _advance(self, execution: Execution, limit: int) -> ChannelStatus | Execution:
        subchannel, path = execution.subchannel, execution.path
        device = subchannel.device
        immediate, self.immediate = self.immediate, True
        try:
            csw = self._run(subchannel, path, limit)
        finally:
            self.immediate = immediate
        if csw is None and device.address in self._working:  # it is not one of those that go on by themselves
            self._working.remove(device.address)
            subchannel.path = None
            return execution
        if csw is None:
            unsolicited = subchannel.unsolicited
            self._clear(subchannel)
            subchannel.unsolicited = unsolicited
            return ChannelStatus(2)
        good = csw.unit & ~UnitStatus.STATUS_MODIFIER == ENDED and not csw.channel & ChannelCondition.ERRORS
        return ChannelStatus(0 if good else 1, csw, device.sense if csw.unit & CHECK else b"")

    # ---- saved machines

    def save(self) -> dict[int, dict[str, Any]]:
        """State of every subchannel and device as plain data, by address. Times are from now."""
        self.agenda.settle()
        for subchannel in self._subchannels.values():
            if subchannel.path is not None:
                subchannel.device.end()  # what it has changed so far is not part of the state
        return {
            address: {
                **subchannel.save(),
                "working": address in self._working,
                "order": self._queue.index(address) if address in self._queue else -1,
                "due": self.agenda.delay(address),
            }
            for address, subchannel in self._subchannels.items()
        }

    def load(self, state: Mapping[int, Mapping[str, Any]]) -> None:
        """Take up what `save` gave; devices of the same types must be attached at the same addresses.

        Raises:
            DeviceError: the devices are others.
        """
        if state.keys() != self._subchannels.keys():
            raise DeviceError("the saved machine has other devices")
        for address, entry in state.items():
            self._subchannels[address].load(entry, self.storage)
            self.agenda.drop(address)
            if entry.get("due") is not None:
                self.agenda.put(address, int(entry["due"]))
        self.agenda.settle()
        self._working = [a for a, entry in state.items() if entry["working"]]
        queued = [(entry["order"], a) for a, entry in state.items() if entry["order"] >= 0]
        self._queue = [a for _, a in sorted(queued)]
        self._note()


__all__ = [
    "BLOCK_MULTIPLEXER",
    "BYTE_MULTIPLEXER",
    "CCW_LIMIT",
    "EXECUTE_LIMIT",
    "SELECTOR",
    "ChannelStatus",
    "Channels",
]
