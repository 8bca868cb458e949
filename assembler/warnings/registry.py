"""The registry of warnings, and what they can ask of a finished assembly."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from assembler.effects import BRANCHING, STORING, may
from assembler.expression import Expr, Literal, Name, Sum
from assembler.instruction import MachineInstruction, instructions
from assembler.literals import PooledLiteral
from assembler.message import Flaw
from assembler.operand import Operand, parse
from assembler.source import Statement
from assembler.symbols import Section

if TYPE_CHECKING:
    from assembler.options import Options
    from assembler.passes import Assembler

WARNING = 4
"""The severity of a warning."""

CALLS = "macro call"
"""Stands among the operations of a warning for macro instructions."""

Found: TypeAlias = Iterable[Flaw]


@dataclass(frozen=True, slots=True)
class Area:
    """An operand in storage, as it was written and as it was assembled."""

    field: str
    """`a1` or `a2`."""
    operand: Operand
    symbolic: bool
    """The base register was found by USING, not written."""
    base: int
    displacement: int
    address: int
    """As listed: with the addresses of sections as this assembly has them."""


class View:
    """The finished assembly, and where in it a warning is looking."""

    def __init__(self, asm: Assembler, left: Sequence[str] = ()) -> None:
        self.asm = asm
        self.left = left
        """The records of the source that were not read."""
        self.statements = asm.statements
        self.index = 0
        self.notes: dict[str, Any] = {}
        """What warnings keep for the statements to come."""
        self._areas: tuple[int, list[Area]] = (-1, [])

    def operands(self, st: Statement) -> tuple[Operand, ...]:
        """The operands of a statement as trees.  Raises Flaw."""
        return parse(st.operand).operands if st.operand else ()

    def areas(self, st: Statement) -> list[Area]:
        """The operands of a machine instruction that are addresses.  Raises Flaw."""
        if self._areas[0] == st.number:
            return self._areas[1]
        operation = st.operation
        assert isinstance(operation, MachineInstruction)
        value = int.from_bytes(st.code, "big")
        found: list[Area] = []
        single = sum(kind == 1 for kind, _, _ in operation.order) == 1
        for (kind, field, length_field), operand in zip(operation.order, self.operands(st), strict=False):
            if kind != 1:
                continue
            tree = operand.second if operation.is_rx or length_field else operand.first
            base = value >> operation.shift["b" + field[1]] & 15
            displacement = value >> operation.shift["d" + field[1]] & 0xFFF
            address = st.addr1 if field == "a1" else st.addr2
            if single and address < 0:
                address = max(st.addr1, st.addr2)
            symbolic = tree is None and not (operand.two and operation.is_rx)
            found.append(Area(field, operand, symbolic, base, displacement, address))
        self._areas = (st.number, found)
        return found

    def literal(self, st: Statement, operand: Operand) -> PooledLiteral | None:
        """The literal that an operand is, if it is one."""
        tree = operand.address
        if not isinstance(tree, Literal) or st.pool >= len(self.asm.pools):
            return None
        return self.asm.pools[st.pool].find(tree.text, tree.column, st.number)

    def field(self, st: Statement, name: str) -> int:
        """A field of the machine instruction as it was assembled, such as `b1` or `l`; -1 if it has none."""
        operation = st.operation
        if not isinstance(operation, MachineInstruction) or name not in operation.shift:
            return -1
        return int.from_bytes(st.code, "big") >> operation.shift[name] & (1 << operation.bits[name]) - 1

    def following(self, index: int) -> Iterable[Statement]:
        """The statements that have an operation behind the one with that index."""
        for at in range(index + 1, len(self.statements)):
            st = self.statements[at]
            if st.operation is not None:
                yield st

    def before(self, index: int) -> Iterable[Statement]:
        """The statements that take up storage before the one with that index, the nearest first, up to one that is in
        error."""
        for at in range(index - 1, -1, -1):
            st = self.statements[at]
            if st.messages is not None:
                return
            if st.length and st.section is not None and st.operation is not None:
                yield st

    def section_of(self, operand: Operand) -> Section | None:
        """The section in which an operand lies, if it is a symbol with or without something added, or a literal."""
        tree: Expr = operand.address
        while isinstance(tree, Sum):
            tree = tree.parts[0][1]
        if not isinstance(tree, Name):
            return None
        symbol = self.asm.symbols.get(tree.name)
        return symbol.terms[0][0] if symbol is not None and len(symbol.terms) == 1 else None

    @cached_property
    def sound(self) -> bool:
        """Whether there are no errors, so that all addresses are those that were meant."""
        return all(message.severity <= WARNING for message in self.asm.messages)

    @cached_property
    def usings(self) -> list[Statement]:
        """The USING statements."""
        return [st for st in self.statements if st.op == "USING" and st.operation is not None]


class Blunder:
    """One kind of warning."""

    name = ""
    """What FLAG calls it."""
    number = ""
    operations: frozenset[str] = frozenset()
    """The operations whose statements it wants to see."""
    mark = ""
    """What stands in the operands of those that it wants to see."""
    usual = True
    """Whether it is on if blunders are to be told of at all."""
    severity = WARNING

    def wanted(self, options: Options) -> bool:
        """Whether these options turn it on, those of FLAG aside."""
        return self.usual and options.blunders

    def check(self, view: View, st: Statement) -> Found:
        """What is wrong with a statement without messages so far.  Raises Flaw if that cannot be told."""
        return ()

    def finish(self, view: View) -> Iterable[tuple[Statement, Flaw]]:
        """What is wrong with the whole, told at a statement."""
        return ()

    def flaw(self, text: str, column: int = -1) -> Flaw:
        return Flaw(self.number, text, self.severity, column)


class DuplicateWarning(Exception):
    """Two classes claim one name."""


_blunders: dict[str, Blunder] = {}
_Class = TypeVar("_Class", bound=type[Blunder])


def blunder(name: str, number: str, operations: Iterable[str] = ()) -> Callable[[_Class], _Class]:
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


@cache
def branching() -> frozenset[str]:
    """The mnemonics of instructions that may branch to an address, extended ones included."""
    return frozenset(
        name for name, one in instructions().items() if "a2" in one.row.operands and may(one.row, BRANCHING)
    )


@cache
def storing() -> frozenset[str]:
    """The mnemonics of instructions that store."""
    return frozenset(name for name, one in instructions().items() if may(one.row, STORING))
