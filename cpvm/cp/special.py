"""Virtual devices that nothing real stands behind: DEFINE and SPECIAL of CTCA, TIMER, GRAF, LINE (DMKDEF, DMKLOG)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cpvm.cp.clock import hhmmss, mmddyy
from cpvm.cp.dialed import ConsoleLine, DialedDevice, GraphicDevice, device_of
from cpvm.cp.teletype import TeletypeLine
from cpvm.cp.vdevblok import VDEVBLOK
from cpvm.cp.virtual import SPECIALS, attach
from cpvm.machine.adapter import Adapter
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.machine.devices.ctca import CTCA
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK


class CTCABlock(VDEVBLOK):
    """A channel-to-channel adapter; COUPLE connects two."""

    def __init__(self, vm: VMBLOK, vaddr: int) -> None:
        super().__init__(vaddr, "CTCA", "CTCA")
        self.vm = vm
        self.device = CTCA()
        self.device.wake = self._wake
        self.other: CTCABlock | None = None
        self._woken = False  # `_poll` is on its way

    def _wake(self) -> None:
        """The other machine has done something; it may be running. It has the system lock.

        However often it does, one event is in CP's queue: nobody else's have to wait behind a thousand of them.
        """
        if not self._woken:
            self._woken = True
            self.vm.system.post(self._poll)

    def _poll(self) -> None:
        self._woken = False
        if not self.vm.logged_off and self.device.channel is not None:
            self.device.poll()
            self.vm.wake()

    def couple(self, other: CTCABlock) -> None:
        """COUPLE. Both must be free."""
        adapter = Adapter()
        for one, another in ((self, other), (other, self)):
            one.other = another
            adapter.connect(one.device)

    def uncouple(self) -> None:
        """End the connection, if there is one; the other user is told."""
        other, self.other = self.other, None
        if other is None:
            return
        other.other = None
        self.device.close()
        other.device.poll()
        other.device.close()
        if not other.vm.logged_off:
            other.vm.console.write_cp(f"CTCA {other.vaddr:03X} DROP FROM {self.vm.userid} {self.vaddr:03X}")
            other.vm.wake()

    def describe(self) -> str:
        """CTCA vaddr COUPLED TO userid vaddr, or NOT COUPLED."""
        other = self.other
        where = "NOT COUPLED" if other is None else f"COUPLED TO {other.vm.userid} {other.vaddr:03X}"
        return f"CTCA {self.vaddr:03X} {where}"

    def release(self) -> None:
        self.uncouple()


class PseudoTimer(Device):
    """The pseudo timer: a read gives date and time of day, and virtual and total processor time, as DIAGNOSE X'0C'."""

    type = "TIMER"
    kind = "timer"

    def __init__(self, vm: VMBLOK) -> None:
        super().__init__()
        self._vm = vm

    @command(0x02)
    def read(self, path: DataPath) -> int:
        """Read up to 32 bytes: mm/dd/yy, hh:mm:ss, two doublewords of microseconds."""
        now, usage = time.time(), self._vm.usage
        path.send(
            to_ebcdic(mmddyy(now) + hhmmss(now))
            + usage.virtual_microseconds.to_bytes(8, "big")
            + usage.total_microseconds.to_bytes(8, "big")
        )
        return ENDED


def _timer(vm: VMBLOK, vaddr: int) -> None:
    attach(vm, VDEVBLOK(vaddr, "TIMR", "TIMER"), PseudoTimer(vm))


def _ctca(vm: VMBLOK, vaddr: int) -> None:
    block = CTCABlock(vm, vaddr)
    attach(vm, block, block.device)


def _dialed(make: Callable[[VMBLOK, int], DialedDevice]) -> Callable[[VMBLOK, int], None]:
    def add(vm: VMBLOK, vaddr: int) -> None:
        block = make(vm, vaddr)
        attach(vm, block, device_of(block))

    return add


def _console(devtype: str) -> Callable[[VMBLOK, int], None]:
    return _dialed(lambda vm, vaddr: ConsoleLine(vm, vaddr, devtype))


def _graphic(devtype: str) -> Callable[[VMBLOK, int], None]:
    return _dialed(lambda vm, vaddr: GraphicDevice(vm, vaddr, devtype))


SPECIALS.update({
    "CTCA": _ctca,
    "TIMER": _timer,
    "TELE2": _dialed(TeletypeLine),
    **{devtype: _graphic("3277") for devtype in ("3158", "3270")},
    **{devtype: _graphic(devtype) for devtype in ("3277", "3278", "3279")},
    **{devtype: _console(devtype) for devtype in ("1052", "3210", "3215")},
})  # fmt: skip
