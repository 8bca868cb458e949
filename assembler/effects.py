"""What a machine instruction does with each of its operands, read from its semantics.

The bodies in `cpvm.s370.instructions` are plain functions over a small set of operations; their syntax trees tell which
operand is stored into, branched to, executed, or names a general register that is used or changed.  So instructions of
plugins are known too, and nothing has to be written twice.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from assembler.instruction import MachineInstruction
from cpvm.s370.insn import Insn

Tags: TypeAlias = frozenset[str]

STORING = frozenset(("check_store", "store1", "store2", "store4", "store8"))
BRANCHING = frozenset(("branch",))
_NOTHING: Tags = frozenset()
_DEPTH = 4
"""Functions inside each other that are looked into."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Names of operands (`a1 a2 r1 r2 r3`) by what is done with them."""

    stored: Tags
    """Addresses at which something is stored."""
    branched: Tags
    """Addresses, or registers with addresses, to which it may branch."""
    executed: Tags
    """Addresses of instructions that it executes."""
    used: Tags
    """Operands that name general registers."""
    changed: Tags
    """Operands that name general registers which are changed."""


@lru_cache(maxsize=64)
def _functions(file: str) -> dict[int, ast.FunctionDef]:
    """The functions in a file by the number of their first line, which may be that of a decorator."""
    found: dict[int, ast.FunctionDef] = {}
    for node in ast.walk(ast.parse("".join(linecache.getlines(file)))):
        if isinstance(node, ast.FunctionDef):
            found[min([node.lineno, *(one.lineno for one in node.decorator_list)])] = node
    return found


class _Scan(ast.NodeVisitor):
    """Follows the names of operands through one function."""

    def __init__(self, function: Callable[..., object], names: dict[str, Tags], depth: int) -> None:
        self.names = names
        self.depth = depth
        self.globals = function.__globals__
        self.found: dict[str, set[str]] = {}
        tree = _functions(function.__code__.co_filename)[function.__code__.co_firstlineno]
        for _ in range(2):  # a loop may carry a name round
            self.visit(tree)

    def tags(self, tree: ast.expr) -> Tags:
        """The operands that a number is computed from, not through what is fetched."""
        if isinstance(tree, ast.Name):
            return self.names.get(tree.id, _NOTHING)
        if isinstance(tree, ast.BinOp):
            return self.tags(tree.left) | self.tags(tree.right)
        if isinstance(tree, ast.IfExp):
            return self.tags(tree.body) | self.tags(tree.orelse)
        return _NOTHING

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id not in _OPERANDS:
                self.names[target.id] = self.names.get(target.id, _NOTHING) | self.tags(node.value)
                self.names[f"{target.id} from"] = self._registers(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        first = self.tags(node.args[0]) if node.args else _NOTHING
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in STORING:
                self._note("stored", first)
            elif name == "branch":
                self._note("branched", first | self._registers(node.args[0]))
            elif name == "execute":
                self._note("executed", first)
            elif name in ("gr", "gru", "set_gr"):
                self._note("used", first)
                if name == "set_gr":
                    self._note("changed", first)
        elif isinstance(node.func, ast.Name) and self.depth:
            self._enter(node.func.id, node.args)

    def _registers(self, tree: ast.expr) -> Tags:
        """The registers that an address comes from."""
        inside = [
            self.tags(one.args[0])
            for one in ast.walk(tree)
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in ("gr", "gru")
        ]
        if isinstance(tree, ast.Name):
            inside.append(self.names.get(f"{tree.id} from", _NOTHING))
        return frozenset().union(*inside)

    def _enter(self, name: str, given: list[ast.expr]) -> None:
        function = self.globals.get(name)
        if not inspect.isfunction(function):
            return
        parameters = function.__code__.co_varnames[: function.__code__.co_argcount]
        names = tuple((one, self.tags(tree)) for one, tree in zip(parameters, given, strict=False))
        if any(tags for _, tags in names):
            for what, tags in _inside(function, names, self.depth - 1).items():
                self._note(what, tags)

    def _note(self, what: str, tags: Tags) -> None:
        self.found.setdefault(what, set()).update(tags)


_OPERANDS = frozenset(("a1", "a2", "r1", "r2", "r3"))


@lru_cache(maxsize=1024)
def _inside(function: Callable[..., object], names: tuple[tuple[str, Tags], ...], depth: int) -> dict[str, Tags]:
    """What a function does with the operands that it is given under these names."""
    found = _Scan(function, dict(names), depth).found
    return {what: frozenset(tags) for what, tags in found.items()}


@lru_cache(maxsize=1024)
def effects(row: Insn) -> Effects:
    """What an instruction does with its operands; nothing is known of one whose source is not there."""
    names = {name: frozenset((name,)) for name in row.operands if name in _OPERANDS}
    try:
        found = _Scan(inspect.unwrap(row.body), names, _DEPTH).found
    except (KeyError, OSError, SyntaxError):
        found = {}

    def only(what: str, letters: str) -> Tags:
        return frozenset(one for one in found.get(what, ()) if one[0] in letters)

    return Effects(
        only("stored", "a"), only("branched", "ar"), only("executed", "a"), only("used", "r"), only("changed", "r")
    )  # fmt: skip


def may(row: Insn, operations: frozenset[str]) -> bool:
    """Whether an instruction's semantics, or a function that they call, mention one of these operations; quickly."""
    body = inspect.unwrap(row.body)
    pending, seen = [body], {body}
    while pending:
        function = pending.pop()
        names = function.__code__.co_names
        if not operations.isdisjoint(names):
            return True
        for name in names:
            other = function.__globals__.get(name)
            if inspect.isfunction(other) and other not in seen:
                seen.add(other)
                pending.append(other)
    return False


def changed_registers(instruction: MachineInstruction, code: bytes) -> list[int]:
    """The general registers that an instruction as assembled changes."""
    found = effects(instruction.row)
    return _expanded(instruction, code, found.changed)


def used_registers(instruction: MachineInstruction, code: bytes) -> list[int]:
    """The general registers that its register operands name, pairs and ranges included; not those of addresses."""
    return _expanded(instruction, code, effects(instruction.row).used)


def _expanded(instruction: MachineInstruction, code: bytes, names: Tags) -> list[int]:
    row = instruction.row
    value = int.from_bytes(code, "big")
    numbers = {name: value >> instruction.shift[name] & 15 for name in names if name in instruction.shift}
    found: list[int] = []
    for name, number in sorted(numbers.items()):
        if name == "r1" and "r3" in row.operands and "r3" not in effects(row).used:  # LM and STM: all up to r3
            last = value >> instruction.shift["r3"] & 15
            found += [(number + step) % 16 for step in range((last - number) % 16 + 1)]
            continue
        found.append(number)
        if name in row.even and number % 2 == 0:
            found.append(number + 1)
    return list(dict.fromkeys(found))
