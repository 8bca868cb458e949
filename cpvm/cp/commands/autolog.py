"""AUTOLOG, XAUTOLOG: log a virtual machine on without a terminal (DMKALG)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import guard, logon, signon
from cpvm.cp.command import Answer, Effect, Request, ask, command, delay, work
from cpvm.cp.directory import NO_LOGON, UserEntry
from cpvm.cp.journal import What
from cpvm.cp.lineedit import logical_lines
from cpvm.cp.message import NOT_IN_DIRECTORY, OPERAND_MISSING, CPError, message
from cpvm.cp.operand import Operands
from cpvm.cp.password import check_password

FAILED = message("059E", "AUTOLOG FAILED FOR {} - {}")
BAD_FORMAT = message("118E", "COMMAND FORMAT INVALID")

_ASK = "PROMPT"  # in the place of the password


@command("AUTOLOG", module="DMKALG", minimum=6, classes="AB", syntax="AUTOLOg userid password|PROMPT [console line]")
def autolog(request: Request, operands: Operands) -> Answer:
    """Log the user on, disconnected, and IPL as the directory says; the line is typed at its console.

    If the directory does not say, the line is a CP command, such as IPL, behind which lines for that system may follow.
    """
    name = request.userid(operands.take())
    return _journaled(request, name, _autolog(request, name, operands))


@command(
    "XAUTOLOG",
    module="DMKALG",
    minimum=5,
    classes="AB",
    syntax="XAUTOlog userid [console line]",
    same_as="AUTOLOG",
)
def xautolog(request: Request, operands: Operands) -> Answer:
    """The same without a password, which a user with AUTOONLY in the directory has none of."""
    name = request.userid(operands.take())
    return _journaled(request, name, _xautolog(request, name, operands))


def _journaled(request: Request, name: str, steps: Generator[Effect, Any, None]) -> Generator[Effect, Any, int | None]:
    """Do STEPS, and record what came of them."""
    system, by = request.system, request.vm
    place = signon.place_of(by.console.session)
    try:
        yield from steps
    except CPError as error:
        signon.refused(system, What.AUTOLOG, name, place, error, by=by.userid)
        yield from delay(guard.seconds_of(error))
        raise
    return 0


def _xautolog(request: Request, name: str, operands: Operands) -> Generator[Effect, Any, None]:
    entry = _entry(request, name)
    if request.system.directory.password_hash(name) == NO_LOGON:
        raise FAILED.error(name, "NOLOG IN CP DIRECTORY")
    yield from ()
    _enter(request, entry, operands.take_rest())


def _autolog(request: Request, name: str, operands: Operands) -> Generator[Effect, Any, None]:
    system, by = request.system, request.vm
    watch = system.guards.autolog
    password = operands.need(OPERAND_MISSING)
    line = operands.take_rest()
    if password != _ASK and "AUTOLOG" not in system.configuration.journaling.passwords:
        raise BAD_FORMAT.error()
    if watch.closed(by.userid):
        raise signon.TOO_MANY_ATTEMPTS.error()
    entry = _entry(request, name)
    if password == _ASK:
        password = (yield from ask("ENTER PASSWORD:", hidden=True)).strip()
    given, hashed = system.directory.password_meant(name, password), system.directory.password_hash(name)
    right = yield from work(lambda: check_password(given, hashed))
    if not right:
        count = watch.wrong(by.userid)
        system.operations.journaling.wrong_logon(name, by.line_name, count, by=by.userid)
        raise guard.Delayed(FAILED.error(name, "PASSWORD INCORRECT"), guard.wait(count))
    _enter(request, entry, line)


def _entry(request: Request, name: str) -> UserEntry:
    entry = request.system.directory.users.get(name)
    if entry is None:
        raise NOT_IN_DIRECTORY.error(name)
    return entry


def _enter(request: Request, entry: UserEntry, line: str) -> None:
    system, name = request.system, entry.userid
    if name in system.users:
        raise FAILED.error(name, "ALREADY LOGGED ON")
    if not entry.ipl and not line:
        raise FAILED.error(name, "NO IPL IN CP DIRECTORY")
    vm = logon.create(system, entry, None)
    place = signon.place_of(request.vm.console.session)
    system.journal.write(What.AUTOLOG, request.vm.userid, place=str(place), about=name)
    system.log.write(f"AUTO LOGON *** {name:<8} USERS = {len(system.users):03} BY {request.vm.userid}")
    if entry.ipl:
        vm.console.execute([f"IPL {entry.ipl}"])
        if line:
            vm.console.typed(line)
        return
    lines = logical_lines(line, vm.symbols)
    if lines and lines[0].split()[:1] and "IPL".startswith(lines[0].split()[0].upper()):
        vm.console.execute(lines[:1])  # what follows is for the system that has been IPLed
        for rest in lines[1:]:
            vm.console.typed(rest)
    else:
        vm.console.execute(lines)
