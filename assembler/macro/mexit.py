"""MEXIT: end the expansion of the macro.  MEND outside of a definition is an error."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.message import OPERATION_FIELD, Flaw


@conditional("MEXIT")
class Mexit(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if frame.definition is None:
            raise Flaw("IFO306", "MEXIT OUTSIDE OF A MACRO DEFINITION", 8, OPERATION_FIELD)
        engine.leave(frame)


@conditional("MEND")
class Mend(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        raise Flaw("IFO306", "MEND WITHOUT MACRO", 8, OPERATION_FIELD)
