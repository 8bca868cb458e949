"""ISEQ: check that the records of the source are in sequence; without operands, check no longer."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.message import Flaw


@conditional("ISEQ")
class Iseq(Conditional):
    """`ISEQ left,right`: columns outside of those that hold statements."""

    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        code = engine.code
        code.sequence, code.last_sequence = None, b""
        if not model.operand or model.operand == ",":
            return
        pieces = model.operand.split(",")
        if len(pieces) != 2 or not all(piece.isascii() and piece.isdigit() and len(piece) < 4 for piece in pieces):
            raise Flaw("IFO178", "SYNTAX ERROR - ISEQ WANTS TWO COLUMN NUMBERS", 8, 0)
        left, right = map(int, pieces)
        columns = code.main.columns
        if not 1 <= left <= right <= 80 or (left <= columns.end + 1 and right >= columns.begin):
            raise Flaw("IFO178", "SYNTAX ERROR - ISEQ COLUMNS OUT OF RANGE", 8, 0)
        code.sequence = (left, right)
