"""QUERY LINKS: who is linked to a minidisk."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.query import query
from cpvm.cp.message import DEVICE_MISSING
from cpvm.cp.operand import Operands, vaddr
from cpvm.cp.spoolword import NOT_SPOOLED
from cpvm.cp.vdevblok import DASDBlock

_A_LINE = 4


@query("LINKS", minimum=1, classes="G")
def query_links(request: Request, operands: Operands) -> Answer:
    """userid vaddr R/W or R/O of everybody linked to the minidisk that is VADDR here, four a line."""
    address = vaddr(operands.take())
    operands.end()
    block = request.vm.devices.get(address)
    if block is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    if not isinstance(block, DASDBlock):
        raise NOT_SPOOLED.error(address)
    links = request.system.minidisks.links(block.link.owner, block.link.disk.vaddr)
    items = [f"{link.user:<8} {link.vaddr:03X} {'R/W' if link.writable else 'R/O'}" for link in links]
    for start in range(0, len(items), _A_LINE):
        request.write(", ".join(items[start : start + _A_LINE]))
    return 0
