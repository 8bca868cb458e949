"""REGISTER: the name of a register where an address belongs, as in `L R1,R2` for `LR R1,R2`."""

from __future__ import annotations

import re

from assembler.expression import Name
from assembler.instruction import instructions
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_REGISTER = re.compile(r"R(?:1[0-5]|[0-9])")
_WITH_ADDRESS = tuple(
    name for name, one in instructions().items() if any(kind == 1 for kind, _, _ in one.order) and len(one.order) > 1
)


@blunder("REGISTER", "IFO354", _WITH_ADDRESS)
class RegisterAsAddress(Blunder):
    mark = "R"

    def check(self, view: View, st: Statement) -> Found:
        if not (0 <= st.addr1 <= 15 or 0 <= st.addr2 <= 15):
            return
        for area in view.areas(st):
            tree = area.operand.address
            if (
                area.symbolic
                and not area.base
                and area.operand.first is None
                and isinstance(tree, Name)
                and _REGISTER.fullmatch(tree.name)
                and tree.name == f"R{area.address}"
            ):
                yield self.flaw(
                    f"{tree.name} IS TAKEN AS THE ADDRESS {area.address}, NOT AS A REGISTER", area.operand.column
                )
