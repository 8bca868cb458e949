"""AMODE and RMODE: addressing and residence modes.  System/370 has one of each, so they are checked and change nothing.

XATTR, CATTR and ALIAS, which describe external names to later binders, are accepted in the same way.
"""

from __future__ import annotations

from assembler.message import Flaw
from assembler.operation import Operation, statement
from assembler.passes import Assembler
from assembler.source import Statement


class _Mode(Operation):
    modes: frozenset[str] = frozenset()

    def define(self, asm: Assembler, st: Statement) -> None:
        if st.operand.upper() not in self.modes:
            raise Flaw("IFO178", f"SYNTAX ERROR - {st.operand[:12] or 'NOTHING'} IS NO {self.name}", 8, 0)


@statement("AMODE")
class Amode(_Mode):
    modes = frozenset({"24", "31", "64", "ANY", "ANY31", "ANY64"})


@statement("RMODE")
class Rmode(_Mode):
    modes = frozenset({"24", "31", "64", "ANY"})


@statement("ALIAS", "CATTR", "XATTR")
class Binding(Operation):
    """Without effect on decks of ESD, TXT and RLD cards."""
