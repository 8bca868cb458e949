"""AREAD: the next record of the source goes into a SETC symbol instead of being assembled (Assembler H)."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.set import assign
from assembler.macro.template import read_reference
from assembler.message import NAME_FIELD, Flaw


@conditional("AREAD")
class Aread(Conditional):
    """Reads from the file that holds the outermost macro instruction; at its end the value is null."""

    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if not model.name.startswith("&"):
            raise Flaw("IFO308", "AREAD WANTS A VARIABLE SYMBOL AS ITS NAME", 8, NAME_FIELD)
        target, end = read_reference(model.name, 0)
        if end != len(model.name) or frame.definition is None:
            raise Flaw("IFO178", "SYNTAX ERROR - AREAD STANDS IN MACROS ONLY, WITH A SETC SYMBOL", 8, NAME_FIELD)
        record = engine.code.take_record()
        text = record[:80].ljust(80) if record is not None else ""
        assign("C", target, [lambda scope: text], frame)
