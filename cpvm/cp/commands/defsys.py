"""DEFSYS, DEFSEG: say which pages are to be saved under a name (as z/VM does; VM/370 had a table, DMKSNT)."""

from __future__ import annotations

import re

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPERAND, INVALID_RANGE, message
from cpvm.cp.operand import Operands, is_vaddr, storage_size
from cpvm.cp.savedsys import ACCESS, PAGES, PageRange, SavedSystem, overlapping

NAME_MISSING = message("027E", "SYSTEM NAME MISSING OR INVALID")
_NAME = re.compile(r"[A-Z0-9$#@]{1,8}")
_RANGE = re.compile(r"([0-9A-F]{1,5})(?:-([0-9A-F]{1,5}))?")
_REGISTERS = re.compile(r"PARMREGS=(\d{1,2})-(\d{1,2})")


@command(
    "DEFSYS",
    module="DMKCFG",
    minimum=6,
    classes="CE",
    syntax="DEFSYS name page[-page] EW|EN|ER|SW|SN|SR ... [MINSIZE=nnnnK|nnM] [PARMREGS=m-n]",
    own=True,
)
def defsys(request: Request, operands: Operands) -> Answer:
    """Define a system for SAVESYS and IPL."""
    return _define(request, operands, segment=False)


@command(
    "DEFSEG",
    module="DMKCFG",
    minimum=6,
    classes="CE",
    syntax="DEFSEG name page[-page] EW|EN|ER|SW|SN|SR ...",
    same_as="DEFSYS",
    own=True,
)
def defseg(request: Request, operands: Operands) -> Answer:
    """Define a segment for SAVESEG and DIAGNOSE X'64'."""
    return _define(request, operands, segment=True)


def _define(request: Request, operands: Operands, *, segment: bool) -> int:
    name = operands.need(NAME_MISSING)
    if not _NAME.fullmatch(name) or is_vaddr(name):
        raise NAME_MISSING.error()
    ranges: list[PageRange] = []
    minimum, registers = 0, (0, 15)
    while (word := operands.take()) is not None:
        if word.startswith("MINSIZE=") and not segment:
            minimum = storage_size(word.removeprefix("MINSIZE="))
        elif (found := _REGISTERS.fullmatch(word)) is not None and not segment:
            registers = int(found.group(1)), int(found.group(2))
            if not registers[0] <= registers[1] <= 15:
                raise INVALID_OPERAND.error(word)
        else:
            ranges.append(_range(word, operands))
    if not ranges:
        raise INVALID_RANGE.error(name)
    if overlapping(ranges):
        raise INVALID_RANGE.error(" ".join(map(str, ranges)))
    ranges.sort(key=lambda part: part.first)
    system = SavedSystem(
        name, tuple(ranges), segment=segment, minimum=minimum, parameter_registers=registers, creator=request.vm.userid
    )
    request.system.saved.define(system)
    request.inform(f"{'SEGMENT' if segment else 'SYSTEM'} {name} DEFINED")
    return 0


def _range(word: str, operands: Operands) -> PageRange:
    found = _RANGE.fullmatch(word)
    if found is None:
        raise INVALID_OPERAND.error(word)
    first = int(found.group(1), 16)
    last = int(found.group(2), 16) if found.group(2) else first
    if not first <= last < PAGES:
        raise INVALID_RANGE.error(word)
    access = operands.need()
    if access not in ACCESS:
        raise INVALID_OPERAND.error(access)
    return PageRange(first, last, access)
