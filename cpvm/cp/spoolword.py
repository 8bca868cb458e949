"""How commands name spooled devices and spool files (DMKCSP, DMKCSU)."""

from __future__ import annotations

from collections.abc import Callable

from cpvm.cp import privileged
from cpvm.cp.command import Request
from cpvm.cp.message import (
    CLASS_MISSING,
    DEVICE_MISSING,
    INVALID_OPERAND,
    OPERAND_MISSING,
    SPOOLID_MISSING,
    SPOOLID_UNKNOWN,
    message,
)
from cpvm.cp.operand import Operands, abbreviates, choose, is_userid, is_vaddr
from cpvm.cp.spool import SpoolFile
from cpvm.cp.vmblok import VMBLOK
from cpvm.cp.vspool import UnitRecord

NO_SUCH_DEVICE = message("043E", "{} DOES NOT EXIST")
NOT_SPOOLED = message("006E", "INVALID DEVICE TYPE - {:03X}")

_WORDS = (
    ("READER", 1, "RDR"),
    ("RDR", 3, "RDR"),
    ("PRINTER", 1, "PRT"),
    ("PRT", 3, "PRT"),
    ("PUNCH", 2, "PUN"),
    ("PCH", 3, "PUN"),
    ("CONSOLE", 3, "CONS"),
)
_DISPLAYED = {"RDR": "READER", "PRT": "PRINTER", "PUN": "PUNCH", "CONS": "CONSOLE"}


def device_kind(word: str) -> str | None:
    """RDR, PRT, PUN or CONS if WORD names a kind of device."""
    return next((kind for name, minimum, kind in _WORDS if abbreviates(word, name, minimum)), None)


def queue_of(word: str) -> str:
    """The queue RDR, PRT or PUN that WORD names. INVALID OPTION if it names none."""
    kind = device_kind(word)
    if kind is None or kind == "CONS":
        choose(word, "Reader", "Printer", "PUnch")
        return "PRT"
    return kind


def devices(vm: VMBLOK, word: str) -> list[UnitRecord]:
    """The spooled devices that WORD names: all of a kind, or the one with this address."""
    kind = device_kind(word)
    if kind is not None:
        found = vm.unit_records(kind)
        if not found:
            raise NO_SUCH_DEVICE.error(_DISPLAYED[kind])
        return found
    if not is_vaddr(word):
        choose(word, "Reader", "Printer", "PUnch", "CONsole")
    address = int(word, 16)
    block = vm.devices.get(address)
    if block is None:
        raise DEVICE_MISSING.error(f"{address:03X}")
    if not isinstance(block, UnitRecord):
        raise NOT_SPOOLED.error(address)
    return [block]


def spool_class(word: str | None) -> str:
    """A class: one letter or digit."""
    if word is None or len(word) != 1 or not (word.isascii() and word.isalnum()):
        raise CLASS_MISSING.error()
    return word


def spoolid(word: str) -> int:
    """A spool file's number, 1 to 9900."""
    if not word.isascii() or not word.isdigit() or len(word) > 4 or int(word) == 0:
        raise SPOOLID_MISSING.error()
    return int(word)


def form_name(word: str | None) -> str:
    """The name of a form: one to eight letters, digits and national characters."""
    if word is None or not is_userid(word):
        raise INVALID_OPERAND.error(word or "FORM")
    return word


def whose(request: Request, operands: Operands) -> str | None:
    """Whose files are meant, if the next word says so: the user's own, unless a user of class D names another.

    Class D: SYSTEM (None is returned for it) is everybody, * oneself, a userid that user.
    """
    word = operands.peek()
    if word is not None and request.allowed("D") and not word.isdigit():
        if word == "*":
            operands.take()
            return request.vm.userid
        name = request.meant(word)
        if name == "SYSTEM" or name in request.system.directory.users or name in special_users(request):
            operands.take()
            if name != request.vm.userid:
                privileged.used(request, operands)
            return None if name == "SYSTEM" else name
    return request.vm.userid


def special_users(request: Request) -> tuple[str, ...]:
    """Userids that own files without being in the directory: the one whose files go to other systems."""
    return (request.system.network.userid,)


def files_in(request: Request, operands: Operands, queue: str) -> tuple[str | None, list[SpoolFile]]:
    """Whose queue is meant, and its files in order."""
    owner = whose(request, operands)
    return owner, request.system.spool.files(queue, owner)


def queue_and_files(request: Request, operands: Operands) -> tuple[str, str | None, list[SpoolFile]]:
    """The queue, whose it is, and its files, from `[userid|SYSTEM] queue` or `queue [userid|SYSTEM]`."""
    word = operands.peek()
    if word is None:
        raise OPERAND_MISSING.error()
    if device_kind(word) is None and request.allowed("D"):
        owner = whose(request, operands)
        queue = queue_of(operands.need())
        return queue, owner, request.system.spool.files(queue, owner)
    queue = queue_of(operands.need())
    owner, files = files_in(request, operands, queue)
    return queue, owner, files


def chosen_files(
    request: Request,
    operands: Operands,
    candidates: list[SpoolFile],
    *,
    queue: str,
    several: bool,
    stop: Callable[[str], bool] = lambda word: False,
) -> list[SpoolFile]:
    """The files that `ALL`, `CLASS c ...` or spoolids select among CANDIDATES, in the order in which they are named.

    No operand means ALL. With SEVERAL, more than one class or spoolid may follow; words that STOP is true for end it.
    A user of class D may name any file of this QUEUE by its spoolid, whosever it is.
    """
    chosen: list[SpoolFile] = []
    word = operands.peek()
    if word is None or stop(word):
        return candidates
    if word == "ALL":
        operands.take()
        return candidates
    while (word := operands.peek()) is not None and not stop(word):
        operands.take()
        if abbreviates(word, "CLASS", 2):
            wanted = spool_class(operands.take())
            chosen += [file for file in candidates if file.spool_class == wanted and file not in chosen]
        else:
            number = spoolid(word)
            found = next((file for file in candidates if file.spoolid == number), None)
            if found is None and request.allowed("D"):
                found = request.system.spool.file(number)
                privileged.used(request, operands)
            if found is None or found.queue != queue:
                raise SPOOLID_UNKNOWN.error(f"{number:04}")
            if found not in chosen:
                chosen.append(found)
        if not several:
            break
    return chosen


def count(number: int, done: str) -> str:
    """nnnn FILES done, NO FILES done."""
    return f"NO FILES {done}" if number == 0 else f"{number:04} FILE{'S' if number > 1 else ''} {done}"
