"""QUERY: ask about the system and the virtual machine (DMKCFC, DMKCQG). One file for each operand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cpvm.cp.command import Answer, Body, Request, command
from cpvm.cp.message import INVALID_OPTION, NOT_LOGGED_ON, OPERAND_MISSING
from cpvm.cp.operand import Operands, is_userid, is_vaddr
from cpvm.cp.registry import WordTable


@dataclass(frozen=True)
class Query:
    """One operand of QUERY. CLASSES as for commands."""

    classes: str
    body: Body


QUERIES: WordTable[Query] = WordTable("QUERY operands")
REAL: WordTable[Query] = WordTable("QUERY operands for operators")
"""What operands mean to those in other classes than G who may ask it: the system's devices, not the machine's."""


def query(name: str, *, minimum: int, classes: str = "") -> Callable[[Body], Body]:
    """Enter the decorated function as QUERY NAME."""

    def enter(body: Body) -> Body:
        QUERIES.add(name, minimum, Query(classes, body))
        return body

    return enter


def query_real(name: str, *, minimum: int, classes: str) -> Callable[[Body], Body]:
    """Enter the decorated function as QUERY NAME for those in CLASSES; for all others there may be another one."""

    def enter(body: Body) -> Body:
        REAL.add(name, minimum, Query(classes, body))
        return body

    return enter


@command("QUERY", module="DMKCQG", minimum=1, classes="", syntax="Query operand [...]", own=True)
def query_command(request: Request, operands: Operands) -> Answer:
    """Ask. A word that is no operand is a device address or a userid."""
    word = operands.need(OPERAND_MISSING)
    real = REAL.find(word)
    if real is not None and request.allowed(real.classes):
        return real.body(request, operands)
    found = QUERIES.find(word)
    if found is not None and request.allowed(found.classes):
        return found.body(request, operands)
    if _is_device(request, word):
        unit = request.system.units.at(int(word, 16)) if request.allowed("BD") else None
        if unit is not None:
            for line in unit.lines():
                request.write(line)
            return 0
        real_device = next((real for real in request.system.real if real.raddr == int(word, 16)), None)
        if real_device is not None and int(word, 16) not in request.vm.devices and request.allowed("B"):
            request.write(real_device.line())
            return 0
        virtual = QUERIES.find("VIRTUAL")
        assert virtual is not None
        return virtual.body(request, Operands(word))
    name = request.meant(word)
    if found is None and is_userid(name) and operands.peek() is None:
        vm = request.system.users.get(name)
        if vm is None:
            raise NOT_LOGGED_ON.error(name)
        request.write(f"{vm.userid:<8} - {vm.line_name}")
        return 0
    raise INVALID_OPTION.error(word)


def _is_device(request: Request, word: str) -> bool:
    """Whether WORD is an address: with up to three digits; with four, unless it is the userid of somebody."""
    if not is_vaddr(word):
        return False
    return len(word) <= 3 or request.meant(word) not in request.system.directory.users
