"""SET ASSIST, STBYPASS: performance aids of real processors, remembered for QUERY SET."""

from __future__ import annotations

import re

from cpvm.cp.command import Answer, Request
from cpvm.cp.commands.set import setting
from cpvm.cp.message import CONFLICTING_OPTION, INVALID_OPERAND, OPERAND_MISSING
from cpvm.cp.operand import Operands, choose

_MARK = re.compile(r"\d{1,5}[KM]")


@setting("ASSIST", minimum=2)
def set_assist(request: Request, operands: Operands) -> Answer:
    """SET ASSIST [ON|OFF] [SVC|NOSVC] [TMR|NOTMR]: the virtual machine assist; guests notice no difference."""
    words = [choose(word, "ON", "OFF", "SVC", "NOSVC", "TMR", "NOTMR") for word in operands.remaining()]
    if not words:
        raise OPERAND_MISSING.error()
    for word in words:
        if word.removeprefix("NO") in ("SVC", "TMR") and {word.removeprefix("NO"), f"NO{word}"} & set(words) - {word}:
            raise CONFLICTING_OPTION.error(word)
    if "OFF" in words:
        if len(words) > 1:
            raise CONFLICTING_OPTION.error(words[1])
        request.vm.settings["ASSIST"] = "OFF"
        return 0
    before = request.vm.settings.get("ASSIST", "ON SVC TMR").split()
    kept = [next((word for word in words if word.endswith(name)), name) for name in ("SVC", "TMR")]
    if len(before) == 3:
        kept = [new if any(word.endswith(name) for word in words) else old
                for name, new, old in zip(("SVC", "TMR"), kept, before[1:], strict=True)]  # fmt: skip
    request.vm.settings["ASSIST"] = " ".join(["ON", *kept])
    return 0


@setting("STBYPASS", minimum=8)
def set_stbypass(request: Request, operands: Operands) -> Answer:
    """SET STBYPASS VR|nnnnnK|nnM|OFF: how far shadow tables may be bypassed."""
    value = operands.need()
    operands.end()
    if value not in ("VR", "OFF") and not _MARK.fullmatch(value):
        raise INVALID_OPERAND.error(value)
    request.vm.settings["STBYPASS"] = value
    return 0
