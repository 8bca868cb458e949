"""A channel program under way: the CCW in control, and the bytes it moves between storage and a device.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations": channel command word, data chaining,
indirect data addressing, skipping, program and protection checks. All of a path's state is plain numbers (`save`,
`load`), so that a program that waits for its device travels with the machine.
"""

from __future__ import annotations

from typing import Protocol

from cpvm.s370.ccw import ADDRESS_MASK, CCW_LENGTH, ChannelCondition, Command, Flag

BLOCK = 2048
KEY_FETCH, KEY_REFERENCE, KEY_CHANGE = 0x08, 0x04, 0x02


class GuestStorage(Protocol):
    """What a channel needs of the storage: real addresses, keys as KKKKFRC0 for each block of 2048 bytes."""

    @property
    def size(self) -> int: ...
    def read(self, addr: int, n: int, /) -> bytes: ...
    def write(self, addr: int, data: bytes, /) -> None: ...
    def key(self, addr: int, /) -> int: ...
    def set_key(self, addr: int, key: int, /) -> None: ...


_STATE = ("key", "ccw", "command", "address", "flags", "count", "idaw", "left", "channel", "first", "moved", "long")
_STATE_SINCE = ("chained",)  # what states of earlier versions lack


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
        return True

    def _fetch(self, chaining_data: bool) -> bool:
        transferred = self.first  # the first CCW of a program may not be a transfer in channel either
        self.first = False
        at = self.ccw
        followed = False  # a transfer in channel: where it leads to an address that is none, the CSW has its own
        while True:
            if at + CCW_LENGTH > self.storage.size:
                if not followed:
                    self.ccw = at + CCW_LENGTH & ADDRESS_MASK
                return self._check(ChannelCondition.PROGRAM_CHECK)
            self.ccw = at + CCW_LENGTH & ADDRESS_MASK
            if self._allowed(at, CCW_LENGTH, store=False) != CCW_LENGTH:
                return False
            word = self.storage.read(at, CCW_LENGTH)
            command = word[0]
            address = word[1] << 16 | word[2] << 8 | word[3]
            if command & 0x0F != Command.TIC:
                break
            if transferred or address % CCW_LENGTH:
                return self._check(ChannelCondition.PROGRAM_CHECK)
            transferred = followed = True
            at = address
        flags = word[4]
        count = word[6] << 8 | word[7]
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

    # ---- data

    def send(self, data: bytes) -> int:
        """Store what the device read, through data chaining; how many bytes found room (skipped ones count).

        The bytes are in the order in which the device delivers them: a device that reads backward gives the last byte
        of its block first, and that goes to the highest address.
        """
        self.moved = True
        done = 0
        total = len(data)
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
        if self.idaw + 4 > self.storage.size:
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
        room = storage.size - address
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
        if address >= storage.size:
            self.channel |= ChannelCondition.PROGRAM_CHECK
            return 0
        end = max(address - n, -1)
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
