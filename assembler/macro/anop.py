"""ANOP: nothing; it carries a sequence symbol."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame


@conditional("ANOP")
class Anop(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        return
