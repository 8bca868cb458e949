"""LOGON, LOGIN: sign on, or come back to a disconnected machine (DMKLOG)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import guard, logon, signon
from cpvm.cp.command import Answer, Effect, Request, ask, command, delay
from cpvm.cp.directory import UserEntry
from cpvm.cp.journal import What
from cpvm.cp.message import CPError, message
from cpvm.cp.operand import Operands, choose
from cpvm.cp.session import Session

ALREADY_LOGGED_ON = message("054E", "ALREADY LOGGED ON {}")
LOGGED_ON_HERE = message("054E", "ALREADY LOGGED ON AS {}")

BAD_FORMAT = message("118E", "COMMAND FORMAT INVALID")

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
    typed = operands.take()
    session = request.session
    assert session is not None
    user, place = "", signon.place_of(session)
    try:
        user = request.userid(typed)
        entry, ipl = yield from _let_in(request, session, user, operands)
        _enter(request, session, entry, ipl)
    except CPError as error:
        signon.refused(request.system, What.LOGON, user, place, error)
        yield from delay(guard.seconds_of(error))
        raise
    return 0


def _let_in(
    request: Request, session: Session, user: str, operands: Operands
) -> Generator[Effect, Any, tuple[UserEntry, bool]]:
    """See that it is this user; returns the directory entry, and whether to IPL."""
    system, place = request.system, signon.place_of(session)
    entry = signon.may_log_on(system, user, None if session.proven == user else place)
    password, ipl, masked = _options(operands)
    if session.proven == user:
        session.proven = ""
        return entry, ipl
    if password is not None and "LOGON" not in system.configuration.journaling.passwords:
        raise BAD_FORMAT.error()
    if password is None:
        password = yield from ask("ENTER PASSWORD:", hidden=True, masked=masked)
    yield from signon.check(system, user, password, place, wrong=lambda: _wrong(request, session, user))
    session.failures = 0
    return entry, ipl


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
    signon.count_wrong(request.system, user, signon.place_of(session), session.failures)
    if session.failures >= MAX_ATTEMPTS:
        session.write(signon.TOO_MANY_ATTEMPTS.full(module="DMKLOG"))
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
