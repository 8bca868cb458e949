"""The devices on a machine's channels, and the I/O interruptions that are pending.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations": input/output interruptions, channel status
word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

from cpvm.machine.datapath import DataPath, GuestStorage
from cpvm.machine.device import Device, DeviceError
from cpvm.machine.iotime import Agenda
from cpvm.machine.subchannel import Subchannel
from cpvm.s370 import psa
from cpvm.s370.ccw import CSW, ChannelCondition, UnitStatus

BYTE_MULTIPLEXER, SELECTOR, BLOCK_MULTIPLEXER = 0x10000000, 0x00000000, 0x20000000
"""Types of channel, as Store Channel ID gives them."""
TYPES: Final = frozenset({BYTE_MULTIPLEXER, SELECTOR, BLOCK_MULTIPLEXER})


class Pending(ABC):
    """Channels 0-15 with their devices and interruptions; what executes programs comes on top.

    `waiting` tells which channels have interruptions pending: bit 0 (X'80000000') is channel 0, and so on, as in
    control register 2. `types` are the types of channels by number; the others are block multiplexers.
    """

    def __init__(self, storage: GuestStorage, immediate: bool = True) -> None:
        self.storage = storage
        self.immediate = immediate
        self.prefix = 0  # real address X'0' of the CPU, as an absolute one
        self.waiting = 0
        self.types: dict[int, int] = {0: BYTE_MULTIPLEXER}
        self.multiplexing: Callable[[], bool] = lambda: True  # the block-multiplexing control, control register 0 bit 0
        self.agenda = Agenda()
        self._subchannels: dict[int, Subchannel] = {}
        self._queue: list[int] = []  # addresses with interruptions pending, oldest first
        self._working: list[int] = []  # addresses whose programs wait for `advance`

    @property
    def now(self) -> int:
        """Virtual time, microseconds."""
        return self.agenda.now

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
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            raise DeviceError(f"there is no device {address:03X}")
        device = subchannel.device
        self._clear(subchannel)
        del self._subchannels[address]
        device.channel = None
        device.address = -1
        if address in self._queue:
            self._queue.remove(address)
        self._note()
        return device

    def subchannel(self, address: int) -> Subchannel:
        """That of the device at an address. Raises KeyError if there is none."""
        return self._subchannels[address]

    def device(self, address: int) -> Device | None:
        """The device at an address."""
        subchannel = self._subchannels.get(address)
        return subchannel.device if subchannel else None

    @property
    def devices(self) -> Mapping[int, Device]:
        """All devices by address, in order of address."""
        return {address: self._subchannels[address].device for address in sorted(self._subchannels)}

    def reset(self) -> None:
        """System reset: all programs and pending conditions are forgotten."""
        for subchannel in self._subchannels.values():
            self._clear(subchannel)
            subchannel.device.reset()
        self._queue.clear()
        self._note()

    def _clear(self, subchannel: Subchannel) -> None:
        """Forget what is under way and pending at a subchannel."""
        if subchannel.suspended:
            subchannel.device.halt()
        if subchannel.path is not None:
            subchannel.path = None
            subchannel.device.end()
        self._drop(subchannel)
        subchannel.ended = None
        subchannel.unsolicited = 0

    def _drop(self, subchannel: Subchannel) -> None:
        """Forget what was to happen at a subchannel by itself."""
        address = subchannel.device.address
        self.agenda.drop(address)
        if address in self._working:
            self._working.remove(address)
        subchannel.clear()

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
        for address in self._queue:
            if address >> 8 == channel:
                self._store_csw(self._accept(self._subchannels[address]))
                return address
        raise AssertionError("an interruption is pending that is not in the queue")

    def offer(self, most: int) -> list[tuple[int, CSW]] | None:
        """What is pending, oldest first: addresses and CSWs; None if it is more than so many, or if a subchannel has
        more than the one condition that its CSW tells."""
        found: list[tuple[int, CSW]] = []
        if len(self._queue) > most:
            return None
        for address in self._queue:
            subchannel = self._subchannels[address]
            csw, unsolicited = subchannel.ended, subchannel.unsolicited
            if subchannel.path is not None or (csw is not None and unsolicited):
                return None
            found.append((address, csw if csw is not None else CSW(unit=unsolicited)))
        return found

    def accepted(self, address: int) -> None:
        """What a subchannel had pending, and `offer` has told, was accepted elsewhere."""
        self._accept(self._subchannels[address])

    def program_ended(self, address: int, csw: CSW) -> None:
        """A program that was executed elsewhere has ended: its interruption is pending."""
        subchannel = self._subchannels[address]
        subchannel.ended = csw
        self._requeue(subchannel)

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
        address = subchannel.device.address
        if address in self._queue:
            self._queue.remove(address)
            self._note()
        if subchannel.pending:  # what else it has comes after the others
            self._requeue(subchannel)
        return csw

    def _requeue(self, subchannel: Subchannel) -> None:
        """Bring the queue up to date for one subchannel; what is pending anew goes to its end."""
        address = subchannel.device.address
        if subchannel.pending:
            if address not in self._queue:
                self._queue.append(address)
                self.waiting |= 0x80000000 >> (address >> 8)
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

    @abstractmethod
    def complete(self, address: int, data: bytes = b"", status: int = UnitStatus.ENDED) -> None:
        """The device ends its SUSPENDED operation with these bytes for the program and this unit status."""

    @abstractmethod
    def program_of(self, address: int) -> DataPath | None:
        """The program whose SUSPENDED command waits for the device at an address; None if there is none."""

    def unsolicited(self, address: int, status: int) -> None:
        """The device offers status on its own: attention, or device end as it becomes ready."""
        subchannel = self._subchannels[address]
        subchannel.unsolicited |= status
        self._requeue(subchannel)


BURST_KINDS: Final = frozenset({"dasd", "fba", "tape", "ctca"})
"""Devices that occupy even a byte multiplexer while they move data."""
