"""SET PASSWORD: change one's own logon password. VM/370 left that to the directory's keeper."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp import guard, signon
from cpvm.cp.command import Answer, Effect, Request, ask, delay, work
from cpvm.cp.commands.set import setting
from cpvm.cp.journal import What
from cpvm.cp.message import CPError, message
from cpvm.cp.operand import Operands
from cpvm.cp.password import MAX_LENGTH, check_password, hash_password

INCORRECT = message("050E", "PASSWORD INCORRECT")
INVALID = message("029E", "PASSWORD MUST HAVE 1 TO 8 CHARACTERS, NO BLANKS, AND NOT BE THE USERID")
NOT_IN_LINE = message("118E", "COMMAND FORMAT INVALID; PASSWORDS ARE ASKED FOR")
DIFFERENT = message("030E", "THE TWO NEW PASSWORDS ARE NOT THE SAME")


@setting("PASSWORD", minimum=4, classes="")
def set_password(request: Request, operands: Operands) -> Answer:
    """Ask for the old password, and twice for the new one; nothing is shown."""
    if operands.peek() is not None:
        raise NOT_IN_LINE.error()  # what is there may be a password: it is not shown again
    return _change(request)


def _change(request: Request) -> Generator[Effect, Any, int | None]:
    system, user = request.system, request.vm.userid
    place = str(signon.place_of(request.session))
    try:
        yield from _changed(request)
    except CPError as error:
        system.journal.write(
            What.DIRECTORY, user, place=place, about=f"PASSWORD OF {user}", result=f"DMKCFS{error.number:03}E"
        )
        yield from delay(guard.seconds_of(error))
        raise
    system.journal.write(What.DIRECTORY, user, place=place, about=f"PASSWORD OF {user}")
    request.write("PASSWORD CHANGED")
    return 0


def _changed(request: Request) -> Generator[Effect, Any, None]:
    vm, directory, watch = request.vm, request.system.directory, request.system.guard
    if watch.closed(vm.userid):
        raise signon.TOO_MANY_ATTEMPTS.error()
    old = (yield from ask("ENTER OLD PASSWORD:", hidden=True)).strip()
    old = directory.password_meant(vm.userid, old)
    hashed = directory.password_hash(vm.userid)
    right = yield from work(lambda: check_password(old, hashed))
    if not right:
        raise guard.Delayed(INCORRECT.error(), guard.wait(watch.wrong(vm.userid)))
    new = (yield from ask("ENTER NEW PASSWORD:", hidden=True)).strip().upper()
    if not 1 <= len(new) <= MAX_LENGTH or " " in new or new in (vm.userid, *vm.entry.aliases):
        raise INVALID.error()
    again = (yield from ask("ENTER NEW PASSWORD AGAIN:", hidden=True)).strip().upper()
    if again != new:
        raise DIFFERENT.error()
    directory.store_password(vm.userid, (yield from work(lambda: hash_password(new))))
