"""QUERY HOLD: what the operator has held (DMKCQP)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.operand import Operands


@query("HOLD", minimum=2, classes="D")
def query_hold(request: Request, operands: Operands) -> Answer:
    """Users whose files HOLD keeps from printers and punches."""
    operands.end()
    holds = request.system.spool.queue_holds()
    for owner, queue in holds:
        request.write(f"{queue} {owner} HELD")
    if not holds:
        request.write("NO HOLDS")
    return 0
