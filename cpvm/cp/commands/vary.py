"""VARY: take real devices away from the system, and give them back (DMKCPS)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request, command
from cpvm.cp.message import message
from cpvm.cp.operand import Operands, choose

IN_USE = message("122E", "{} {:03X} ATTACHED TO {}")
SYSTEM_OWNED = message("123E", "{} {:03X} CP OWNED")
SYNTAX = "VARY ONline|OFFline raddr ...|ALL"


@command("VARY", module="DMKCPS", minimum=4, classes="B", syntax=SYNTAX)
def vary(request: Request, operands: Operands) -> Answer:
    """Change whether devices may be attached."""
    online = choose(operands.need(), "ONline", "OFFline") == "ONLINE"
    words = operands.remaining()
    real = request.system.real
    if words == ["ALL"]:
        chosen = [device for device in real if online or device.free or (device.online and device.drained)]
    else:
        chosen = [real.find(word) for word in words] or [real.find(None)]
    for device in chosen:
        if not online and device.vm is not None:
            raise IN_USE.error(device.kind, device.raddr, device.user)
        if not online and device.system and not device.drained:
            raise SYSTEM_OWNED.error(device.kind, device.raddr)
    for device in chosen:
        device.online = online
        request.write(f"{device.kind} {device.raddr:03X} VARIED {'ONLINE' if online else 'OFFLINE'}")
    return 0
