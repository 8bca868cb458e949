"""SHUTDOWN: stop CP in good order (DMKCPS)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands, choose


@command("SHUTDOWN", module="DMKCPS", minimum=8, classes="A", syntax="SHUTDOWN [REIPL|POWEROFF]")
def shutdown(request: Request, operands: Operands) -> Answer:
    """Log everybody off, close the spool and the volumes, stop; with REIPL start again."""
    word = operands.take()
    reipl = word is not None and choose(word, "REIPL", "POWEROFF") == "REIPL"
    operands.end()
    request.system.operations.reipl = reipl
    request.run.drop_rest()
    request.system.log.write(f"SYSTEM SHUTDOWN STARTED BY {request.vm.userid}")
    request.system.begin_shutdown()
    return 0
