"""What is hot is found, and recorded as it is executed."""

from typing import Any

import pytest

from compiled.linked import ADDS, BACK, CODE, DATA, WAITS
from compiled.parity import StillHost
from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled import state
from cpvm.machine.compiled.engine import LEAST_SLICE
from cpvm.machine.compiled.hot import DEAREST, LINES, Weights
from cpvm.machine.compiled.record import Recording
from cpvm.machine.compiled.regions.plan import Plan, Translation, Untranslatable
from cpvm.machine.compiled.shelf import Shelf
from cpvm.machine.compiled.translated import SPREAD, Tuning
from cpvm.machine.engines import REFERENCE, TRANSLATED
from cpvm.machine.interpreter import Interpreter
from cpvm.s370.psw import PSW


# ---- weights
def test_enough_weight_on_one_line() -> None:
    weights = Weights()
    assert not weights.add(0, 0x1000, 600, 1000)
    assert not weights.add(0, 0x1040, 600, 1000)
    assert not weights.add(1, 0x1000, 600, 1000)
    assert weights.add(0, 0x103E, 400, 1000)


def test_each_time_it_takes_more() -> None:
    weights = Weights()
    needed = []
    for _ in range(9):
        n = 1
        while not weights.add(0, 0, 1000, 1000):
            n += 1
        needed.append(n)
    assert needed == [1, 4, 16, 64, 256, 1024, DEAREST, DEAREST, DEAREST]
    weights.forgive(0, 0)
    assert weights.add(0, 0, 1000, 1000)


def test_light_lines_are_forgotten() -> None:
    weights = Weights()
    weights.add(0, 0, 900_000, 1_000_000)
    for line in range(1, 3 * LINES):
        weights.add(0, 64 * line, 1000, 1_000_000)
    assert len(weights._weights) <= LINES + 1
    assert not weights.add(0, 0, 1, 1_000_000)
    assert weights.add(0, 0, 899_999, 1_000_000)


# ---- recordings
def recorded(code: str, instructions: int = 600, **registers: int) -> tuple[Recording, Machine]:
    """What is seen of a program from X'1400' on, by the reference engine."""
    m = Machine(1 << 16, StillHost(), engine=REFERENCE)
    m.storage.write(0x68, WAITS.to_bytes())
    m.storage.write(0x60, PSW(address=CODE).to_bytes())
    m.storage.write(CODE, bytes.fromhex(code))
    for r, v in ({"r1": CODE, "r12": DATA, "r4": 1_000_000} | registers).items():
        m.gr[int(r[1:])] = v
    m.psw = PSW(address=CODE)
    m.run(1)
    cpu = m.cpu
    cpu.attention = False
    recording = Recording(cpu, instructions, instructions // 3)
    while not recording.over:
        before = recording._left
        recording.go_on(100, lambda: Interpreter._slice(m._interpreter, 1))
        cpu.attention = False
        if recording._left == before:
            break
    return recording, m


def test_a_loop_is_recorded() -> None:
    recording, _ = recorded("5A20C100 47001000 46401000")
    plan = recording.plan(frozenset())
    assert plan is not None
    assert plan.entries == (CODE,)
    assert plan.text == {CODE: ADDS, CODE + 4: bytes.fromhex("47001000"), CODE + 8: bytes.fromhex("46401000")}
    assert set(plan.after[CODE + 8]) == {CODE}
    assert plan.after[CODE + 4].keys() == {CODE + 8}
    assert plan.without == frozenset()


def test_a_recording_ends_when_nothing_is_new() -> None:
    recording, _ = recorded("5A20C100 46401000", 3000)
    assert 3000 - recording._left < 1100


def test_what_is_changed_while_it_is_recorded_is_left_out() -> None:
    recording, _ = recorded("42201009 41220001 92001100 46401000")
    plan = recording.plan(frozenset())
    assert plan is not None
    assert plan.without == {CODE + 8}


def test_what_is_to_be_avoided_is_left_out() -> None:
    recording, _ = recorded("5A20C100 47001000 46401000")
    plan = recording.plan(frozenset({CODE + 4, 0x9000}))
    assert plan is not None
    assert plan.without == {CODE + 4}
    assert recording.plan(frozenset({CODE})) is None


def test_a_program_without_loops_gives_nothing() -> None:
    recording, _ = recorded("0700" * 300, 200)
    assert recording.plan(frozenset()) is None


def test_a_loop_through_a_subroutine_is_entered_at_both() -> None:
    # BAL R5,16(,R1); BCT R4,0(,R1); at X'10': A; BR R5
    recording, _ = recorded("45501010 46401000 07000700 07000700 5A20C100 07F5")
    plan = recording.plan(frozenset())
    assert plan is not None
    assert CODE in plan.entries
    assert CODE + 4 in plan.entries  # the way back
    assert CODE + 0x10 in plan.text


def test_an_interruption_ends_a_recording() -> None:
    m = Machine(1 << 16, StillHost(), engine=REFERENCE)
    m.storage.write(CODE, ADDS + BACK)
    m.gr[1], m.gr[12], m.gr[4] = CODE, DATA, 1000
    m.psw = PSW(address=CODE)
    m.run(20)
    recording = Recording(m.cpu, 500, 500)
    m.cpu.attention = False
    recording.go_on(20, lambda: Interpreter._slice(m._interpreter, 1))
    assert not recording.over
    m.psw = PSW(address=0x3000)
    m.cpu.attention = False
    assert recording.go_on(20, lambda: Interpreter._slice(m._interpreter, 1)) == 0
    assert recording.over


def test_a_supervisor_call_does_not_end_it() -> None:
    """But no way leads over it."""
    recording, _ = recorded("5A20C100 0A05", 300)
    plan = recording.plan(frozenset())
    assert recording._left <= 200
    assert plan is None


def test_what_is_executed_with_another_key_is_not_noted() -> None:
    # SPKA 16; AR; SPKA 0; BCT
    recording, _ = recorded("B20A0010 1A22 B20A0000 46401000")
    plan = recording.plan(frozenset())
    assert plan is None or CODE + 4 not in plan.text


# ---- the engine
def machine(code: str, **tuning: Any) -> Any:
    """A machine that notes plans, and translates nothing."""
    m = Machine(1 << 20, StillHost(), engine=TRANSLATED)
    engine: Any = m._interpreter
    m.plans = []  # type: ignore[attr-defined]

    def note(plan: Plan, native: Any) -> Translation:
        m.plans.append(plan)  # type: ignore[attr-defined]
        raise Untranslatable("noted")

    engine.tuning = Tuning(shelf=Shelf(), translate=note, background=False, **tuning)
    m.storage.write(0x50, (0x7FFFFFFF).to_bytes(4, "big"))
    m.storage.write(0x60, PSW(mode=0, address=0x3000).to_bytes())
    m.storage.write(0x68, WAITS.to_bytes())
    m.storage.write(CODE, bytes.fromhex(code))
    m.gr[1], m.gr[12], m.gr[4] = CODE, DATA, 0x7FFFFFFF
    m.psw = PSW(address=CODE)
    return m


def test_a_hot_loop_is_found_and_only_once_it_is_hot() -> None:
    m = machine("5A20C100 46401000", hot=4_000_000)
    m.run(3_900_000)
    assert not m.plans
    m.run(1_000_000)
    assert len(m.plans) == 1
    m.run(3_000_000)
    assert len(m.plans) == 1


def test_a_loop_that_always_needs_python_is_found() -> None:
    """Native code comes back for STCK in each round: no run ends where its budget ends."""
    m = machine("5A20C100 1A33 B205C200 46401000", hot=400_000)
    m.run(1_000_000)
    assert m.plans
    assert m._interpreter.exits[state.RESTART] > 100_000


def test_two_loops_that_take_turns_are_both_found() -> None:
    code = "41400063 5A20C100 46401004 41400063 5B20C100 46401010 47F01000"
    m = machine(code, hot=400_000, quiet=150, longest=400)
    for _ in range(300):
        m.run(10_007)  # less than a slice: what is measured does not decide where samples are taken
    seen = {a for plan in m.plans for a in plan.entries}
    assert {CODE + 4, CODE + 0x10} <= seen


@pytest.mark.parametrize("regions", [False, True])
def test_portions_do_not_go_in_step_with_loops(regions: bool) -> None:
    """With regions, what is executed at a time is another number each time."""
    m = machine("5A20C100 46401000", hot=1 << 40)
    engine = m._interpreter
    if regions:
        engine.links._at[0] = None
    seen = set()
    for _ in range(20):
        m.run(100_000)
        seen.add(engine.at_once)
    assert (len(seen) > 10) == regions
    assert not regions or all(LEAST_SLICE <= n < LEAST_SLICE + SPREAD for n in seen)


def test_program_event_recording_is_exact_with_regions() -> None:
    """PER is the reference engine's work, whatever is linked."""
    m = Machine(1 << 16, StillHost(), engine=TRANSLATED)
    engine: Any = m._interpreter
    engine.tuning = Tuning(hot=100, longest=500, quiet=200, background=False, shelf=Shelf())
    m.storage.write(CODE, ADDS + BACK)
    m.storage.write(0x68, PSW(mode=8 + 2, address=0xBAD).to_bytes())
    m.gr[1], m.gr[12], m.gr[4] = CODE, DATA, 1_000_000
    m.psw = PSW(mode=8, address=CODE)
    m.run(1000)
    m.run(1000)
    assert len(engine.links) == 1
    m.set_cr(9, 0x40000000)
    m.set_cr(10, CODE + 4)
    m.set_cr(11, CODE + 4)
    m.psw = PSW(0x40, 0, 8, address=CODE)
    stop = m.run(5000)
    assert (stop.reason, stop.detail, stop.instructions) == (StopReason.DISABLED_WAIT, 0xBAD, 2)


def test_memory_of_a_machine_that_has_regions() -> None:
    """A hundred kilobytes at most besides touched storage: tables, links, descriptors, weights."""
    import tracemalloc

    warm = machine("5A20C100 46401000")
    warm.run(5000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    m = machine("5A20C100 46401000")
    m.run(5000)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 100_000
