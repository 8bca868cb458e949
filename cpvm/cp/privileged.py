"""What is recorded of commands and DIAGNOSE codes that not everybody may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpvm.cp.journal import OK, What
from cpvm.cp.signon import place_of

if TYPE_CHECKING:
    from cpvm.cp.command import Request
    from cpvm.cp.operand import Operands
    from cpvm.cp.vmblok import VMBLOK

GENERAL: Final = "G"
"""The privilege class of users."""
REFUSED: Final = "REFUSED"
_MOST_WORDS: Final = 8
_WORDS: Final = {"AUTOLOG": 1, "XAUTOLOG": 1, "WNG": 1, "MSGNOH": 1, "SEND": 2, "SET LOGMSG": 0}
"""Operands that are recorded, where what is behind them is text, or may be a password."""
_ELSEWHERE: Final = ("AUTOLOG", "XAUTOLOG", "FORCE")
"""They have records of their own."""


def privileged(classes: str) -> bool:
    """Whether users of CLASSES may what general users may not."""
    return bool(classes) and GENERAL not in classes


def command(vm: VMBLOK, name: str, line: str, *, result: str = OK) -> None:
    """VM gives the command NAME with the operands in LINE, or is refused it.

    Of what is refused the operands are left out: anybody could fill the journal with different ones.
    """
    if name in _ELSEWHERE and result == OK:
        return
    words = line.upper().split()[: _WORDS.get(name, _MOST_WORDS)] if result == OK else []
    what = What.SHARE if name in ("SET SHARE", "SET PRIORITY", "SET FAVORED") else What.COMMAND
    _write(vm, what, " ".join((name, *words)), result)


def used(request: Request, operands: Operands) -> None:
    """The user makes use of a privilege class in a command that general users have, too; QUERY is not recorded."""
    if request.command.name != "QUERY":
        command(request.vm, request.command.name, operands.all.partition(" ")[2])


def diagnose(vm: VMBLOK, code: int, *, result: str = OK) -> None:
    """VM executes a DIAGNOSE that has privilege classes, or is refused it."""
    _write(vm, What.DIAGNOSE, f"X'{code:03X}'", result)


def _write(vm: VMBLOK, what: What, about: str, result: str) -> None:
    place = str(place_of(vm.console.session))
    vm.system.journal.write(what, vm.userid, place=place, about=about, result=result)
