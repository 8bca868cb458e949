"""SET: options of the virtual machine (DMKCFS). One file for each operand, or family of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cpvm.cp import journal, privileged
from cpvm.cp.command import Answer, Body, Request, command
from cpvm.cp.message import INVALID_OPTION, OPERAND_MISSING
from cpvm.cp.operand import Operands
from cpvm.cp.registry import WordTable


@dataclass(frozen=True)
class Setting:
    """One operand of SET. CLASSES as for commands."""

    classes: str
    body: Body
    name: str


SETTINGS: WordTable[Setting] = WordTable("SET operands")


def setting(name: str, *, minimum: int, classes: str = "G") -> Callable[[Body], Body]:
    """Enter the decorated function as SET NAME."""

    def enter(body: Body) -> Body:
        SETTINGS.add(name, minimum, Setting(classes, body, name))
        return body

    return enter


@command("SET", module="DMKCFS", minimum=3, classes="", syntax="SET operand ON|OFF|...", own=True)
def set_command(request: Request, operands: Operands) -> Answer:
    """Change an option."""
    word = operands.need(OPERAND_MISSING)
    found = SETTINGS.find(word)
    refused = found is not None and not request.allowed(found.classes)
    if found is not None and privileged.privileged(found.classes):
        result = privileged.REFUSED if refused else journal.OK
        privileged.command(request.vm, f"SET {found.name}", operands.rest, result=result)
    if found is None or refused:
        raise INVALID_OPTION.error(word)
    return found.body(request, operands)
