"""HOLD and FREE: keep all files of a user from the real printers and punches (DMKCSO)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import NOT_IN_DIRECTORY, CPError, message
from cpvm.cp.operand import Operands, choose
from cpvm.cp.realunit.units import EVERYBODY
from cpvm.cp.spoolword import device_kind

ALREADY = message("206E", "FILES OF {} {} ALREADY HELD")
NOT_HELD = message("207E", "FILES OF {} {} NOT HELD")


@command("HOLD", module="DMKCSO", minimum=2, classes="D", syntax="HOld userid|ALL [Printer|PUnch|ALL]")
def hold(request: Request, operands: Operands) -> Answer:
    """Files that are there, and files to come, until FREE."""
    return _change(request, operands, on=True)


@command("FREE", module="DMKCSO", minimum=2, classes="D", syntax="FRee userid|ALL [Printer|PUnch|ALL]")
def free(request: Request, operands: Operands) -> Answer:
    """Undo HOLD."""
    return _change(request, operands, on=False)


def _change(request: Request, operands: Operands, *, on: bool) -> int:
    owner = request.userid(operands.take())
    if owner != EVERYBODY and owner not in request.system.directory.users:
        raise NOT_IN_DIRECTORY.error(owner)
    queues = _queues(operands.take() or EVERYBODY)
    operands.end()
    spool = request.system.spool
    changed = [queue for queue in queues if spool.set_queue_hold(owner, queue, on=on)]
    if not changed:
        raise _error(owner, queues, on=on)
    for queue in changed:
        request.write(f"{queue} {owner} {'HELD' if on else 'FREED'}")
    return 0


def _queues(word: str) -> tuple[str, ...]:
    kind = device_kind(word)
    if kind in ("PRT", "PUN"):
        return (kind,)
    choose(word, "ALL", "Printer", "PUnch")
    return ("PRT", "PUN")


def _error(owner: str, queues: tuple[str, ...], *, on: bool) -> CPError:
    return (ALREADY if on else NOT_HELD).error(owner, " ".join(queues))
