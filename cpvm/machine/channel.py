"""The channels of one machine: the I/O instructions, channel programs and I/O interruptions.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations". Each device has a subchannel of its own, as on
a block multiplexor. A channel program runs as far as it can within SIO; it stays behind only if its device has to wait
(a console read) or if it has passed CCW_LIMIT commands, and then goes on with `complete` or `advance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cpvm.machine.datapath import DataPath, GuestStorage
from cpvm.machine.device import CHECK, ENDED, SUSPENDED, Device, DeviceError
from cpvm.machine.subchannel import ChannelStatus, Subchannel
from cpvm.s370 import psa
from cpvm.s370.ccw import CSW, ChannelCondition, Flag, UnitStatus, caw

CCW_LIMIT: Final = 4096  # commands a program may run before the CPU gets its turn: a TIC loop never ends
EXECUTE_LIMIT: Final = 1 << 18  # commands in one synchronous program
BYTE_MULTIPLEXOR, SELECTOR, BLOCK_MULTIPLEXOR = 0x10000000, 0x00000000, 0x20000000
IPL_CCW: Final = b"\x02\0\0\0\x60\0\0\x18"  # read 24 bytes to location 0; command chaining, length not checked


class Channels:
    """Channels 0-15 of a machine, with their devices. I/O addresses are 0-X'FFF'; methods named for instructions give
    the condition code.

    `waiting` tells which channels have interruptions pending: bit 0 (X'80000000') is channel 0, and so on, as in
    control register 2. `active` tells whether a program waits for `advance`.
    """

    def __init__(self, storage: GuestStorage, immediate: bool = True) -> None:
        self.storage = storage
        self.immediate = immediate
        self.prefix = 0  # real address X'0' of the CPU, as an absolute one
        self.waiting = 0
        self.types: dict[int, int] = {0: BYTE_MULTIPLEXOR}
        self._subchannels: dict[int, Subchannel] = {}
        self._queue: list[int] = []  # addresses with interruptions pending, oldest first
        self._working: list[int] = []  # addresses whose programs wait for `advance`

    # ---- configuration

    def attach(self, address: int, device: Device) -> None:
        """Put a device at an address.

        Raises:
            DeviceError: the address is above X'FFF' or taken, or the device is attached elsewhere.
        """
        if not 0 <= address <= 0xFFF:
            raise DeviceError(f"device address {address:X} is not in 000-FFF")
        if address in self._subchannels or device.channel is not None:
            raise DeviceError(f"device {address:03X} is attached already")
        self._subchannels[address] = Subchannel(device)
        device.address = address
        device.channel = self

    def detach(self, address: int) -> Device:
        """Take a device away, with whatever it has under way or pending. Raises DeviceError if there is none."""
        subchannel = self._subchannels.pop(address, None)
        if subchannel is None:
            raise DeviceError(f"there is no device {address:03X}")
        device = subchannel.device
        if subchannel.path is not None:
            device.halt()
        device.channel = None
        device.address = -1
        if address in self._working:
            self._working.remove(address)
        if address in self._queue:
            self._queue.remove(address)
        self._note()
        return device

    def device(self, address: int) -> Device | None:
        """The device at an address."""
        subchannel = self._subchannels.get(address)
        return subchannel.device if subchannel else None

    @property
    def devices(self) -> Mapping[int, Device]:
        """All devices by address, in order of address."""
        return {address: self._subchannels[address].device for address in sorted(self._subchannels)}

    @property
    def active(self) -> bool:
        """Whether a program would go on with `advance`."""
        return bool(self._working)

    def reset(self) -> None:
        """System reset: all programs and pending conditions are forgotten."""
        for subchannel in self._subchannels.values():
            self._clear(subchannel)
            subchannel.device.reset()
        self._queue.clear()
        self._note()

    # ---- interruptions

    def pending(self, mask: int = 0xFFFFFFFF) -> bool:
        """Whether a channel in the mask (as in control register 2) has an interruption pending."""
        return bool(self.waiting & mask)

    def take(self, mask: int = 0xFFFFFFFF) -> int | None:
        """Take the interruption of the first channel in the mask, the oldest of that channel: its CSW is stored.

        Returns:
            the I/O address, or None if nothing is pending.
        """
        enabled = self.waiting & mask
        if not enabled:
            return None
        channel = 32 - enabled.bit_length()
        address = next(a for a in self._queue if a >> 8 == channel)
        self._store_csw(self._accept(self._subchannels[address]))
        return address

    def _accept(self, subchannel: Subchannel) -> CSW:
        """The pending CSW of a subchannel, which is pending no more."""
        if subchannel.path is not None:  # a program-controlled interruption
            path = subchannel.path
            csw = CSW(path.key, path.ccw, 0, path.channel, path.count)
            path.channel &= ~ChannelCondition.PCI
        elif subchannel.ended is not None:
            csw, subchannel.ended = subchannel.ended, None
        else:
            csw, subchannel.unsolicited = CSW(unit=subchannel.unsolicited), 0
        self._requeue(subchannel)
        return csw

    def _requeue(self, subchannel: Subchannel) -> None:
        """Bring the queue up to date for one subchannel; what is pending anew goes to its end."""
        address = subchannel.device.address
        if subchannel.pending:
            if address not in self._queue:
                self._queue.append(address)
        elif address in self._queue:
            self._queue.remove(address)
        self._note()

    def _note(self) -> None:
        waiting = 0
        for address in self._queue:
            waiting |= 0x80000000 >> (address >> 8)
        self.waiting = waiting

    def _store_csw(self, csw: CSW) -> None:
        self.storage.write(self.prefix + psa.CSW, csw.to_bytes())

    def _store_status(self, unit: int, channel: int) -> None:
        """Only the status bytes of the CSW change when SIO or HIO sets condition code 1."""
        self.storage.write(self.prefix + psa.CSW + 4, bytes((unit, channel)))

    # ---- from the devices

    def unsolicited(self, address: int, status: int) -> None:
        """The device offers status on its own: attention, or device end as it becomes ready."""
        subchannel = self._subchannels[address]
        subchannel.unsolicited |= status
        self._requeue(subchannel)

    def complete(self, address: int, data: bytes = b"", status: int = ENDED) -> None:
        """The device ends its SUSPENDED operation with these bytes for the program and this unit status."""
        subchannel = self._subchannels[address]
        path = subchannel.path
        if path is None:
            return
        subchannel.path = None
        if data:
            path.send(data)
        csw = self._conclude(subchannel, path, status)
        if csw is None:
            csw = self._run(subchannel, path, CCW_LIMIT)
        if csw is not None:
            subchannel.ended = csw
        self._requeue(subchannel)

    def advance(self) -> None:
        """Let programs go on that have used up their share of commands. Called by the machine between instructions."""
        working, self._working = self._working, []
        for address in working:
            subchannel = self._subchannels[address]
            path = subchannel.path
            if path is None:
                continue
            subchannel.path = None
            subchannel.ended = self._run(subchannel, path, CCW_LIMIT)
            self._requeue(subchannel)

    # ---- channel programs

    def _run(self, subchannel: Subchannel, path: DataPath, limit: int) -> CSW | None:
        """Execute commands from the one that `path` holds. The CSW at the end; None if the program stays behind."""
        device = subchannel.device
        for _ in range(limit):
            status = device.perform(path)
            if status == SUSPENDED:
                subchannel.path = path
                device.end()
                return None
            csw = self._conclude(subchannel, path, status)
            if csw is not None:
                return csw
        subchannel.path = path
        device.end()
        self._working.append(device.address)
        return None

    def _conclude(self, subchannel: Subchannel, path: DataPath, status: int) -> CSW | None:
        """End a command: None if command chaining has brought the next one, else the CSW of the program."""
        flags = path.flags
        device = subchannel.device
        chaining = flags & (Flag.CC | Flag.CD) == Flag.CC and status & ~UnitStatus.STATUS_MODIFIER == ENDED
        if path.failed:
            chaining = False
        elif path.moved or not (device.is_immediate(path.command) or status == CHECK):
            wrong = path.count or path.long or flags & Flag.CD
            if wrong and (flags & Flag.CD or not flags & Flag.SLI):
                path.channel |= ChannelCondition.INCORRECT_LENGTH
                chaining = False
        if chaining:
            if status & UnitStatus.STATUS_MODIFIER:
                path.ccw = path.ccw + 8 & 0xFFFFFF
            if path.next_command():
                return None
        status |= device.end()
        return CSW(path.key, path.ccw, status, path.channel, path.count)

    def sio(self, address: int) -> int:
        """START I/O (and START I/O FAST RELEASE, which these channels treat alike)."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.path is not None or subchannel.ended is not None:
            return 2
        if subchannel.unsolicited:
            self._store_status(subchannel.unsolicited | UnitStatus.BUSY, 0)
            subchannel.unsolicited = 0
            self._requeue(subchannel)
            return 1
        try:
            key, ccw = caw(self.storage.read(self.prefix + psa.CAW, 4))
        except ValueError:
            self._store_status(0, ChannelCondition.PROGRAM_CHECK)
            return 1
        path = DataPath(self.storage, key, ccw)
        if not path.next_command():
            self._store_status(0, path.channel)
            return 1
        device = subchannel.device
        device.begin()
        start = path.ccw
        first = path.command
        csw = self._run(subchannel, path, CCW_LIMIT)
        if csw is None:
            self._requeue(subchannel)  # a PCI may be pending
            return 0
        if csw.address == start and not path.moved and (device.is_immediate(first) or csw.unit == CHECK):
            self._store_status(csw.unit, csw.channel)
            return 1
        subchannel.ended = csw
        self._requeue(subchannel)
        return 0

    def tio(self, address: int) -> int:
        """TEST I/O."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.path is not None:
            return 2
        if not subchannel.pending:
            return 0
        self._store_csw(self._accept(subchannel))
        return 1

    def clrio(self, address: int) -> int:
        """CLEAR I/O."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        path = subchannel.path
        if path is not None:
            csw = CSW(path.key, path.ccw, 0, path.channel & ~ChannelCondition.PCI, path.count)
        elif subchannel.ended is not None:
            csw = subchannel.ended
        else:
            return 0
        self._store_csw(csw)
        unsolicited = subchannel.unsolicited
        self._clear(subchannel)
        subchannel.unsolicited = unsolicited
        self._requeue(subchannel)
        return 1

    def hio(self, address: int) -> int:
        """HALT I/O."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        path = subchannel.path
        if path is None:
            return 0
        subchannel.path = None
        if address in self._working:
            self._working.remove(address)
        subchannel.device.halt()
        subchannel.ended = CSW(path.key, path.ccw, ENDED, path.channel, path.count)
        self._requeue(subchannel)
        self._store_status(0, 0)
        return 1

    def hdv(self, address: int) -> int:
        """HALT DEVICE: with a subchannel for each device, the same as HALT I/O."""
        return self.hio(address)

    def tch(self, address: int) -> int:
        """TEST CHANNEL: 0 available, 1 an interruption is pending, 3 not there."""
        channel = address >> 8 & 0xFF
        if not self._has(channel):
            return 3
        return 1 if channel < 32 and self.waiting & 0x80000000 >> channel else 0

    def stidc(self, address: int) -> int:
        """STORE CHANNEL ID: the channel's type (model and log-out length are zero) at location X'A8'."""
        channel = address >> 8 & 0xFF
        if not self._has(channel):
            return 3
        identity = self.types.get(channel, BLOCK_MULTIPLEXOR)
        self.storage.write(self.prefix + psa.CHANNEL_ID, identity.to_bytes(4, "big"))
        return 0

    def _has(self, channel: int) -> bool:
        return any(address >> 8 == channel for address in self._subchannels)

    def _clear(self, subchannel: Subchannel) -> None:
        if subchannel.path is not None:
            subchannel.path = None
            subchannel.device.halt()
        address = subchannel.device.address
        if address in self._working:
            self._working.remove(address)
        subchannel.ended = None
        subchannel.unsolicited = 0

    # ---- programs on behalf of whoever runs the machine

    def execute(self, address: int, ccw_address: int, key: int = 0) -> ChannelStatus:
        """Run a channel program to its end, without interruption or CSW in storage (DIAGNOSE X'18', X'20').

        `ccw_address` is a real address on a doubleword; `key` 0-15 is checked as that of a CAW would be.
        A condition that is pending in the device on its own account (attention) does not matter and stays.
        """
        return self._synchronous(address, DataPath(self.storage, key, ccw_address), ccw_address % 8 == 0)

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
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return ChannelStatus(3)
        if subchannel.path is not None or subchannel.ended is not None:
            return ChannelStatus(2)
        if not aligned:
            return ChannelStatus(1, CSW(path.key, path.ccw, 0, ChannelCondition.PROGRAM_CHECK))
        if not path.next_command():
            return ChannelStatus(1, CSW(path.key, path.ccw, 0, path.channel))
        device = subchannel.device
        device.begin()
        csw = self._run(subchannel, path, EXECUTE_LIMIT)
        if csw is None:
            unsolicited = subchannel.unsolicited
            self._clear(subchannel)
            subchannel.unsolicited = unsolicited
            return ChannelStatus(2)
        good = csw.unit & ~UnitStatus.STATUS_MODIFIER == ENDED and not csw.channel & ChannelCondition.ERRORS
        return ChannelStatus(0 if good else 1, csw, device.sense if csw.unit & CHECK else b"")

    # ---- saved machines

    def save(self) -> dict[int, dict[str, Any]]:
        """State of every subchannel and device as plain data, by address."""
        return {
            address: {
                **subchannel.save(),
                "working": address in self._working,
                "order": self._queue.index(address) if address in self._queue else -1,
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
        self._working = [a for a, entry in state.items() if entry["working"]]
        queued = [(entry["order"], a) for a, entry in state.items() if entry["order"] >= 0]
        self._queue = [a for _, a in sorted(queued)]
        self._note()


__all__ = ["CCW_LIMIT", "EXECUTE_LIMIT", "ChannelStatus", "Channels"]
