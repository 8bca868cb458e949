"""CP's control blocks as they would stand in real storage, for LOCATE and DCP (DMKCQG, DMKCDB).

This CP keeps no blocks at addresses; but who is used to follow them from one to the next finds them here. Each gets an
address when it is first seen, and keeps it as long as what it stands for is there. What is not a block is zeros.

    X'0'     PSA: X'200' CL8'CPVM', X'208' A(first VMBLOK), X'20C' A(first RDEVBLOK), X'210' number of users
    VMBLOK   0 next, 4 first VDEVBLOK, 8 userid, 10 account number, 18 state, 1C bytes of storage, 20 milliseconds of
             virtual and 24 of total processor time, 28 priority, 30 PSW, 38 line, 40 general registers
    VDEVBLOK 0 next, 4 address, 8 kind, C type, 10 name
    RDEVBLOK 0 next, 4 address, 8 kind, C type, 10 volume, 18 userid
    The state is X'80' in CP READ, X'40' waiting, X'20' running, X'10' disconnected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.realdev import RealDevice
    from cpvm.cp.system import System
    from cpvm.cp.vdevblok import VDEVBLOK
    from cpvm.cp.vmblok import VMBLOK

SIZE: Final = 1 << 24
"""Bytes of CP's storage."""
_PSA, _FIRST, _STEP = 0x200, 0x40000, 0x100


class Image:
    """The blocks of one system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._addresses: dict[int, tuple[int, object]] = {}
        self._next = _FIRST
        self._free: list[int] = []

    def address(self, thing: object) -> int:
        """Where the block of a VMBLOK, VDEVBLOK or RealDevice stands."""
        found = self._addresses.get(id(thing))
        if found is not None:
            return found[0]
        if self._free:
            at = self._free.pop()
        else:
            at, self._next = self._next, self._next + _STEP
        self._addresses[id(thing)] = (at, thing)  # which keeps the thing, so that its id is nobody else's
        return at

    def read(self, address: int, length: int) -> bytes:
        """Bytes of storage; those behind its end are left out."""
        data = bytearray(max(0, min(length, SIZE - address)))
        for at, block in self._blocks():
            start, end = max(at, address), min(at + len(block), address + len(data))
            if start < end:
                data[start - address : end - address] = block[start - at : end - at]
        return bytes(data)

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        users = list(self._system.users.values())
        real = list(self._system.real)
        self._forget({id(thing) for thing in (*users, *real, *(b for vm in users for b in vm.devices.values()))})
        first = self.address(users[0]) if users else 0
        devices = self.address(real[0]) if real else 0
        yield _PSA, to_ebcdic("CPVM    ") + _words(first, devices, len(users))
        for number, vm in enumerate(users):
            following = self.address(users[number + 1]) if number + 1 < len(users) else 0
            yield self.address(vm), self._vmblok(vm, following)
            blocks = [vm.devices[vaddr] for vaddr in sorted(vm.devices)]
            for index, block in enumerate(blocks):
                behind = self.address(blocks[index + 1]) if index + 1 < len(blocks) else 0
                yield self.address(block), _vdevblok(block, behind)
        for number, device in enumerate(real):
            following = self.address(real[number + 1]) if number + 1 < len(real) else 0
            yield self.address(device), _rdevblok(device, following)

    def _forget(self, there: set[int]) -> None:
        for key in [key for key in self._addresses if key not in there]:
            self._free.append(self._addresses.pop(key)[0])

    def _vmblok(self, vm: VMBLOK, following: int) -> bytes:
        blocks = [vm.devices[vaddr] for vaddr in sorted(vm.devices)]
        first = self.address(blocks[0]) if blocks else 0
        state = 0x80 * vm.console.cp_read | 0x40 * vm.waiting | 0x20 * vm.running | 0x10 * vm.disconnected
        usage = vm.usage
        return b"".join(
            (
                _words(following, first),
                to_ebcdic(f"{vm.userid:<8}{vm.entry.account:<8}"),
                _words(state << 24, vm.storage, usage.virtual_ns // 1_000_000),
                _words((usage.virtual_ns + usage.overhead_ns) // 1_000_000, vm.priority, 0),
                vm.machine.psw.to_bytes(),
                to_ebcdic(f"{vm.line_name[:8]:<8}"),
                _words(*vm.machine.gr),
            )
        )


def _vdevblok(block: VDEVBLOK, following: int) -> bytes:
    return _words(following, block.vaddr << 16) + to_ebcdic(f"{block.kind[:4]:<4}{block.devtype[:4]:<4}")


def _rdevblok(real: RealDevice, following: int) -> bytes:
    text = f"{real.kind[:4]:<4}{real.devtype[:4]:<4}{real.volid:<8}{real.user:<8}"
    return _words(following, real.raddr << 16) + to_ebcdic(text)


def _words(*values: int) -> bytes:
    return b"".join((value & 0xFFFFFFFF).to_bytes(4, "big") for value in values)
