"""YCON: relocatable constants of two bytes, which hold no address above 65535 (option YFLAG)."""

from __future__ import annotations

from collections.abc import Iterable

from assembler.constant import placed
from assembler.message import Flaw
from assembler.options import Options
from assembler.source import Statement
from assembler.warnings.registry import Blunder, View, blunder


@blunder("YCON", "IFO205")
class RelocatableY(Blunder):
    def wanted(self, options: Options) -> bool:
        return options.yflag

    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        places = {(one.section, one.address) for one in view.asm.relocations if one.length == 2}
        for st in view.statements if places else ():
            if st.op != "DC" or st.messages is not None or not isinstance(st.parsed, tuple):
                continue
            for constant, bit in placed(st.parsed):
                if constant.kind == "Y" and (st.section, st.loc + bit // 8) in places:
                    yield st, self.flaw("RELOCATABLE Y-TYPE CONSTANT", constant.column)
