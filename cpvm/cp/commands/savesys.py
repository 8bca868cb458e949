"""SAVESYS, SAVESEG: save a machine's storage under a name, for all to share (DMKCFG)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import message
from cpvm.cp.operand import Operands
from cpvm.cp.savedsys import BLOCK, PAGE, SavedSystem, SavedSystemError
from cpvm.cp.segments import NOT_SAVED, capture
from cpvm.cp.vmblok import VMBLOK

NAME_MISSING = message("027E", "SYSTEM NAME MISSING OR INVALID")
NOT_IN_STORAGE = message("435E", "{} NOT SAVED; PAGE {:05X} IS NOT IN STORAGE")
WRITE_ERROR = message("435E", "PAGING ERROR WRITING SAVED SYSTEM {}")
WRONG_KIND = message("003E", "INVALID OPTION - {}")


@command("SAVESYS", module="DMKCFG", minimum=7, classes="CE", syntax="SAVESYS name", own=True)
def savesys(request: Request, operands: Operands) -> Answer:
    """Save pages, keys, registers and PSW of the machine, as the name is defined."""
    return _save(request, operands, segment=False)


@command("SAVESEG", module="DMKCFG", minimum=7, classes="CE", syntax="SAVESEG name", same_as="SAVESYS", own=True)
def saveseg(request: Request, operands: Operands) -> Answer:
    """Save the pages of a segment."""
    return _save(request, operands, segment=True)


def _save(request: Request, operands: Operands, *, segment: bool) -> int:
    name = operands.need(NAME_MISSING)
    operands.end()
    vm = request.vm
    wanted = request.system.saved.skeleton(name)
    if wanted is None:
        raise NOT_SAVED.error(name)
    if segment and not wanted.segment:
        raise WRONG_KIND.error(name)
    for part in wanted.ranges:
        if part.saved and not vm.machine.storage.holds(part.first * PAGE, part.count * PAGE):
            raise NOT_IN_STORAGE.error(name, part.last)
    state = None if wanted.segment else capture(vm)
    system = replace(wanted, state=state, keys=_keys(vm, wanted), creator=vm.userid)
    try:
        request.system.saved.save(system, _pages(vm, system))
    except SavedSystemError as error:
        request.system.log.write(f"DMKCFG435E {error}")
        raise WRITE_ERROR.error(name) from None
    request.inform("SYSTEM SAVED" if not wanted.segment else f"SEGMENT {name} SAVED")
    return 0


def _pages(vm: VMBLOK, system: SavedSystem) -> Iterator[bytes]:
    storage = vm.machine.storage
    for part in system.ranges:
        if part.saved:
            for page in range(part.first, part.last + 1):
                yield storage.read(page * PAGE, PAGE)


def _keys(vm: VMBLOK, system: SavedSystem) -> bytes:
    storage = vm.machine.storage
    saved = [part for part in system.ranges if part.saved]
    return bytes(
        storage.key(block) for part in saved for block in range(part.first * PAGE, (part.last + 1) * PAGE, BLOCK)
    )
