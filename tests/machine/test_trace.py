"""Single steps, and what they say about each instruction."""

from cpvm.machine import Machine, Step, Stop, StopReason
from cpvm.s370.psw import PSW


def machine(code: str, **psw: int) -> Machine:
    m = Machine(1 << 16)
    m.storage.write(0x1000, bytes.fromhex(code))
    m.storage.write(0x68, PSW(mode=2, address=0xBAD).to_bytes())
    m.psw = PSW(address=0x1000, **psw)
    return m


def test_instructions_are_given_as_they_are_executed() -> None:
    m = machine("41100003" + "1A21" + "4610C004" + "92FFC006" + "0000")
    m.gr[12] = 0x1000
    done = list(m.steps(100))
    assert [str(step) for step in done] == [
        "001000 41100003     LA    1,3",
        "001004 1A21         AR    2,1",
        "001006 4610C004     BCT   1,4(,12)",
        "001004 1A21         AR    2,1",
        "001006 4610C004     BCT   1,4(,12)",
        "001004 1A21         AR    2,1",
        "001006 4610C004     BCT   1,4(,12)",
        "00100A 92FFC006     MVI   6(12),255",
        "00100E 0000         DC    X'0000'",
    ]
    assert m.gr[2] == 6
    assert done[0].psw.address == 0x1004
    assert done[-1].psw.address == 0xBAD


def test_interruptions_come_before_the_step() -> None:
    m = machine("0700", system_mask=1)
    m.storage.write(0x58, PSW(address=0x2000).to_bytes())
    m.storage.write(0x2000, bytes.fromhex("1811"))
    m.external(0x40)
    done = m.step()
    assert isinstance(done, Step)
    assert (done.address, done.instruction) == (0x2000, "LR    1,1")


def test_a_machine_that_waits_does_not_step() -> None:
    m = machine("0700", mode=2)
    done = m.step()
    assert isinstance(done, Stop)
    assert done.reason is StopReason.DISABLED_WAIT
    assert list(m.steps(5)) == []


def test_steps_end_in_a_loop_of_program_interruptions() -> None:
    """The second instruction that fails without one between that did not, as in `Machine.run`."""
    m = machine("1812" + "0000")
    m.storage.write(0x68, PSW(address=0x2000).to_bytes())
    done = list(m.steps(100))
    assert [step.address for step in done] == [0x1000, 0x1002, 0x2000]
    assert done[-1].stop.reason is StopReason.PROGRAM_LOOP
    assert len(list(m.steps(100))) == 2  # from here it is found anew
    m.psw = PSW(address=0x1000)
    assert len(list(m.steps(100))) == 3


def test_steps_end_at_an_invalid_program_new_psw() -> None:
    m = machine("0000")
    m.storage.write(0x68, bytes.fromhex("8008000000002000"))
    done = list(m.steps(100))
    assert [step.stop.reason for step in done] == [StopReason.INVALID_PSW]
    m.psw = PSW(address=0x1000)
    m.storage.write(0x68, PSW(address=0x2001).to_bytes())
    assert [step.stop.reason for step in m.steps(100)] == [StopReason.INVALID_PSW]
    stop = m.step()
    assert isinstance(stop, Stop)
    assert stop.reason is StopReason.INVALID_PSW


def test_a_handler_that_goes_well_once_is_no_loop() -> None:
    m = machine("0000")
    m.storage.write(0x68, PSW(address=0x2000).to_bytes())
    m.storage.write(0x2000, bytes.fromhex("1812"))
    assert len(list(m.steps(30))) == 30


def test_steps_leave_reference_bits_alone() -> None:
    """An instruction over a boundary of blocks is looked at without touching the second, which is fetched then."""
    m = machine("0700")
    m.storage.set_key(0x2000, 0)
    m.storage.write(0x1FFE, bytes.fromhex("1811"))
    m.psw = PSW(address=0x1FFE)
    done = m.step()
    assert isinstance(done, Step)
    assert (done.text.hex(), m.storage.key(0x2000)) == ("1811", 0)


def test_steps_under_translation() -> None:
    """Page 1 is at X'3000'; page 2 is invalid, so that only the first half of an instruction can be had."""
    m = machine("")
    m.storage.write(0x3FFC, bytes.fromhex("18315810"))
    m.storage.write(0x4000, bytes.fromhex("F0004100"))
    m.storage.write(0x4100, bytes.fromhex("000000300008"))
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0x4000)
    m.psw = PSW(system_mask=4, mode=8, address=0x1FFC)
    first, second = m.steps(2)
    assert (first.instruction, first.address) == ("LR    3,1", 0x1FFC)
    assert (second.text, second.instruction, second.address) == (b"", "", 0x1FFE)
    assert m.storage.read(0x8C, 4).hex() == "00040011"
