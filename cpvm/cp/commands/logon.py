"""LOGON, LOGIN: sign on, or come back to a disconnected machine (DMKLOG)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import logon
from cpvm.cp.command import Answer, Effect, Request, ask, command, work
from cpvm.cp.directory import UserEntry
from cpvm.cp.message import NOT_IN_DIRECTORY, message
from cpvm.cp.operand import Operands, choose
from cpvm.cp.password import check_password
from cpvm.cp.session import Session

PASSWORD_INCORRECT = message("050E", "PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE")
TOO_MANY_ATTEMPTS = message("051E", "MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER")
ALREADY_LOGGED_ON = message("054E", "ALREADY LOGGED ON {}")
LOGGED_ON_HERE = message("054E", "ALREADY LOGGED ON AS {}")
NO_LOGON = message("055E", "{} MAY NOT LOG ON; NOLOG IN CP DIRECTORY")
WELL_KNOWN = message("056E", "PASSWORD OF {} IS WELL KNOWN; CHANGE IT AT A LOCAL TERMINAL: SET PASSWORD")

MAX_ATTEMPTS = 4
SYNTAX = "Logon userid [password] [Mask] [Noipl]"


@command("LOGON", module="DMKLOG", minimum=1, classes="", syntax=SYNTAX, before_logon=True)
def logon_command(request: Request, operands: Operands) -> Answer:
    """Sign on."""
    return _logon(request, operands)


@command(
    "LOGIN",
    module="DMKLOG",
    minimum=4,
    classes="",
    syntax=SYNTAX.replace("Logon", "LOGIn"),
    before_logon=True,
    same_as="LOGON",
)
def login_command(request: Request, operands: Operands) -> Answer:
    """The same."""
    return _logon(request, operands)


@command("LOGON", module="DMKLOG", minimum=5, classes="", syntax=SYNTAX)
def logon_again(request: Request, operands: Operands) -> Answer:
    """LOGON by a user who is logged on."""
    raise LOGGED_ON_HERE.error(request.vm.userid)


@command("LOGIN", module="DMKLOG", minimum=5, classes="", syntax=SYNTAX, same_as="LOGON")
def login_again(request: Request, operands: Operands) -> Answer:
    """The same."""
    raise LOGGED_ON_HERE.error(request.vm.userid)


def _logon(request: Request, operands: Operands) -> Generator[Effect, Any, int | None]:
    user = request.userid(operands.take())
    system, session = request.system, request.session
    assert session is not None
    entry = system.directory.users.get(user)
    if entry is None:
        raise NOT_IN_DIRECTORY.error(user)
    if not system.directory.may_log_on(user):
        raise NO_LOGON.error(user)
    password, ipl, masked = _options(operands)
    if password is None:
        password = yield from ask("ENTER PASSWORD:", hidden=True, masked=masked)
    given = system.directory.password_meant(user, password.strip())
    hashed = system.directory.password_hash(user)
    if not session.terminal.local and system.guard.closed(user):
        raise TOO_MANY_ATTEMPTS.error()
    correct = yield from work(lambda: check_password(given, hashed))
    if not correct:
        _wrong(request, session, user)
        raise PASSWORD_INCORRECT.error()
    if system.directory.well_known(user) and not session.terminal.local:
        raise WELL_KNOWN.error(user)
    session.failures = 0
    system.guard.right(user)
    _enter(request, session, entry, ipl)
    return 0


def _options(operands: Operands) -> tuple[str | None, bool, bool]:
    """The password, if it was given, whether to IPL, and whether to type a mask."""
    password, ipl, masked = None, True, False
    for position, word in enumerate(operands.remaining()):
        if position == 0 and not "NOIPL".startswith(word) and not "MASK".startswith(word):
            password = word
        elif choose(word, "Mask", "Noipl") == "NOIPL":
            ipl = False
        else:
            masked = True
    return password, ipl, masked


def _wrong(request: Request, session: Session, user: str) -> None:
    session.failures += 1
    request.system.guard.wrong(user)
    request.system.operations.wrong_password("04", f"{user:<8}{session.terminal.name:<8} LOGON")
    request.system.log.write(f"{session.terminal.name:<8} PASSWORD INCORRECT FOR {user:<8} ATTEMPT {session.failures}")
    if session.failures >= MAX_ATTEMPTS:
        session.write(TOO_MANY_ATTEMPTS.full(module="DMKLOG"))
        logon.drop_line(request.system, session)


def _enter(request: Request, session: Session, entry: UserEntry, ipl: bool) -> None:
    running = request.system.users.get(entry.userid)
    if running is not None and not running.disconnected:
        raise ALREADY_LOGGED_ON.error(running.line)
    if running is not None:
        logon.reconnect(running, session)
        return
    vm = logon.create(request.system, entry, session)
    logon.welcome(vm)
    if ipl and entry.ipl:
        vm.console.execute([f"IPL {entry.ipl}"])
    else:
        vm.console.announce(new_read=True)
