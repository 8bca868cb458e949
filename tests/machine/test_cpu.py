"""Running, stopping, interruptions."""

import pytest

from cpvm.machine import AddressError, Machine, ProgramCheck, StopReason
from cpvm.machine.host import NullHost
from cpvm.s370.facilities import NOT_INSTALLED
from cpvm.s370.psw import PSW

CODE = 0x400


def machine(code: str, host: NullHost | None = None, **psw: int) -> Machine:
    """A machine about to execute this code, with new PSWs that wait at X'A00' (SVC), X'B00', X'C00' and X'D00'."""
    m = Machine(1 << 20, host)
    for new, address in ((0x60, 0xA00), (0x68, 0xB00), (0x58, 0xC00), (0x78, 0xD00)):
        m.storage.write(new, PSW(mode=2, address=address).to_bytes())
    m.storage.write(CODE, bytes.fromhex(code))
    m.psw = PSW(address=CODE, **psw)
    return m


def old(m: Machine, address: int) -> PSW:
    return PSW.from_bytes(m.storage.read(address, 8))


def test_budget_is_exact() -> None:
    m = machine("47F00400")
    stop = m.run(12_345)
    assert (stop.reason, stop.instructions, stop.detail) == (StopReason.BUDGET, 12_345, CODE)


def test_supervisor_call() -> None:
    m = machine("0A7B", key=5, cc=2, program_mask=9, mode=1)
    stop = m.run(10)
    assert (stop.reason, stop.instructions, stop.detail) == (StopReason.DISABLED_WAIT, 1, 0xA00)
    assert old(m, 0x20) == PSW(key=5, cc=2, program_mask=9, mode=1, address=CODE + 2, code=0x7B, ilc=1)


def test_extended_control_mode_stores_codes_aside() -> None:
    m = machine("0A7B", mode=8)
    m.storage.write(0x60, PSW(mode=8, address=CODE + 0x100).to_bytes())
    m.storage.write(0x68, PSW(mode=10, address=0xB00).to_bytes())
    m.storage.write(CODE + 0x100, bytes.fromhex("5A10F001"))
    m.gr[15] = 0xFFFFFE
    stop = m.run(10)
    assert (stop.reason, stop.detail) == (StopReason.DISABLED_WAIT, 0xB00)
    assert m.storage.read(0x88, 4).hex() == "0002007b"
    assert m.storage.read(0x8C, 4).hex() == "00040005"
    assert old(m, 0x28) == PSW(mode=8, address=CODE + 0x104)


def test_extended_control_psw_with_wrong_bits_is_a_specification_exception() -> None:
    m = machine("82000408" + "00000000" + "80080000" + "00002000")
    m.run(10)
    assert m.storage.read(0x8C, 4).hex() == "00000006"
    assert m.storage.read(0x28, 8).hex() == "8008000000002000"


def test_odd_address_in_a_wait_psw_does_not_matter() -> None:
    m = machine("82000408" + "00000000" + "00020000" + "00000AAB")
    assert m.run(10).detail == 0xAAB


def test_invalid_operation_completes_nothing() -> None:
    m = machine("FF00")
    assert m.run(10).detail == 0xB00
    assert old(m, 0x28).code == 1


@pytest.mark.parametrize("mode", [0, 1, 8, 9])
def test_what_is_not_installed_is_an_operation_exception(mode: int) -> None:
    """In the problem state too: it comes before a privileged operation."""
    for absent in NOT_INSTALLED:
        for name, opcode in absent.instructions.items():
            text = opcode.to_bytes(1 if opcode < 256 else 2, "big").ljust(6, b"\0")
            m = machine(text.hex(), mode=mode)
            assert m.run(1).reason is StopReason.DISABLED_WAIT, name
            size = (2, 4, 4, 6)[text[0] >> 6]
            psw = old(m, 0x28)
            assert psw.address == CODE + size, name
            if mode & 8:
                assert m.storage.read(0x8C, 4) == (size << 16 | 1).to_bytes(4, "big"), name
            else:
                assert (psw.code, psw.ilc) == (1, size // 2), name


def test_program_interruption_loop() -> None:
    m = machine("0000")
    m.storage.write(0x68, PSW(address=0x2000).to_bytes())
    stop = m.run(1000)
    assert stop.reason is StopReason.PROGRAM_LOOP
    assert stop.instructions < 10
    m.psw = PSW(address=CODE)
    m.storage.write(CODE, bytes.fromhex("47F00400"))
    assert m.run(50).reason is StopReason.BUDGET


def test_program_loop_of_an_invalid_psw() -> None:
    m = machine("0000")
    m.storage.write(0x68, bytes.fromhex("8008000000002000"))
    assert m.run(1000).reason is StopReason.INVALID_PSW
    m = machine("0000")
    m.storage.write(0x68, PSW(address=0x2001).to_bytes())
    assert m.run(1000).reason is StopReason.INVALID_PSW


def test_interruption_key_waits_for_its_masks() -> None:
    m = machine("80000500" + "47F00404")
    m.storage.write(0x500, b"\x01")
    m.external(0x40)
    m.set_cr(0, 0)
    assert m.run(20).reason is StopReason.BUDGET
    m.set_cr(0, 0x40)
    stop = m.run(20)
    assert (stop.detail, stop.instructions) == (0xC00, 0)
    assert old(m, 0x18).code == 0x40
    m.psw = PSW(system_mask=1, address=0x404)
    assert m.run(20).reason is StopReason.BUDGET


def test_other_external_codes_come_one_by_one() -> None:
    m = machine("47F00400", system_mask=1)
    m.storage.write(0x58, PSW(address=0xC00, mode=2).to_bytes())
    m.external(0x1200)
    m.external(0x1203)
    assert m.run(5).detail == 0xC00
    assert old(m, 0x18).code == 0x1200
    m.psw = PSW(system_mask=1, address=CODE)
    assert m.run(5).detail == 0xC00
    assert old(m, 0x18).code == 0x1203


def test_enabled_wait() -> None:
    m = machine("", mode=2, system_mask=0xFF)
    assert m.run(10).reason is StopReason.WAIT
    assert m.waiting
    m.external(0x40)
    assert not m.waiting
    assert m.run(10).detail == 0xC00


def test_a_pending_external_code_stays_one() -> None:
    m = machine("07FE", system_mask=0)
    for _ in range(1000):
        m.external(0x1234)
    assert m.interruptions.others == [0x1234]


def test_external_loop() -> None:
    m = machine("", mode=2, system_mask=1)
    m.storage.write(0x58, PSW(system_mask=1, mode=2, address=0xC00).to_bytes())
    m.set_cr(0, 0x400)
    m.cpu.set_cpu_timer(-1)
    assert m.run(10).reason is StopReason.EXTERNAL_LOOP


class Stopper(NullHost):
    """Stops at DIAGNOSE 8, sets a register at 12, refuses the rest."""

    def diagnose(self, machine: Machine, code: int, r1: int, r3: int) -> None:
        if code == 8:
            machine.stop(("diagnose", r1, r3))
        elif code == 12:
            machine.gr[r1] = -1
            machine.cc = 3
        else:
            raise ProgramCheck(6)


def test_diagnose() -> None:
    m = machine("8324000C" + "83350008" + "83350009", Stopper())
    stop = m.run(10)
    assert (stop.reason, stop.instructions, stop.detail) == (StopReason.HOST, 2, ("diagnose", 3, 5))
    assert (m.gr[2], m.cc) == (0xFFFFFFFF, 3)
    assert m.run(10).detail == 0xB00
    assert (old(m, 0x28).code, old(m, 0x28).address) == (6, CODE + 12)


def test_diagnose_is_privileged() -> None:
    m = machine("8324000C", Stopper(), mode=1)
    m.run(10)
    assert old(m, 0x28).code == 2


def test_stop_before_running() -> None:
    m = machine("47F00400")
    m.stop("now")
    stop = m.run(100)
    assert (stop.reason, stop.instructions, stop.detail) == (StopReason.HOST, 0, "now")
    assert m.run(100).reason is StopReason.BUDGET


def test_address_stop_happens_once() -> None:
    m = machine("41100001" + "41200002" + "47F00400")
    m.address_stop = CODE + 4
    stop = m.run(100)
    assert (stop.reason, stop.instructions, stop.detail) == (StopReason.ADDRESS_STOP, 1, CODE + 4)
    assert m.address_stop is None
    assert m.run(100).reason is StopReason.BUDGET


def test_restart() -> None:
    m = machine("")
    m.psw = PSW(mode=2, address=0x777777, cc=1)
    m.storage.write(0, PSW(mode=2, address=0x123).to_bytes())
    m.restart()
    assert m.run(1).detail == 0x123
    assert old(m, 8) == PSW(mode=2, address=0x777777, cc=1)


def test_registers_are_cut_to_their_width() -> None:
    m = Machine(1 << 16)
    m.gr[3] = -1
    m.gr[4] = 1 << 32 | 5
    m.fr[2] = -1
    assert m.gr[3] == 0xFFFFFFFF
    assert m.gr[3:5] == [0xFFFFFFFF, 5]
    assert m.fr[2] == 0xFFFFFFFFFFFFFFFF
    assert m.cr[2] == 0xFFFFFFFF
    assert len(m.gr) == 16


@pytest.mark.parametrize("size", [0, 4096, 8191, 8193, (16 << 20) + 2048])
def test_storage_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="2K"):
        Machine(size)


def test_storage_bounds() -> None:
    m = Machine(8192)
    m.storage.write(8190, b"ab")
    assert m.storage.read(8188, 4) == b"\0\0ab"
    for call in (
        lambda: m.storage.read(8190, 3),
        lambda: m.storage.write(-1, b"a"),
        lambda: m.storage.key(8192),
        lambda: m.storage.set_key(8192, 0),
    ):
        with pytest.raises(AddressError):
            call()


def test_clear() -> None:
    m = Machine(8192)
    m.storage.write(100, b"abc")
    m.storage.set_key(4096, 0x30)
    m.gr[1] = 5
    m.clear()
    assert m.storage.read(100, 3) == bytes(3)
    assert m.storage.key(4096) == 0
    assert m.gr[1] == 0


def test_key_changes_take_effect_at_once() -> None:
    m = machine("50000800" + "47F00400", key=2)
    m.storage.set_key(0x800, 0x20)
    assert m.run(2).reason is StopReason.BUDGET
    m.storage.set_key(0x800, 0x30)
    assert m.run(2).detail == 0xB00
    assert old(m, 0x28).code == 4


def test_reference_and_change_bits() -> None:
    m = machine("58000800" + "5000F000" + "47F00400")
    for block in range(0, 0x3000, 2048):
        m.storage.set_key(block, 0)
    m.gr[15] = 0x2000
    m.run(5)
    assert [m.storage.key(a) for a in (0, 0x800, 0x2000, 0x2800)] == [4, 4, 6, 0]
    m.storage.set_key(0x2000, 4)
    m.run(5)
    assert m.storage.key(0x2000) == 6


def test_prefixing() -> None:
    m = machine("B2100500" + "B2110504" + "58300200" + "58405200" + "0A05")
    m.storage.write(0x500, (0x3000).to_bytes(4, "big"))
    m.storage.write(0x200, b"LOW!")
    m.storage.write(0x3200, b"HIGH")
    m.storage.write(0x3060, PSW(mode=2, address=0xEEE).to_bytes())
    m.gr[5] = 0x3000
    m.storage.write(0x3404, bytes.fromhex("B2110504" + "58300200" + "58405200" + "0A05"))
    assert m.run(10).detail == 0xEEE
    assert m.storage.read(0x3504, 4).hex() == "00003000"
    assert m.gr[3] == int.from_bytes(b"HIGH", "big")
    assert m.gr[4] == int.from_bytes(b"LOW!", "big")
    assert m.storage.read(0x3020, 8)[2:4] == b"\x00\x05"


def test_prefix_outside_of_storage() -> None:
    m = machine("B2100500")
    m.storage.write(0x500, (0x100000).to_bytes(4, "big"))
    m.run(10)
    assert old(m, 0x28).code == 5


def test_division_of_the_smallest_number_by_minus_one() -> None:
    m = machine("1D68")
    m.gr[6], m.gr[7], m.gr[8] = 0x80000000, 0, -1
    m.run(10)
    assert old(m, 0x28).code == 9
    assert (m.gr[6], m.gr[7]) == (0x80000000, 0)


def test_code_that_changes_itself() -> None:
    # IC 2,X'413'; LA 2,1(,2); STC 2,X'413'; NOP; LA 3,n (whose last byte is at X'413'); B X'400'
    m = machine("43200413" + "41202001" + "42200413" + "47000000" + "41300000" + "47F00400")
    for n in range(1, 300):
        m.run(6)
        assert m.gr[3] == n & 0xFF


def test_long_move_is_interruptible() -> None:
    m = machine("0E24" + "47F00402")
    m.gr[2], m.gr[3], m.gr[4], m.gr[5] = 0x10000, 0x8000, 0x20000, 0x5C000000 | 0x4000
    m.storage.write(0x20000, b"x" * 0x4000)
    assert m.run(3).detail == CODE
    assert m.gr[2] == 0x11800
    m.run(100)
    assert m.storage.read(0x10000, 0x8000) == b"x" * 0x4000 + b"\x5c" * 0x4000
    assert (m.gr[2], m.gr[3], m.gr[4], m.gr[5], m.cc) == (0x18000, 0, 0x24000, 0x5C000000, 2)


def test_machines_share_nothing() -> None:
    one, two = machine("4110100147F00400"), machine("47F00400")
    one.gr[1] = 7
    one.run(2)
    two.run(2)
    assert (one.gr[1], two.gr[1]) == (8, 0)
    assert two.storage.read(CODE, 4) != one.storage.read(CODE, 4)
