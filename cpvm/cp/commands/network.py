"""NETWORK: communication controllers and remote displays, of which there are none (DMKNET)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import INVALID_OPTION, message
from cpvm.cp.operand import Operands, choose

NOT_THERE = message("040E", "DEVICE {} DOES NOT EXIST")
RADDR_MISSING = message("021E", "RADDR MISSING OR INVALID")
WRONG_TYPE = message("006E", "INVALID DEVICE TYPE - {}")
SYNTAX = """\
NETwork LOAD|DUMP|DISPLAY|POLLDLAY|TRACE raddr ...
NETwork ENABLE|DISABLE|VARY|HALT|SHUTDOWN resource|ALL
NETwork QUERY [resource|ACTIVE|OFFLINE|FREE|ALL]"""


@command("NETWORK", module="DMKNET", minimum=3, classes="ABF", syntax=SYNTAX)
def network(request: Request, operands: Operands) -> Answer:
    """Answer as for a device that is missing; QUERY tells that there is none."""
    word = choose(
        operands.need(), "LOAD", "DUMP", "DISPLAY", "POLLDLAY", "TRACE", "ENABLE", "DISABLE", "VARY", "HALT",
        "SHUTDOWN", "Query",
    )  # fmt: skip
    rest = operands.remaining()
    if word == "QUERY":
        if rest and rest[0] not in ("ACTIVE", "OFFLINE", "FREE", "ALL", "ACT", "OFF"):
            raise NOT_THERE.error(rest[0])
        request.write("NO NETWORK RESOURCES")
        return 0
    if not rest:
        raise RADDR_MISSING.error()
    if rest == ["ALL"]:
        if word in ("LOAD", "DUMP", "DISPLAY"):
            raise INVALID_OPTION.error("ALL")
        request.write("NO NETWORK RESOURCES")
        return 0
    known = {f"{real.raddr:03X}" for real in request.system.real}
    if rest[0] in known:
        raise WRONG_TYPE.error(rest[0])
    raise NOT_THERE.error(rest[0])
