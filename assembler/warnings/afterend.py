"""AFTEREND: statements behind END, which nobody reads."""

from __future__ import annotations

from collections.abc import Iterable

from assembler.message import OPERATION_FIELD, Flaw
from assembler.source import Statement, is_comment
from assembler.warnings.registry import Blunder, View, blunder

_NOTHING = "".join(map(chr, range(ord(" ") + 1)))
"""Characters that make no statement, among them the one that ends files of some systems (X'1A')."""


@blunder("AFTEREND", "IFO365")
class AfterEnd(Blunder):
    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        left = [line for line in view.left if line.strip(_NOTHING) and not is_comment(line)]
        if left and left[0].startswith("/"):  # the program was cut out of a job
            return
        end = next((st for st in reversed(view.statements) if st.op == "END" and st.operation is not None), None)
        if left and end is not None:
            what = "A RECORD" if len(left) == 1 else f"{len(left)} RECORDS"
            yield (
                end,
                self.flaw(f"{what} BEHIND END {'IS' if len(left) == 1 else 'ARE'} NOT ASSEMBLED", OPERATION_FIELD),
            )
