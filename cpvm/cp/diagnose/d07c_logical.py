"""DIAGNOSE X'7C': logical devices (VM/SP's DMKLDF)."""

from __future__ import annotations

from cpvm.cp.area import permitted, within
from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.limits import DEVICES as DEVICES_OF_USER
from cpvm.cp.logicaldevice import MOST_DEVICES, MOST_MACHINES, LogicalDevice

INITIATE, ACCEPT, PRESENT, TERMINATE, TERMINATE_ALL = range(1, 6)
NO_FUNCTION, NO_DATA, SHORT, BUFFER, MACHINES, DEVICES, PROTECTED = 1, 2, 3, 4, 5, 9, 10
MOST_BYTES = 4096
_DONE, _ERROR, _BUSY, _NO_DEVICE = range(4)
_DATA_FIRST, _UNFINISHED = 1, 2


@diagnose(0x7C)
def logical_device(call: DiagnoseCall) -> None:
    """Ry: function. 1 initiate: Rx gets the number of a new 3270 of 24 lines. 2 accept: the data stream of device Rx
    goes to the buffer at Rx+1, of length Ry+1, its length to Ry; the first byte is the command, X'05'. 3 present: the
    buffer holds what the display sends, beginning with the key. 4 terminate, 5 terminate all. Ry+1: the return code.

    Condition code 0; 1 error, return code 1 no such function, 2 no data, 3 the buffer is too short (Ry: length needed),
    4 no buffer of 1 to 4096 bytes, 5 too many machines, 9 too many devices, 10 protected; 2 busy, return code 1 data
    must be accepted first, 2 the last present is not finished; 3 no such device. Interruption X'2402' has a device's
    number and a reason at X'80': 0 data to accept, 1 present finished, 2 CP has ended the device.
    """
    call.specification(15 in (call.rx, call.ry) or call.rx == call.ry)
    generation = call.vm.generation
    vm = call.vm

    def perform() -> None:
        if vm.generation == generation:
            cc, code = _perform(call)
            call.machine.gr[call.ry + 1] = code
            call.set_cc(cc)

    vm.defer(perform)


def _perform(call: DiagnoseCall) -> tuple[int, int]:
    """The condition code and the return code."""
    logical, function = call.vm.logical, call.y
    if function == INITIATE:
        return _initiate(call)
    if function == TERMINATE_ALL:
        logical.end()
        return _DONE, 0
    if function not in (ACCEPT, PRESENT, TERMINATE):
        return _ERROR, NO_FUNCTION
    device = logical.devices.get(call.x)
    if device is None:
        return _NO_DEVICE, 0
    if function == TERMINATE:
        logical.terminate(device)
        return _DONE, 0
    address, length = call.machine.gr[call.rx + 1], call.machine.gr[call.ry + 1]
    if not 0 < length <= MOST_BYTES or not within(call.machine, address, length):
        return _ERROR, BUFFER
    if not permitted(call.machine, address, length, call.machine.psw.key, store=function == ACCEPT):
        return _ERROR, PROTECTED
    return _accept(call, device, address, length) if function == ACCEPT else _present(call, device, address, length)


def _initiate(call: DiagnoseCall) -> tuple[int, int]:
    logical = call.vm.logical
    limits = call.vm.system.limits
    if len(logical.devices) >= MOST_DEVICES or not limits.room(call.vm.userid, DEVICES_OF_USER):
        return _ERROR, DEVICES
    others = sum(bool(vm.logical.devices) for vm in call.vm.system.users.values())
    if not logical.devices and others >= MOST_MACHINES:
        return _ERROR, MACHINES
    call.set_x(logical.initiate().number)
    return _DONE, 0


def _accept(call: DiagnoseCall, device: LogicalDevice, address: int, length: int) -> tuple[int, int]:
    if not device.pending:
        return _ERROR, NO_DATA
    data, needed = device.accept(length)
    call.set_y(needed)
    if not data:
        return _ERROR, SHORT
    call.machine.storage.write(address, data)
    return _DONE, 0


def _present(call: DiagnoseCall, device: LogicalDevice, address: int, length: int) -> tuple[int, int]:
    if device.pending:
        return _BUSY, _DATA_FIRST
    if device.presented:
        return _BUSY, _UNFINISHED
    device.present(call.machine.storage.read(address, length))
    return _DONE, 0
