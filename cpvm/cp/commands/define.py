"""DEFINE: change the virtual machine's storage and devices (DMKDEF)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.directory import UNIT_RECORD_TYPES
from cpvm.cp.message import DEVICE_MISSING, message
from cpvm.cp.operand import Operands, abbreviates, choose, decimal, is_vaddr, storage_size, vaddr
from cpvm.cp.spoolword import queue_of
from cpvm.cp.tdisk import TYPES as TEMPORARY
from cpvm.cp.virtual import (
    ALREADY_DEFINED,
    add_console,
    add_invented,
    add_special,
    add_temporary,
    add_unit_record,
    is_invented,
    redefine,
)
from cpvm.s370.ckd import GEOMETRY

TOO_LARGE = message("094E", "STORAGE EXCEEDS ALLOWED MAXIMUM")
ONE_CONSOLE = message("093E", "CONSOLE ALREADY DEFINED")
DEFAULT_TYPES = {"RDR": "2540R", "PUN": "2540P", "PRT": "1403"}
_SPECIAL = {  # types, the first one is meant if none is given; TELE will do
    "CTCA": ("CTCA",),
    "TIMER": ("TIMER",),
    "GRAF": ("3270", "3158", "3277", "3278", "3279"),
    "LINE": ("TELe2", "3215", "3210", "1052"),
}
_SHORTEST = {"CTCA": 3, "TIMER": 3, "GRAF": 4, "LINE": 2}
SYNTAX = """\
DEFine STORage [As] nnnnnK|nnM
DEFine Reader|PUnch|Printer [As] vaddr
DEFine CONsole [As] vaddr [3215|3270]
DEFine 1403|1443|2501|2540P|2540R|3211|3505|3525 [As] vaddr
DEFine T2314|T3330|T3340|T3350|T3380 [As] vaddr [CYL] nnn
DEFine CTCa|TIMer [As] vaddr
DEFine GRAF [As] vaddr [3270|3158|3277|3278|3279]
DEFine LIne [As] vaddr [TELE[2]|3215|3210|1052]
DEFine vaddr1 [As] vaddr2
DEFine CHANnels [As] SEL|BMX"""


@command("DEFINE", module="DMKDEF", minimum=3, classes="G", syntax=SYNTAX)
def define(request: Request, operands: Operands) -> Answer:
    """Make a device, give one another address, or change the size of storage (which resets the machine)."""
    what = operands.need()
    operands.skip("AS", 1)
    if abbreviates(what, "STORAGE", 4):
        return _storage(request, operands)
    if abbreviates(what, "CHANNELS", 4):
        return _channels(request, operands)
    new = vaddr(operands.take())
    special = next((name for name, least in _SHORTEST.items() if abbreviates(what, name, least)), None)
    if special is not None:
        return _special(request, operands, special, new)
    if not is_vaddr(what) and abbreviates(what, "CONSOLE", 3):
        return _console(request, operands, new)
    if what in TEMPORARY:
        return _temporary(request, operands, what, new)
    operands.end()
    vm = request.vm
    if what in UNIT_RECORD_TYPES:
        kind = add_unit_record(vm, new, what)
    elif is_invented(what):
        add_invented(vm, new, what)
        kind = "DEV"
    elif is_vaddr(what) and int(what, 16) in vm.devices:
        old = int(what, 16)
        kind = vm.devices[old].kind
        redefine(vm, old, new)
    elif is_vaddr(what):
        raise DEVICE_MISSING.error(f"{int(what, 16):03X}")
    else:
        kind = add_unit_record(vm, new, DEFAULT_TYPES[queue_of(what)])
    request.inform(f"{kind:<4} {new:03X} DEFINED")
    return 0


def _console(request: Request, operands: Operands, new: int) -> int:
    """The console, of which there is one only."""
    devtype = choose(operands.take() or "3215", "3215", "3270")
    operands.end()
    vm = request.vm
    if vm.unit_records("CONS"):
        raise ONE_CONSOLE.error()
    if new in vm.devices:
        raise ALREADY_DEFINED.error(new)
    add_console(vm, new, devtype)
    request.inform(f"CONS {new:03X} DEFINED")
    return 0


def _temporary(request: Request, operands: Operands, what: str, new: int) -> int:
    """A temporary disk, there until DETACH or LOGOFF."""
    devtype = TEMPORARY[what]
    operands.skip("CYL", 3)
    cylinders = decimal(operands.take(), 1, GEOMETRY[devtype].cylinders)
    operands.end()
    add_temporary(request.vm, new, devtype, cylinders)
    request.inform(f"DASD {new:03X} DEFINED {cylinders:03} CYL")
    return 0


def _special(request: Request, operands: Operands, what: str, new: int) -> int:
    """A device that nothing real stands behind."""
    types = _SPECIAL[what]
    word = operands.take()
    operands.end()
    add_special(request.vm, new, choose(word or types[0].upper(), *types))
    request.inform(f"{request.vm.devices[new].kind:<4} {new:03X} DEFINED")
    return 0


def _channels(request: Request, operands: Operands) -> int:
    """Selector or block multiplexer; as in VM/370 the machine is reset."""
    kind = choose(operands.need(), "SEL", "BMX")
    operands.end()
    vm = request.vm
    vm.channels = kind
    vm.reset()
    request.write(f"CHANNELS = {kind}")
    vm.console.wait_for_cp()
    return 0


def _storage(request: Request, operands: Operands) -> int:
    size = storage_size(operands.need())
    operands.end()
    if size > request.vm.entry.maximum:
        raise TOO_LARGE.error()
    request.vm.new_machine(size)
    request.write(f"STORAGE = {size // 1024:05}K")
    request.vm.console.wait_for_cp()
    return 0
