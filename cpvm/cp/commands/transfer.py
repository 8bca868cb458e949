"""TRANSFER: give files to another user, or take them back (DMKCSU)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import NOT_IN_DIRECTORY, USERID_MISSING
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.spool import SpoolFile
from cpvm.cp.spoolword import chosen_files, count, device_kind, queue_of, special_users, whose

SYNTAX = """\
TRANsfer [Reader|Printer|PUnch] spoolid|CLass c|ALL [To] userid|* [Reader|Printer|PUnch]
TRANsfer [Reader|Printer|PUnch] spoolid|CLass c|ALL From userid|ALL [Reader|Printer|PUnch]
TRANsfer SYSTEM|userid [Reader|Printer|PUnch] ... as above"""


@command("TRANSFER", module="DMKCSU", minimum=4, classes="DG", syntax=SYNTAX)
def transfer(request: Request, operands: Operands) -> Answer:
    """TO: from the own queue to a queue of the user's. FROM: files that one made, out of the user's queue.

    Where no queue is named it is the reader.
    """
    system, vm = request.system, request.vm
    owner: str | None = vm.userid
    word = operands.peek()
    if word is not None and word != "ALL" and device_kind(word) is None and not abbreviates(word, "CLASS", 2):
        owner = whose(request, operands)
    queue = _queue(operands)
    everything = system.spool.files(queue)
    mine = [file for file in everything if owner in (None, file.owner)]
    made = [file for file in everything if file.origin == vm.userid and file.owner != vm.userid]
    backwards = _backwards(operands)
    files = chosen_files(request, operands, made if backwards else mine, queue=queue, several=False)
    word = operands.need(USERID_MISSING)
    if abbreviates(word, "TO", 1) or abbreviates(word, "FROM", 1):
        word = operands.need(USERID_MISSING)
    target_queue = _queue(operands)
    operands.end()
    files = [file for file in files if not system.in_use(file)]
    if backwards:
        source = request.meant(word)
        if source != "ALL":
            _must_exist(request, source)
        moved = [file for file in files if source in ("ALL", file.owner)]
        for file, new in zip(moved, system.spool.move_all(moved, vm.userid, target_queue), strict=True):
            _tell(request, file.owner, f"{queue} FILE {file.spoolid:04} TRANSFERRED TO {vm.userid}")
            _ready(request, new)
    else:
        target = vm.userid if word == "*" else request.meant(word)
        _must_exist(request, target)
        moved = files
        for file, new in zip(moved, system.spool.move_all(moved, target, target_queue), strict=True):
            _tell(request, target, f"{target_queue} FILE {file.spoolid:04} TRANSFERRED FROM {vm.userid}")
            _ready(request, new)
    request.inform(count(len(moved), "TRANSFERRED"))
    return 0


def _backwards(operands: Operands) -> bool:
    """Whether the word between the files and the userid is FROM."""
    words = operands.rest.upper().split()
    behind = words[2:] if words and abbreviates(words[0], "CLASS", 2) else words[1:]
    return len(behind) > 1 and abbreviates(behind[0], "FROM", 1)


def _queue(operands: Operands) -> str:
    """The queue that the next word names; the reader if it names none."""
    word = operands.peek()
    if word is None or device_kind(word) in (None, "CONS"):
        return "RDR"
    operands.take()
    return queue_of(word)


def _must_exist(request: Request, userid: str) -> None:
    if userid not in request.system.directory.users and userid not in special_users(request):
        raise NOT_IN_DIRECTORY.error(userid)


def _ready(request: Request, file: SpoolFile) -> None:
    if file.queue == "RDR":
        request.system.file_ready(file)


def _tell(request: Request, userid: str, text: str) -> None:
    other = request.system.users.get(userid)
    if other is not None and other is not request.vm and other.msg:
        other.console.write_cp(text)
