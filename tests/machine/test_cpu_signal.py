"""SIGP in a configuration of one processor, and TPROT with translation."""

import pytest

from cpvm.machine import Machine, StopReason
from cpvm.machine.snapshot import restore, save
from cpvm.s370.psw import PSW

WAIT_PSW = PSW(mode=2, address=0xAAA)


def machine(code: str, mode: int = 0, mask: int = 0) -> Machine:
    m = Machine(1 << 16)
    m.storage.write(0x1000, bytes.fromhex(code))
    for new in (0x58, 0x60, 0x68, 0x70, 0x78):
        m.storage.write(new, PSW(mode=mode & 8 | 2, address=new).to_bytes())
    m.psw = PSW(system_mask=mask, mode=mode, address=0x1000)
    return m


@pytest.mark.parametrize(
    ("order", "cr0", "code"), [(2, 0x2000, 0x1202), (3, 0x4000, 0x1201), (2, 0x4000, 0), (3, 0x2000, 0)]
)
def test_a_processor_signals_itself(order: int, cr0: int, code: int) -> None:
    m = machine(f"AE26000{order}" + "8200D000", mode=8, mask=1)
    m.set_cr(0, cr0)
    m.gr[13] = 0x2000
    m.storage.write(0x2000, WAIT_PSW.to_bytes())
    m.storage.write(0x84, b"\xff\xff\xff\xff")
    assert m.run(10).reason is StopReason.DISABLED_WAIT
    if code:
        assert m.psw.address == 0x58
        assert m.storage.read(0x84, 4) == code.to_bytes(4, "big")
        assert PSW.from_bytes(m.storage.read(0x18, 8)).address == 0x1004
    else:
        assert m.psw.address == 0xAAA


def test_a_pending_call_shows_in_the_status() -> None:
    m = machine("AE260002" + "AE260001" + "AE360002")
    m.gr[2] = m.gr[3] = 0x55555555
    m.run(1)
    assert (m.cc, m.gr[2]) == (0, 0x55555555)
    m.run(1)
    assert (m.cc, m.gr[2]) == (1, 0x80)
    m.run(1)
    assert (m.cc, m.gr[3]) == (1, 0x80)


def test_stop_and_store_status() -> None:
    m = machine("AE260009" + "0700")
    for r in range(16):
        m.gr[r] = 0 if r == 6 else 0x1010101 * r
        if r not in {0, 1, 2, 14}:
            m.set_cr(r, 0x100 + r)
    for r in (0, 2, 4, 6):
        m.fr[r] = 0x4110000000000000 + r
    m.cpu.set_clock_comparator(0x123456789ABCDEF)
    stop = m.run(10)
    assert (stop.reason, stop.detail) == (StopReason.HOST, "SIGP STOP AND STORE STATUS")
    assert PSW.from_bytes(m.storage.read(0x100, 8)) == m.psw
    assert m.psw.address == 0x1004
    assert m.storage.read(0xE0, 8).hex() == "0123456789abcdef"
    assert m.storage.read(0x160, 32) == b"".join(m.fr[r].to_bytes(8, "big") for r in (0, 2, 4, 6))
    assert m.storage.read(0x180, 64) == b"".join(v.to_bytes(4, "big") for v in m.gr)
    assert m.storage.read(0x1C0, 64) == b"".join(v.to_bytes(4, "big") for v in m.cr)


def test_restart_follows_the_instruction_and_can_be_saved_before() -> None:
    """SIGP is complete, with condition code 0, when the restart interruption comes."""
    m = machine("AE260006" + "0700")
    m.psw = PSW(cc=2, address=0x1000)
    m.storage.write(0, WAIT_PSW.to_bytes())
    other = Machine(1 << 16)
    stepped = m.run(1)
    assert stepped.reason is StopReason.DISABLED_WAIT  # the interruption is taken before the run ends
    assert PSW.from_bytes(m.storage.read(8, 8)) == PSW(address=0x1004)
    m = machine("0700")
    m.interruptions.request_restart()
    restore(other, save(m))
    other.storage.write(0, WAIT_PSW.to_bytes())
    assert other.run(5).detail == 0xAAA


def test_restart_and_resets() -> None:
    m = machine("AE260006")
    m.storage.write(0, WAIT_PSW.to_bytes())
    assert m.run(10).detail == 0xAAA
    assert PSW.from_bytes(m.storage.read(8, 8)).address == 0x1004
    m = machine("AE26000B")
    m.external(0x40)
    m.set_cr(5, 77)
    m.cpu.set_prefix(0x2000)
    assert m.run(10).reason is StopReason.HOST
    assert (m.cr[5], m.cpu.prefix_register, m.psw.address, m.interruptions.signals) == (0, 0, 0, 0)
    m = machine("AE26000C")
    m.external(0x40)
    m.set_cr(5, 77)
    assert m.run(10).reason is StopReason.HOST
    assert (m.cr[5], m.psw.address, m.interruptions.signals) == (77, 0x1004, 0)


def test_test_protection_with_translation() -> None:
    """Segment 0 has pages 0 to 7 at home, page 8 invalid, and ends there; segment 1 is invalid."""
    m = machine("E501D0000010", mode=8, mask=4)
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0x3000)
    m.storage.write(0x3000, (0x70003100).to_bytes(4, "big") + (1).to_bytes(4, "big"))
    m.storage.write(0x3100, b"".join((n << 4).to_bytes(2, "big") for n in range(8)))
    m.storage.write(0x310E, (8).to_bytes(2, "big"))
    m.storage.set_key(0x4000, 0x10)
    m.storage.set_key(0x5000, 0x20)
    m.storage.set_key(0x6000, 0x28)
    for place, cc in ((0x4000, 0), (0x5000, 1), (0x6000, 2), (0x7000, 3), (0x9000, 3), (0x10000, 3), (0x200000, 3)):
        m.gr[13] = place
        m.psw = PSW(system_mask=4, mode=8, address=0x1000)
        assert m.run(1).reason is StopReason.BUDGET
        assert (m.cc, m.psw.address) == (cc, 0x1006), f"{place:X}"
    assert m.storage.key(0x4000) == 0x10  # no reference


def test_a_common_segment_is_a_segment() -> None:
    m = machine("58304000", mode=8, mask=4)
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0x3000)
    m.storage.write(0x3000, (0xF0003102).to_bytes(4, "big") + (1).to_bytes(4, "big"))
    m.storage.write(0x3100, b"".join((n << 4).to_bytes(2, "big") for n in range(16)))
    m.storage.write(0x5000, b"ABCD")
    m.gr[4] = 0x5000
    assert m.run(1).reason is StopReason.BUDGET
    assert m.gr[3] == 0x41424344


def test_signals_come_before_the_clock_comparator_and_that_before_the_cpu_timer() -> None:
    m = machine("AE260002" + "AE260003" + "8200D000", mode=8)
    m.set_cr(0, 0x6C00)
    m.cpu.set_cpu_timer(-1)
    m.gr[13] = 0x2000
    m.storage.write(0x2000, PSW(system_mask=1, mode=8, address=0xBBB).to_bytes())
    codes = []
    assert m.run(3).reason is StopReason.DISABLED_WAIT
    for submask in (0x6C00, 0x6C00, 0x0C00, 0x0400):
        codes.append(int.from_bytes(m.storage.read(0x86, 2), "big"))
        m.set_cr(0, submask)
        m.psw = PSW(system_mask=1, mode=8, address=0x1000)
        m.run(0)
    codes.append(int.from_bytes(m.storage.read(0x86, 2), "big"))
    assert codes == [0x1201, 0x1202, 0x1004, 0x1004, 0x1005]
