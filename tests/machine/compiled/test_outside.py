"""When native code lets go of the lock of whoever runs the machine, and when that is not worth it."""

from __future__ import annotations

from types import TracebackType

import pytest

from cpvm.machine import Machine, engines
from cpvm.machine.compiled import state
from cpvm.machine.compiled.engine import BRIEF, CompiledInterpreter
from cpvm.machine.compiled.native import library
from cpvm.s370.psw import PSW

LOOP = bytes.fromhex("5A100300 46200200".replace(" ", ""))  # A 1,X'300'; BCT 2,X'200'


class Lock:
    """Counts how often it was let go."""

    def __init__(self) -> None:
        self.wanted = False
        self.left = 0

    def __enter__(self) -> None:
        self.left += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@pytest.fixture
def machine() -> Machine:
    library().wait()
    made = Machine(1 << 16, engine=engines.COMPILED)
    made.storage.write(0x200, LOOP)
    made.storage.write(0x300, (1).to_bytes(4, "big"))
    made.psw = PSW(address=0x200)
    made.gr[2] = 1 << 30
    made.outside = Lock()
    return made


def after(machine: Machine, reason: int, wanted: bool, instructions: int) -> int:
    """How often the lock was let go in a run that begins after native code had come back for that reason."""
    engine, lock = machine._interpreter, machine.outside
    assert isinstance(engine, CompiledInterpreter) and isinstance(lock, Lock)
    machine.run(BRIEF)  # what is executed for the first time comes back from native code
    engine._reason, lock.wanted, lock.left = reason, wanted, 0
    before = machine.gr[1]
    machine.run(instructions)
    assert machine.gr[1] - before == instructions // 2
    return lock.left


def test_a_short_stretch_between_two_requests_keeps_it(machine: Machine) -> None:
    assert after(machine, state.RESTART, False, BRIEF // 2) == 0


def test_a_long_one_lets_go_of_it(machine: Machine) -> None:
    assert after(machine, state.RESTART, False, BRIEF * 8) > 0


def test_who_computes_lets_go_of_it_at_once(machine: Machine) -> None:
    assert after(machine, state.BUDGET_USED, False, BRIEF // 2) == 1


def test_so_does_everybody_if_somebody_waits(machine: Machine) -> None:
    assert after(machine, state.RESTART, True, BRIEF // 2) == 1
