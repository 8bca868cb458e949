"""LOADBUF: the form and the character set of a real printer (DMKCSB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_DEVICE_TYPE, message
from cpvm.cp.operand import Operands, choose, decimal
from cpvm.cp.realunit.words import NO_SUCH_IMAGE, form_image, output_at

ACTIVE = message("143E", "{} IN USE BY THE SPOOL; DRAIN IT FIRST")
SYNTAX = """\
LOADBUF raddr FCB name [INDEX nn]
LOADBUF raddr UCS name [FOLD]"""
TRAINS = ("AN", "HN", "PCAN", "PCHN", "PN", "QN", "QNC", "RN", "SN", "TN", "XN", "YN", "A11", "H11", "G11", "P11")
_MOST_INDEX = 31


@command("LOADBUF", module="DMKCSB", minimum=7, classes="D", syntax=SYNTAX)
def loadbuf(request: Request, operands: Operands) -> Answer:
    """The printer must not be at a file."""
    unit = output_at(request, operands.take())
    what, name = choose(operands.need(), "FCB", "UCS"), operands.need()
    if unit.kind != "PRT":
        raise INVALID_DEVICE_TYPE.error(f"{unit.raddr:03X}")
    if what == "FCB":
        form = form_image(request, name)
        if operands.skip("INDEX"):
            decimal(operands.take() or "1", 1, _MOST_INDEX)
    else:
        if name not in TRAINS:
            raise NO_SUCH_IMAGE.error(name)
        operands.skip("FOLD")
    operands.end()
    if unit.job is not None:
        raise ACTIVE.error(unit.name)
    if what == "FCB":
        unit.traits.form, unit.traits.fcb = form, name
    else:
        unit.traits.ucs = name
    request.write(f"{unit.name} {what} {name} LOADED")
    return 0
