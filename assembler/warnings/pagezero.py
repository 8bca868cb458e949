"""PAGE0: an absolute address, which is one in the first 4096 bytes of storage (off unless asked for)."""

from __future__ import annotations

from assembler.effects import effects
from assembler.instruction import MachineInstruction, instructions
from assembler.source import Statement
from assembler.warnings.registry import Blunder, Found, View, blunder

_NOT_STORAGE = frozenset((
    "LA", "SLL", "SRL", "SLA", "SRA", "SLDL", "SRDL", "SLDA", "SRDA", "SRP", "SPKA", "DIAG",
    "SIO", "SIOF", "TIO", "HIO", "HDV", "TCH", "CLRIO", "STIDC",
))  # fmt: skip


@blunder("PAGE0", "IFO362", tuple(name for name in instructions() if name not in _NOT_STORAGE))
class PageZero(Blunder):
    """The High Level Assembler's FLAG(PAGE0)."""

    usual = False

    def check(self, view: View, st: Statement) -> Found:
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        if st.addr1 < 0 and st.addr2 < 0:
            return
        for area in view.areas(st):
            index = area.operand.first is not None and operation.is_rx
            if area.symbolic and not area.base and not index and area.field not in effects(operation.row).branched:
                yield self.flaw(f"ABSOLUTE ADDRESS {area.displacement} WITHOUT A BASE REGISTER", area.operand.column)
