"""AINSERT: a record to be read before the rest of the source (High Level Assembler).

`AINSERT 'record',FRONT|BACK`: the records wait until the outermost macro instruction has been expanded; then they are
read as source, and AREAD takes them too.
"""

from __future__ import annotations

from assembler.expression import undouble
from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.macro.template import compile_template
from assembler.macro.variables import split_list
from assembler.message import Flaw


@conditional("AINSERT")
class Ainsert(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        pieces = split_list(model.operand)
        text = pieces[0]
        where = compile_template(pieces[1]).fill(frame).strip().upper() if len(pieces) == 2 else ""
        if len(text) < 2 or text[0] != "'" or text[-1] != "'" or where not in ("FRONT", "BACK"):
            raise Flaw("IFO178", "SYNTAX ERROR - AINSERT WANTS 'RECORD',FRONT OR 'RECORD',BACK", 8, 0)
        parts = compile_template(text[1:-1]).parts
        record = "".join([undouble(part) if isinstance(part, str) else part.text(frame) for part in parts])
        engine.code.insert(record[:80], front=where == "FRONT")
