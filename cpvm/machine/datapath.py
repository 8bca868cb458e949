"""A channel program under way: the CCW in control, and the bytes it moves between storage and a device.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations": channel command word, data chaining,
indirect data addressing, skipping, program and protection checks. All of a path's state is plain numbers (`save`,
`load`), so that a program that waits for its device travels with the machine.
"""

from __future__ import annotations

from mmap import mmap
from struct import Struct
from typing import Final, Protocol

from cpvm.s370.ccw import ADDRESS_MASK, CCW_LENGTH, ChannelCondition, Command, Flag

BLOCK = 2048
SHIFT: Final = 11
CHAIN_LIMIT: Final = 4096
"""CCWs that one command may fetch by data chaining. A chain without end is a chaining check: the channel cannot keep up
with what the device does."""
KEY_FETCH, KEY_REFERENCE, KEY_CHANGE = 0x08, 0x04, 0x02


class GuestStorage(Protocol):
    """What a channel needs of the storage: real addresses, keys as KKKKFRC0 for each block of 2048 bytes."""

    @property
    def size(self) -> int: ...
    @property
    def data(self) -> mmap: ...
    @property
    def keys(self) -> bytearray: ...
    def read(self, addr: int, n: int, /) -> bytes: ...
    def write(self, addr: int, data: bytes, /) -> None: ...
    def key(self, addr: int, /) -> int: ...
    def set_key(self, addr: int, key: int, /) -> None: ...
    def holds(self, addr: int, n: int, /) -> bool: ...
    def piece(self, addr: int, /) -> tuple[int, int]: ...


_CCW: Final = Struct(">IBxH")
_BACKWARD: Final = Command.READ_BACKWARD
_INDIRECT_OR_CHAINED: Final = Flag.IDA | Flag.CD

_STATE = ("key", "ccw", "command", "address", "flags", "count", "idaw", "left", "channel", "first", "moved", "long")
_STATE_SINCE = ("chained", "links")  # what states of earlier versions lack


class DataPath:
    """The channel's half of an operation; a device sends and takes bytes through it.

    `ccw` is the address behind the CCW in control, `channel` the channel status gathered so far, `count` what is left
    of the current CCW's count.
    """

    __slots__ = ("storage", *_STATE, *_STATE_SINCE)

    def __init__(self, storage: GuestStorage, key: int, ccw: int) -> None:
        self.storage = storage
        self.key = key
        self.ccw = ccw
        self.command = 0
        self.address = 0
        self.flags = 0
        self.count = 0
        self.idaw = 0  # address of the next indirect data address word
        self.left = 0  # bytes left in the block that the last one named
        self.channel = 0
        self.first = True  # no CCW has been fetched yet
        self.moved = False  # the current command asked for data or offered some
        self.long = False  # the device had, or wanted, more than the count
        self.chained = False  # the current command is not the first
        self.links = 0  # CCWs that it has fetched by data chaining

    def save(self) -> dict[str, int]:
        """The state as plain numbers."""
        return {name: int(getattr(self, name)) for name in (*_STATE, *_STATE_SINCE)}

    def load(self, state: dict[str, int]) -> None:
        """Take up the state that `save` gave. Raises KeyError if something is missing."""
        for name in _STATE:
            setattr(self, name, state[name])
        for name in _STATE_SINCE:
            setattr(self, name, state.get(name, 0))

    @property
    def failed(self) -> bool:
        """Whether a channel check has ended the program."""
        return bool(self.channel & ChannelCondition.ERRORS)

    @property
    def backward(self) -> bool:
        """Whether data goes to descending addresses: a Read Backward command."""
        return self.command & 0x0F == Command.READ_BACKWARD

    # ---- channel command words

    def next_command(self) -> bool:
        """Fetch the CCW of the next command; False if a check ends the program instead."""
        self.chained = not self.first
        if not self._fetch(chaining_data=False):
            return False
        self.moved = False
        self.long = False
        self.links = 0
        return True

    def _fetch(self, chaining_data: bool) -> bool:
        if chaining_data:
            self.links += 1
            if self.links > CHAIN_LIMIT:
                return self._check(ChannelCondition.CHAINING_CHECK)
        transferred = self.first  # the first CCW of a program may not be a transfer in channel either
        self.first = False
        storage = self.storage
        at = self.ccw
        followed = False  # a transfer in channel: where it leads to an address that is none, the CSW has its own
        while True:
            if at + CCW_LENGTH > storage.size and not storage.holds(at, CCW_LENGTH):
                if not followed:
                    self.ccw = at + CCW_LENGTH & ADDRESS_MASK
                return self._check(ChannelCondition.PROGRAM_CHECK)
            self.ccw = at + CCW_LENGTH & ADDRESS_MASK
            held = storage.keys[at >> SHIFT]
            usual = held & KEY_REFERENCE and not at & 7 and self.key in (0, held >> 4)
            if not usual and self._allowed(at, CCW_LENGTH, store=False) != CCW_LENGTH:
                return False
            word, flags, count = _CCW.unpack_from(storage.data, at)
            command = word >> 24
            address = word & ADDRESS_MASK
            if command & 0x0F != Command.TIC:
                break
            if transferred or address % CCW_LENGTH:
                return self._check(ChannelCondition.PROGRAM_CHECK)
            transferred = followed = True
            at = address
        if flags & Flag.UNUSED or not count or (not chaining_data and not command & 0x0F):
            return self._check(ChannelCondition.PROGRAM_CHECK)
        if not chaining_data:
            self.command = command
        self.address = address
        self.flags = flags
        self.count = count
        if flags & Flag.PCI:
            self.channel |= ChannelCondition.PCI
        if flags & Flag.IDA:
            if address % 4:
                return self._check(ChannelCondition.PROGRAM_CHECK)
            self.idaw = address
            self.left = 0
            self.address = -1  # marks the first word of the list: only that one need not name the start of a block
        return True

    def _check(self, condition: int) -> bool:
        self.channel |= condition
        return False

    def returns(self, n: int) -> bool:
        """Whether the program would come back to the command in control, which took n bytes, if it skips nothing.

        That is a search with a transfer in channel to it behind it: a device may go on with the search by itself then,
        for nothing in storage changes meanwhile. False also where a check might come in between.
        """
        at = self.ccw
        storage = self.storage
        if self.flags & ~Flag.SLI != Flag.CC or at + CCW_LENGTH > storage.size or at < CCW_LENGTH:
            return False
        for held in (storage.keys[at >> SHIFT], storage.keys[at - CCW_LENGTH >> SHIFT]):
            if not held & KEY_REFERENCE or self.key not in (0, held >> 4):
                return False
        word, flags, count = _CCW.unpack_from(storage.data, at - CCW_LENGTH)
        if (word >> 24, flags, count) != (self.command, self.flags, n):
            return False
        transfer: int = _CCW.unpack_from(storage.data, at)[0]
        return transfer >> 24 & 0x0F == Command.TIC and transfer & ADDRESS_MASK == at - CCW_LENGTH

    # ---- data

    def send(self, data: bytes) -> int:
        """Store what the device read, through data chaining; how many bytes found room (skipped ones count).

        The bytes are in the order in which the device delivers them: a device that reads backward gives the last byte
        of its block first, and that goes to the highest address.
        """
        self.moved = True
        total = len(data)
        simple = not self.flags & (_INDIRECT_OR_CHAINED | Flag.SKIP) and self.command & 0x0F != _BACKWARD
        if simple and total <= self.count and self._together(total, KEY_REFERENCE | KEY_CHANGE, 0):
            address = self.address
            self.storage.data[address : address + total] = data
            self.address = address + total
            self.count -= total
            return total
        done = 0
        backward = self.backward
        while done < total:
            n = self._area(total - done)
            if not n:
                break
            if not self.flags & Flag.SKIP:
                allowed = (self._allowed_down if backward else self._allowed)(self.address, n, store=True)
                if allowed and backward:
                    self.storage.write(self.address - allowed + 1, data[done : done + allowed][::-1])
                elif allowed:
                    self.storage.write(self.address, data[done : done + allowed])
                if allowed < n:
                    self._passed(allowed)
                    return done + allowed
            self._passed(n)
            done += n
        self._chain_on()
        return done

    def take(self, limit: int, exact: bool = False) -> bytes:
        """Fetch up to `limit` bytes for the device, through data chaining.

        With `exact` the device wants just so many, and a count that is too small is a wrong length; else the device
        leaves the length to the channel.
        """
        self.moved = True
        if not self.flags & _INDIRECT_OR_CHAINED and self.command & 0x0F != _BACKWARD:
            count = self.count
            n = limit if limit < count else count
            if n and self._together(n, KEY_REFERENCE, KEY_FETCH):
                address = self.address
                self.address = address + n
                self.count = count - n
                if n < limit and exact:
                    self.long = True
                return self.storage.data[address : address + n]
        parts = []
        wanted = limit
        while wanted:
            n = self._area(wanted, report=exact)
            if not n:
                break
            allowed = self._allowed(self.address, n, store=False)
            if allowed:
                parts.append(self.storage.read(self.address, allowed))
            self._passed(allowed)
            if allowed < n:
                break
            wanted -= n
        self._chain_on()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _together(self, n: int, marks: int, unless: int) -> bool:
        """Whether the next n bytes can be moved at once, in all blocks that they touch.

        That is the usual case: they lie in storage, the blocks have their reference and change bits already, and the
        key fits; or, if `unless` is the fetch-protection bit, that is off.
        """
        address = self.address
        end = address + n
        storage = self.storage
        if end > storage.size:
            return False
        key = self.key
        for held in storage.keys[address >> SHIFT : end + BLOCK - 1 >> SHIFT]:
            if held & marks != marks or (key and held >> 4 != key and (not unless or held & unless)):
                return False
        return True

    def _chain_on(self) -> None:
        """Data chaining takes place as soon as the last byte has moved, whether the device has more or not."""
        if not self.count and self.flags & Flag.CD and not self.failed:
            self._fetch(chaining_data=True)

    def _area(self, wanted: int, report: bool = True) -> int:
        """Bytes of storage that lie together and may be moved next; 0 if the count has run out or a check happened."""
        if not self.count:
            if not self.flags & Flag.CD:
                if report:
                    self.long = True
                return 0
            if not self._fetch(chaining_data=True):
                return 0
        n = min(wanted, self.count)
        if self.flags & Flag.IDA:
            if not self.left and not self._next_idaw():
                return 0
            n = min(n, self.left)
        return n

    def _next_idaw(self) -> bool:
        start = self.address < 0
        if self.idaw + 4 > self.storage.size and not self.storage.holds(self.idaw, 4):
            return self._check(ChannelCondition.PROGRAM_CHECK)
        if self._allowed(self.idaw, 4, store=False) != 4:
            return False
        address = int.from_bytes(self.storage.read(self.idaw, 4), "big")
        self.idaw += 4
        before = address % BLOCK  # bytes of the block that lie before the one addressed
        if address > ADDRESS_MASK or (not start and before != (BLOCK - 1 if self.backward else 0)):
            return self._check(ChannelCondition.PROGRAM_CHECK)
        self.address = address
        self.left = before + 1 if self.backward else BLOCK - before
        return True

    def _passed(self, n: int) -> None:
        self.count -= n
        self.address += -n if self.backward else n
        if self.flags & Flag.IDA:
            self.left -= n

    def _allowed(self, address: int, n: int, store: bool) -> int:
        """How many of the `n` bytes at `address` may be used; less than n is a check, which is noted here.

        Reference and change bits of the blocks used are set.
        """
        storage = self.storage
        room = storage.piece(address)[1] - address
        end = address + (n if n <= room else max(room, 0))
        mark = KEY_REFERENCE | KEY_CHANGE if store else KEY_REFERENCE
        at = address
        while at < end:
            key = storage.key(at)
            if self.key and key >> 4 != self.key and (store or key & KEY_FETCH):
                self.channel |= ChannelCondition.PROTECTION_CHECK
                return at - address
            if key & mark != mark:
                storage.set_key(at, key | mark)
            at = (at | BLOCK - 1) + 1
        if n > room:
            self.channel |= ChannelCondition.PROGRAM_CHECK
            return end - address
        return n

    def _allowed_down(self, address: int, n: int, store: bool) -> int:
        """How many of the `n` bytes at `address` and before may be used, else as `_allowed`."""
        storage = self.storage
        lowest, beyond = storage.piece(address)
        if address >= beyond:
            self.channel |= ChannelCondition.PROGRAM_CHECK
            return 0
        end = max(address - n, lowest - 1)
        mark = KEY_REFERENCE | KEY_CHANGE if store else KEY_REFERENCE
        at = address
        while at > end:
            key = storage.key(at)
            if self.key and key >> 4 != self.key and (store or key & KEY_FETCH):
                self.channel |= ChannelCondition.PROTECTION_CHECK
                return address - at
            if key & mark != mark:
                storage.set_key(at, key | mark)
            at -= at % BLOCK + 1
        if address - end < n:
            self.channel |= ChannelCondition.PROGRAM_CHECK
        return address - end
