"""REWIND: rewind a tape of the virtual machine (DMKCPB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, message
from cpvm.cp.operand import Operands, vaddr
from cpvm.machine.datapath import DataPath
from cpvm.s370.ccw import UnitStatus

NO_TAPE = message("006E", "INVALID DEVICE TYPE - {:03X}")
NOT_READY = message("046E", "TAPE {:03X} NOT READY")
_REWIND = 0x07


@command("REWIND", module="DMKCPB", minimum=3, classes="G", syntax="REWind vaddr", own=True)
def rewind(request: Request, operands: Operands) -> Answer:
    """To the load point; what the machine has written is made lasting."""
    address = vaddr(operands.take())
    operands.end()
    machine = request.vm.machine
    device = machine.device(address)
    if address not in request.vm.devices or device is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    if device.kind != "tape":
        raise NO_TAPE.error(address)
    path = DataPath(machine.storage, 0, 0)
    path.command = _REWIND
    device.begin()
    if device.perform(path) & UnitStatus.UNIT_CHECK or device.end():
        raise NOT_READY.error(address)
    request.inform("REWIND COMPLETE")
    return 0
