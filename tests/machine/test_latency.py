"""An interruption is taken soon after it is due, counted in instructions; `bench/latency.py` measures the time."""

import threading

import pytest

from cpvm.machine import Machine, StopReason
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.machine.host import NullHost
from cpvm.s370.psw import PSW

BOUND = 20_000
"""Instructions."""
CODE, HANDLER, ENDS = 0x1000, 0x800, 0x910
LOOPS = {
    "integer": ("41220001 07F1", 2),  # LA R2,1(R2); BR R1
    "decimal": ("FA3395009510 41220001 07F1", 3),  # AP
    "MVCL": ("18AC 41B00400 188D 189B 0E8A 41220001 07F1", 7),
}
"""Text, and the number of its instructions; register 2 counts."""
DUE = (1, 2, 2047, 2049, 30_000, 60_001)
CPU_TIMER, INTERVAL_TIMER = 0x400, 0x80
ADDRESS = 0x00C


class StillHost(NullHost):
    def tod(self) -> int:
        return 0xC000000000000000

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        machine.external(0x40)


class Slow(Device):
    """Ends a command after some microseconds."""

    TYPE = "1403"
    delay = 0

    @command(0x09)
    def write(self, path: DataPath) -> int:
        self.takes(self.delay)
        return ENDED


def machine(loop: str, submask: int) -> Machine:
    """In the loop; an external or I/O interruption leads to a wait."""
    m = Machine(1 << 16, StillHost(), immediate_io=False)
    for at in (0x58, 0x78):
        m.storage.write(at, PSW(mode=8, address=HANDLER).to_bytes())
    m.storage.write(HANDLER, bytes.fromhex("82000910"))
    m.storage.write(ENDS, PSW(mode=8 + 2, address=0xE0D).to_bytes())
    m.storage.write(0x50, b"\x7f\xff\xff\xff")
    m.storage.write(0x2500, bytes.fromhex("0000001C"))
    m.storage.write(0x2510, bytes.fromhex("0000001C"))
    m.storage.write(CODE, bytes.fromhex(LOOPS[loop][0]))
    m.gr[1], m.gr[9], m.gr[12], m.gr[13] = CODE, 0x2000, 0x3000, 0x4000
    m.cpu.set_cpu_timer((1 << 63) - 1)
    m.cpu.set_clock_comparator((1 << 64) - 1)
    m.set_cr(0, submask)
    m.set_cr(2, 0xFFFFFFFF)
    m.psw = PSW(3, 0, 8, address=CODE)
    return m


def begun(m: Machine) -> int:
    """Get going; gives the instructions executed."""
    return m.run(5000).instructions


def late(m: Machine, due: int) -> int:
    """By how many instructions an interruption is late that is due after so many."""
    stop = m.run(due + 100_000)
    assert (stop.reason, stop.detail) == (StopReason.DISABLED_WAIT, 0xE0D)
    return stop.instructions - 1 - due  # one is the handler's


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("due", DUE)
def test_the_cpu_timer(loop: str, due: int) -> None:
    m = machine(loop, CPU_TIMER)
    begun(m)
    m.cpu.set_cpu_timer(due * 4096)
    assert 0 <= late(m, due) <= BOUND


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("due", DUE)
def test_the_interval_timer(loop: str, due: int) -> None:
    m = machine(loop, INTERVAL_TIMER)
    begun(m)
    ticks = due * 76800 // 1_000_000
    m.storage.write(0x50, ticks.to_bytes(4, "big"))
    assert -15 <= late(m, due) <= BOUND


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("due", DUE)
def test_the_end_of_an_operation_is_exact(loop: str, due: int) -> None:
    m = machine(loop, 0)
    device = Slow()
    m.attach(ADDRESS, device)
    device.delay = due
    m.storage.write(0x48, (0x2800).to_bytes(4, "big"))
    m.storage.write(0x2800, bytes.fromhex("0900250020000004"))
    begun(m)
    assert m.io.sio(ADDRESS) == 0
    assert 0 <= late(m, due) <= 1  # within one instruction, as many as there are


@pytest.mark.parametrize("loop", LOOPS)
def test_what_the_host_raises_during_an_instruction(loop: str) -> None:
    m = machine(loop, 0x40)
    begun(m)
    text, size = LOOPS[loop]
    m.storage.write(CODE, bytes.fromhex(text)[:-2] + bytes.fromhex("83000001 07F1"))
    m.psw = PSW(3, 0, 8, address=CODE)
    assert late(m, size) == 0


def test_what_another_thread_raises_ends_a_run_that_would_not_end() -> None:
    m = machine("integer", 0x40)
    begun(m)
    started = threading.Barrier(2)

    def interrupt() -> None:
        started.wait()
        m.external(0x40)
        m.nudge()

    thread = threading.Thread(target=interrupt)
    thread.start()
    started.wait()
    assert m.run(1 << 40).reason is StopReason.DISABLED_WAIT
    thread.join()
