"""A machine whose I/O takes virtual time: it goes with the instructions, and skips ahead while the CPU waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from slow import MOTION, PRINT, READ, REWIND, SEEK, TRANSFER, Slow, ccw

from cpvm.machine import Machine, StopReason
from cpvm.machine.channel import BYTE_MULTIPLEXER, SELECTOR
from cpvm.machine.datapath import DataPath
from cpvm.machine.engines import COMPILED, REFERENCE, available
from cpvm.machine.iotime import INSTRUCTION
from cpvm.s370.ccw import CCW
from cpvm.s370.psw import PSW

ADDRESS = 0x180
# L 4,=-1; SIO; LPSW of a PSW that allows interruptions from channel 1 and goes on at 500; there BCTR 4,0; B *-2
BUSY = {
    0x400: "58400480" + "9C000180" + "82000488",
    0x480: "00000000" + "00000000" + "4000000000000500",
    0x500: "0640" + "47F00500",
}
WAITS = {0x400: "9C000180" + "82000488", 0x488: "4002000000000500"}  # SIO, then wait with channel 1 allowed
POLLS = {0x400: "9C000180" + "9D000180" + "47700404" + "82000488", 0x488: "00020000000000D0"}  # TIO until it is free
SECOND = {0x600: "82000608", 0x608: "4002000000000700"}  # wait for the second interruption as well


def machine(code: dict[int, str], *program: CCW, engine: str = REFERENCE) -> Machine:
    m = Machine(1 << 16, immediate_io=False, engine=engine)
    m.attach(ADDRESS, Slow())
    for at, text in code.items():
        m.storage.write(at, bytes.fromhex(text))
    m.storage.write(0x800, b"".join(c.to_bytes() for c in program))
    m.storage.write(0x48, (0x800).to_bytes(4, "big"))
    m.storage.write(0x78, bytes.fromhex("00020000000000D0"))
    m.psw = PSW(address=0x400)
    return m


def test_time_goes_with_the_instructions() -> None:
    m = machine(BUSY, ccw(READ))
    assert m.run(10_000).reason is StopReason.DISABLED_WAIT
    assert m.storage.read(0x44, 2).hex() == "0c00"
    assert 2 * ((1 << 32) - m.gr[4]) == pytest.approx(TRANSFER, abs=4)


def test_a_loop_of_any_length_sees_the_interruption_in_time() -> None:
    m = machine(BUSY, ccw(SEEK, 0x60), ccw(READ))
    m.run(10_000)
    assert 2 * ((1 << 32) - m.gr[4]) == pytest.approx(MOTION + TRANSFER, abs=4)


def test_a_waiting_cpu_skips_to_the_interruption_and_its_timers_with_it() -> None:
    m = machine(WAITS, ccw(SEEK, 0x60), ccw(READ))
    m.cpu.timers.set_cpu_timer(1_000_000 << 12)
    m.storage.write(0x50, bytes.fromhex("7F000000"))
    stop = m.run(10)
    assert (stop.reason, stop.instructions) == (StopReason.DISABLED_WAIT, 2)
    assert 1_000_000 - (m.cpu.timers.cpu_timer() >> 12) == INSTRUCTION + MOTION + TRANSFER + 1
    ticks = 0x7F000000 - int.from_bytes(m.storage.read(0x50, 4), "big")
    assert ticks == (INSTRUCTION + MOTION + TRANSFER + 1) * 76800 // 1_000_000


def test_a_timer_interrupts_before_a_later_device() -> None:
    m = machine(WAITS | {0x488: "4102000000000500"}, ccw(SEEK, 0x60), ccw(READ))
    m.storage.write(0x58, bytes.fromhex("0002000000000EEE"))
    m.set_cr(0, 0x400)
    m.cpu.timers.set_cpu_timer((MOTION // 2) << 12)
    assert m.run(10).detail == 0xEEE
    assert m.storage.read(0x40, 8) == bytes(8)
    assert -2 << 12 <= m.cpu.timers.cpu_timer() < 0


def test_two_interruptions() -> None:
    m = machine(WAITS | SECOND, ccw(PRINT))
    m.storage.write(0x78, PSW(address=0x600).to_bytes())
    assert m.run(2).reason is StopReason.BUDGET, "the first interruption ended the wait"
    assert (m.psw.address, m.storage.read(0x44, 1)) == (0x600, b"\x08")
    m.storage.write(0x78, bytes.fromhex("00020000000000D0"))
    assert m.run(100).reason is StopReason.DISABLED_WAIT
    assert m.storage.read(0x44, 1) == b"\x04"


def test_test_io_in_a_loop_finds_the_device_free_in_the_end() -> None:
    m = machine(POLLS, ccw(REWIND))
    stop = m.run(100_000)
    assert stop.reason is StopReason.DISABLED_WAIT
    assert stop.instructions < 40, "Test I/O takes longer each time"
    assert m.io.agenda.now == pytest.approx(2 * INSTRUCTION + MOTION, abs=3 * INSTRUCTION), "but not too long"


def test_an_interruption_that_is_masked_off_leaves_the_cpu_waiting() -> None:
    m = machine(WAITS | {0x488: "8002000000000500"}, ccw(READ))
    assert m.run(100).reason is StopReason.WAIT
    assert m.io.pending()
    assert not m.io.timed


def test_an_endless_program_does_not_hold_run() -> None:
    m = machine(WAITS, CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    assert m.run(5).reason is StopReason.BUDGET
    m.io.hio(ADDRESS)
    assert m.run(5).reason is StopReason.DISABLED_WAIT


def test_block_multiplexing_goes_with_control_register_0() -> None:
    m = machine({}, ccw(READ))
    assert not m.io.multiplexing()
    m.set_cr(0, 0x80000000)
    assert m.io.multiplexing()


def test_a_selector_channel_is_one_when_the_machine_is_restored(tmp_path: Path) -> None:
    m = machine(WAITS, ccw(SEEK, 0x60), ccw(READ))
    m.io.types[1] = SELECTOR
    m.save(tmp_path / "state")
    other = Machine(1 << 16, immediate_io=False)
    other.attach(ADDRESS, Slow())
    other.restore(tmp_path / "state")
    assert other.io.stidc(ADDRESS) == 0
    assert other.storage.read(0xA8, 4) == bytes(4)
    assert other.io.types == {0: BYTE_MULTIPLEXER, 1: SELECTOR}


def test_one_step_at_a_time_is_the_same() -> None:
    one, many = machine(BUSY, ccw(SEEK, 0x60), ccw(READ)), machine(BUSY, ccw(SEEK, 0x60), ccw(READ))
    total = one.run(10_000).instructions
    assert sum(1 for _ in many.steps(10_000)) == total
    assert (list(one.gr), one.psw) == (list(many.gr), many.psw)


@pytest.mark.skipif(not available(), reason="there is no compiled engine")
@pytest.mark.parametrize("code", [BUSY, WAITS, POLLS], ids=["busy", "waiting", "polling"])
def test_time_is_the_same_for_the_compiled_engine(code: dict[int, str]) -> None:
    program = [ccw(SEEK, 0x60), ccw(PRINT, 0x60), ccw(SEEK, 0x60), ccw(READ)]
    one, other = machine(code, *program), machine(code, *program, engine=COMPILED)
    assert one.run(100_000) == other.run(100_000)
    assert (list(one.gr), one.psw, one.io.agenda.now) == (list(other.gr), other.psw, other.io.agenda.now)
    assert one.storage.read(0, 0x1000) == other.storage.read(0, 0x1000)


@pytest.mark.parametrize("budget", [2, 3, 60, 500, 1080])
def test_a_restored_machine_goes_on_alike(tmp_path: Path, budget: int) -> None:
    m = machine(BUSY, ccw(SEEK, 0x60), ccw(PRINT, 0x60), ccw(READ))
    m.run(budget)
    m.save(tmp_path / "state")
    other = Machine(1 << 16, immediate_io=False)
    other.attach(ADDRESS, Slow())
    other.restore(tmp_path / "state")
    assert m.run(10_000) == other.run(10_000)
    assert (list(m.gr), m.psw, m.io.save()) == (list(other.gr), other.psw, other.io.save())
    assert m.storage.read(0, 0x1000) == other.storage.read(0, 0x1000)


@pytest.mark.parametrize("instruction", ["9D000180", "9F000100"])
def test_questions_in_vain_are_a_way_to_wait(instruction: str) -> None:
    """A loop until the device end of a long motion, however it asks, takes few questions and no more time than that."""
    # SIO; then TIO until the condition code is 0, or TCH until it is 1
    branch = "47B00404" if instruction.startswith("9F") else "47700404"
    stop_at = "82000488"
    m = machine(
        {0x400: "9C000180" + instruction + branch + stop_at, 0x488: "00020000000000D0"},
        *[ccw(SEEK, 0x60)] * 30,
        ccw(0x03),
    )
    stop = m.run(100_000)
    assert stop.reason is StopReason.DISABLED_WAIT
    assert stop.instructions < 250
    assert m.io.agenda.now == pytest.approx(30 * MOTION, rel=0.05)


@pytest.mark.parametrize("immediate", [True, False])
def test_a_machine_stops_when_asked_though_a_program_never_ends(immediate: bool) -> None:
    m = machine(WAITS, CCW(0x03, 0, 0x60, 1), CCW(0x08, 0x800, 0, 0))
    m.io.immediate = immediate
    device = m.device(ADDRESS)
    assert device is not None
    perform, commands = device.perform, []

    def counted(path: DataPath) -> int:
        commands.append(path.command)
        if len(commands) == 500:
            m.stop("enough")
        return perform(path)

    device.perform = counted  # type: ignore[method-assign]
    stop = m.run(10**9)
    assert (stop.reason, stop.detail) == (StopReason.HOST, "enough")
    assert len(commands) < 10_000
