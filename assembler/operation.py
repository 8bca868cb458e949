"""What an operation code can stand for in the two passes, and the registry of assembler statements.

Each statement is a class in a file of its own under `assembler/statements/`, entered with `@statement("EQU")`; the
package is searched once and a second claim to a name refuses to import.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from assembler.passes import Assembler
    from assembler.source import Statement


class Operation:
    """An operation as pass 1 (`define`) and pass 2 (`generate`) see it."""

    name = ""
    type_attribute = "U"
    """T' of the name of such a statement, where nothing better is known."""
    length_attribute = 1
    """L' of it."""

    def define(self, asm: Assembler, st: Statement) -> None:
        """Pass 1: define the name, take up space, note literals.  Raises Flaw."""

    def generate(self, asm: Assembler, st: Statement) -> None:
        """Pass 2: produce text, relocation entries and what the listing shows.  Raises Flaw."""


class DuplicateStatement(Exception):
    """Two classes claim one operation code."""


_statements: dict[str, Operation] = {}
_Class = TypeVar("_Class", bound=type[Operation])


def statement(*names: str) -> Callable[[_Class], _Class]:
    """Enter the decorated class under these operation codes; raises DuplicateStatement."""

    def enter(cls: _Class) -> _Class:
        for name in names:
            if name in _statements:
                raise DuplicateStatement(name)
            instance = cls()
            instance.name = name
            _statements[name] = instance
        return cls

    return enter


@cache
def statements() -> dict[str, Operation]:
    """All assembler statements by operation code."""
    package = importlib.import_module("assembler.statements")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return _statements
