"""The tests of machines and the guest programs once more, on the compiled engine."""

from collections.abc import Iterator
from functools import partial

import pytest
from guest.test_dasd import *  # noqa: F403
from guest.test_displays import *  # noqa: F403
from guest.test_guest import *  # noqa: F403
from guest.test_tapes import *  # noqa: F403
from guest.test_unitrec import *  # noqa: F403
from test_cpu import *  # noqa: F403
from test_cpu_check import *  # noqa: F403
from test_cpu_dat import *  # noqa: F403
from test_cpu_io import *  # noqa: F403
from test_cpu_per import *  # noqa: F403
from test_cpu_signal import *  # noqa: F403
from test_cpu_timers import *  # noqa: F403
from test_trace import *  # noqa: F403

from cpvm.machine import Machine, engines
from cpvm.machine.compiled.engine import CompiledInterpreter
from cpvm.machine.cpu import CPU
from cpvm.machine.interpreter import Interpreter
from cpvm.machine.interruptions import Interruptions


def _make(few: int, name: str, cpu: CPU, interruptions: Interruptions) -> Interpreter:
    engine = _original(engines.COMPILED, cpu, interruptions)
    assert isinstance(engine, CompiledInterpreter)
    engine.few = few
    return engine


_original = engines.make


@pytest.fixture(autouse=True)
def everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All machines have the compiled engine, and use it even for single instructions."""
    monkeypatch.setattr(engines, "make", partial(_make, 1))
    yield


def test_that_is_so() -> None:
    assert isinstance(Machine()._interpreter, CompiledInterpreter)
