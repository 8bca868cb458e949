"""Which channels may interrupt: PSW bits 0-6 in the BC mode, bit 6 in the EC mode, control register 2."""

from __future__ import annotations

import pytest
from slow import Slow

from cpvm.machine import Machine, StopReason
from cpvm.s370.ccw import UnitStatus
from cpvm.s370.psw import PSW

EC = 0x08


def machine(channel: int) -> Machine:
    """A machine in a loop, with attention from a device of this channel."""
    m = Machine(1 << 16)
    m.attach(channel << 8 | 0x23, Slow())
    m.storage.write(0x400, bytes.fromhex("47F00400"))
    m.storage.write(0x78, bytes.fromhex("0002000000000ABC"))
    m.io.unsolicited(channel << 8 | 0x23, UnitStatus.ATTENTION)
    return m


def interrupts(m: Machine, psw: PSW) -> bool:
    m.psw = psw
    stop = m.run(5)
    assert stop.reason in (StopReason.DISABLED_WAIT, StopReason.BUDGET)
    return stop.reason is StopReason.DISABLED_WAIT


@pytest.mark.parametrize("channel", range(6))
def test_basic_control_mode_has_a_mask_for_each_of_the_first_channels(channel: int) -> None:
    own = 0x80 >> channel
    m = machine(channel)
    m.set_cr(2, 0)
    assert not interrupts(m, PSW(system_mask=0xFE & ~own, address=0x400))
    assert interrupts(m, PSW(system_mask=own, address=0x400)), "control register 2 does not matter"
    assert m.storage.read(0x3A, 2) == (channel << 8 | 0x23).to_bytes(2, "big")


@pytest.mark.parametrize("channel", [6, 7, 10, 15])
def test_basic_control_mode_has_one_mask_and_control_register_2_for_the_others(channel: int) -> None:
    m = machine(channel)
    own = 0x80000000 >> channel
    m.set_cr(2, 0xFFFFFFFF)
    assert not interrupts(m, PSW(system_mask=0xFC, address=0x400))
    m.set_cr(2, 0xFFFFFFFF & ~own)
    assert not interrupts(m, PSW(system_mask=0xFE, address=0x400))
    m.set_cr(2, own)
    assert interrupts(m, PSW(system_mask=0x02, address=0x400))


@pytest.mark.parametrize("channel", [0, 1, 5, 6, 15])
def test_extended_control_mode_has_one_mask_and_control_register_2_for_all(channel: int) -> None:
    m = machine(channel)
    m.storage.write(0x78, bytes.fromhex("000A000000000ABC"))
    own = 0x80000000 >> channel
    m.set_cr(2, own)
    assert not interrupts(m, PSW(mode=EC, address=0x400))
    m.set_cr(2, 0xFFFFFFFF & ~own)
    assert not interrupts(m, PSW(system_mask=0x02, mode=EC, address=0x400))
    m.set_cr(2, own)
    assert interrupts(m, PSW(system_mask=0x02, mode=EC, address=0x400))
    assert m.storage.read(0xBA, 2) == (channel << 8 | 0x23).to_bytes(2, "big")
