"""SET LIMIT: how much of what all share users may take, until the system stops (cpvm.cp.limits)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.limits import ALL, OF_SYSTEM, OF_USERS, SYSTEM, Kind, LimitError
from cpvm.cp.message import INVALID_OPERAND, INVALID_OPTION, NOT_IN_DIRECTORY
from cpvm.cp.operand import Operands, abbreviates
from cpvm.cp.registry import WordTable

_SHORTEST = {"SPOOLFILES": 6, "SPOOLSPACE": 6, "TDISK": 3, "DEVICES": 3, "USERS": 4, "SPOOL": 5, "STORAGE": 4}


def _words(kinds: dict[str, Kind]) -> WordTable[Kind]:
    table: WordTable[Kind] = WordTable("SET LIMIT")
    for kind in kinds.values():
        table.add(kind.name, _SHORTEST.get(kind.name, 3), kind)
    return table


_OF_USERS, _OF_SYSTEM = _words(OF_USERS), _words(OF_SYSTEM)


@setting("LIMIT", minimum=3, classes="A")
def set_limit(request: Request, operands: Operands) -> Answer:
    """SET LIMIT userid|ALL|SYSTEM name value|NOLIMIT|INITIAL."""
    who = request.userid(operands.take())
    if who not in (ALL, SYSTEM) and who not in request.system.directory.users:
        raise NOT_IN_DIRECTORY.error(who)
    word = operands.need()
    kind = (_OF_SYSTEM if who == SYSTEM else _OF_USERS).find(word)
    if kind is None:
        raise INVALID_OPTION.error(word)
    word = operands.need()
    operands.end()
    if abbreviates(word, "INITIAL", 4):
        request.system.limits.reset(who, kind)
        return 0
    try:
        request.system.limits.set(who, kind, kind.parse(word))
    except LimitError:
        raise INVALID_OPERAND.error(word) from None
    return 0
