"""MOUNT, DISMOUNT: what the operator of a real system does with his hands, put tapes and disks on drives."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import message
from cpvm.cp.operand import Operands
from cpvm.cp.realdev import IN_USE_BY_SYSTEM, RealDevice
from cpvm.machine.device import ConfigurationError, DeviceError, MediaError

NAME_MISSING = message("024E", "FILENAME MISSING OR INVALID")
NOT_MOUNTED = message("892E", "{} {:03X} NOT CHANGED; {}")


@command("MOUNT", module="DMKMNT", minimum=5, classes="B", syntax="MOUNT raddr file [option ...]")
def mount(request: Request, operands: Operands) -> Answer:
    """Put a file of the folder `media` on a device, in the place of what is there."""
    real = _free(request, operands)
    words = operands.take_rest().split()
    if not words:
        raise NAME_MISSING.error()
    _change(real, words)
    request.inform(f"{real.kind:<4} {real.raddr:03X} MOUNTED {words[0]}")
    return 0


@command("DISMOUNT", module="DMKMNT", minimum=6, classes="B", syntax="DISMOUnt raddr", same_as="MOUNT")
def dismount(request: Request, operands: Operands) -> Answer:
    """Take the medium away."""
    real = _free(request, operands)
    operands.end()
    _change(real, [])
    request.inform(f"{real.kind:<4} {real.raddr:03X} DISMOUNTED")
    return 0


def _free(request: Request, operands: Operands) -> RealDevice:
    real = request.system.real.find(operands.take())
    if real.system:
        raise IN_USE_BY_SYSTEM.error(real.kind, real.raddr)
    return real


def _change(real: RealDevice, words: list[str]) -> None:
    try:
        real.mount(words)
    except (ConfigurationError, DeviceError, MediaError) as error:
        raise NOT_MOUNTED.error(real.kind, real.raddr, str(error).upper()) from None
