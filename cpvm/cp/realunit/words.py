"""How the operator's commands name spooled real devices (DMKCSO)."""

from __future__ import annotations

from typing import Final

from cpvm.cp.command import Request
from cpvm.cp.message import INVALID_DEVICE_TYPE, OPERAND_MISSING, message
from cpvm.cp.operand import Operands, is_vaddr
from cpvm.cp.realunit.definition import Unit
from cpvm.cp.realunit.unit import OutputUnit
from cpvm.cp.spoolword import device_kind
from cpvm.machine.media.forms import Form

NOT_ACTIVE = message("141E", "{} NOT ACTIVE")
NO_UNITS = message("142E", "NO SPOOLED DEVICES")
FORMS: Final = {
    "FCB1": Form.of({1: 1, 2: 3, 3: 5, 4: 7, 5: 9, 6: 11, 7: 13, 8: 15, 10: 19, 11: 21, 12: 23, 9: 64}),
    "FCB8": Form.of(
        {1: 1, 2: 4, 3: 8, 4: 12, 5: 16, 6: 20, 7: 24, 8: 28, 10: 32, 11: 36, 12: 63, 9: 66}, length=68, lpi=8
    ),
    "STD2": Form.of({1: 1, 2: 7, 3: 13, 4: 19, 5: 25, 6: 31, 7: 37, 8: 43, 9: 63, 10: 49, 11: 55, 12: 61}),
}
"""Images that every system has (DMKFCB); `system.config` defines others."""
NO_SUCH_IMAGE = message("044E", "{} DOES NOT EXIST")


def units(request: Request, operands: Operands) -> list[Unit]:
    """The devices named by ALL, UR, a kind, or one or more real addresses."""
    operands.skip("UR")
    word = operands.peek()
    if word is None:
        raise OPERAND_MISSING.error()
    table = request.system.units.all()
    kind = device_kind(word)
    if kind == "CONS":
        kind = None  # consoles are not spooled devices of the system
    if word == "ALL" or kind is not None:
        operands.take()
        found = [unit for unit in table if word == "ALL" or unit.kind == kind]
        if not found:
            raise NO_UNITS.error()
        return found
    found = [unit_at(request, operands.take())]
    while (word := operands.peek()) is not None and is_vaddr(word) and len(word) >= 3:
        found.append(unit_at(request, operands.take()))
    return found


def unit_at(request: Request, word: str | None) -> Unit:
    """The device at the real address that was typed. 021E, 040E; 006E if it does not serve the spool."""
    real = request.system.real.find(word)
    unit = request.system.units.at(real.raddr)
    if unit is None:
        raise INVALID_DEVICE_TYPE.error(f"{real.raddr:03X}")
    return unit


def output_at(request: Request, word: str | None) -> OutputUnit:
    """The printer or punch at an address."""
    unit = unit_at(request, word)
    if not isinstance(unit, OutputUnit):
        raise INVALID_DEVICE_TYPE.error(f"{unit.raddr:03X}")
    return unit


def form_image(request: Request, name: str) -> Form:
    """The forms control image of this name."""
    form = request.system.configuration.forms.get(name) or FORMS.get(name)
    if form is None:
        raise NO_SUCH_IMAGE.error(name)
    return form
