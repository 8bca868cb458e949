"""One test, every engine: which tests run on all of them, and machines that use an engine from the first instruction.

`conftest.py` runs each test of the modules named in `MODULES` once for each engine. Whatever makes a machine in such a
test gets that engine, set so that it does all that it can: single instructions are native ones, and regions are
translated at once, before the machine goes on. Processes that a test starts get the engine by `CPVM_ENGINE`.
"""

from collections.abc import Iterable
from typing import Any

import pytest

from cpvm.machine import Machine, Stop, engines
from cpvm.machine.interpreter import Interpreter
from cpvm.machine.stop import ProgramCheck

MODULES = (
    "vectors/test_vectors.py",
    "guest/test_*.py",
    "machine/test_cpu*.py",
    "machine/test_latency.py",
    "machine/test_snapshot.py",
    "machine/test_trace.py",
    "session/test_api.py",
    "session/test_kill.py",
    "session/test_main_job.py",
    "session/test_many.py",
    "session/test_run.py",
    "session/test_sessions.py",
    "session/test_students.py",
    "session/test_typed_ahead.py",
    "cms/test_debug.py",
    "cms/test_edit.py",
    "cms/test_exec.py",
    "cms/test_loader.py",
    "cms/test_nucleus.py",
)
"""Below `tests`. The others of `session` and `cms` build disks and systems, which no engine has a part in."""

ALL = [name for name in engines.ENGINES if name != engines.AUTO and (name == engines.REFERENCE or engines.available())]
"""The engines that can be had."""


def at_once(engine: Any, *, background: bool = False) -> None:
    """Let an engine do all that it can from the beginning.

    The `translated` engine makes a region of whatever has executed a few instructions, before it goes on (or in the
    background, if that is wished), gives up none, and shares none with others.
    """
    if hasattr(engine, "few"):
        engine.few = 1
    if hasattr(engine, "tuning"):
        from cpvm.machine.compiled.shelf import Shelf
        from cpvm.machine.compiled.translated import Tuning

        engine.tuning = Tuning(hot=100, longest=500, quiet=200, changes=4, stay=0, background=background, shelf=Shelf())


def install(patch: pytest.MonkeyPatch, name: str) -> None:
    """Have all machines made from now on use this engine, whatever they ask for."""
    make = engines.make

    def made(wanted: str, *arguments: Any) -> Interpreter:
        engine = make(name, *arguments)
        at_once(engine)
        return engine

    patch.setattr(engines, "make", made)
    patch.setenv("CPVM_ENGINE", name)


def engine_of(machine: Machine) -> Any:
    """The machine's engine, as its tests know it."""
    return machine._interpreter


def warm(machine: Machine, blocks: Iterable[int] | None = None) -> None:
    """Enter whatever the PSW key allows in the access tables, for some blocks or all.

    Native code leaves the first access to each block to Python; a vector, or a short random program, would hardly run
    natively at all. Reference and change bits stay as they are.
    """
    cpu = machine.cpu
    keys = bytes(machine.storage.keys)
    for table in (cpu.fetch_table, cpu.store_table):
        for block in range(machine.storage.size >> 11) if blocks is None else blocks:
            try:
                table[block]
            except ProgramCheck:
                continue
    machine.storage.keys[:] = keys


class WarmMachine(Machine):
    """A machine that is warm at the beginning of each run."""

    def __init__(self, storage: int, blocks: Iterable[int], engine: str = engines.REFERENCE) -> None:
        super().__init__(storage, engine=engine)
        at_once(self._interpreter)
        self._blocks = blocks

    def warm(self) -> None:
        """Make it so now."""
        warm(self, self._blocks)

    def run(self, max_instructions: int) -> Stop:
        self.warm()
        return super().run(max_instructions)
