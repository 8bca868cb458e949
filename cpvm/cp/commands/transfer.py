"""TRANSFER: give reader files to another user, or take them back (DMKCSU)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import NOT_IN_DIRECTORY, USERID_MISSING
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.spoolword import chosen_files, count, device_kind

SYNTAX = """\
TRANsfer [Reader] spoolid|CLass c|ALL [To] userid
TRANsfer [Reader] spoolid|CLass c|ALL From userid|ALL"""


@command("TRANSFER", module="DMKCSU", minimum=4, classes="DG", syntax=SYNTAX)
def transfer(request: Request, operands: Operands) -> Answer:
    """TO: from the own reader to the user's. FROM: files that one made, out of the user's reader."""
    system, vm = request.system, request.vm
    word = operands.peek()
    if word is not None and device_kind(word) == "RDR":
        operands.take()
    everything = system.spool.files("RDR")
    mine = [file for file in everything if file.owner == vm.userid]
    made = [file for file in everything if file.origin == vm.userid and file.owner != vm.userid]
    backwards = "FROM" in operands.rest.upper().split()[1:]
    files = chosen_files(request, operands, made if backwards else mine, several=False)
    word = operands.need(USERID_MISSING)
    if abbreviates(word, "TO", 1) or abbreviates(word, "FROM", 1):
        word = operands.need(USERID_MISSING)
    operands.end()
    files = [file for file in files if not system.in_use(file)]
    if backwards:
        source = request.meant(word)
        if source != "ALL" and source not in system.directory.users:
            raise NOT_IN_DIRECTORY.error(source)
        moved = [file for file in files if source in ("ALL", file.owner)]
        for file in moved:
            system.spool.move(file, vm.userid)
            _tell(request, file.owner, f"RDR FILE {file.spoolid:04} TRANSFERRED TO {vm.userid}")
    else:
        target = vm.userid if word == "*" else request.meant(word)
        if target not in system.directory.users:
            raise NOT_IN_DIRECTORY.error(target)
        moved = files
        for file in moved:
            new = system.spool.move(file, target)
            _tell(request, target, f"RDR FILE {file.spoolid:04} TRANSFERRED FROM {vm.userid}")
            system.file_ready(new)
    request.inform(count(len(moved), "TRANSFERRED"))
    return 0


def _tell(request: Request, userid: str, text: str) -> None:
    other = request.system.users.get(userid)
    if other is not None and other is not request.vm and other.msg:
        other.console.write_cp(text)
