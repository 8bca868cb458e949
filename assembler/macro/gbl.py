"""GBLA, GBLB, GBLC: declare SET symbols that all macros and the open code share."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.lcl import declared
from assembler.macro.variables import SetSymbol
from assembler.message import Flaw


@conditional("GBLA", "GBLB", "GBLC")
class Gbl(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        kind = self.name[3]
        for name, dimension in declared(model, frame):
            shared = engine.globals.setdefault(name, SetSymbol(kind, dimension))
            known = frame.variables.get(name)
            if shared.kind != kind or (known is not None and known is not shared):
                raise Flaw("IFO007", f"USAGE OF &{name[:20]} IS INCONSISTENT WITH ITS DECLARATION", 8, 0)
            frame.variables[name] = shared
