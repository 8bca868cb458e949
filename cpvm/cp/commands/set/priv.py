"""SET PRIV: do without some of one's privilege classes for a time."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import CLASS_MISSING, INVALID_OPERAND
from cpvm.cp.operand import Operands


@setting("PRIV", minimum=4, classes="")
def set_priv(request: Request, operands: Operands) -> Answer:
    """SET PRIV [=|+|-]classes: have these, get them back, or do without them; SET PRIV RESET: what the directory gives.

    Nobody can get a class that the directory does not give.
    """
    value = operands.need(CLASS_MISSING)
    operands.end()
    vm = request.vm
    granted = vm.entry.classes
    if value in ("RESET", "ALL"):
        vm.classes = granted
        return 0
    sign = value[0] if value[0] in "=+-" else "="
    named = value.lstrip("=+-")
    if not named or set(named) - set(granted):
        raise INVALID_OPERAND.error(value)
    now, given = set(vm.classes), set(named)
    wanted = {"=": given, "+": now | given, "-": now - given}[sign]
    vm.classes = "".join(letter for letter in granted if letter in wanted)
    return 0
