"""MSG, MESSAGE, MSGNOH, SMSG: send a message to another user (DMKMSG)."""

from __future__ import annotations

import time

from cpvm.cp.clock import hhmmss
from cpvm.cp.command import Answer, Request, command
from cpvm.cp.iucvservice import hand_over
from cpvm.cp.logon import OPERATOR
from cpvm.cp.message import DATA_MISSING, NOT_LOGGED_ON, NOT_RECEIVING
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.secondary import in_charge
from cpvm.cp.session import Origin
from cpvm.cp.vmblok import VMBLOK

_ALL_CLASSES = "AB"
SYNTAX = "Msg userid|*|OPerator|ALL text"


@command("MSG", module="DMKMSG", minimum=1, classes="", syntax=SYNTAX)
def msg(request: Request, operands: Operands) -> Answer:
    """Show the text at the user's terminal."""
    return _send(request, operands, "MSG", header=True)


@command(
    "MESSAGE", module="DMKMSG", minimum=2, classes="", syntax=SYNTAX.replace("Msg", "MEssage"), same_as="MSG", own=True
)
def message_command(request: Request, operands: Operands) -> Answer:
    """The same."""
    return _send(request, operands, "MSG", header=True)


@command("MSGNOH", module="DMKMSG", minimum=6, classes="AB", syntax="MSGNOH userid|ALL text")
def msgnoh(request: Request, operands: Operands) -> Answer:
    """Without the line that tells the sender."""
    return _send(request, operands, "MSG", header=False)


@command("WNG", module="DMKMSG", minimum=1, classes="AB", syntax="Wng userid|OPerator|ALL text")
def wng(request: Request, operands: Operands) -> Answer:
    """A warning, which MSG OFF does not stop."""
    return _send(request, operands, "WNG", header=True)


@command(
    "WARNING",
    module="DMKMSG",
    minimum=1,
    classes="AB",
    syntax="Warning userid|OPerator|ALL text",
    same_as="WNG",
)
def warning(request: Request, operands: Operands) -> Answer:
    """The same."""
    return _send(request, operands, "WNG", header=True)


def _send(request: Request, operands: Operands, kind: str, *, header: bool) -> int:
    target, text = operands.need(), operands.take_rest()
    if not text:
        raise DATA_MISSING.error()
    users = request.system.users
    sender = request.vm
    if target == "ALL" and request.allowed(_ALL_CLASSES):
        for vm in list(users.values()):
            if getattr(vm, kind.lower()):
                _shown(vm, sender, kind, text, header=header)  # who cannot receive it is passed over
        return 0
    name = sender.userid if target == "*" else request.userid(target)
    if name not in users and abbreviates(name, OPERATOR, 2):
        name = OPERATOR
    found = users.get(name)
    if found is None:
        raise NOT_LOGGED_ON.error(name)
    if not getattr(found, kind.lower()):
        raise NOT_RECEIVING.error(found.userid, f"{kind} OFF")
    if not _shown(found, sender, kind, text, header=header):
        raise NOT_RECEIVING.error(found.userid, "DISCONNECTED")
    return 0


def _shown(vm: VMBLOK, sender: VMBLOK, kind: str, text: str, *, header: bool) -> bool:
    """Give the message to the user's program, or show it; False if nobody would see it."""
    if hand_over(vm, kind, sender.userid, text):
        return True
    if vm.disconnected and not vm.console.spooling and in_charge(vm) is None:
        return False
    if header:
        vm.console.write_cp(hhmmss(time.time()))
        vm.console.write_cp(f"{kind} FROM {sender.userid:<8}: {text}", Origin.MESSAGE)
    else:
        vm.console.write_cp(text, Origin.MESSAGE)
    return True
