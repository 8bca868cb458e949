"""Machine checks that are asked for: masks, what is stored, priority, check stop."""

import pytest

from cpvm.machine import Damage, Machine, StopReason
from cpvm.machine.snapshot import restore, save
from cpvm.s370.psw import PSW

MASK = 4  # machine-check mask, PSW bit 13
VALID = 0x00000F1D_00030000
MASKED = [
    (Damage.RECOVERED, 0x08000000),
    (Damage.DEGRADATION, 0x04000000),
    (Damage.INTERVAL_TIMER, 0x02000000),
    (Damage.TIMING_FACILITY, 0x02000000),
    (Damage.EXTERNAL, 0x02000000),
    (Damage.WARNING, 0x01000000),
]


def machine(mode: int = MASK, code: str = "0700" * 4) -> Machine:
    m = Machine(1 << 16)
    m.storage.write(0x1000, bytes.fromhex(code))
    for new in (0x58, 0x60, 0x68, 0x70, 0x78):
        m.storage.write(new, PSW(mode=mode & 8 | 2, address=new).to_bytes())
    m.psw = PSW(mode=mode, cc=2, address=0x1000)
    return m


def interruption_code(m: Machine) -> int:
    return int.from_bytes(m.storage.read(0xE8, 8), "big")


@pytest.mark.parametrize("mode", [MASK, 8 | MASK])
def test_what_is_stored(mode: int) -> None:
    m = machine(mode)
    for r in range(16):
        m.gr[r] = 0x01010101 * r
    for r in (0, 2, 4, 6):
        m.fr[r] = 0x4110000000000000 + r
    m.cpu.set_clock_comparator(0x0123456789ABCDEF)
    m.cpu.set_cpu_timer(0x0000111122223333)
    m.machine_check(Damage.PROCESSING, 0x123456)
    stop = m.run(10)
    assert (stop.reason, stop.detail, stop.instructions) == (StopReason.DISABLED_WAIT, 0x70, 0)
    assert PSW.from_bytes(m.storage.read(0x30, 8)) == PSW(mode=mode, cc=2, address=0x1000)
    assert interruption_code(m) == Damage.PROCESSING | VALID | 0x80_00000000
    assert m.storage.read(0xF8, 4).hex() == "00123456"
    assert m.storage.read(0xD8, 16).hex() == "0000111122223333" + "0123456789abcdef"
    assert m.storage.read(0x160, 32) == b"".join(m.fr[r].to_bytes(8, "big") for r in (0, 2, 4, 6))
    assert m.storage.read(0x180, 64) == b"".join(v.to_bytes(4, "big") for v in m.gr)
    assert m.storage.read(0x1C0, 64) == b"".join(v.to_bytes(4, "big") for v in m.cr)


def test_the_prefix_counts() -> None:
    m = machine()
    m.cpu.set_prefix(0x8000)
    m.storage.write(0x8070, PSW(mode=2, address=0x777).to_bytes())
    m.machine_check()
    assert m.run(10).detail == 0x777
    assert m.storage.read(0x80E8, 8) == (Damage.SYSTEM | VALID).to_bytes(8, "big")


@pytest.mark.parametrize(("damage", "submask"), MASKED)
def test_submasks(damage: Damage, submask: int) -> None:
    m = machine()
    m.set_cr(14, 0xFFFFFFFF ^ submask)
    m.machine_check(damage)
    assert m.run(2).reason is StopReason.BUDGET
    m.set_cr(14, submask)
    assert m.run(2).detail == 0x70
    assert interruption_code(m) == damage | VALID
    assert not m.interruptions.checks.pending


@pytest.mark.parametrize("damage", [damage for damage, _ in MASKED])
def test_repressible_conditions_wait_for_the_mask_of_the_psw(damage: Damage) -> None:
    m = machine(0, "82001800" + "0700")
    m.storage.write(0x1800, PSW(mode=MASK, address=0x1004).to_bytes())
    m.storage.write(0x1000, bytes.fromhex("0700" + "8200F000"))
    m.gr[15] = 0x1800
    m.set_cr(14, 0xFF000000)
    m.machine_check(damage)
    stop = m.run(10)
    assert (stop.detail, stop.instructions) == (0x70, 2)
    assert PSW.from_bytes(m.storage.read(0x30, 8)).address == 0x1004


@pytest.mark.parametrize("damage", [Damage.SYSTEM, Damage.PROCESSING])
def test_check_stop(damage: Damage) -> None:
    m = machine(0)
    m.machine_check(damage)
    for _ in range(2):
        stop = m.run(10)
        assert (stop.reason, stop.instructions) == (StopReason.CHECK_STOP, 0)
    m.reset()
    m.psw = PSW(address=0x1000)
    assert m.run(2).reason is StopReason.BUDGET


def test_without_check_stop_control_the_program_goes_on() -> None:
    m = machine(0)
    m.set_cr(14, 0)
    m.machine_check()
    assert m.run(2).reason is StopReason.BUDGET
    m.psw = PSW(mode=MASK, address=0x1000)
    assert m.run(2).detail == 0x70


def test_all_that_are_allowed_come_together() -> None:
    m = machine()
    m.set_cr(14, 0x82000000)
    for damage in (Damage.SYSTEM, Damage.WARNING, Damage.EXTERNAL, Damage.RECOVERED):
        m.machine_check(damage)
    m.run(2)
    assert interruption_code(m) == Damage.SYSTEM | Damage.EXTERNAL | VALID
    assert m.interruptions.checks.pending == Damage.WARNING | Damage.RECOVERED


def test_before_external_and_after_program_interruptions() -> None:
    """Each new PSW allows the next: the one taken last has the one before in its old PSW."""
    m = machine()
    m.set_cr(0, 0x40)
    m.storage.write(0x70, PSW(system_mask=1, mode=MASK, address=0x700).to_bytes())
    m.psw = PSW(system_mask=1, mode=MASK, address=0x1000)
    m.external(0x40)
    m.machine_check(Damage.EXTERNAL)
    m.run(5)
    assert PSW.from_bytes(m.storage.read(0x18, 8)).address == 0x700
    assert PSW.from_bytes(m.storage.read(0x30, 8)).address == 0x1000
    m = machine()
    m.storage.write(0x68, PSW(mode=MASK, address=0x800).to_bytes())
    m.storage.write(0x1000, bytes.fromhex("8200F000"))
    m.gr[15] = 0x1800
    m.storage.write(0x1800, bytes.fromhex("000C000100001234"))
    m.set_cr(14, 0x02000000)
    m.run(0)
    m.machine_check(Damage.EXTERNAL)
    m.psw = PSW.from_bytes(bytes.fromhex("000C000100001234"))
    m.run(5)
    assert PSW.from_bytes(m.storage.read(0x30, 8)).address == 0x800


def test_a_wait_ends() -> None:
    m = machine(MASK | 2)
    m.psw = PSW(system_mask=1, mode=MASK | 2, address=0x1000)
    assert m.run(5).reason is StopReason.WAIT
    assert m.waiting
    m.machine_check()
    assert not m.waiting
    assert m.run(5).detail == 0x70


def test_what_is_no_machine_check() -> None:
    m = machine()
    for damage, address in ((0, None), (1, None), (1 << 57, None), (Damage.SYSTEM, -1), (Damage.SYSTEM, 1 << 24)):
        with pytest.raises(ValueError, match="no machine check"):
            m.machine_check(damage, address)


def test_pending_ones_are_saved() -> None:
    m = machine(0)
    m.set_cr(14, 0)
    m.machine_check(Damage.WARNING, 0x5678)
    other = Machine(1 << 16)
    restore(other, save(m))
    checks = other.interruptions.checks
    assert (checks.pending, checks.address) == (Damage.WARNING, 0x5678)
