"""DIAGNOSE X'5C': edit an error message as SET EMSG says (DMKHVC)."""

from __future__ import annotations

from cpvm.cp.diagnose import DiagnoseCall, diagnose
from cpvm.cp.message import CODE_LENGTH, Emsg

_HEADER = CODE_LENGTH + 1  # the code and a blank


@diagnose(0x5C)
def edit_message(call: DiagnoseCall) -> None:
    """Rx: address of the message, Ry: its length. Both come back describing the part that is to be shown."""
    match call.vm.emsg:
        case Emsg.CODE:
            call.set_y(min(call.y, CODE_LENGTH))
        case Emsg.TEXT:
            skipped = min(call.y, _HEADER)
            call.set_x(call.x + skipped)
            call.set_y(call.y - skipped)
        case Emsg.OFF:
            call.set_y(0)
        case Emsg.ON:
            pass
