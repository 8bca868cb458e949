"""Passwords of people who are not at a terminal yet (DMKLOG).

A way to the system that asks who somebody is before there is a terminal, as ssh does, asks here. What holds for LOGON
holds for it: wrong passwords count, are journalled and close the userid, and whoever may not log on may not so either.
`Session.proven` then lets the terminal's LOGON of that user go without asking again.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any

from cpvm.cp.password import check_password, hash_password

if TYPE_CHECKING:
    from cpvm.cp.system import System


@cache
def _nobody() -> str:
    """Checked where there is no such user, so that it takes as long."""
    return hash_password("")


class Verdict(Enum):
    """What is to be said to somebody who has given a password."""

    RIGHT = auto()
    WRONG = auto()
    """The password is wrong, or there is no such user, or nobody may log on as that user."""
    CLOSED = auto()
    """There were too many wrong ones lately: this one was not looked at, or does not count."""
    WELL_KNOWN = auto()
    """It is right, and everybody knows it: good enough only at a local terminal."""


def user_meant(system: System, name: str) -> str | None:
    """The user that NAME is the userid or an alias of, if that user may log on. On the CP thread."""
    userid = system.directory.meant(name.upper())
    return userid if userid in system.directory.users and system.directory.may_log_on(userid) else None


def check(
    system: System, name: str, password: str, *, line: str, local: bool, attempt: int, done: Callable[[Verdict], None]
) -> None:
    """Look at a password; DONE is called on the CP thread, where this has to be called, too.

    LINE is the name of the terminal's line; LOCAL, whether it is on this host; ATTEMPT, the how manieth password it is
    that comes on this line.
    """
    user = user_meant(system, name)
    if user is None:
        system.offload(lambda: check_password(password, _nobody()), lambda result, error: done(Verdict.WRONG))
        return
    if not local and system.guard.closed(user):
        done(Verdict.CLOSED)
        return
    given, hashed = system.directory.password_meant(user, password), system.directory.password_hash(user)

    def looked_at(result: Any, error: Exception | None) -> None:
        if error is not None or not result:
            wrong(system, user, line, attempt)
            done(Verdict.WRONG)
        elif not local and system.guard.closed(user):
            done(Verdict.CLOSED)
        elif not local and system.directory.well_known(user):
            done(Verdict.WELL_KNOWN)
        else:
            system.guard.right(user)
            done(Verdict.RIGHT)

    system.offload(lambda: check_password(given, hashed), looked_at)


def wrong(system: System, user: str, line: str, attempt: int) -> None:
    """A wrong password was given for a user who is in the directory: it counts, and the operator sees it."""
    system.guard.wrong(user)
    system.operations.wrong_password("04", f"{user:<8}{line:<8} LOGON")
    system.log.write(f"{line:<8} PASSWORD INCORRECT FOR {user:<8} ATTEMPT {attempt}")
