"""QUERY LOGMSG, CPLEVEL, CPUID, PRIV: facts about the system and the user."""

from __future__ import annotations

from cpvm import cp
from cpvm.cp.clock import long
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.logon import logmsg_lines
from cpvm.cp.operand import Operands


@query("LOGMSG", minimum=3)
def query_logmsg(request: Request, operands: Operands) -> Answer:
    """The message that users see at LOGON."""
    operands.end()
    for line in logmsg_lines(request.system) or ["THERE IS NO LOGMSG DATA"]:
        request.write(line)
    return 0


@query("CPLEVEL", minimum=7)
def query_cplevel(request: Request, operands: Operands) -> Answer:
    """Release of CP, when it was started, and the most users since."""
    operands.end()
    request.write(f"VM/370 Version 6 Level 0 PLC 0000 - cpvm {cp.LEVEL}")
    request.write(f"IPL at {long(request.system.ipl_time)}")
    request.write(f"PEAK LOAD= {request.system.peak:03} USERS")
    return 0


@query("CPUID", minimum=5, classes="G")
def query_cpuid(request: Request, operands: Operands) -> Answer:
    """What STIDP stores."""
    operands.end()
    request.write(f"CPUID = {request.vm.host.cpu_id().hex().upper()}")
    return 0


@query("PRIV", minimum=4, classes="G")
def query_priv(request: Request, operands: Operands) -> Answer:
    """The user's privilege classes."""
    operands.end()
    request.write(f"PRIVILEGE CLASSES = {request.vm.classes}")
    return 0
