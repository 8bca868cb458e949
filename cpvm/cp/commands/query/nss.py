"""QUERY NSS: saved systems and segments (as z/VM does)."""

from __future__ import annotations

from cpvm.cp import clock
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import message
from cpvm.cp.operand import Operands
from cpvm.cp.savedsys import SavedSystem

NONE = message("DMKCFG046E", "{} DOES NOT EXIST")


@query("NSS", minimum=3, classes="ACEG")
def query_nss(request: Request, operands: Operands) -> Answer:
    """All of them, or NAME name; with MAP their pages."""
    name = operands.need() if operands.skip("NAME") else None
    pages = operands.skip("MAP")
    operands.end()
    systems = [system for system in request.system.saved if name in (None, "ALL", system.name)]
    if not systems and name not in (None, "ALL"):
        raise NONE.error(name)
    if not systems:
        request.write("NO NSS FILES")
        return 0
    request.write("OWNERID  NAME     TYPE CL PAGES USERS   DATE     TIME")
    for system in systems:
        users = sum(
            _has(vm.segments.loaded.get(system.name), vm.segments.ipled, system) for vm in request.system.users.values()
        )
        kind = f"{'DCSS' if system.segment else 'NSS':<4} {'A' if system.file else 'S'}"
        when = f"{clock.mmddyy(system.created)} {clock.hhmmss(system.created)}"
        request.write(f"{system.creator or '*NSS':<8} {system.name:<8} {kind}  {system.pages:05} {users:05} {when}")
        if pages:
            for part in system.ranges:
                request.write(f"         {part}")
    return 0


def _has(loaded: SavedSystem | None, ipled: SavedSystem | None, system: SavedSystem) -> bool:
    return any(one is not None and one.file == system.file and one.file for one in (loaded, ipled))
