"""Lends drives to native code for the time of a run, and takes them back.

Between two runs all is where it always is: in subchannels, drives and volumes. Before a run what native code needs of
the drives that it has used lately is put into the block of the machine's channels; afterwards what has changed is taken
from there. Only drives that have a volume for themselves are lent, with immediate completion, on channels whose devices
have subchannels of their own: no minidisk, and nothing of a machine that runs beside others under a lock, as those of
the control program do, for native code runs without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from cpvm.machine.datapath import DataPath
from cpvm.machine.device import MediaError
from cpvm.machine.media.resident import Resident
from cpvm.machine.media.volume import Volume
from cpvm.machine.pending import SELECTOR
from cpvm.machine.quick import layout as where
from cpvm.machine.subchannel import NOTHING
from cpvm.s370.ccw import CSW

if TYPE_CHECKING:
    from cpvm.machine.channel import Channels
    from cpvm.machine.media.drive import Drive
    from cpvm.machine.subchannel import Subchannel

_BEGINNING: Final = Struct(f"={5 + len(where.DRIVE_STATE) + 1}q")
"""Address, pending, CSW, touched, state of the drive, sense gone."""
_OTHER: Final = Struct("=4q")
"""Address, pending, CSW."""
_CONSTANT: Final = Struct("=6q")
_ENDED: Final = Struct("=2q")
_HEAD: Final = Struct("=8q")
SET_SECTOR: Final = 0x23


class Lease:
    """A drive that is lent, and its slot."""

    def __init__(self, subchannel: Subchannel, drive: Drive, volume: Volume, resident: Resident, slot: int) -> None:
        self.subchannel = subchannel
        self.drive = drive
        self.volume = volume
        self.resident = resident
        self.slot = slot
        self.address = drive.address


class Leases:
    """All that are lent by a machine. For the thread that runs the machine."""

    def __init__(self, io: Channels, block: bytearray, start: int, address: int, can_write: bool) -> None:
        """With the block of the channels at `start` in `block`, whose host address is `address`.

        `can_write`: native code can write files.
        """
        self._can_write = can_write
        self.alone = True
        """Nobody else executes anything while native code runs, and nobody watches."""
        self._io = io
        self._block = block
        self._start = start
        self._base = address + start
        self._words = memoryview(block)[start : start + where.BLOCK_BYTES].cast("q")
        self._leases: list[Lease] = []
        self._offered: Sequence[tuple[int, CSW]] = ()
        """Interruptions of others that native code may take."""
        self._refused: dict[int, object] = {}
        """I/O address -> what is not to be lent there: the device, its pack, whether completion is immediate."""

    def __len__(self) -> int:
        return len(self._leases)

    # ---- which are lent
    def lend(self, address: int) -> bool:
        """See whether the device at an address can be lent from now on; not if it is already, and cannot be used."""
        io = self._io
        device = io.device(address)
        known = device, getattr(device, "_pack", None), io.immediate
        if device is None or self._refused.get(address) == known or not self.alone:
            return False
        self._leases = [lease for lease in self._leases if lease.address != address and self._still(lease)]
        lease = self._new(address) if io.immediate and io.types.get(address >> 8) != SELECTOR else None
        if lease is None:
            self._refused[address] = known
            return False
        self._leases.append(lease)
        for number, other in enumerate(self._leases):
            other.slot = where.FIRST_SLOT + number * where.SLOT_BYTES
            self._constants(other)
        self._words[where.COUNT >> 3] = len(self._leases)
        return self._usable(lease)

    def _new(self, address: int) -> Lease | None:
        from cpvm.machine.media.drive import Drive

        drive = self._io.device(address)
        if not isinstance(drive, Drive) or type(drive).perform is not Drive.perform:
            return None
        volume = drive.own_volume
        if volume is None:
            return None
        if len(self._leases) == where.SLOTS:
            del self._leases[0]
        if volume.resident is None:
            volume.resident = Resident(volume)
        return Lease(self._io.subchannel(address), drive, volume, volume.resident, 0)

    def _constants(self, lease: Lease) -> None:
        drive = lease.drive
        sectors = drive.geometry.sectors if drive.knows(SET_SECTOR) else 0
        writable = not drive.read_only and not lease.volume.read_only
        _CONSTANT.pack_into(
            self._block,
            self._start + lease.slot + where.PACK,
            lease.resident.address,
            min(drive.cylinders, lease.volume.cylinders),
            drive.geometry.heads,
            sectors,
            drive.model.mask_zeros,
            writable,
        )

    def _still(self, lease: Lease) -> bool:
        """Whether the lease is of what there is now."""
        return (
            self._io.device(lease.address) is lease.drive
            and lease.drive.own_volume is lease.volume
            and lease.volume.resident is lease.resident
        )

    def _usable(self, lease: Lease) -> bool:
        """Whether native code may use the drive as things are."""
        io, subchannel, drive = self._io, lease.subchannel, lease.drive
        return (
            subchannel.phase == NOTHING
            and subchannel.path is None
            and subchannel.ended is None
            and not subchannel.unsolicited
            and not subchannel.owes
            and drive.at_rest
            and lease.volume.at_rest
            and io.immediate
            and not io.timed
            and io.types.get(lease.address >> 8) != SELECTOR
        )

    # ---- before and after a run
    def publish(self, interruptions: bool = True) -> bool:
        """Put into the block what native code is to know; gives whether that is all that is pending in the channels.

        `interruptions`: it may take those of other devices, too.
        """
        block, start, words = self._block, self._start, self._words
        offered = self._io.offer(where.OTHERS if interruptions else 0) if self._io.waiting else ()
        waiting = self._io.waiting if offered else 0
        _HEAD.pack_into(block, start + where.WAITING, waiting, len(offered or ()), 0, 0, 0, 0, 0, 0)
        self._offered = offered or ()
        for number, (address, csw) in enumerate(self._offered):
            at = where.FIRST_OTHER + number * where.SLOT_BYTES
            first = (csw.key << 4 | csw.logout << 2 | csw.deferred_cc) << 24 | csw.address & 0xFFFFFF
            _OTHER.pack_into(block, start + at, address, 1, first, csw.unit << 24 | csw.channel << 16 | csw.count)
            words[(where.QUEUE >> 3) + number] = self._base + at
        for lease in self._leases:
            if not self.alone or not self._still(lease) or not self._usable(lease):
                words[lease.slot + where.ADDRESS >> 3] = -1
                words[lease.slot + where.SLOT_TOUCHED >> 3] = 0
                continue
            drive = lease.drive
            _BEGINNING.pack_into(
                block,
                start + lease.slot,
                lease.address,
                0,
                0,
                0,
                0,
                drive.cyl,
                drive.head,
                drive.at,
                drive.left,
                drive.prior,
                drive.index_passed,
                drive.mask,
                drive.masked,
                0,
            )
        return offered is not None

    def take_back(self) -> None:
        """Take from the block what has changed, if anything has."""
        words = self._words
        if not words[where.TOUCHED >> 3]:
            return
        io = self._io
        io.started += words[where.STARTED >> 3]
        words[where.STARTED >> 3] = 0
        for lease in self._leases:
            at = lease.slot >> 3
            if words[at + (where.SLOT_TOUCHED >> 3)]:
                self._take(lease, at)
        for number, (address, _) in enumerate(self._offered):
            if not words[where.FIRST_OTHER + number * where.SLOT_BYTES + where.PENDING >> 3]:
                io.accepted(address)
        self._offered = ()
        for number in range(words[where.QUEUED >> 3]):
            slot = words[(where.QUEUE >> 3) + number] - self._base
            if slot >= where.FIRST_OTHER:
                continue
            lease = next(lease for lease in self._leases if lease.slot == slot)
            first, second = _ENDED.unpack_from(self._block, self._start + slot + where.CSW_FIRST)
            csw = CSW(first >> 28, first & 0xFFFFFF, second >> 24, second >> 16 & 0xFF, second & 0xFFFF)
            io.program_ended(lease.address, csw)

    def _take(self, lease: Lease, at: int) -> None:
        found, first = self._words, at + (where.CYL >> 3)
        state = found[first : first + len(where.DRIVE_STATE)].tolist()
        lease.drive.take_up(state, bool(found[at + (where.SENSE_GONE >> 3)]), lease.resident.unsaved)
        lease.subchannel.connected = bool(found[at + (where.CONNECTED >> 3)])

    # ---- what native code could not do
    def again(self) -> bool:
        """Whether what native code could not do can be done natively now: something was missing, and is there."""
        missed = self._words[where.MISSED >> 3]
        return self.lend(missed - 1) if missed else self._supply()

    def _supply(self) -> bool:
        """See that a track is there that was missing, or room in a log."""
        words = self._words
        wanted, full = words[where.WANTED >> 3], words[where.FULL >> 3]
        if not wanted and not full:
            return False
        slot = (full or words[where.WANTED_FROM >> 3]) - self._base
        lease = next(lease for lease in self._leases if lease.slot == slot)
        try:
            if full:
                if lease.resident.unsaved or not self._can_write:
                    return False
                lease.volume.settle()
                return lease.resident.open_log() and lease.resident.empty_log
            return lease.resident.load(*divmod(wanted - 1, lease.drive.geometry.heads))
        except MediaError:
            return False  # Python's channel will come to it, and say so

    def go_on(self, resume: Callable[[int, int], int]) -> None:
        """Bring the program to its end that native code has begun.

        `resume`: goes on with it natively, given the host addresses of the state block and the slot.
        """
        words = self._words
        slot = words[where.HANDED >> 3]
        while words[where.STAGE >> 3] < 0 and self._supply():
            for name in (where.WAITING, where.QUEUED, where.WANTED, where.FULL):
                words[name >> 3] = 0
            result = resume(self._base - self._start, slot)
            self.take_back()
            if not result:
                return
        at = slot - self._base >> 3
        path = DataPath(self._io.storage, words[at + (where.KEY >> 3)], words[at + (where.CCW >> 3)])
        path.first = False
        status = words[where.STAGE >> 3]
        path.command, path.address, path.flags, path.count, path.channel = words[
            at + (where.COMMAND >> 3) : at + (where.CHANNEL >> 3) + 1
        ].tolist()
        path.moved, path.long = bool(words[at + (where.MOVED >> 3)]), bool(words[at + (where.LONG >> 3)])
        lease = next(lease for lease in self._leases if lease.slot == slot - self._base)
        self._io.go_on(lease.address, path, words[where.DONE >> 3], status if status >= 0 else None)
        self._supply()  # for the next time
