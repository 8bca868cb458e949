"""START: let real unit record devices take files, and say which (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import CLASS_MISSING
from cpvm.cp.operand import Operands, choose
from cpvm.cp.realdev import OFFLINE
from cpvm.cp.realunit.unit import ANY_CLASS, OutputUnit
from cpvm.cp.realunit.words import units
from cpvm.cp.spoolword import form_name, spool_class

SYNTAX = "STArt ALL|Reader|Printer|PUnch|raddr ... [CLass c ...] [SEP|NOSep] [FOrm name]"


@command("START", module="DMKCSO", minimum=3, classes="D", syntax=SYNTAX)
def start(request: Request, operands: Operands) -> Answer:
    """The devices take files of these classes, the first class first; one that wanted the operator tries again."""
    found = units(request, operands)
    classes, separator, form = "", None, None
    while (word := operands.take()) is not None:
        match choose(word, "CLass", "SEP", "NOSep", "FOrm"):
            case "CLASS":
                classes = _classes(operands)
            case "FORM":
                word = operands.take()
                form = "" if word == ANY_CLASS else form_name(word)
            case chosen:
                separator = chosen == "SEP"
    online = [unit for unit in found if unit.online]
    if not online:
        raise OFFLINE.error(found[0].kind, found[0].raddr)
    for unit in online:
        if isinstance(unit, OutputUnit):
            traits = unit.traits
            traits.classes = classes or traits.classes
            traits.separator = traits.separator if separator is None else separator
            traits.form_name = traits.form_name if form is None else form
        unit.start()
        request.write(unit.line())
    return 0


def _classes(operands: Operands) -> str:
    """Letters and digits, separated or not; or *."""
    if operands.skip(ANY_CLASS):
        return ANY_CLASS
    classes = ""
    while (word := operands.peek()) is not None and (not classes or len(word) == 1):
        operands.take()
        if not word.isalnum() or not word.isascii():
            raise CLASS_MISSING.error()
        classes += "".join(spool_class(letter) for letter in word)
    if not classes:
        raise CLASS_MISSING.error()
    return "".join(dict.fromkeys(classes))
