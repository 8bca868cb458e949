"""The registry of warnings, and what they can ask of a finished assembly."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from assembler.instruction import MachineInstruction
from assembler.message import Flaw
from assembler.operand import Operand, parse
from assembler.source import Statement

if TYPE_CHECKING:
    from assembler.options import Options
    from assembler.passes import Assembler

WARNING = 4
"""The severity of a warning."""

Found: TypeAlias = Iterable[Flaw]


class View:
    """The finished assembly, and where in it a warning is looking."""

    def __init__(self, asm: Assembler) -> None:
        self.asm = asm
        self.statements = asm.statements
        self.index = 0

    def operands(self, st: Statement) -> tuple[Operand, ...]:
        """The operands of a statement as trees.  Raises Flaw."""
        return parse(st.operand).operands if st.operand else ()

    def field(self, st: Statement, name: str) -> int:
        """A field of the machine instruction as it was assembled, such as `b1` or `l`; -1 if it has none."""
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        if name == "x2":
            shift, bits = operation.index_shift, 4
            if not operation.is_rx:
                return -1
        elif name in operation.shift:
            shift, bits = operation.shift[name], operation.bits[name]
        else:
            return -1
        return int.from_bytes(st.code, "big") >> shift & (1 << bits) - 1

    def next(self, after: int) -> int:
        """The index of the next statement that takes up space or has an operation, behind `after`; -1 at the end."""
        for index in range(after + 1, len(self.statements)):
            if self.statements[index].operation is not None:
                return index
        return -1


class Blunder:
    """One kind of warning."""

    name = ""
    """What FLAG calls it."""
    number = ""
    operations: frozenset[str] = frozenset()
    """The operations whose statements it wants to see."""
    usual = True
    """Whether it is on unless an option turns it off."""

    def wanted(self, options: Options) -> bool:
        """Whether these options turn it on, those of FLAG aside."""
        return self.usual

    def check(self, view: View, st: Statement) -> Found:
        """What is wrong with a statement without messages so far.  Raises Flaw if that cannot be told."""
        return ()

    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        """What is wrong with the whole, told at a statement."""
        return ()

    def flaw(self, text: str, column: int = -1) -> Flaw:
        return Flaw(self.number, text, WARNING, column)


class DuplicateWarning(Exception):
    """Two classes claim one name."""


_blunders: dict[str, Blunder] = {}
_Class = TypeVar("_Class", bound=type[Blunder])


def blunder(name: str, number: str, operations: Iterable[str]) -> Callable[[_Class], _Class]:
    """Enter the decorated class; raises DuplicateWarning."""

    def enter(cls: _Class) -> _Class:
        if name in _blunders or any(one.number == number for one in _blunders.values()):
            raise DuplicateWarning(f"{name} {number}")
        one = cls()
        one.name, one.number, one.operations = name, number, frozenset(operations)
        _blunders[name] = one
        return cls

    return enter


@cache
def blunders() -> dict[str, Blunder]:
    """All warnings by name, in alphabetical order."""
    package = importlib.import_module("assembler.warnings")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"assembler.warnings.{module.name}")
    return dict(sorted(_blunders.items()))
