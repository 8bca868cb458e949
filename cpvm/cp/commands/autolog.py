"""AUTOLOG: log a virtual machine on without a terminal (DMKALG)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import logon
from cpvm.cp.command import Answer, Effect, Request, command, work
from cpvm.cp.lineedit import logical_lines
from cpvm.cp.message import NOT_IN_DIRECTORY, OPERAND_MISSING, message
from cpvm.cp.operand import Operands
from cpvm.cp.password import check_password

FAILED = message("059E", "AUTOLOG FAILED FOR {} - {}")


@command("AUTOLOG", module="DMKALG", minimum=6, classes="AB", syntax="AUTOLOg userid password [console line]")
def autolog(request: Request, operands: Operands) -> Answer:
    """Log the user on, disconnected, and IPL as the directory says; the line is typed at its console.

    If the directory does not say, the line is a CP command, such as IPL, behind which lines for that system may follow.
    """
    return _autolog(request, operands)


def _autolog(request: Request, operands: Operands) -> Generator[Effect, Any, int | None]:
    system = request.system
    name = request.userid(operands.take())
    password = operands.need(OPERAND_MISSING)
    line = operands.take_rest()
    entry = system.directory.users.get(name)
    if entry is None:
        raise NOT_IN_DIRECTORY.error(name)
    given, hashed = system.directory.password_meant(name, password), system.directory.password_hash(name)
    if not (yield from work(lambda: check_password(given, hashed))):
        system.operations.wrong_password("04", f"{name:<8}{request.vm.userid:<8} AUTOLOG")
        raise FAILED.error(name, "PASSWORD INCORRECT")
    if name in system.users:
        raise FAILED.error(name, "ALREADY LOGGED ON")
    if not entry.ipl and not line:
        raise FAILED.error(name, "NO IPL IN CP DIRECTORY")
    vm = logon.create(system, entry, None)
    system.log.write(f"AUTO LOGON *** {name:<8} USERS = {len(system.users):03} BY {request.vm.userid}")
    if entry.ipl:
        vm.console.execute([f"IPL {entry.ipl}"])
        if line:
            vm.console.typed(line)
    else:
        lines = logical_lines(line, vm.symbols)
        if lines and lines[0].split()[:1] and "IPL".startswith(lines[0].split()[0].upper()):
            vm.console.execute(lines[:1])  # what follows is for the system that has been IPLed
            for rest in lines[1:]:
                vm.console.typed(rest)
        else:
            vm.console.execute(lines)
    return 0
