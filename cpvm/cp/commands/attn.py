"""ATTN, REQUEST: an attention interruption from the console (DMKCPB)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.operand import Operands


@command("ATTN", module="DMKCPB", minimum=4, classes="G", syntax="ATTN")
def attn(request: Request, operands: Operands) -> Answer:
    """Make attention pending."""
    operands.end()
    request.vm.console.request()
    return 0


@command("REQUEST", module="DMKCPB", minimum=3, classes="G", syntax="REQuest", same_as="ATTN")
def request_command(request: Request, operands: Operands) -> Answer:
    """The same."""
    operands.end()
    request.vm.console.request()
    return 0
