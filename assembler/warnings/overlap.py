"""OVERLAP: a move that overwrites what it is to move, itself, or nothing."""

from __future__ import annotations

from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder


@blunder("OVERLAP", "IFO351", ("MVC",))
class Overlap(Blunder):
    """A source that lies before the field and runs into it is the way to fill the field with a pattern, if the field is
    a multiple of the pattern; else it was not meant."""

    def check(self, view: View, st: Statement) -> Found:
        code = st.code
        if code[2] >> 4 != code[4] >> 4 or not code[2] >> 4:
            return ()
        distance = ((code[2] & 15) << 8 | code[3]) - ((code[4] & 15) << 8 | code[5])
        length = code[1] + 1
        near = 0 <= distance < length or (st.addr1 - length < _place(st) < st.addr1 + length)
        return self._found(view, st, distance, length) if near else ()

    def _found(self, view: View, st: Statement, distance: int, length: int) -> Found:
        first, second = view.areas(st)
        if not (first.symbolic and second.symbolic and view.sound):
            return
        if not distance and length > 1:
            yield self.flaw("MVC MOVES THE FIELD TO ITSELF", second.operand.column)
        elif view.section_of(first.operand) is st.section and first.address <= _place(st) < first.address + length:
            yield self.flaw("MVC OVERWRITES ITSELF", first.operand.column)
        elif 1 < distance < length and length % distance:
            text = f"MVC OVERWRITES ITS SOURCE: THE FIELD BEGINS {distance} BYTES BEHIND IT, {length} ARE MOVED"
            yield self.flaw(text, first.operand.column)


def _place(st: Statement) -> int:
    return st.loc + int(getattr(st.section, "base", 0))
