"""ICTL: begin, end and continue columns of the source."""

from __future__ import annotations

from assembler.macro.conditional import Conditional, conditional
from assembler.macro.definition import Model
from assembler.macro.expander import Expander, Frame
from assembler.message import OPERATION_FIELD, Flaw
from assembler.source import Columns, is_comment


@conditional("ICTL")
class Ictl(Conditional):
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        if frame.definition is not None or any(
            not is_comment(line) and line.strip() for line in engine.code.main.lines[: model.record.line - 1]
        ):
            raise Flaw("IFO012", "ICTL OR OPSYN STATEMENT APPEARS TOO LATE IN THE PROGRAM", 8, OPERATION_FIELD)
        pieces = model.operand.split(",")
        if not all(piece.isascii() and piece.isdigit() and len(piece) < 4 for piece in pieces):
            raise Flaw("IFO178", "SYNTAX ERROR - ICTL WANTS COLUMN NUMBERS", 8, 0)
        begin, end, resume = (*map(int, pieces), *(0, 71, 16)[len(pieces) :])
        if not (1 <= begin <= 40 and 41 <= end <= 80 and begin < end and (resume == 0 or begin < resume <= 40)):
            raise Flaw("IFO178", "SYNTAX ERROR - ICTL COLUMNS OUT OF RANGE", 8, 0)
        engine.code.file.columns = Columns(begin, end, resume)
