"""What the program function keys of a user's terminal do (DMKGRF); SET PFnn defines them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cpvm.cp.message import DEVICE_MISSING
from cpvm.cp.pfkey import Kind, Retrieval
from cpvm.cp.vspool import Output
from cpvm.machine.device import NotReadyError
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.vconsole import VirtualConsole
    from cpvm.cp.vmblok import VMBLOK

_PRINT_LINE = 0x09  # write, space one


def press(console: VirtualConsole, number: int, retrieval: Retrieval) -> None:
    """Key NUMBER was pressed. One that has no meaning, or none at this terminal, is NOT ACCEPTED."""
    key = console.vm.pf_keys.get(number)
    session, graphic = console.session, console.graphic
    if key is not None and key.kind is Kind.IMMEDIATE:
        console.typed(key.text)
    elif session is None:
        return
    elif key is not None and key.kind is Kind.DELAYED:
        session.fill(key.text)
    elif key is not None and key.kind is Kind.RETRIEVE:
        session.fill(retrieval.retrieve())
    elif key is None or graphic is None:
        session.refuse()
    elif key.kind is Kind.TAB:
        graphic.tab([int(column) for column in key.text.split()])
    else:
        _copy(console.vm, graphic.screen.text())


def _copy(vm: VMBLOK, lines: list[str]) -> None:
    """Make the screen a file of the user's first virtual printer, whatever is being printed there."""
    printers = vm.unit_records("PRT")
    if not printers:
        vm.message(DEVICE_MISSING.full("PRT", module="DMKGRF"))
        return
    options = replace(printers[0].options, cont=False)
    copy = Output(vm, printers[0].vaddr, "PRT", printers[0].devtype, options.spool_class)
    copy.options = options
    try:
        for line in lines:
            copy.put(_PRINT_LINE, to_ebcdic(line))
        copy.close()
    except NotReadyError:
        copy.discard()  # the user has been told that the spool is full
