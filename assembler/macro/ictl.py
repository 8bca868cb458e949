"""ICTL: begin, end and continue columns of the source."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.message import Flaw
from assembler.source import Columns


@conditional("ICTL")
class Ictl(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        pieces = model.operand.split(",")
        if not all(piece.isascii() and piece.isdigit() and len(piece) < 4 for piece in pieces):
            raise Flaw("IFO178", "SYNTAX ERROR - ICTL WANTS COLUMN NUMBERS", 8, 0)
        begin, end, resume = (*map(int, pieces), *(0, 71, 16)[len(pieces) :])
        if not (1 <= begin <= 40 and 41 <= end <= 80 and begin < end and (resume == 0 or begin < resume <= 40)):
            raise Flaw("IFO178", "SYNTAX ERROR - ICTL COLUMNS OUT OF RANGE", 8, 0)
        engine.code.file.columns = Columns(begin, end, resume)
