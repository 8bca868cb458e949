"""SET LOGO: what displays show while nobody is logged on at them (DMKBOX)."""

from __future__ import annotations

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.logo import MOST_COLUMNS, MOST_LINES
from cpvm.cp.message import OPERAND_MISSING, message
from cpvm.cp.operand import Operands, decimal

NOT_WRITTEN = message("907E", "LOGO NOT CHANGED; {}")


@setting("LOGO", minimum=4, classes="A")
def set_logo(request: Request, operands: Operands) -> Answer:
    """LOGO nn text is line nn, LOGO nn empties it; LOGO OFF: no logo; LOGO NULL: CP's own again."""
    logo = request.system.operations.logo
    word = operands.peek()
    if word is None:
        raise OPERAND_MISSING.error()
    try:
        if word in ("NULL", "OFF"):
            operands.take()
            operands.end()
            if word == "NULL":
                logo.reset()
            else:
                logo.set([])
            return 0
        lines = [] if logo.own else list(logo.lines())
        number = decimal(operands.take(), 1, MOST_LINES)
        lines += [""] * (number - len(lines))
        lines[number - 1] = operands.take_rest()[:MOST_COLUMNS]
        logo.set(lines)
    except OSError as error:
        raise NOT_WRITTEN.error(error.strerror or str(error)) from None
    return 0
