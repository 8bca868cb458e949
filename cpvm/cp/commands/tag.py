"""TAG: text that goes with a spool file to whoever transmits it (DMKCSB)."""

from __future__ import annotations

from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import SPOOLID_MISSING, SPOOLID_UNKNOWN
from cpvm.cp.operand import Operands, choose
from cpvm.cp.spool import SpoolFile
from cpvm.cp.spoolword import device_kind, devices, spoolid

SYNTAX = """\
TAg DEv Printer|PUnch|CONsole|vaddr [text]
TAg FIle spoolid [text]
TAg QUery DEv device
TAg QUery FIle spoolid"""
MAX_TAG = 136


@command("TAG", module="DMKCSB", minimum=2, classes="G", syntax=SYNTAX, own=True)
def tag(request: Request, operands: Operands) -> Answer:
    """Set or show the tag of a device (for the files it will make) or of a file."""
    what = choose(operands.need(), "DEv", "FIle", "QUery")
    if what == "QUERY":
        return _query(request, operands)
    if what == "FILE":
        file = _file(request, operands.need(SPOOLID_MISSING))
        request.system.spool.update(replace(file, tag=operands.take_rest()[:MAX_TAG]))
        return 0
    blocks = devices(request.vm, operands.need())
    text = operands.take_rest()[:MAX_TAG]
    for block in blocks:
        block.options.tag = text
    return 0


def _query(request: Request, operands: Operands) -> int:
    what, word = choose(operands.need(), "DEv", "FIle"), operands.need()
    operands.end()
    text = _file(request, word).tag if what == "FILE" else devices(request.vm, word)[0].options.tag
    request.write(text or f"TAG NOT SET FOR {device_kind(word) or word}")
    return 0


def _file(request: Request, word: str) -> SpoolFile:
    number = spoolid(word)
    file = request.system.spool.file(number)
    if file is None or request.vm.userid not in (file.owner, file.origin):
        raise SPOOLID_UNKNOWN.error(f"{number:04}")
    return file
