"""Which engine executes a machine's instructions.

All give the same results. `reference` is written in Python. `compiled` is native code made of the same definitions
through llvmlite, which is an optional package; without it the reference engine does the work.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from cpvm.machine.enginestats import EngineStatistics
from cpvm.machine.interpreter import Interpreter

if TYPE_CHECKING:
    from cpvm.machine.cpu import CPU
    from cpvm.machine.interruptions import Interruptions

__all__ = ["AUTO", "COMPILED", "ENGINES", "REFERENCE", "EngineError", "EngineStatistics", "available", "make"]

REFERENCE: Final = "reference"
COMPILED: Final = "compiled"
AUTO: Final = "auto"
ENGINES: Final = (REFERENCE, COMPILED, AUTO)


class EngineError(Exception):
    """An engine that cannot be had; one line for the user."""


def available() -> bool:
    """Whether the compiled engine can be had here."""
    return importlib.util.find_spec("llvmlite") is not None


def make(name: str, cpu: CPU, interruptions: Interruptions) -> Interpreter:
    """The engine with this name. `auto` is the compiled one, as soon as it is ready, where it can be had.

    Raises:
        EngineError: there is no such engine, or it is not available here.
    """
    if name == REFERENCE or (name == AUTO and not available()):
        return Interpreter(cpu, interruptions)
    if name not in ENGINES:
        raise EngineError(f"there is no engine {name}: it is one of {', '.join(ENGINES)}")
    if not available():
        raise EngineError("the compiled engine needs the package llvmlite, which is not installed")
    from cpvm.machine.compiled import native  # llvmlite is imported only where it is used
    from cpvm.machine.compiled.engine import CompiledInterpreter

    library = native.library()
    if name == COMPILED:
        library.wait()
    else:
        library.start()
    return CompiledInterpreter(cpu, interruptions, library)
