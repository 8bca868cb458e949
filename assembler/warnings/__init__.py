"""Warnings of common blunders: statements that mean something, but surely not what was intended.

Each is a class in a file of its own in this package, entered with `@blunder("OVERLAP", ...)`; FLAG(NOOVERLAP) turns it
off.  They look at the finished assembly: what each statement was assembled to is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.message import Flaw
from assembler.operation import Operation, statements
from assembler.warnings.registry import Blunder, Found, View, blunder, blunders

if TYPE_CHECKING:
    from assembler.options import Options
    from assembler.passes import Assembler


def known() -> frozenset[str]:
    """The names of all warnings."""
    return frozenset(blunders())


def chosen(options: Options) -> list[Blunder]:
    """The warnings that are wanted."""
    return [
        one
        for name, one in blunders().items()
        if name in options.warnings
        or (one.wanted(options) and not {name, "ALL"} & options.no_warnings)
    ]  # fmt: skip


def check(asm: Assembler) -> None:
    """Look at all statements of a finished assembly; what is found becomes messages."""
    by_operation: dict[object, list[Blunder]] = {}
    from assembler.instruction import instructions

    wanted = chosen(asm.options)
    known_operations: dict[str, Operation] = {**instructions(), **statements()}
    for one in wanted:
        for name in one.operations:
            if name in known_operations:
                by_operation.setdefault(known_operations[name], []).append(one)
    view = View(asm)
    get = by_operation.get
    for index, st in enumerate(asm.statements):
        found = get(st.operation)
        if found is not None and st.messages is None:
            view.index = index
            for one in found:
                _tell(asm, one, view)
    for one in wanted:
        for st, flaw in one.finish(view):
            asm.flaw(st, flaw)


def _tell(asm: Assembler, one: Blunder, view: View) -> None:
    st = asm.statements[view.index]
    try:
        for flaw in one.check(view, st):
            asm.flaw(st, flaw)
    except Flaw:
        return  # what cannot be evaluated has been complained of


__all__ = ["Blunder", "Found", "View", "blunder", "blunders", "check", "chosen", "known"]
