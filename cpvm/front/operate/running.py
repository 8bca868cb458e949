"""Runs a machine together with whoever looks after it; time passes for it while it waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cpvm.front.barehost import OwnClock
from cpvm.front.operate.attendant import LOOK, Attendant
from cpvm.front.tracing import Executed, Follower
from cpvm.machine import Stop, StopReason
from cpvm.machine.interruptions import COMPARATOR_MASK, CPU_TIMER_MASK, TIMER_MASK
from cpvm.s370.psw import EXTERNAL_MASK

if TYPE_CHECKING:
    from cpvm.front.bare import BareMachine

SLICE: Final = 20_000
"""Instructions between two looks of the attendant."""
LONGEST: Final = 1 << 28
"""The same, on a fast engine, if it makes no difference to the attendant; but not longer than LATENCY, about."""
LATENCY: Final = 0.004  # seconds
TRACED_SLICE: Final = 500  # the same while each one is followed
TICK: Final = 0.01  # seconds between two looks at the clock while the machine waits for its timer

Trace = Callable[[Executed], None]


def go(machine: BareMachine, limit: int | None, attendant: Attendant, trace: Trace | None) -> Stop | None:
    """Run until the machine stops or `limit` instructions are executed. See `BareMachine.go`."""
    began = machine.executed
    follower = Follower(machine)
    portion = SLICE
    while True:
        while attendant.held:
            if not attendant.idle(None):
                return None
        if not attendant.unhurried:
            portion = SLICE
        left = _least(portion, attendant.patience(), None if limit is None else limit - (machine.executed - began))
        start = time.perf_counter()
        stop = _slice(machine, left, follower, trace) if trace else machine.run(left)
        if stop.instructions == portion:
            portion = _fitting(portion, time.perf_counter() - start)
        machine.executed += stop.instructions
        done = machine.executed - began
        looks = stop.reason is StopReason.HOST and stop.detail == LOOK
        if not looks and stop.reason not in (StopReason.WAIT, StopReason.BUDGET):
            return Stop(stop.reason, done, stop.detail)
        if done == limit:
            return Stop(StopReason.BUDGET, done, machine.psw.address)
        if machine.operator.starved or (stop.reason is StopReason.WAIT and not _pass_time(machine, attendant)):
            return None
        if stop.reason is not StopReason.WAIT:
            attendant.look()


def _fitting(portion: int, took: float) -> int:
    """How many instructions the next slice should have, if the last one had so many and took these seconds."""
    if took < LATENCY / 2:
        return min(2 * portion, LONGEST)
    return max(portion // 2, SLICE) if took > LATENCY else portion


def _least(*numbers: int | None) -> int:
    return min(number for number in numbers if number is not None)


def _slice(machine: BareMachine, limit: int, follower: Follower, trace: Trace) -> Stop:
    """`run` for a machine that is traced."""
    done = 0
    while done < min(limit, TRACED_SLICE):
        executed = follower.next()
        if isinstance(executed, Stop):
            return Stop(executed.reason, done, executed.detail)
        done += executed.step.stop.instructions
        trace(executed)
        if executed.step.stop.reason is not StopReason.BUDGET:
            return Stop(executed.step.stop.reason, done, executed.step.stop.detail)
    return Stop(StopReason.BUDGET, done)


def _pass_time(machine: BareMachine, attendant: Attendant) -> bool:
    """Let time pass until something happens. False if nothing can."""
    if isinstance(machine.host, OwnClock):
        return _skip(machine, attendant)
    enabled = machine.cr[0] & (TIMER_MASK | COMPARATOR_MASK | CPU_TIMER_MASK)
    timed = bool(machine.psw.system_mask & EXTERNAL_MASK and enabled)
    start = time.monotonic()
    if not attendant.idle(TICK if timed else None):
        if not timed:
            return False
        time.sleep(TICK)
    # On a real machine the timers count while the CPU waits, too.
    machine.cpu.timers.advance(int((time.monotonic() - start) * 1_000_000))
    return True


def _skip(machine: BareMachine, attendant: Attendant) -> bool:
    """The same for a machine with a clock of its own: its time skips to the end of the next timer."""
    ahead = machine.next_timer()
    before = machine.virtual_time
    if not attendant.idle(None if ahead is None else 0) and ahead is None:
        return False
    if ahead is not None and machine.virtual_time == before:
        machine.let_pass(ahead)
    return True
