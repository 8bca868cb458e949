"""The check of userid and password, for LOGON and for whoever else lets users in by CP's rules (DMKLOG)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cpvm.cp import guard
from cpvm.cp.effect import Delay, Effect, Work, delay, work
from cpvm.cp.journal import What
from cpvm.cp.message import CONTROL_PROGRAM_ERROR, NOT_IN_DIRECTORY, CPError, message
from cpvm.cp.operand import userid as valid_userid
from cpvm.cp.password import check_password

if TYPE_CHECKING:
    from cpvm.cp.directory import UserEntry
    from cpvm.cp.session import Session
    from cpvm.cp.system import System

PASSWORD_INCORRECT = message("050E", "PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE")
TOO_MANY_ATTEMPTS = message("051E", "MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER")
NO_LOGON = message("055E", "{} MAY NOT LOG ON; {} IN CP DIRECTORY")
WELL_KNOWN = message("056E", "PASSWORD OF {} IS WELL KNOWN; CHANGE IT AT A LOCAL TERMINAL: SET PASSWORD")


@dataclass(frozen=True)
class Place:
    """Where somebody is: the NAME of the line, the ADDRESS of the client, and whether that is on this host."""

    name: str
    address: str = ""
    local: bool = False

    @property
    def own(self) -> bool:
        """Whether it is the terminal of this very process, which belongs to the system's owner."""
        return self.local and not self.address

    def __str__(self) -> str:
        return f"{self.name} {self.address}".rstrip()


def place_of(session: Session | None) -> Place:
    """The place that a session's terminal is at."""
    if session is None:
        return Place("DSC")
    terminal = session.terminal
    return Place(terminal.name, str(getattr(terminal, "address", "")), terminal.local)


def may_log_on(system: System, user: str, place: Place | None) -> UserEntry:
    """The directory entry of a user who may log on at PLACE; None: it does not matter, as for one who has proven to be
    the user. Raises CPError."""
    if place is not None and (where := _key(place)) and system.guards.places.closed(where):
        raise TOO_MANY_ATTEMPTS.error()
    entry = system.directory.users.get(user)
    if entry is None:
        if place is not None:
            _count_place(system, place)
        raise NOT_IN_DIRECTORY.error(user)
    if not system.directory.may_log_on(user):
        raise NO_LOGON.error(user, system.directory.password_hash(user))
    return entry


def check(
    system: System, user: str, password: str, place: Place, *, wrong: Callable[[], None], strict: bool = False
) -> Generator[Effect, Any, None]:
    """Look whether a user who may log on has this password; WRONG is called if not. Raises CPError.

    From the system's own terminal a userid is never closed, from this host it is not closed, but one password is
    looked at a time then, after a wait. STRICT: it is closed there as well. Well known passwords do for this host only.
    """
    watch, where = system.guard, _key(place)
    given = system.directory.password_meant(user, password.strip())
    hashed = system.directory.password_hash(user)
    slow = place.local and not place.own and not strict and watch.count(user) >= watch.limit

    def shut() -> bool:
        return (strict or not place.local) and watch.closed(user)

    if (slow and watch.looking(user)) or shut():
        raise TOO_MANY_ATTEMPTS.error()
    watch.begin(user)
    try:
        yield from delay(guard.LONGEST_DELAY if slow else 0.0)
        right = yield from work(lambda: check_password(given, hashed))
    finally:
        watch.end(user)
    late = shut() or (where and system.guards.places.closed(where))  # by others that were looked at meanwhile
    if not right:
        watch.wrong(user)
        _count_place(system, place)
        wrong()
    if late:
        raise TOO_MANY_ATTEMPTS.error()
    if not right:
        raise guard.Delayed(PASSWORD_INCORRECT.error(), 0.0 if place.own else guard.wait(watch.count(user)))
    if system.directory.well_known(user) and not place.local:
        raise WELL_KNOWN.error(user)
    watch.right(user)


def _key(place: Place) -> str:
    """What wrong passwords from there are counted under; "" if they are not."""
    return "" if place.own else guard.origin(place.address)


def _count_place(system: System, place: Place) -> None:
    if where := _key(place):
        system.guards.places.wrong(where)


def count_wrong(system: System, user: str, place: Place, attempt: int) -> None:
    """A wrong password was given for a user of the directory: the operator is told."""
    system.operations.journaling.wrong_logon(user, place.name, system.guard.count(user))
    system.log.write(f"{place.name:<8} PASSWORD INCORRECT FOR {user:<8} ATTEMPT {attempt}")


def refused(system: System, what: What, user: str, place: Place, error: CPError, *, by: str = "") -> None:
    """Record that USER was not let in, or may not do so at PLACE. The name of nobody may be a password: it is left out.

    BY is who wanted to log the user on, if it was another one.
    """
    module = error.module or ("DMKALG" if what is What.AUTOLOG else "DMKLOG")
    code = f"{module}{error.number:03}{error.severity}"
    known = user if user in system.directory.users else ""
    where = str(place) if by or (known and error.number != TOO_MANY_ATTEMPTS.number) else stranger(place)
    system.journal.write(what, by or known, place=where, about=known if by else "", result=code)


def stranger(place: Place) -> str:
    """The place in records of somebody who is nobody yet: without the line, which would make them all different ones.

    Such records can be made at any speed; those alike are only counted.
    """
    return guard.origin(place.address) or place.address or place.name


def sign_on(
    system: System,
    typed: str,
    password: str,
    *,
    place: Place,
    done: Callable[[str, CPError | None], None],
    attempt: int = 1,
) -> None:
    """Check userid and password for a user who does not log on to a machine. On the CP thread; DONE is called there,
    with the userid or with what is wrong.

    The PLACE's name stands in the log in the place of a terminal's, with the number of this ATTEMPT there. A userid is
    closed after wrong passwords even from this host: there is no line here that could be dropped.
    """
    user = ""

    def wrong() -> None:
        count_wrong(system, user, place, attempt)

    def over(error: CPError | None) -> None:
        if error is not None:
            refused(system, What.SIGNON, user, place, error)
            told = error
            system.timers.after(guard.seconds_of(error), lambda: done("", told))
        else:
            system.journal.write(What.SIGNON, user, place=str(place))
            done(user, None)

    try:
        user = valid_userid(system.directory.meant(typed.strip().upper()))
        may_log_on(system, user, place)
    except CPError as error:
        over(error)
        return
    steps = check(system, user, password, place, wrong=wrong, strict=True)

    def go_on(value: object, error: Exception | None = None) -> None:
        try:
            effect = steps.throw(error) if error is not None else steps.send(value)
        except StopIteration:
            over(None)
        except CPError as trouble:
            over(trouble)
        except Exception as trouble:
            system.log.failure("SIGN ON", trouble)
            over(CONTROL_PROGRAM_ERROR.error())
        else:
            if isinstance(effect, Delay):
                system.timers.after(effect.seconds, lambda: go_on(None))
            else:
                assert isinstance(effect, Work)
                system.offload(effect.function, go_on)

    go_on(None)
