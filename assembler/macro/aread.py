"""AREAD: the next record of the source goes into a SETC symbol instead of being assembled (Assembler H)."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.set import assign
from assembler.macro.template import read_reference
from assembler.macro.variables import Parameter, Variable
from assembler.message import NAME_FIELD, Flaw


@conditional("AREAD")
class Aread(Conditional):
    """Reads from the file that holds the outermost macro instruction; at its end the value is null.

    The operands of later assemblers are taken too: NOSTMT and NOPRINT (the record is not listed), CLOCKB and CLOCKD
    (no record, but the time of day in hundredths of a second or as `hhmmssth`).
    """

    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if not model.name.startswith("&"):
            raise Flaw("IFO308", "AREAD WANTS A VARIABLE SYMBOL AS ITS NAME", 8, NAME_FIELD)
        target, end = read_reference(model.name, 0)
        if end != len(model.name) or frame.definition is None:
            raise Flaw("IFO178", "SYNTAX ERROR - AREAD STANDS IN MACROS ONLY, WITH A SETC SYMBOL", 8, NAME_FIELD)
        words = [word for word in model.operand.upper().split(",") if word]
        if any(word not in ("NOSTMT", "NOPRINT", "CLOCKB", "CLOCKD") for word in words):
            raise Flaw("IFO178", f"SYNTAX ERROR - AREAD {model.operand[:20]}", 8, 0)
        if words and words[0].startswith("CLOCK"):
            text = _time(frame.variable("SYSTIME"), words[0] == "CLOCKB")
            assign("C", target, [lambda scope: text], frame)
            return
        record = engine.code.take_record()
        text = record[:80].ljust(80) if record is not None else ""
        assign("C", target, [lambda scope: text], frame)


def _time(variable: Variable, binary: bool) -> str:
    hours, _, minutes = str(variable.text if isinstance(variable, Parameter) else "").partition(".")
    if not (hours + minutes).isdigit():
        hours = minutes = "00"
    return f"{(int(hours) * 60 + int(minutes)) * 6000:08d}" if binary else f"{hours:>02}{minutes:>02}0000"
