"""LINK: access to another user's minidisk (DMKLNK)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from cpvm.cp import guard
from cpvm.cp.command import Answer, Effect, Request, ask, command, delay, work
from cpvm.cp.directory import ANYONE, LINK_MODES, MinidiskEntry
from cpvm.cp.message import NOT_IN_DIRECTORY, CPError, message
from cpvm.cp.minidisk import users
from cpvm.cp.operand import Operands, is_vaddr, vaddr
from cpvm.cp.password import check_password
from cpvm.cp.vdevblok import DASDBlock
from cpvm.cp.virtual import NOT_IN_OWNER, link_minidisk, linked, note_link

ADDRESS_TAKEN = message("110E", "{} {:03X} NOT LINKED; VADDR {:03X} ALREADY DEFINED")
PASSWORD_WRONG = message("114E", "{} {:03X} NOT LINKED; MODE OR PASSWORD INCORRECT")
TOO_MANY_WRONG = message("115E", "LINK INVALID; EXCESSIVE INCORRECT PASSWORDS")
BAD_FORMAT = message("118E", "COMMAND FORMAT INVALID")

_PROMPTS = {"R": "ENTER READ PASSWORD:", "W": "ENTER WRITE PASSWORD:", "M": "ENTER MULT PASSWORD:"}


@command(
    "LINK",
    module="DMKLNK",
    minimum=4,
    classes="G",
    syntax="LINK [To] userid vaddr1 [As] vaddr2 [mode] [[PASS=] pw]",
    own=True,
)
def link(request: Request, operands: Operands) -> Answer:
    """Link by the rules of the access mode; the password is asked for unless it is given."""
    return _link(request, operands)


@dataclass(frozen=True)
class _Wanted:
    """OWNER's disk THEIRS as OURS; the PASSWORD if it was in the line."""

    owner: str
    theirs: int
    ours: int
    mode: str
    password: str | None

    def __str__(self) -> str:
        return f"{self.owner} {self.theirs:03X} {self.mode}"


def _link(request: Request, operands: Operands) -> Generator[Effect, Any, int | None]:
    vm = request.vm
    operands.skip_before("TO", lambda following: not is_vaddr(following))
    word = operands.take()
    owner, theirs = vm.userid if word == "*" else request.userid(word), vaddr(operands.take())
    operands.skip_before("AS", is_vaddr)
    ours = vaddr(operands.take())
    wanted = _Wanted(owner, theirs, ours, *_mode_and_password(operands))
    yield from delay(request.system.guards.links.wait(vm.userid))
    try:
        block = yield from _linked(request, wanted)
    except CPError as error:
        # What is typed in the place of a userid may be anything if it is none.
        about = str(wanted) if owner in request.system.directory.users else ""
        linked(vm, about, f"{error.module or 'DMKLNK'}{error.number:03}{error.severity}")
        yield from delay(guard.seconds_of(error))
        raise
    linked(vm, f"{wanted} {'R/W' if block.link.writable else 'R/O'}")
    _told(request, block)
    return 0


def _linked(request: Request, wanted: _Wanted) -> Generator[Effect, Any, DASDBlock]:
    vm, owner, theirs = request.vm, wanted.owner, wanted.theirs
    if wanted.password is not None and "LINK" not in request.system.configuration.journaling.passwords:
        raise BAD_FORMAT.error()
    if request.system.guards.link.closed(vm.userid):
        raise TOO_MANY_WRONG.error()
    user = request.system.directory.users.get(owner)
    if user is None:
        raise NOT_IN_DIRECTORY.error(owner)
    disk = user.minidisk(theirs)
    if disk is None:
        raise NOT_IN_OWNER.error(owner, theirs)
    if wanted.ours in vm.devices:
        raise ADDRESS_TAKEN.error(owner, theirs, wanted.ours)
    if owner != vm.userid and "LNKNOPAS" not in vm.entry.options:
        yield from _check(request, owner, disk, wanted.mode, wanted.password)
    if wanted.ours in vm.devices:
        raise ADDRESS_TAKEN.error(owner, theirs, wanted.ours)
    block = link_minidisk(vm, owner, disk, wanted.ours, wanted.mode)
    note_link(vm, owner, disk, wanted.mode)
    return block


def _mode_and_password(operands: Operands) -> tuple[str, str | None]:
    """The access mode, R if none is given, and the password."""
    mode, password = "R", None
    word = operands.peek()
    if word in LINK_MODES:
        mode = str(operands.take())
    word = operands.take()
    if word is not None:
        password = word.removeprefix("PASS=") or operands.take()
    if operands.peek() is not None:
        raise BAD_FORMAT.error()
    return mode, password


def _check(
    request: Request, owner: str, disk: MinidiskEntry, mode: str, password: str | None
) -> Generator[Effect, Any, None]:
    """See that the password for this kind of access is right."""
    kind, wanted = mode[0], disk.password(mode)
    if wanted == ANYONE:
        return
    if not wanted:
        raise PASSWORD_WRONG.error(owner, disk.vaddr)
    if password is None:
        password = yield from ask(_PROMPTS[kind], hidden=True)
    given = password.strip()
    watch = request.system.guards.link
    right = yield from work(lambda: check_password(given, wanted))
    if not right:
        count = watch.wrong(request.vm.userid)
        request.system.log.write(f"{request.vm.userid:<8} LINK PASSWORD INCORRECT FOR {owner} {disk.vaddr:03X}")
        request.system.operations.journaling.wrong_link(request.vm, owner, disk.vaddr, count)
        raise guard.Delayed(PASSWORD_WRONG.error(owner, disk.vaddr), guard.wait(count))


def _told(request: Request, block: DASDBlock) -> None:
    """DASD vaddr LINKED R/O; R/W BY userid; R/O BY nnn USERS."""
    writers, readers = request.system.minidisks.others(block.link)
    line = f"DASD {block.vaddr:03X} LINKED {'R/W' if block.link.writable else 'R/O'}"
    if writers:
        line += f"; R/W BY {users(writers)}"
    if readers:
        line += f"; R/O BY {users(readers)}"
    request.inform(line)
