"""SET PASSWORD: change one's own logon password. VM/370 left that to the directory's keeper."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, ask, work
from cpvm.cp.commands.set import setting
from cpvm.cp.message import message
from cpvm.cp.operand import Operands
from cpvm.cp.password import MAX_LENGTH, check_password, hash_password

INCORRECT = message("050E", "PASSWORD INCORRECT")
INVALID = message("029E", "PASSWORD MUST HAVE 1 TO 8 CHARACTERS, NO BLANKS, AND NOT BE THE USERID")
DIFFERENT = message("030E", "THE TWO NEW PASSWORDS ARE NOT THE SAME")


@setting("PASSWORD", minimum=4, classes="")
def set_password(request: Request, operands: Operands) -> Answer:
    """Ask for the old password, and twice for the new one; nothing is shown."""
    operands.end()
    return _change(request)


def _change(request: Request) -> Generator[Effect, Any, int | None]:
    vm, directory = request.vm, request.system.directory
    old = (yield from ask("ENTER OLD PASSWORD:", hidden=True)).strip()
    old = directory.password_meant(vm.userid, old)
    hashed = directory.password_hash(vm.userid)
    if not (yield from work(lambda: check_password(old, hashed))):
        raise INCORRECT.error()
    new = (yield from ask("ENTER NEW PASSWORD:", hidden=True)).strip().upper()
    if not 1 <= len(new) <= MAX_LENGTH or " " in new or new in (vm.userid, *vm.entry.aliases):
        raise INVALID.error()
    again = (yield from ask("ENTER NEW PASSWORD AGAIN:", hidden=True)).strip().upper()
    if again != new:
        raise DIFFERENT.error()
    directory.store_password(vm.userid, (yield from work(lambda: hash_password(new))))
    request.write("PASSWORD CHANGED")
    return 0
