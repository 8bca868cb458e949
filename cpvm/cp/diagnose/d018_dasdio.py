"""DIAGNOSE X'18': standard DASD I/O (DMKDGD). CMS reads and writes its disks with it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cpvm.cp.area import within
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.machine.devices.dasd import Dasd
from cpvm.machine.subchannel import ChannelStatus

NOT_ATTACHED, NOT_DASD, READ_ONLY, CYLINDER, BUSY = 1, 2, 3, 4, 5
NOT_DOUBLEWORD, ARGUMENT, NOT_READ_WRITE, NO_COUNT, LONG_COUNT, BUFFER, WRONG_NUMBER, OTHER_CYLINDER = range(5, 13)
IO_ERROR = 13
MOST_BYTES = 4096
"""That a read or write may have; Release 6 allowed 2048."""
MOST_OPERATIONS = 15
_COMMAND_CHAIN = 0x40000000
_TIC, _SEEK, _SEEK_HEAD, _NOP, _SET_SECTOR, _READ, _WRITE = 0x08, 0x07, 0x1B, 0x03, 0x23, 0x06, 0x05
_SEARCHES = frozenset({0x31, 0x51, 0x71, 0xB1, 0xD1, 0xF1, 0x29, 0x49, 0x69, 0xA9, 0xC9, 0xE9})
_SEEK_LENGTH, _SEARCH_LENGTH = 6, 5
_MOST_CCWS = 256
_AT_ONCE = 32
_TWO_WORDS = struct.Struct(">II")


class _Refused(Exception):
    """The condition code and the number for general register 15."""

    def __init__(self, cc: int, code: int) -> None:
        super().__init__(cc, code)
        self.cc = cc
        self.code = code


@diagnose(0x18)
def dasd_io(call: DiagnoseCall) -> None:
    """Rx: device address, Ry: address of the CCWs, R15: number of reads and writes, 1 to 15.

    The CCWs are seek, set sector or none, search, transfer in channel, read (X'06') or write (X'05'), and so on.
    Condition code 0: done. 1: R15 = 1 not attached, 2 no DASD, 3 write to a read-only disk, 4 no such cylinder, 5 busy.
    2: R15 = 5 CCWs not on a doubleword, 6 argument outside of storage, 7 other command, 8 count zero, 9 count above
    4096, 10 data outside of storage, 11 wrong number in R15, 12 seek head to another cylinder than the first.
    3: R15 = 13, I/O error; the device holds the sense bytes.
    """
    vaddr, ccw = call.x & 0xFFFF, call.y & 0xFFFFFF
    try:
        if vaddr not in call.vm.devices:
            raise _Refused(1, NOT_ATTACHED)
        device = call.machine.device(vaddr)
        if not isinstance(device, Dasd):
            raise _Refused(1, NOT_DASD)
        if ccw & 7:
            raise _Refused(2, NOT_DOUBLEWORD)
        _Chain(call, device).check(ccw)
    except _Refused as refused:
        call.machine.gr[15] = refused.code
        call.set_cc(refused.cc)
    else:
        call.channel_program(vaddr, ccw, call.machine.psw.key, lambda status: _done(call, status))


def _done(call: DiagnoseCall, status: ChannelStatus) -> None:
    if status.cc:
        call.machine.gr[15] = BUSY if status.cc == 2 else IO_ERROR
    call.set_cc((0, 3, 1, 3)[status.cc])


class _Chain:
    """The CCWs of one call, checked before anything is done."""

    def __init__(self, call: DiagnoseCall, device: Dasd) -> None:
        self._call = call
        self._device = device
        self._cylinder = -1  # of the first seek
        self._operations = 0

    def check(self, ccw: int) -> None:
        """Look through the chain that begins at CCW. Raises _Refused."""
        expected = self._call.machine.gr[15]
        for word, tail in self._fetch(ccw):
            code = word >> 24
            self._one(code, word & 0xFFFFFF, tail & 0xFFFF)
            if code & 0x0F != _TIC and not tail & _COMMAND_CHAIN:
                break  # a TIC goes back to its search: what comes behind it is what matters
        else:
            raise _Refused(2, WRONG_NUMBER)
        if not 1 <= expected <= MOST_OPERATIONS or self._operations > expected:
            raise _Refused(2, WRONG_NUMBER)

    def _fetch(self, ccw: int) -> Iterator[tuple[int, int]]:
        """The CCWs from this one on, two words each, as far as they lie in storage. Raises _Refused behind that."""
        machine, left = self._call.machine, _MOST_CCWS
        while left:
            some = min(left, _AT_ONCE)
            if not within(machine, ccw, 8 * some):
                some = 1
                if not within(machine, ccw, 8):
                    raise _Refused(2, ARGUMENT)
            yield from _TWO_WORDS.iter_unpack(machine.storage.read(ccw, 8 * some))
            ccw += 8 * some
            left -= some

    def _one(self, code: int, address: int, count: int) -> None:
        if code in (_READ, _WRITE):
            self._transfer(code, address, count)
        elif code in (_SEEK, _SEEK_HEAD):
            self._seek(code, address)
        elif code in _SEARCHES:
            self._inside(address, _SEARCH_LENGTH)
        elif code == _SET_SECTOR:
            self._inside(address, 1)
        elif code & 0x0F != _TIC and code != _NOP:
            raise _Refused(2, NOT_READ_WRITE)

    def _inside(self, address: int, length: int) -> None:
        if not within(self._call.machine, address, length):
            raise _Refused(2, ARGUMENT)

    def _seek(self, code: int, address: int) -> None:
        self._inside(address, _SEEK_LENGTH)
        cylinder = int.from_bytes(self._call.machine.storage.read(address + 2, 2), "big")
        if code == _SEEK_HEAD and self._cylinder not in (-1, cylinder):
            raise _Refused(2, OTHER_CYLINDER)
        if cylinder >= self._device.cylinders:
            raise _Refused(1, CYLINDER)
        if self._cylinder < 0:
            self._cylinder = cylinder

    def _transfer(self, code: int, address: int, count: int) -> None:
        if count == 0:
            raise _Refused(2, NO_COUNT)
        if count > MOST_BYTES:
            raise _Refused(2, LONG_COUNT)
        if not within(self._call.machine, address, count):
            raise _Refused(2, BUFFER)
        if code == _WRITE and self._device.read_only:
            raise _Refused(1, READ_ONLY)
        self._operations += 1
