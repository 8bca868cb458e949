"""The compiled interpreter: the reference engine, with native code for whatever native code can do.

The state of the CPU stays where it is, in Python; it is copied into the state block before native code runs, and back
when that has come to its end.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Set
from dataclasses import replace
from time import perf_counter_ns, thread_time_ns
from typing import TYPE_CHECKING, Final

from cpvm.machine.access import SHIFT
from cpvm.machine.compiled import state
from cpvm.machine.compiled.tables import SET_BYTES, TABLE_BYTES, NativeTables
from cpvm.machine.compiled.writing import write_address
from cpvm.machine.enginestats import EngineStatistics
from cpvm.machine.interpreter import SLICE, Interpreter
from cpvm.machine.interruptions import COMPARATOR_MASK, CPU_TIMER_MASK, TIMER_MASK
from cpvm.machine.quick.lease import Leases
from cpvm.machine.stop import ProgramCheck
from cpvm.machine.timers import TICKS_PER_SECOND, TOD_MICROSECOND
from cpvm.s370 import psa
from cpvm.s370.ops import ADDRESS_MASK
from cpvm.s370.psw import EC, EC_TRANSLATION

if TYPE_CHECKING:
    from cpvm.machine.compiled.native import Library
    from cpvm.machine.cpu import CPU
    from cpvm.machine.interruptions import Interruptions

LEAST_SLICE: Final = 8 * SLICE
LONG_SLICE: Final = 128 * SLICE
"""Limits of the number of instructions in a slice, which are as many as take LATENCY: a stop is to come soon."""

LATENCY: Final = 700_000
"""Nanoseconds."""

BRIEF: Final = 4096
"""Instructions that are executed first, before the lock of whoever runs the machine is let go (`Machine.outside`), if
the last ones ended with something that is not for native code: then that is likely to come again soon."""

BRIEFLY: Final = 20_000
"""Nanoseconds that moves of long areas may take of that."""

NEAR: Final = 64
"""Instructions executed one by one in blocks that somebody watches, before it is seen whether they go on elsewhere."""

FEW: Final = 4
"""Fewer instructions than these are executed by the reference engine."""

# of the words of the state block, which are looked at each time
_STOP: Final = state.STOP >> 3
_BUDGET: Final = state.BUDGET >> 3
_BANK: Final = state.BANK >> 3
_SIPPED: Final = state.SIPPED >> 3
_PATIENCE: Final = state.PATIENCE >> 3
_EPOCH: Final = state.EPOCH >> 3
_PREFIX: Final = state.PREFIX >> 3
_QUIET: Final = state.QUIET >> 3
_FETCH: Final = state.FETCH >> 3
_STORE: Final = state.STORE >> 3
_ILC: Final = state.ILC >> 3
_CODE: Final = state.CODE >> 3
_OPERAND: Final = state.OPERAND >> 3

_WORDS: Final = {1: 0x00000000, 2: 0x40000000, 3: 0xC0000000}
"""Instruction length in halfwords -> something of that length, for `CPU.word`."""


class CompiledInterpreter(Interpreter):
    """Executes instructions for one CPU."""

    name = "compiled"
    slice_length = LONG_SLICE
    at_once = LONG_SLICE
    """What is left of a slice is executed on entering translated regions only, if it is more than that."""

    def __init__(self, cpu: CPU, interruptions: Interruptions, library: Library) -> None:
        super().__init__(cpu, interruptions)
        self._library = library
        self._run: Callable[[int], int] | None = None
        self._resume: Callable[[int, int], int]
        self._exactly = False
        self._elsewhere = False
        """What comes next is not for native code, though it could do it."""
        self._reason = state.BUDGET_USED
        self.few = FEW
        self._portion = LEAST_SLICE
        self.native_instructions = 0
        self.exits = [0] * len(state.REASONS)
        """How often native code came back, by reason (see `cpvm.machine.compiled.state`)."""
        self._block = bytearray(state.LENGTH)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._block))
        self._words = memoryview(self._block).cast("q")
        storage = cpu.storage
        self._pins = ctypes.c_char.from_buffer(storage.data), ctypes.c_char.from_buffer(storage.keys)
        self._tables = NativeTables()
        cpu.use_tables(self._tables.make)
        self._set(state.STORAGE, ctypes.addressof(self._pins[0]))
        self._set(state.KEYS, ctypes.addressof(self._pins[1]))
        self._set(state.SIZE, storage.size)
        self._set(state.TABLES, self._tables.address)
        self._used_pin = ctypes.c_char.from_buffer(self._tables.used)
        self._set(state.USED, ctypes.addressof(self._used_pin))
        self._set(state.WRITE, write_address())
        can_write = self._words[state.WRITE >> 3] != 0
        self._leases = Leases(cpu.machine.io, self._block, state.CHANNELS, self._address, can_write)

    def nudge(self) -> None:
        super().nudge()
        self._words[state.STOP >> 3] = 1  # in this order, see `_native`

    def statistics(self) -> EngineStatistics:
        exits = {state.REASONS[reason]: count for reason, count in enumerate(self.exits) if count}
        found = replace(super().statistics(), native=self.native_instructions, exits=exits)
        return replace(found, engine=Interpreter.name) if self._run is None and self.note else found

    def _set(self, where: int, v: int) -> None:
        self._words[where >> 3] = v

    def _watched(self) -> int:
        self._exactly = True
        try:
            return super()._watched()
        finally:
            self._exactly = False

    def _slice(self, planned: int) -> int:
        if self._run is None and self._library.native is not None:
            self._run = self._library.native.run
            self._resume = self._library.native.resume
        if planned < self.few or self._exactly or self._run is None:
            return super()._slice(min(planned, SLICE))
        if self._tables.fenced and self.address_stop is None and self.observation is None:
            self._fenced(frozenset())
        cpu = self._cpu
        left = planned = min(planned, self._horizon(), self._portion)
        now = perf_counter_ns if self.outside is None else thread_time_ns  # not what others have meanwhile
        begun = now()
        while left > 0 and not cpu.attention:
            left -= self._native(left)
            if cpu.attention or left <= 0 or self._elsewhere:
                break
            if self._reason == state.BUDGET_USED and now() - begun < LATENCY:
                continue
            if self._reason == state.RESTART and self._leases.again():
                continue
            if self._tables.fenced and (cpu.ia & ADDRESS_MASK) >> SHIFT in self._tables.fenced:
                break
            if planned - left >= SLICE:
                break  # time is charged before an instruction that may look at it
            left -= super()._slice(1)
        done = planned - left
        if done >= LEAST_SLICE:
            took = now() - begun
            self._portion = min(max(done * LATENCY // (took + 1), LEAST_SLICE), self.slice_length)
        return done

    def _watchful(self, planned: int) -> int:
        """Native code executes what nobody wants to see: what stands outside of certain blocks."""
        fence = self._fence()
        if fence is None:
            return super()._watchful(planned)
        if fence != self._tables.fenced:
            self._fenced(fence)
        if (self._cpu.ia & ADDRESS_MASK) >> SHIFT in fence:
            return super()._watchful(min(planned, NEAR))
        if planned < self.few or self._library.native is None:  # a slice would not be native, and see no fence
            return super()._watchful(planned)
        return self._slice(min(planned, self.slice_length))

    def _fence(self) -> Set[int] | None:
        """The blocks of which each instruction must be looked at; None: all."""
        blocks: Set[int] = frozenset()
        if self.observation is not None:
            wanted = self.observation.observer.blocks
            if wanted is None:
                return None
            blocks = wanted
        if self.address_stop is not None:
            blocks = blocks | {self.address_stop >> SHIFT}
        return blocks

    def _fenced(self, blocks: Set[int]) -> None:
        """Execute nothing natively in these logical blocks, and everything else."""
        self._tables.fence(blocks)

    def _horizon(self) -> int:
        """Instructions until one of the timers may become negative, as the host charges for them; SLICE at least."""
        timers = self._cpu.timers
        least = self.slice_length
        left = timers.cpu_timer()
        if left >= 0:
            least = min(least, left // (TOD_MICROSECOND * self._rate) + 1)
        ticks = self._cpu.real4(psa.INTERVAL_TIMER)
        if timers.interval_running and not ticks >> 31:
            least = min(least, (ticks + 1) * 1_000_000 // (TICKS_PER_SECOND * self._rate) + 1)
        return max(least, SLICE)

    def _native(self, budget: int) -> int:
        """Execute up to so many instructions natively; gives their number."""
        assert self._run is not None
        cpu = self._cpu
        block, words = self._block, self._words
        words[_STOP] = 0
        if cpu.attention:  # after that: whoever calls for it and then sets STOP is heard here or there
            self._reason = state.BUDGET_USED
            return 0
        outside = self.outside
        run, patience = self._run, LATENCY
        if outside is not None and self._reason != state.BUDGET_USED and not outside.wanted:
            outside, run, patience = None, self._library.held, BRIEFLY
            budget = min(budget, BRIEF)
        general, floating = cpu.general, cpu.floating
        state.REGISTERS.pack_into(
            block,
            0,
            *general,
            *floating,
            *cpu.control,
            cpu.ia & 0xFFFFFF,
            cpu.condition,
            cpu.pmask,
            cpu.state,
            cpu.protection,
            cpu.smask,
        )
        words[_BUDGET] = at_once = min(budget, self.at_once)
        words[_BANK] = budget - at_once
        words[_SIPPED] = 0
        words[_PATIENCE] = patience
        words[_EPOCH] += 1
        words[_PREFIX] = cpu.prefix_register
        leases = self._leases
        leases.alone = self.outside is None and self.observation is None
        words[_QUIET] = self._quiet() if leases.publish(self.observation is None) else state.LOUD
        pair = self._tables.address + SET_BYTES * (cpu.protection + (16 if cpu.translating else 0))
        words[_FETCH] = pair
        words[_STORE] = pair + TABLE_BYTES
        if outside is None:
            reason = run(self._address)
        else:
            with outside:
                reason = run(self._address)
        self._reason = reason
        self.exits[reason] += 1
        found = state.REGISTERS.unpack_from(block)
        if found[43:46] != (cpu.state, cpu.protection, cpu.smask):
            self._take_up(*found[43:46])
        general[:] = found[:16]
        floating[:] = found[16:24]
        cpu.ia, cpu.condition, cpu.pmask = found[40:43]
        leases.take_back()
        done = budget - words[_BUDGET] - words[_BANK]
        self.native_instructions += done
        if done > (reason == state.COMPLETED):  # of which that one did not go well
            self._checks = self._externals = 0
        if reason == state.RESTART:
            if cpu.ia & 1:
                cpu.attention = True
        elif reason == state.COMPLETED:
            cpu.word = _WORDS[words[_ILC]]
            cpu.attention = True
            self._fault(ProgramCheck(words[_CODE], completed=True), False)
        elif reason == state.MASKED:
            cpu.word = _WORDS[words[_ILC]]
            cpu.set_system_mask(words[_OPERAND])
        elif reason == state.LOADED:
            cpu.load_psw(words[_OPERAND], words[_CODE])
        elif reason == state.HANDED:
            cpu.word = _WORDS[words[_ILC]]
            leases.go_on(self._resume)
            cpu.condition = 0
            cpu.look_at_channels()
        return done

    def _take_up(self, mode: int, key: int, mask: int) -> None:
        """Native code has changed the PSW."""
        cpu = self._cpu
        cpu.state, cpu.protection, cpu.smask = mode, key, mask
        cpu.translating = mode & EC != 0 and mask & EC_TRANSLATION != 0
        cpu.choose_tables()  # there is nothing to be looked at, or native code would have come back at once

    def _quiet(self) -> int:
        """What is pending that other masks might let interrupt, see `state.QUIET`."""
        machine = self._cpu.machine
        interruptions, timers, io = machine.interruptions, machine.cpu.timers, machine.io
        submask = self._cpu.control[0]
        if io.active or interruptions.checks.pending:
            return state.LOUD
        external = (
            interruptions.signals
            or interruptions.others
            or (submask & TIMER_MASK and timers.interval_pending)
            or (submask & CPU_TIMER_MASK and timers.cpu_timer_pending())
            or (submask & COMPARATOR_MASK and timers.comparator_pending())
        )
        return state.EXTERNAL_ONLY if external else state.NOTHING_PENDING
