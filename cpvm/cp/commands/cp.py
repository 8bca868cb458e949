"""CP: execute a CP command; alone, enter CP READ (DMKCFM)."""

from __future__ import annotations

from cpvm.cp.command import COMMANDS, Answer, Request, command
from cpvm.cp.message import UNKNOWN_COMMAND
from cpvm.cp.operand import Operands


@command("CP", module="DMKCFM", minimum=2, classes="", syntax="CP [command]\n#CP [command]")
def cp(request: Request, operands: Operands) -> Answer:
    """Execute the rest of the line."""
    line = operands.rest
    word = operands.take()
    if word is None:
        if not request.vm.console.cp_read:
            request.vm.enter_cp()
        return 0
    found = COMMANDS.find(word)
    if found is None or not request.allowed(found.classes):
        raise UNKNOWN_COMMAND.error(line)
    request.command = found
    return found.body(request, operands)


@command("*", module="DMKCFM", minimum=1, classes="", syntax="* comment", same_as="CP", own=True)
def comment(request: Request, operands: Operands) -> Answer:
    """Do nothing."""
    operands.take_rest()
    return 0
