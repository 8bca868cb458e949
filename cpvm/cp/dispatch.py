"""Runs machines in slices, and looks after those that stopped (DMKDSP)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from cpvm.cp.message import Message, message
from cpvm.machine import Stop, StopReason
from cpvm.s370 import psa

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

DISABLED_WAIT = message("DMKDSP450W", "CP ENTERED; DISABLED WAIT PSW '{}'")
INVALID_PSW = message("DMKDSP451W", "CP ENTERED; INVALID PSW")
EXTERNAL_LOOP = message("DMKDSP452W", "CP ENTERED; EXTERNAL INTERRUPT LOOP")
PROGRAM_LOOP = message("DMKDSP453W", "CP ENTERED; PROGRAM INTERRUPT LOOP")
MACHINE_FAILED = message("DMKDSP455W", "CP ENTERED; SYSTEM RESET; VIRTUAL MACHINE ERROR, TOLD TO THE OPERATOR")

SLICE = 5000  # instructions of the reference engine
LONG_SLICE = 1 << 40  # with native code it is time that ends a slice, see cpvm.cp.vio
SOON = 0.01  # seconds that are not worth waiting for
_STOPS: dict[StopReason, Message] = {
    StopReason.INVALID_PSW: INVALID_PSW,
    StopReason.EXTERNAL_LOOP: EXTERNAL_LOOP,
    StopReason.PROGRAM_LOOP: PROGRAM_LOOP,
}
_INTERVAL_MASK = 0x80  # of control register 0
_EXTERNAL = 0x01  # of the system mask, BC and EC mode
_TICKS_PER_SECOND = 76800  # units of the interval timer's bit 31


class Dispatcher:
    """Gives machines their slices. Whatever a machine does, nothing but its own user's console hears of it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._budget = LONG_SLICE if system.native else SLICE
        self._unfinished: deque[tuple[VMBLOK, Stop]] = deque()
        self._payer: VMBLOK | None = None  # for whom the CP thread works

    def slice(self, vm: VMBLOK) -> None:
        """Run VM for one slice and do what it asked for, if that can be done while other machines are running."""
        began = time.thread_time_ns()
        virtual = vm.usage.virtual_ns
        try:
            self._wait_is_over(vm)
            self._system.ceiling.begins(vm)
            vm.host.begin()
            vm.outside.begin()
            vm.running, vm.again = True, False
            try:
                stop = vm.machine.run(self._budget)
            finally:
                vm.running = False
            if not (vm.alone or self._system.processors.alone(vm)):
                self._unfinished.append((vm, stop))
                self._system.nudge()
            else:
                self._end(vm, stop)
        except Exception as error:
            self._failed(vm, error)
        used = time.thread_time_ns() - began
        vm.usage.overhead_ns += max(0, used - (vm.usage.virtual_ns - virtual))
        vm.outside.used = used
        self._charge(vm, used, vm.outside.charged(vm.outside.delayed))

    def serve(self, action: Callable[[], None]) -> None:
        """Do what the CP thread was asked for, all machines being at rest; for whom that was pays for it."""
        self._payer = None
        began, since = time.thread_time_ns(), time.perf_counter_ns()
        self._system.guarded(action)
        vm = self._payer
        if vm is not None and not vm.logged_off:
            used = time.thread_time_ns() - began
            vm.usage.overhead_ns += used
            self._rest(vm, self._system.scheduler.charge_apart(vm, used, time.perf_counter_ns() - since))

    def pays(self, vm: VMBLOK | None) -> None:
        """What the CP thread does now it does for VM, unless it is known already that it is for somebody else."""
        if self._payer is None:
            self._payer = vm

    def turn(self, vm: VMBLOK | None) -> float:
        """Seconds until it is VM's turn to have CP do something for it; 0 if that is soon enough."""
        wait = self._system.scheduler.turn(vm) if vm is not None else 0.0
        return wait if wait > SOON else 0.0

    @property
    def unfinished(self) -> bool:
        """Whether machines have asked for what must wait until all are at rest."""
        return bool(self._unfinished)

    def finish(self) -> None:
        """Do what machines have asked for at the end of their slices; all are at rest."""
        while self._unfinished:
            vm, stop = self._unfinished.popleft()
            began, since = time.thread_time_ns(), time.perf_counter_ns()
            try:
                self._end(vm, stop)
            except Exception as error:
                self._failed(vm, error)
            used = time.thread_time_ns() - began
            vm.usage.overhead_ns += used
            self._charge(vm, used, self._system.scheduler.delayed(used, time.perf_counter_ns() - since))

    def _charge(self, vm: VMBLOK, used: int, delayed: int = 0) -> None:
        self._system.ceiling.ran(vm)
        self._rest(vm, self._system.scheduler.charge(vm, used, delayed))

    @staticmethod
    def _rest(vm: VMBLOK, wait: float) -> None:
        if wait and not vm.logged_off:
            vm.rest(wait)

    def _end(self, vm: VMBLOK, stop: Stop) -> None:
        actions, vm.after_slice, vm.alone = vm.after_slice, [], True
        for action in actions:
            if not vm.logged_off:
                action()
        self._stopped(vm, stop)

    def _stopped(self, vm: VMBLOK, stop: Stop) -> None:
        match stop.reason:
            case StopReason.BUDGET | StopReason.HOST:
                vm.ready()
            case StopReason.WAIT if vm.again:
                vm.ready()
            case StopReason.WAIT:
                vm.waiting = True
                vm.interactive = self._system.scheduler.INTERACTIVE
                self._wait_begins(vm)
            case StopReason.DISABLED_WAIT:
                psw = vm.machine.psw.to_bytes().hex().upper()
                vm.message(DISABLED_WAIT.full(f"{psw[:8]} {psw[8:]}"))
                vm.enter_cp()
            case StopReason.ADDRESS_STOP:
                vm.console.write_cp(f"ADSTOP AT {stop.detail:06X}")
                vm.enter_cp()
            case _:
                vm.message(_STOPS[stop.reason].full())
                vm.enter_cp()

    def _failed(self, vm: VMBLOK, error: Exception) -> None:
        """CP's own machine failed under this guest: reset it, tell its user, go on."""
        self._system.log.failure(f"MACHINE OF {vm.userid}", error)
        vm.reset()
        vm.message(MACHINE_FAILED.full())
        vm.enter_cp()

    # Timers that go on while a machine waits

    def _wait_begins(self, vm: VMBLOK) -> None:
        """Have the machine woken when its clock comparator, or its real interval timer, will interrupt."""
        vm.wait_began = time.monotonic()
        machine = vm.machine
        seconds = []
        microseconds = machine.next_event()
        if microseconds is not None:
            seconds.append(microseconds / 1_000_000)
        if vm.timer == "REAL" and machine.psw.system_mask & _EXTERNAL and machine.cr[0] & _INTERVAL_MASK:
            value = int.from_bytes(machine.storage.read(psa.INTERVAL_TIMER, 4), "big", signed=True)
            if value >= 0:
                seconds.append((value + 1) / _TICKS_PER_SECOND)
        if vm.alarm is not None:
            vm.alarm.cancel()
            vm.alarm = None
        if seconds:
            vm.alarm = self._system.timers.after(min(seconds) + 0.001, lambda: vm.wake() if vm.waiting else None)

    @staticmethod
    def _wait_is_over(vm: VMBLOK) -> None:
        """SET TIMER REAL: the interval timer ran during the wait too."""
        if vm.wait_began and vm.timer == "REAL":
            elapsed = time.monotonic() - vm.wait_began
            vm.machine.wait_for(int(elapsed * 1_000_000))
        vm.wait_began = 0.0
