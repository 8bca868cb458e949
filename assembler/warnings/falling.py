"""FALL: instructions that run into storage, with no branch between."""

from __future__ import annotations

from itertools import islice

from assembler.instruction import MachineInstruction
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_MAY_LEAVE = frozenset(
    ["SVC", "LPSW", "DIAG", "EX", "MC", "BALR", "BASR", "BAL", "BAS", "BC", "BCR", "BCT", "BCTR", "BXH", "BXLE"]
)  # fmt: skip
"""Instructions behind which data may lie: the program goes on elsewhere, or they are parameters."""


@blunder("FALL", "IFO358", ("DS",))
class Falling(Blunder):
    """An instruction by itself may be one that EX executes; so the one before it must lead to it."""

    def check(self, view: View, st: Statement) -> Found:
        if not st.length or not getattr(st.section, "has_text", False):
            return
        end = st.loc - st.pad
        leading = 0
        for one in islice(view.before(view.index), 3):
            operation = one.operation
            if (
                one.section is not st.section
                or one.loc + one.length != end
                or not isinstance(operation, MachineInstruction)
                or operation.row.mnemonic in _MAY_LEAVE
                or one.name
            ):
                break
            end = one.loc - one.pad
            leading += 1
        if leading >= 3:
            yield self.flaw("THE INSTRUCTIONS BEFORE THIS RUN INTO STORAGE")
