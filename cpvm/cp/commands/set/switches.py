"""SET operands that are ON or OFF: MSG WNG SMSG IMSG ACNT LINEDIT RUN ECMODE, and those without effect here."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.operand import Operands, choose, on_off


def _message(name: str, attribute: str, minimum: int) -> None:
    @setting(name, minimum=minimum)
    def switch(request: Request, operands: Operands) -> Answer:
        """SET name ON|OFF|IUCV; IUCV: a program that is connected to *MSG gets them."""
        value = choose(operands.need(), "ON", "OFF", "IUCV")
        operands.end()
        vm = request.vm
        setattr(vm, attribute, value != "OFF")
        if value == "IUCV":
            vm.by_iucv.add(name)
        else:
            vm.by_iucv.discard(name)
        return 0


for _name, _attribute, _minimum in (("MSG", "msg", 3), ("WNG", "wng", 3), ("SMSG", "smsg", 4)):
    _message(_name, _attribute, _minimum)


def _switch(name: str, attribute: str, minimum: int) -> None:
    @setting(name, minimum=minimum)
    def switch(request: Request, operands: Operands) -> Answer:
        """SET name ON|OFF."""
        value = on_off(operands.need())
        operands.end()
        setattr(request.vm, attribute, value)
        return 0


for _name, _attribute, _minimum in (
    ("IMSG", "imsg", 4),
    ("ACNT", "acnt", 4),
    ("LINEDIT", "linedit", 5),
    ("RUN", "run_option", 3),
):
    _switch(_name, _attribute, _minimum)


@setting("ECMODE", minimum=2)
def set_ecmode(request: Request, operands: Operands) -> Answer:
    """Extended control mode; as in VM/370 a change resets the machine."""
    value = on_off(operands.need())
    operands.end()
    if value != request.vm.ecmode:
        request.vm.ecmode = value
        request.vm.reset()
        request.vm.console.wait_for_cp()
    return 0


def _remembered(name: str, minimum: int) -> None:
    @setting(name, minimum=minimum)
    def remembered(request: Request, operands: Operands) -> Answer:
        """SET name ON|OFF: for performance aids that this CP does not need; QUERY SET shows it."""
        value = on_off(operands.need())
        operands.take_rest()
        request.vm.settings[name] = "ON" if value else "OFF"
        return 0


for _name, _minimum in (
    ("ISAM", 4), ("PAGEX", 5), ("NOTRANS", 4), ("AUTOPOLL", 4),
):  # fmt: skip
    _remembered(_name, _minimum)
