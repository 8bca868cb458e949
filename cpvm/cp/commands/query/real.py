"""QUERY of the system's devices: SYSTEM DASD TAPES LINES UR GRAF STORAGE ALL TDSK ALLOC PROCESSR (DMKCQP, DMKCQR)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query, query_real
from cpvm.cp.directory import MinidiskEntry
from cpvm.cp.message import INVALID_OPTION, message
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.vdevblok import DASDBlock

if TYPE_CHECKING:
    from cpvm.cp.realdev import RealDevice
    from cpvm.cp.system import System

NO_VOLUME: Final = message("023E", "VOLID MISSING OR INVALID")
_A_LINE = 4
_STATES: Final = {"ACTIVE": 3, "OFFLINE": 3, "FREE": 2, "ATTACHED": 3, "SYSTEM": 3, "ALL": 3}


def _state(operands: Operands, default: str) -> str:
    """The state that is asked for."""
    word = operands.take() or default
    operands.end()
    state = next((name for name, least in _STATES.items() if abbreviates(word, name, least)), None)
    if state is None:
        raise INVALID_OPTION.error(word)
    return state


def chosen(request: Request, operands: Operands, *kinds: str, default: str = "ACTIVE") -> list[RealDevice]:
    """The devices of these kinds in the state that is asked for: those that are not free or offline if none is."""
    state = _state(operands, default)
    devices = request.system.real.of_kind(*kinds)
    match state:
        case "ALL":
            return devices
        case "OFFLINE":
            return [real for real in devices if not real.online]
        case "FREE":
            return [real for real in devices if real.free]
        case "ATTACHED":
            return [real for real in devices if real.vm is not None]
        case "SYSTEM":
            return [real for real in devices if real.system]
        case _:
            return [real for real in devices if real.online and not real.free]


def _kinds(name: str, minimum: int, *kinds: str) -> None:
    @query_real(name, minimum=minimum, classes="B")
    def devices(request: Request, operands: Operands) -> Answer:
        """QUERY name [ACTIVE|FREE|OFFLINE|ATTACHED|SYSTEM|ALL]."""
        found = chosen(request, operands, *kinds)
        for real in found:
            request.write(_line(request.system, real))
        if not found:
            request.write(f"NO {name}")
        return 0


_kinds("DASD", 2, "DASD")
_kinds("TAPES", 2, "TAPE")


def _line(system: System, real: RealDevice) -> str:
    """What the table says; of a volume also how many use it."""
    line = real.line()
    if real.kind == "DASD" and real.system and real.online:
        blocks = [block for vm in system.users.values() for block in vm.devices.values()]
        users = {
            block.link.user for block in blocks if isinstance(block, DASDBlock) and block.link.disk.volid == real.volid
        }
        line = f"{line:<26} {len(users):03}"
    return line


def line_states(system: System) -> Iterator[str]:
    """LINE name LOGON AS userid, ENABLED or DISABLED, of each terminal that is there."""
    for session in system.sessions:
        name = session.terminal.name
        if session.vm is not None:
            yield f"LINE {name:<8} LOGON  AS {session.vm.userid}"
        else:
            yield f"LINE {name:<8} {'ENABLED' if system.operations.may_log_on(session) else 'DISABLED'}"


@query_real("LINES", minimum=2, classes="B")
def query_lines(request: Request, operands: Operands) -> Answer:
    """The terminals, and who is logged on there: all, ACTIVE ones, or those that are FREE or disabled (OFFLINE)."""
    state = _state(operands, "ALL")
    shown = {"ACTIVE": "LOGON", "ATTACHED": "LOGON", "FREE": "ENABLED", "OFFLINE": "DISABLED"}.get(state, "")
    found = [line for line in line_states(request.system) if state == "ALL" or (shown and f" {shown}" in line)]
    for line in found or ["NO LINES"]:
        request.write(line)
    if request.system.operations.all_disabled:
        request.write("ALL OTHER LINES DISABLED")
    return 0


@query_real("GRAF", minimum=4, classes="B")
def query_graf(request: Request, operands: Operands) -> Answer:
    """Displays of the host's: there are none beside the terminals, which QUERY LINES shows, but those attached."""
    found = chosen(request, operands, "GRAF")
    for real in found:
        request.write(real.line())
    if not found:
        request.write("NO GRAF")
    return 0


@query_real("STORAGE", minimum=4, classes="B")
def query_storage(request: Request, operands: Operands) -> Answer:
    """The host's storage."""
    operands.end()
    request.write(f"STORAGE = {host_storage() // 1024}K")
    return 0


def host_storage() -> int:
    """Bytes of storage that the host has; 0 if it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 0


@query_real("ALL", minimum=3, classes="B")
def query_all(request: Request, operands: Operands) -> Answer:
    """All devices, and storage."""
    operands.end()
    for real in request.system.real:
        request.write(_line(request.system, real))
    for line in line_states(request.system):
        request.write(line)
    request.write(f"STORAGE = {host_storage() // 1024}K")
    return 0


@query("SYSTEM", minimum=3, classes="B")
def query_system(request: Request, operands: Operands) -> Answer:
    """QUERY SYSTEM raddr: who is linked to minidisks of a volume."""
    real = request.system.real.find(operands.take())
    operands.end()
    items = [
        f"{vm.userid:<8} {block.vaddr:03X} {'R/W' if block.link.writable else 'R/O'}"
        for vm in request.system.users.values()
        for block in vm.devices.values()
        if isinstance(block, DASDBlock) and block.link.disk.volid == real.volid
    ]
    if not items or not real.system:
        request.write(real.line())
    for start in range(0, len(items), _A_LINE):
        request.write(", ".join(items[start : start + _A_LINE]))
    return 0


@query("TDSK", minimum=4, classes="B")
def query_tdsk(request: Request, operands: Operands) -> Answer:
    """Whose temporary disks there are."""
    operands.end()
    temporary = {volume.volid for volume in request.system.directory.volumes.values() if _is_temporary(volume)}
    shown = 0
    for vm in request.system.users.values():
        for block in vm.devices.values():
            if isinstance(block, DASDBlock) and (block.link.disk.volid in temporary or not block.link.disk.volid):
                disk = block.link.disk
                request.write(
                    f"{vm.userid:<8} {block.vaddr:03X} {disk.devtype} {disk.volid:<6} {disk.cylinders:03} CYL"
                )
                shown += 1
    if not shown:
        request.write("NO TDSKS")
    return 0


def _temporary(system: System, volid: str) -> int:
    """Cylinders of temporary disks on a volume."""
    blocks = [block for vm in system.users.values() for block in vm.devices.values()]
    disks = [block.link.disk for block in blocks if isinstance(block, DASDBlock) and block.link.disk.volid == volid]
    return sum(cylinders for _, cylinders in {(disk.start, disk.cylinders) for disk in disks})


def _is_temporary(volume: object) -> bool:
    return bool(getattr(volume, "temporary", False))


@query("ALLOC", minimum=5, classes="ACE")
def query_alloc(request: Request, operands: Operands) -> Answer:
    """QUERY ALLOC [DRCT|TDSK|TEMP], ALLOC MAP volid: how the volumes are used."""
    system = request.system
    word = operands.take() or ""
    volumes = system.directory.volumes
    if word == "MAP":
        volid = operands.take() or ""
        operands.end()
        if volid not in volumes:
            raise NO_VOLUME.error()
        for line in _map(system, volid):
            request.write(line)
        return 0
    operands.end()
    if word not in ("", "DRCT", "TDSK", "TEMP", "PERM"):
        raise INVALID_OPTION.error(word)
    if word == "TDSK" and not any(map(_is_temporary, volumes.values())):
        request.write("NO TDSKS")
    for volume in volumes.values():
        kind = "TDSK" if _is_temporary(volume) else "PERM"
        if word in ("", kind):
            used = sum(disk.cylinders for _, disk in _disks(system, volume.volid))
            if kind == "TDSK":
                used = _temporary(system, volume.volid)
            request.write(
                f"{volume.volid:<6} {volume.devtype} {kind} {volume.cylinders:05} CYL, {used:05} ALLOCATED,"
                f" {used * 100 // max(1, volume.cylinders):03}%"
            )
    if word in ("", "DRCT", "TEMP"):
        request.write(f"DIRECTORY AND SPOOL: {system.database.size() // 1024}K OF {system.spool.limit // 1024}K")
    return 0


def _disks(system: System, volid: str) -> list[tuple[str, MinidiskEntry]]:
    found = [
        (user.userid, disk)
        for user in system.directory.users.values()
        for disk in user.devices
        if isinstance(disk, MinidiskEntry) and disk.volid == volid
    ]
    return sorted(found, key=lambda row: row[1].start)


def _map(system: System, volid: str) -> Iterator[str]:
    """Each minidisk and each gap of a volume, in order of cylinders."""
    volume, at = system.directory.volumes[volid], 0
    for userid, disk in _disks(system, volid):
        if disk.start > at:
            yield f"{at:05} - {disk.start - 1:05}  {disk.start - at:05} CYL  FREE"
        end = disk.start + disk.cylinders
        yield f"{disk.start:05} - {end - 1:05}  {disk.cylinders:05} CYL  {userid:<8} {disk.vaddr:03X}"
        at = max(at, end)
    if at < volume.cylinders:
        yield f"{at:05} - {volume.cylinders - 1:05}  {volume.cylinders - at:05} CYL  FREE"


@query("PROCESSR", minimum=4, classes="ABCEG")
def query_processr(request: Request, operands: Operands) -> Answer:
    """The processors on which machines run."""
    operands.end()
    for number in range(len(request.system.processors.threads)):
        request.write(f"PROCESSOR {number:02} ONLINE{'' if number else ' (MAIN)'}")
    return 0
