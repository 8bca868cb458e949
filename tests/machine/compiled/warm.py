"""Machines on the compiled engine that know beforehand where storage may be accessed.

Native code leaves the first access to each block to Python; a vector, or a short random program, would hardly run
natively at all.
"""

from collections.abc import Iterable

from cpvm.machine import Machine, Stop
from cpvm.machine.compiled.engine import CompiledInterpreter
from cpvm.machine.stop import ProgramCheck


def engine_of(machine: Machine) -> CompiledInterpreter:
    """The machine's engine."""
    engine = machine._interpreter
    assert isinstance(engine, CompiledInterpreter)
    return engine


def warm(machine: Machine, blocks: Iterable[int] | None = None) -> None:
    """Enter whatever the PSW key allows in the access tables, for some blocks or all.

    Reference and change bits stay as they are.
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
    """A machine that is warm at the beginning of each run, and executes even single instructions natively."""

    def __init__(self, storage: int, blocks: Iterable[int]) -> None:
        super().__init__(storage, engine="compiled")
        engine_of(self).few = 1
        self._blocks = blocks

    def run(self, max_instructions: int) -> Stop:
        warm(self, self._blocks)
        return super().run(max_instructions)
