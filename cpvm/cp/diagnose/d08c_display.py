"""DIAGNOSE X'8C': what a display can do (DMKGRF; as in VM/SP and z/VM)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.dialed import DialedDevice
from cpvm.cp.graphic import graphic_of
from cpvm.machine.media.screen import Screen, structured

_COLOUR, _HIGHLIGHTING = 0x80, 0x40
_HEAD = 6
_QUERY = bytes((0, 5, structured.READ_PARTITION, structured.ANY_PARTITION, structured.QUERY))
_DONE, _TRUNCATED, _NO_DISPLAY, _NO_DEVICE = range(4)
_CONSOLE = 0xFFFFFFFF


@diagnose(0x8C)
def display_information(call: DiagnoseCall) -> None:
    """Rx: where it is to be stored; Rx+1: address of the device, or -1 for the console; Ry: length.

    Byte 0: X'80' colours, X'40' extended highlighting; byte 1: partitions; then columns and rows of the largest
    screen, 2 bytes each, and the query replies of a display with the extended data stream.
    Condition code 0; 1 there was no room for all, Ry has the length of it; 2 no display, or none is connected; 3 no
    such device.
    """
    call.specification(call.rx == 15)
    vaddr = call.machine.gr[call.rx + 1]
    blocks = call.vm.unit_records("CONS")
    block = (blocks[0] if blocks else None) if vaddr == _CONSOLE else call.vm.devices.get(vaddr)
    if block is None:
        call.set_cc(_NO_DEVICE)
        return
    session = block.session if isinstance(block, DialedDevice) else None
    if block.kind == "CONS":
        session = call.vm.console.session
    graphic = graphic_of(session)
    if graphic is None:
        call.set_cc(_NO_DISPLAY)
        return
    rows, columns = graphic.wire.size
    extended = graphic.wire.extended
    data = bytes(((_COLOUR | _HIGHLIGHTING) * extended, 1)) + columns.to_bytes(2, "big") + rows.to_bytes(2, "big")
    if extended:
        data += structured.write(Screen(24, 80, (rows, columns), extended=True), _QUERY)[1:]
    call.write(call.x, data[: call.y])
    call.set_cc(_DONE if call.y >= len(data) else _TRUNCATED)
    if call.y < len(data):
        call.set_y(len(data))
