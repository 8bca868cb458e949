"""Native code comes back soon when it is told to, and by itself when what it does takes long."""

from typing import Any

import pytest

from compiled.linked import ADDS, CODE, DATA
from compiled.parity import StillHost
from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled import state
from cpvm.machine.compiled.engine import LATENCY
from cpvm.machine.compiled.shelf import Shelf
from cpvm.machine.compiled.translated import Tuning
from cpvm.machine.engines import COMPILED, TRANSLATED
from cpvm.s370.psw import PSW

LONG = 1 << 40
"""Instructions: hours."""

LOOPS = {
    "add": "5A20C100 07F1",
    "decimal": "FA77C200C208 FB77C200C208 07F1",
    "move": "D2FFC300C400 07F1",
    "translate": "DCFFC300C400 07F1",
    "exclusive or": "D7FFC300C400 07F1",
    "long move": "98 25C210 0E24 07F1",
    "long compare": "98 25C210 0F24 07F1",
}


def machine(engine: str, code: str) -> Any:
    """A machine with an endless loop, as hot as it becomes."""
    m = Machine(1 << 20, StillHost(), engine=engine)
    native: Any = m._interpreter
    if engine == TRANSLATED:
        native.tuning = Tuning(hot=2000, longest=200, quiet=50, background=False, stay=0, shelf=Shelf())
    m.storage.write(CODE, bytes.fromhex(code))
    m.storage.write(DATA + 0x200, (bytes(7) + b"\x1c") * 2)
    words = 0x20000, 0x40000, 0x80000, 0x40000
    m.storage.write(DATA + 0x210, b"".join(v.to_bytes(4, "big") for v in words))
    m.gr[1], m.gr[12] = CODE, DATA
    m.psw = PSW(address=CODE)
    m.cpu.timers.interval_running = False
    m.run(5000)
    m.run(5000)
    m.cpu.attention = False
    native.at_once = LONG
    return m


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        *((COMPILED, kind) for kind in LOOPS if kind != "add"),
        *((TRANSLATED, kind) for kind in ("decimal", "translate", "long move", "long compare")),
    ],
)
def test_long_operations_use_up_patience(engine: str, kind: str) -> None:
    """Without it these would go on for hours. What they take is at least a nanosecond in eight bytes."""
    m = machine(engine, LOOPS[kind])
    native = m._interpreter
    done = native._native(LONG)
    assert native._reason == state.BUDGET_USED
    assert native._words[state.PATIENCE >> 3] < 0
    assert done < 3 * LATENCY
    assert m.run(100).reason is StopReason.BUDGET


@pytest.mark.parametrize("kind", LOOPS)
def test_a_stop_is_heard_at_the_next_branch(kind: str) -> None:
    """STOP is set as if another thread had set it the moment after native code was called."""
    m = machine(COMPILED, LOOPS[kind])
    native = m._interpreter
    run = native._run

    def interrupted(address: int) -> int:
        native._words[state.STOP >> 3] = 1
        reason: int = run(address)
        return reason

    native._run = interrupted
    for offset in (0, 4):
        m.psw = PSW(address=CODE + offset if kind == "add" else CODE)
        m.cpu.attention = False
        assert native._native(LONG) <= 2
        assert native._reason == state.BUDGET_USED


def test_a_nudge_is_heard_before_native_code_begins() -> None:
    """Attention was called for after the last look around."""
    m = machine(COMPILED, LOOPS["add"])
    m.nudge()
    assert m._interpreter._native(1000) == 0
    m.cpu.attention = False
    assert m._interpreter._native(1000) == 1000


def test_attention_is_not_lost_when_native_code_changes_the_psw() -> None:
    """SPKA is native; a nudge comes while it is executed."""
    m = machine(COMPILED, "B20A0010 07F1")
    native = m._interpreter
    run = native._run

    def nudged(address: int) -> int:
        reason: int = run(address)
        m.nudge()
        return reason

    native._run = nudged
    m.psw = PSW(address=CODE)
    m.cpu.attention = False
    native._native(3)
    assert m.psw.key == 1
    assert m.cpu.attention


def test_the_bank_is_drawn_where_regions_are_entered_and_nowhere_else() -> None:
    """What may be interpreted in one go is limited, what regions execute is not."""
    m = machine(TRANSLATED, "5A20C100 46401000 41400FFF 07F1")
    native = m._interpreter
    m.run(5000)
    m.run(5000)
    assert len(native.links) >= 1
    m.cpu.attention = False
    native._dice = 0
    done = native._native(3_000_000)
    assert (done, native._reason) == (3_000_000, state.BUDGET_USED)
    for region in list(native.links):
        native._unlink(region)
    native.tuning.hot = LONG
    native.at_once = 20_000
    done = native._native(3_000_000)
    assert 20_000 <= done <= 22_000
    assert m.gr[2] == 0  # it adds zeros


def test_budgets_are_exact_with_the_bank() -> None:
    m = machine(TRANSLATED, "5A20C100 46401000 41400FFF 07F1")
    m.storage.write(DATA + 0x100, (1).to_bytes(4, "big"))
    m.gr[4], m.gr[2] = 0x7FFFFFFF, 0
    m.psw = PSW(address=CODE)
    total = 0
    for n in (5000, 200_001, 3_000_000, 7, 65_536 * 3, 1_000_003):
        assert m.run(n).instructions == n
        total += n
        assert m.gr[2] == (total + 1) // 2
        assert 0x7FFFFFFF - m.gr[4] == total // 2
    assert m.storage.read(CODE, 4) == ADDS
