"""INDICATE: how busy the system is, and who keeps it so (DMKTHI)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import load
from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import INVALID_OPTION, NOT_LOGGED_ON
from cpvm.cp.operand import Operands, choose
from cpvm.cp.vmblok import VMBLOK

_MOMENT = 0.3  # seconds for which processors are watched
_A_LINE = 2
SYNTAX = """\
INDicate [LOAD]
INDicate USER [*|userid|ALL]
INDicate QUEUES|I/O|FAVORED
INDicate PAGING [WAIT|ALL]"""


@command("INDICATE", module="DMKTHI", minimum=3, classes="EG", syntax=SYNTAX, own=True)
def indicate(request: Request, operands: Operands) -> Answer:
    """LOAD for everybody, USER for oneself; the rest is for class E."""
    word = choose(operands.take() or "LOAD", "LOAD", "USER", "Queues", "I/O", "PAGing", "FAVored")
    if word == "LOAD":
        operands.end()
        return _load(request)
    if word == "USER":
        _users(request, operands)
        return 0
    if not request.allowed("E"):
        raise INVALID_OPTION.error(word)
    if word == "PAGING":
        _paging(request, choose(operands.take() or "WAIT", "WAIT", "ALL"))
        operands.end()
        return 0
    operands.end()
    {"QUEUES": _queues, "I/O": _io, "FAVORED": _favored}[word](request)
    return 0


def _load(request: Request) -> Generator[Effect, Any, int | None]:
    system = request.system
    first = load.sample(system)
    yield from pause(_MOMENT)
    main, attached = load.busy(first, load.sample(system))
    queue1, queue2 = system.scheduler.waiting
    ready = len(queue1) + len(queue2)
    processors = max(1, len(system.processors.threads))
    apu = "" if attached is None else f" APU-{attached:03}%"
    request.write(
        f"CPU-{main:03}%{apu} Q1-{len(queue1):02} Q2-{len(queue2):02} STORAGE-{load.storage_used():03}%"
        f" RATIO-{max(1.0, ready / processors):3.1f}"
    )
    return 0


def _users(request: Request, operands: Operands) -> None:
    word = operands.take() or "*"
    operands.end()
    users = request.system.users
    if word == "*":
        chosen = [request.vm]
    elif not request.allowed("E"):
        raise INVALID_OPTION.error(word)
    elif word == "ALL":
        chosen = [users[name] for name in sorted(users)]
    else:
        name = request.userid(word)
        if name not in users:
            raise NOT_LOGGED_ON.error(name)
        chosen = [users[name]]
    for vm in chosen:
        if len(chosen) > 1 or word != "*":
            request.write(f"USERID={vm.userid}")
        for line in _user_lines(vm):
            request.write(line)


def _user_lines(vm: VMBLOK) -> list[str]:
    usage = vm.usage
    virtual, total = usage.virtual_microseconds // 1_000_000, usage.total_microseconds // 1_000_000
    return [
        f"PAGES: RES-{load.pages_used(vm):04} WS-{load.working_set(vm):04} READS=000000 WRITES=000000 MH-0000 FH-0000",
        f"VTIME={virtual // 60:03}:{virtual % 60:02} TTIME={total // 60:03}:{total % 60:02}"
        f" SIO={usage.operations + vm.machine.io.started:06} RDR-{usage.cards_read:06} PRT-{usage.lines_printed:06}"
        f" PCH-{usage.cards_punched:06}",
    ]


def _queues(request: Request) -> None:
    """Users who run or could: queue, what they do, pages in use and working set."""
    system = request.system
    queue1, queue2 = system.scheduler.waiting
    running = [vm for vm in system.users.values() if vm.running]
    entries = [(vm, 1 if vm.interactive > 0 else 2, "EX") for vm in running]
    entries += [(vm, number, "RU") for number, queue in ((1, queue1), (2, queue2)) for vm in queue if vm not in running]
    items = [
        f"{vm.userid:<8} Q{queue} {what} {load.pages_used(vm):05}/{load.working_set(vm):05}"
        for vm, queue, what in entries
    ]
    _write(request, items, "NO USERS IN QUEUE")


def _io(request: Request) -> None:
    """Users whose machines wait for a device."""
    items = [
        f"{vm.userid:<8} {address:03X}"
        for vm in request.system.users.values()
        if not vm.stopped
        for address in (_busy(vm),)
        if address is not None
    ]
    _write(request, items, "NO USERS IN I/O WAIT")


def _busy(vm: VMBLOK) -> int | None:
    """A device of the machine that is at work."""
    return next((at for at in vm.devices if vm.machine.io.program_of(at) is not None), None)


def _paging(request: Request, word: str) -> None:
    if word == "WAIT":
        _write(request, [], "NO USERS IN PAGEWAIT")
        return
    users = request.system.users
    items = [
        f"{name:<8} {load.working_set(users[name]):04}:{load.pages_used(users[name]):04}" for name in sorted(users)
    ]
    _write(request, items, "NO USERS")


def _favored(request: Request) -> None:
    users = request.system.users
    items = [
        f"{name:<8} {users[name].favored:02}%" if users[name].favored else f"{name:<8} FAVORED"
        for name in sorted(users)
        if users[name].favored is not None
    ]
    _write(request, items, "NO USERS FAVORED")


def _write(request: Request, items: list[str], nothing: str) -> None:
    for start in range(0, len(items), _A_LINE):
        request.write(", ".join(items[start : start + _A_LINE]))
    if not items:
        request.write(nothing)
