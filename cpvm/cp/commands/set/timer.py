"""SET TIMER: the interval timer at X'50'."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.operand import Operands, choose


@setting("TIMER", minimum=5)
def set_timer(request: Request, operands: Operands) -> Answer:
    """ON: it goes while the machine executes. REAL: also while the machine waits. OFF: it stands."""
    value = choose(operands.need(), "ON", "OFF", "REAL")
    operands.end()
    request.vm.timer = value
    request.vm.machine.cpu.timers.interval_running = value != "OFF"
    return 0
