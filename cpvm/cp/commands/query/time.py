"""QUERY TIME."""

from __future__ import annotations

import time

from cpvm.cp.clock import long
from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.operand import Operands


@query("TIME", minimum=1)
def query_time(request: Request, operands: Operands) -> Answer:
    """Time of day, and what the session has used."""
    operands.end()
    request.write(f"TIME IS {long(time.time())}")
    request.write(request.vm.usage.line())
    return 0
