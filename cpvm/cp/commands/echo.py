"""ECHO: test the terminal (DMKMSG)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, ask, command
from cpvm.cp.operand import Operands, decimal


@command("ECHO", module="DMKCFM", minimum=2, classes="G", syntax="ECho [1|nn]", own=True)
def echo(request: Request, operands: Operands) -> Answer:
    """Show each line typed nn times, until END."""
    word = operands.take()
    count = 1 if word is None else decimal(word, 1, 99)
    operands.end()
    return _echo(request, count)


def _echo(request: Request, count: int) -> Generator[Effect, Any, int | None]:
    request.write("ECHO ENTERED; TO TERMINATE TEST, TYPE END")
    while True:
        line = yield from ask("ENTER LINE")
        if line.strip().upper() == "END":
            return 0
        for _ in range(count):
            request.write(line)
