"""Channel programs that outlast a turn of the CPU."""

from __future__ import annotations

from iobench import Paper

from cpvm.machine import Machine, StopReason
from cpvm.machine.channel import CCW_LIMIT
from cpvm.machine.devices.printer1403 import Printer1403
from cpvm.s370.ccw import CCW
from cpvm.s370.psw import PSW

NOPS = 10 * CCW_LIMIT + 10
START = bytes.fromhex("9C00000E" + "82000408" + "8002000000000500")  # SIO, then wait for channel 0
ENDED = bytes.fromhex("82000508" + "00000000" + "0002000000000555")  # a disabled wait


def machine() -> Machine:
    m = Machine(1 << 20)
    m.attach(0x00E, Printer1403(Paper()))
    m.storage.write(0x400, START)
    m.storage.write(0x500, ENDED)
    m.storage.write(0x78, PSW(address=0x500).to_bytes())
    m.storage.write(0x48, (0x10000).to_bytes(4, "big"))
    m.psw = PSW(address=0x400)
    return m


def test_a_waiting_cpu_lets_a_long_program_come_to_its_end() -> None:
    m = machine()
    m.storage.write(0x10000, CCW(0x03, 0, 0x60, 1).to_bytes() * (NOPS - 1) + CCW(0x03, 0, 0x20, 1).to_bytes())
    reasons = [m.run(1000).reason for _ in range(15)]
    assert reasons[-1] is StopReason.DISABLED_WAIT
    assert set(reasons[:-1]) <= {StopReason.BUDGET, StopReason.DISABLED_WAIT}
    assert reasons[0] is StopReason.BUDGET
    assert m.storage.read(0x40, 8) == (0x10000 + 8 * NOPS).to_bytes(4, "big") + bytes.fromhex("0C000001")


def test_an_endless_program_does_not_hold_the_host() -> None:
    m = machine()
    m.storage.write(0x10000, CCW(0x03, 0, 0x60, 1).to_bytes() + CCW(0x08, 0x10000, 0, 0).to_bytes())
    assert [m.run(1000).reason for _ in range(5)] == [StopReason.BUDGET] * 5
    assert m.io.hio(0x00E) == 1
    assert m.run(1000).reason is StopReason.DISABLED_WAIT
