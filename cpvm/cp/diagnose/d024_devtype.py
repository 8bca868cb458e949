"""DIAGNOSE X'24': device type and features (DMKHVD)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.dialed import DialedDevice
from cpvm.cp.graphic import graphic_of
from cpvm.cp.realdev import Dedicated
from cpvm.cp.vdevblok import VDEVBLOK, DASDBlock

# Class and type bytes as in VM/370's VDEVBLOK and RDEVBLOK (SY20-0884, DEVTYPES).
_TERMINAL, _GRAPHIC, _READERS, _PRINTERS, _TAPE, _DASD, _SPECIAL = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
_TYPES = {
    "1052": (_TERMINAL, 0x00),
    "3210": (_TERMINAL, 0x00),
    "3215": (_TERMINAL, 0x00),
    "3277": (_GRAPHIC, 0x04),
    "3278": (_GRAPHIC, 0x01),
    "3279": (_GRAPHIC, 0x01),
    "2702": (_TERMINAL, 0x10),
    "CTCA": (_SPECIAL, 0x80),
    "TIMER": (_SPECIAL, 0x20),
    "2401": (_TAPE, 0x80),
    "2415": (_TAPE, 0x40),
    "2420": (_TAPE, 0x20),
    "3420": (_TAPE, 0x10),
    "3410": (_TAPE, 0x08),
    "3411": (_TAPE, 0x08),
    "2501": (_READERS, 0x81),
    "2540R": (_READERS, 0x82),
    "3505": (_READERS, 0x84),
    "2540P": (_PRINTERS, 0x82),
    "3525": (_PRINTERS, 0x84),
    "1403": (_PRINTERS, 0x41),
    "3211": (_PRINTERS, 0x42),
    "1443": (_PRINTERS, 0x44),
    "2311": (_DASD, 0x80),
    "2314": (_DASD, 0x40),
    "3330": (_DASD, 0x10),
    "3350": (_DASD, 0x08),
    "3375": (_DASD, 0x04),
    "2305": (_DASD, 0x02),
    "3340": (_DASD, 0x01),
    "3380": (_DASD, 0x20),
    "3390": (_DASD, 0x82),  # (later systems)
}
_SMALL = (24, 80)
_MODELS = {_SMALL: 2, (32, 80): 3, (43, 80): 4, (27, 132): 5}
"""Models of displays by rows and columns."""
_READ_ONLY = 0x80  # VDEVFLAG
_FIND_CONSOLE = 0xFFFFFFFF


@diagnose(0x24)
def device_type(call: DiagnoseCall) -> None:
    """Rx: device address, or -1 for the console, which is then put into Rx.

    Ry: virtual class, type, status, flags. Ry+1: real class, type, model, features (line length of a console).
    Condition code 0; 2 no real device behind it (then Ry+1 is not changed); 3 no such device.
    """
    block = _find(call)
    if block is None:
        call.set_cc(3)
        return
    family = block.devtype.partition("-")[0]  # models of a device have one code: 3330-11, 3380-E
    kind, devtype = _TYPES.get(block.devtype) or _TYPES.get(family, (0, 0))
    read_only = getattr(call.machine.device(block.vaddr), "read_only", False) is True
    call.set_y(kind << 24 | devtype << 16 | (_READ_ONLY if read_only else 0))
    real = isinstance(block, DASDBlock | Dedicated) or (block.kind == "CONS" and not call.vm.disconnected)
    real = real or (isinstance(block, DialedDevice) and block.session is not None)
    if real and call.ry < 15:
        features = call.vm.terminal.linesize if block.kind == "CONS" else 0
        model = 0
        session = block.session if isinstance(block, DialedDevice) else None
        if block.kind == "CONS":
            session = call.vm.console.session
        if (graphic := graphic_of(session)) is not None:  # the terminal, whatever it is for the machine
            kind, devtype = _TYPES["3277" if graphic.wire.size == _SMALL else "3278"]
            model = _MODELS.get(graphic.wire.size, 2)
        call.machine.gr[call.ry + 1] = kind << 24 | devtype << 16 | model << 8 | features
    call.set_cc(0 if real else 2)


def _find(call: DiagnoseCall) -> VDEVBLOK | None:
    if call.x != _FIND_CONSOLE:
        return call.vm.devices.get(call.x) if call.x <= 0xFFF else None
    consoles = call.vm.unit_records("CONS")
    if not consoles:
        return None
    call.set_x(consoles[0].vaddr)
    return consoles[0]
