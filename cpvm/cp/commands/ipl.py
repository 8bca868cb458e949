"""IPL: load the virtual machine (DMKCFG, DMKVMI)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, INVALID_OPERAND, message
from cpvm.cp.operand import Operands, choose, decimal, is_vaddr
from cpvm.cp.vdevblok import DASDBlock
from cpvm.machine import IPLError
from cpvm.s370.ebcdic import to_ebcdic

SYSTEM_MISSING = message("044E", "{} DOES NOT EXIST")
UNIT_ERROR = message("230E", "IPL UNIT ERROR; CSW {} SNS {}")
NOT_READY = message("231E", "IPL DEVICE {:03X} NOT READY")
PARAMETER_TOO_LONG = message("016E", "IPL PARM EXCEEDS 64 CHARACTERS")
_INTERVENTION_REQUIRED = 0x40
MAX_PARAMETER = 64
SYNTAX = """\
Ipl vaddr [cylno] [CLear|NOCLear] [STop] [PARM text]
Ipl systemname [PARM text]"""


@command("IPL", module="DMKCFG", minimum=1, classes="G", syntax=SYNTAX)
def ipl(request: Request, operands: Operands) -> Answer:
    """Load the machine from a device or a named system, and start it."""
    target = operands.need()
    vm = request.vm
    system = request.system.saved.get(target)
    vaddr = _device(request, target) if system is None or not system.file else -1
    cylinder = _cylinder(request, operands, vaddr)
    clear = stop = False
    parameter = b""
    while (word := operands.take()) is not None:
        match choose(word, "CLear", "STop", "PARM", "NOCLear"):
            case "CLEAR":
                clear = True
            case "STOP":
                stop = True
            case "PARM":
                parameter = to_ebcdic(operands.take_rest().upper())
                if len(parameter) > MAX_PARAMETER:
                    raise PARAMETER_TOO_LONG.error()
    if system is not None and vaddr < 0:
        vm.ipl_saved(system, parameter=parameter)
    else:
        _load(request, vaddr, clear=clear, parameter=parameter, cylinder=cylinder)
    vm.never_ran = False
    if stop:
        vm.console.wait_for_cp()
    else:
        vm.begin()
    return 0


def _device(request: Request, target: str) -> int:
    """The device to IPL: its address was typed, or a name that the directory has for it."""
    vaddr = request.system.directory.systems.get(target)
    if vaddr is None:
        if not is_vaddr(target):
            raise SYSTEM_MISSING.error(target)
        vaddr = int(target, 16)
    if vaddr not in request.vm.devices:
        raise DEVICE_MISSING.error(f"{vaddr:03X}")
    return vaddr


def _cylinder(request: Request, operands: Operands, vaddr: int) -> int:
    """The number of a cylinder, if one comes next; only a disk has any."""
    word = operands.peek()
    if word is None or not word.isdigit():
        return 0
    block = request.vm.devices.get(vaddr)
    if not isinstance(block, DASDBlock):
        raise INVALID_OPERAND.error(word)
    return decimal(operands.take(), 0, block.link.disk.cylinders - 1)


def _load(request: Request, vaddr: int, *, clear: bool, parameter: bytes, cylinder: int) -> None:
    vm = request.vm
    try:
        vm.ipl(vaddr, clear=clear, parameter=parameter, cylinder=cylinder)
    except IPLError as error:
        vm.console.wait_for_cp()
        if error.sense and error.sense[0] & _INTERVENTION_REQUIRED:
            raise NOT_READY.error(vaddr) from None
        raise UNIT_ERROR.error(error.csw.hex().upper() or "0" * 16, error.sense[:4].hex().upper() or "00") from None
