"""DIAGNOSE: what a guest can ask of CP (DMKHVC). One file for each code.

X'000' to X'0FC' are IBM's, X'100' to X'1FC' are left to users, and are ours here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cpvm.cp.registry import RegistryError, discover
from cpvm.machine import Machine, ProgramCheck
from cpvm.machine.subchannel import ChannelStatus, Execution
from cpvm.s370 import plugin
from cpvm.s370.interruption import ProgramCode

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

_ADDRESS = 0xFFFFFF


class DiagnoseCall:
    """One DIAGNOSE being executed: Rx and Ry by their numbers, storage by real addresses."""

    def __init__(self, vm: VMBLOK, machine: Machine, rx: int, ry: int) -> None:
        self.vm = vm
        self.machine = machine
        self.rx = rx
        self.ry = ry

    @property
    def x(self) -> int:
        """Contents of Rx, unsigned."""
        return self.machine.gr[self.rx]

    @property
    def y(self) -> int:
        """Contents of Ry, unsigned."""
        return self.machine.gr[self.ry]

    def set_x(self, value: int) -> None:
        """Load Rx."""
        self.machine.gr[self.rx] = value & 0xFFFFFFFF

    def set_y(self, value: int) -> None:
        """Load Ry."""
        self.machine.gr[self.ry] = value & 0xFFFFFFFF

    def set_cc(self, cc: int) -> None:
        """Set the condition code."""
        self.machine.cc = cc

    def read(self, address: int, length: int) -> bytes:
        """Guest storage. An address outside of it is an addressing exception."""
        address &= _ADDRESS
        if not self.machine.storage.holds(address, length):
            raise ProgramCheck(ProgramCode.ADDRESSING)
        return self.machine.storage.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        """Change guest storage. An address outside of it is an addressing exception, a wrong key a protection one."""
        address &= _ADDRESS
        if not self.machine.storage.holds(address, len(data)):
            raise ProgramCheck(ProgramCode.ADDRESSING)
        key = self.machine.psw.key
        if key and any(
            self.machine.storage.key(block) >> 4 != key for block in range(address & ~2047, address + len(data), 2048)
        ):
            raise ProgramCheck(ProgramCode.PROTECTION)
        self.machine.storage.write(address, data)

    def channel_program(self, vaddr: int, ccw: int, key: int, done: Callable[[ChannelStatus], None]) -> None:
        """Run the channel program at CCW, a real address, with a storage KEY, and call DONE with its end.

        One that takes longer than a slice goes on in the next ones, before the machine's next instruction; if the
        machine is reset meanwhile, DONE is not called.
        """
        vm, io, generation = self.vm, self.machine.io, self.vm.generation

        def settle(status: ChannelStatus | Execution) -> None:
            if isinstance(status, ChannelStatus):
                done(status)
            else:
                vm.defer(lambda: proceed(status), own=True)

        def proceed(execution: Execution) -> None:
            if vm.generation == generation:
                settle(io.proceed(execution))

        settle(io.begin(vaddr, ccw, key))

    def specification(self, wrong: bool) -> None:
        """A specification exception if WRONG."""
        if wrong:
            raise ProgramCheck(ProgramCode.SPECIFICATION)


Body = Callable[[DiagnoseCall], None]


@dataclass(frozen=True)
class Service:
    """One DIAGNOSE code. CLASSES: the privilege classes that may use it, "" for all."""

    code: int
    classes: str
    body: Body


_SERVICES: dict[int, Service] = {}


def diagnose(code: int, *, classes: str = "") -> Callable[[Body], Body]:
    """Make the decorated function the service for CODE. A duplicate raises RegistryError."""

    def enter(body: Body) -> Body:
        if plugin.is_loading():
            _load()
        if code in _SERVICES:
            raise RegistryError(f"DIAGNOSE X'{code:02X}' is defined twice")
        _SERVICES[code] = Service(code, classes, body)
        plugin.claim(body, f"DIAGNOSE X'{code:02X}'", lambda: _withdraw(code))
        return body

    return enter


def _withdraw(code: int) -> None:
    del _SERVICES[code]


@lru_cache(maxsize=1)
def _load() -> None:
    discover("cpvm.cp.diagnose")


def find(code: int) -> Service | None:
    """The service for CODE, or None."""
    _load()
    return _SERVICES.get(code)


def services() -> list[Service]:
    """All services, by their codes."""
    _load()
    return [service for _, service in sorted(_SERVICES.items())]
