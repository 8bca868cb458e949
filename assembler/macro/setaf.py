"""SETAF and SETCF: functions that are programs of the host (High Level Assembler); there are none to be called here."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.template import compile_template
from assembler.macro.variables import split_list
from assembler.message import Flaw


@conditional("SETAF", "SETCF")
class External(Conditional):
    """The SET symbol keeps its value."""

    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        name = compile_template(split_list(model.operand)[0]).fill(frame)
        raise Flaw("IFO336", f"EXTERNAL FUNCTION {name[:20]} IS NOT AVAILABLE", 12, 0)
