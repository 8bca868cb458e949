"""ACTR: how many AIF and AGO branches the macro, or the open code, may take from here on."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.expression import compile_expression
from assembler.macro.values import as_int
from assembler.message import Flaw

LARGEST = 1_000_000


@conditional("ACTR")
class Actr(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        count = as_int(compile_expression(model.operand, arithmetic=True)(frame))
        if not 0 <= count <= LARGEST:
            raise Flaw("IFO178", f"SYNTAX ERROR - ACTR COUNT {count} OUT OF RANGE", 8, 0)
        frame.actr = count
