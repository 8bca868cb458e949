"""The check of userid and password, for LOGON and for whoever else lets users in by CP's rules (DMKLOG)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from cpvm.cp.command import Effect, Work, work
from cpvm.cp.message import NOT_IN_DIRECTORY, CPError, message
from cpvm.cp.operand import userid as valid_userid
from cpvm.cp.password import check_password

if TYPE_CHECKING:
    from cpvm.cp.directory import UserEntry
    from cpvm.cp.system import System

PASSWORD_INCORRECT = message("050E", "PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE")
TOO_MANY_ATTEMPTS = message("051E", "MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER")
NO_LOGON = message("055E", "{} MAY NOT LOG ON; NOLOG IN CP DIRECTORY")
WELL_KNOWN = message("056E", "PASSWORD OF {} IS WELL KNOWN; CHANGE IT AT A LOCAL TERMINAL: SET PASSWORD")


def may_log_on(system: System, user: str) -> UserEntry:
    """The directory entry of a user who may log on. Raises CPError."""
    entry = system.directory.users.get(user)
    if entry is None:
        raise NOT_IN_DIRECTORY.error(user)
    if not system.directory.may_log_on(user):
        raise NO_LOGON.error(user)
    return entry


def check(
    system: System, user: str, password: str, *, local: bool, wrong: Callable[[], None]
) -> Generator[Effect, Any, None]:
    """Look whether a user who may log on has this password; WRONG is called if not. Raises CPError.

    LOCAL: from this host, where userids are not closed after wrong passwords, and well known passwords do.
    """
    given = system.directory.password_meant(user, password.strip())
    hashed = system.directory.password_hash(user)
    if not local and system.guard.closed(user):
        raise TOO_MANY_ATTEMPTS.error()
    if not (yield from work(lambda: check_password(given, hashed))):
        wrong()
        raise PASSWORD_INCORRECT.error()
    if not local and system.guard.closed(user):
        raise TOO_MANY_ATTEMPTS.error()  # others have tried meanwhile
    if system.directory.well_known(user) and not local:
        raise WELL_KNOWN.error(user)
    system.guard.right(user)


def count_wrong(system: System, user: str, where: str, attempt: int) -> None:
    """A wrong password was given for a user of the directory: it counts, and the operator is told."""
    system.guard.wrong(user)
    system.operations.wrong_password("04", f"{user:<8}{where:<8} LOGON")
    system.log.write(f"{where:<8} PASSWORD INCORRECT FOR {user:<8} ATTEMPT {attempt}")


def sign_on(
    system: System,
    typed: str,
    password: str,
    *,
    where: str,
    local: bool,
    done: Callable[[str, CPError | None], None],
    attempt: int = 1,
) -> None:
    """Check userid and password for a user who does not log on to a machine. On the CP thread; DONE is called there,
    with the userid or with what is wrong.

    WHERE stands in the log in the place of a terminal's name, with the number of this ATTEMPT there. A userid is closed
    after wrong passwords even from this host: there is no line here that could be dropped.
    """

    def wrong() -> None:
        count_wrong(system, user, where, attempt)

    try:
        user = valid_userid(system.directory.meant(typed.strip().upper()))
        may_log_on(system, user)
        if system.guard.closed(user):
            raise TOO_MANY_ATTEMPTS.error()
    except CPError as error:
        done("", error)
        return
    steps = check(system, user, password, local=local, wrong=wrong)

    def go_on(value: object, error: Exception | None) -> None:
        try:
            effect = steps.throw(error) if error is not None else steps.send(value)
        except StopIteration:
            done(user, None)
        except CPError as refused:
            done("", refused)
        else:
            assert isinstance(effect, Work)
            system.offload(effect.function, go_on)

    go_on(None, None)
