"""READY, NOTREADY, RESET: states of one virtual device (DMKCPB, DMKCFP)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import DEVICE_MISSING, INVALID_DEVICE_TYPE
from cpvm.cp.operand import Operands, vaddr
from cpvm.cp.vdevblok import VDEVBLOK
from cpvm.machine.devices.console3215 import Console3215
from cpvm.machine.unitrecord import UnitRecord
from cpvm.s370.ccw import UnitStatus


def _device(request: Request, operands: Operands) -> VDEVBLOK:
    address = vaddr(operands.take())
    operands.end()
    block = request.vm.devices.get(address)
    if block is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    return block


@command("READY", module="DMKCPB", minimum=5, classes="G", syntax="READY vaddr", own=True)
def ready(request: Request, operands: Operands) -> Answer:
    """Make the device ready, and a device end interruption pending."""
    block = _device(request, operands)
    device = request.vm.machine.device(block.vaddr)
    block.ready = True
    if isinstance(device, UnitRecord):
        device.stopped = False
    elif isinstance(device, Console3215):
        device.switch(True)
    request.vm.machine.io.unsolicited(block.vaddr, UnitStatus.DEVICE_END)
    request.vm.wake()
    return 0


@command("NOTREADY", module="DMKCPB", minimum=4, classes="G", syntax="NOTReady vaddr", own=True)
def notready(request: Request, operands: Operands) -> Answer:
    """The device needs the operator's help from now on: a unit record device, or the console."""
    block = _device(request, operands)
    device = request.vm.machine.device(block.vaddr)
    if isinstance(device, UnitRecord):
        device.stopped = True
    elif isinstance(device, Console3215):
        device.switch(False)
    else:
        raise INVALID_DEVICE_TYPE.error(f"{block.vaddr:03X}")
    block.ready = False
    return 0


@command("RESET", module="DMKCPB", minimum=5, classes="G", syntax="RESET vaddr", own=True)
def reset(request: Request, operands: Operands) -> Answer:
    """Drop what the device has pending and under way."""
    block = _device(request, operands)
    machine = request.vm.machine
    device = machine.device(block.vaddr)
    assert device is not None
    machine.detach(block.vaddr)
    device.reset()
    machine.attach(block.vaddr, device)
    request.vm.console.announce()
    return 0
