"""Statements that steer an assembler and have nothing to steer here: they are accepted without effect.

MHELP traces macros (Assembler XF and H); ACONTROL, ADATA and EXITCTL are the High Level Assembler's.  OPSYN has been
carried out by the macro stage.
"""

from __future__ import annotations

from assembler.operation import Operation, statement


@statement("ACONTROL", "ADATA", "EXITCTL", "MHELP")
class Accepted(Operation):
    pass


@statement("OPSYN")
class Opsyn(Operation):
    pass
