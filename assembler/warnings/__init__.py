"""Warnings of common blunders: statements that mean something, but surely not what was intended.

Each is a class in a file of its own in this package, entered with `@blunder("OVERLAP", ...)`; FLAG(NOOVERLAP) turns it
off.  They look at the finished assembly: what each statement was assembled to is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from assembler.instruction import instructions
from assembler.message import Flaw
from assembler.operation import Operation, statements
from assembler.warnings.registry import CALLS, Blunder, View, blunder, blunders

if TYPE_CHECKING:
    from assembler.options import Options
    from assembler.passes import Assembler


def known() -> frozenset[str]:
    """The names of all warnings."""
    return frozenset(blunders())


@lru_cache(maxsize=8)
def chosen(options: Options) -> tuple[Blunder, ...]:
    """The warnings that are wanted."""
    return tuple(
        one
        for name, one in blunders().items()
        if name in options.warnings or (one.wanted(options) and not {name, "ALL"} & options.no_warnings)
    )


@lru_cache(maxsize=8)
def _by_operation(wanted: tuple[Blunder, ...], count: int) -> dict[object, tuple[Blunder, ...]]:
    """The warnings that each operation concerns; macro calls are under None.  `count` is that of the instructions,
    which plugins change."""
    operations: dict[str, Operation | None] = {**instructions(), **statements(), CALLS: None}
    found: dict[object, tuple[Blunder, ...]] = {}
    for one in wanted:
        for name in one.operations & operations.keys():
            operation = operations[name]
            found[operation] = (*found.get(operation, ()), one)
    return found


def check(asm: Assembler, left: Sequence[str] = ()) -> None:
    """Look at all statements of a finished assembly; what is found becomes messages.  `left` are the records of the
    source that were not read."""
    wanted = chosen(asm.options)
    if not wanted:
        return
    get = _by_operation(wanted, len(instructions())).get
    view = View(asm, left)
    for index, st in enumerate(asm.statements):
        found = get(st.operation)
        if found is not None and st.messages is None and st.op:
            view.index = index
            operand = st.operand
            for one in found:
                if one.mark in operand:
                    _tell(view, one)
    for one in wanted:
        for st, flaw in one.finish(view):
            asm.flaw(st, flaw)


def _tell(view: View, one: Blunder) -> None:
    st = view.statements[view.index]
    try:
        for flaw in one.check(view, st):
            view.asm.flaw(st, flaw)
    except Flaw:
        return  # what cannot be read has been complained of


__all__ = ["Blunder", "View", "blunder", "blunders", "check", "chosen", "known"]
