"""SLEEP: rest for a time, or until attention (DMKCPB)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.operand import Operands, choose, decimal

_SECONDS = {"SEC": 1, "MIN": 60, "HRS": 3600}
MAX_INTERVAL = 99


@command("SLEEP", module="DMKCFM", minimum=2, classes="", syntax="SLeep [nn [SEC|MIN|HRs]]", own=True)
def sleep(request: Request, operands: Operands) -> Answer:
    """The machine and its user rest; messages are shown. Attention wakes them."""
    word = operands.take()
    if word is None:
        return _sleep(None)
    count = decimal(word, 1, MAX_INTERVAL)
    unit = operands.take()
    operands.end()
    return _sleep(count * _SECONDS["MIN" if unit is None else choose(unit, "SEC", "MIN", "HRs")])


def _sleep(seconds: int | None) -> Generator[Effect, Any, int | None]:
    yield from pause(seconds)
    return 0
