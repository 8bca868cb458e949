"""TOD clock, clock comparator, CPU timer, interval timer."""

from cpvm.machine import Machine, StopReason
from cpvm.machine.host import NullHost, tod_from_unix
from cpvm.s370.psw import PSW


class Clock(NullHost):
    """A clock that stands unless it is moved; ten microseconds an instruction."""

    def __init__(self) -> None:
        self.now = 1 << 60

    def tod(self) -> int:
        return self.now

    def elapsed(self, instructions: int) -> int:
        return 10 * instructions


def machine(code: str, system_mask: int = 0, control: int = 0) -> tuple[Machine, Clock]:
    clock = Clock()
    m = Machine(1 << 16, clock)
    m.storage.write(0x58, PSW(mode=2, address=0xC00).to_bytes())
    m.storage.write(0x400, bytes.fromhex(code))
    m.set_cr(0, control)
    m.psw = PSW(system_mask=system_mask, address=0x400)
    return m, clock


def word(m: Machine, address: int) -> int:
    return int.from_bytes(m.storage.read(address, 4), "big", signed=True)


def test_epoch() -> None:
    # 1 January 1970 is X'7D91048BCA000000'
    assert tod_from_unix(0) == 0x7D91048BCA000000
    assert tod_from_unix(1_000_000_000) - tod_from_unix(0) == 1_000_000 * 4096


def test_store_clock_never_gives_the_same_twice() -> None:
    m, clock = machine("B2050500" + "B2050508" + "47F00400")
    m.run(2)
    first, second = m.storage.read(0x500, 8), m.storage.read(0x508, 8)
    assert int.from_bytes(first, "big") == clock.now
    assert first < second
    assert m.cc == 0


def test_set_clock() -> None:
    m, clock = machine("B2040500" + "B2050508" + "47F00400")
    m.storage.write(0x500, (0x123456789ABC0000).to_bytes(8, "big"))
    m.run(1)
    clock.now += 4096
    m.run(1)
    assert int.from_bytes(m.storage.read(0x508, 8), "big") == 0x123456789ABC1000


def test_clock_comparator() -> None:
    m, clock = machine("B2060500" + "B2070508" + "47F00408", 1, 0x800)
    m.storage.write(0x500, (clock.now + 100 * 4096).to_bytes(8, "big"))
    m.cpu.set_clock_comparator(-1)
    assert m.run(20).reason is StopReason.BUDGET
    assert m.storage.read(0x500, 8) == m.storage.read(0x508, 8)
    assert m.next_event() == 101
    clock.now += 101 * 4096
    assert m.run(20).detail == 0xC00
    assert m.storage.read(0x1A, 2).hex() == "1004"
    assert m.next_event() is None


def test_cpu_timer() -> None:
    m, _ = machine("B2080500" + "B2090508" + "47F00408", 1, 0x400)
    m.storage.write(0x500, (1000 * 4096).to_bytes(8, "big"))
    stop = m.run(20)
    assert stop.reason is StopReason.BUDGET
    m.run(70)
    assert m.cpu.cpu_timer() == 100 * 4096
    assert m.run(10_000).detail == 0xC00
    assert m.storage.read(0x1A, 2).hex() == "1005"


def test_interval_timer() -> None:
    m, _ = machine("47F00400", 1, 0x80)
    m.storage.write(0x50, (76_800 * 2).to_bytes(4, "big"))
    m.run(100_000)
    assert abs(word(m, 0x50) - 76_800) <= 1
    assert m.run(1_000_000).detail == 0xC00
    assert m.storage.read(0x1A, 2).hex() == "0080"
    assert word(m, 0x50) < 0
    m.psw = PSW(system_mask=1, address=0x400)
    assert m.run(1000).reason is StopReason.BUDGET


def test_interval_timer_waits_for_its_mask() -> None:
    m, _ = machine("47F00400", 0, 0x80)
    m.run(1000)
    m.psw = PSW(system_mask=1, mode=2, address=0x400)
    assert m.run(1).detail == 0xC00


def test_interval_timer_with_real_time() -> None:
    m, _ = machine("47F00400", 1, 0x80)
    m.psw = PSW(system_mask=1, mode=2, address=0x400)
    m.storage.write(0x50, (768).to_bytes(4, "big"))
    assert m.run(1).reason is StopReason.WAIT
    m.wait_for(10_000)
    assert m.run(1).reason is StopReason.WAIT
    m.wait_for(14)
    assert m.run(1).detail == 0xC00


def test_timer_that_runs_out_just_before_a_wait_interrupts_it() -> None:
    m, _ = machine("47000000" + "82000408" + "01020000" + "00000500", 0, 0x80)
    stop = m.run(100)
    # two instructions are 20 microseconds, one and a half units of the timer, which stood at zero
    assert (stop.detail, stop.instructions) == (0xC00, 2)
