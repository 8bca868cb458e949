"""The engines with native code in a machine: what must make them forget, and come back."""

import pytest

from compiled.hotloop import CODE, WAITS, natively, translated
from cpvm.machine import Machine, StopReason, engines
from cpvm.machine.compiled.native import Library
from cpvm.machine.engines import EngineError
from cpvm.machine.trace import Step
from cpvm.s370.psw import PSW


def test_budgets_are_exact(m: Machine) -> None:
    m.run(100)
    for n in (1, 5, 1000, 4096, 30_001):
        before = m.gr[2], m.gr[4]
        stop = m.run(n)
        assert stop.reason is StopReason.BUDGET
        assert stop.instructions == n
        assert m.gr[2] - before[0] + before[1] - m.gr[4] == n


def test_almost_all_is_native(m: Machine) -> None:
    assert natively(m, 10_000) > 9_990


def test_a_store_by_the_host_into_code_is_seen(m: Machine) -> None:
    m.run(1000)
    m.storage.write(CODE, bytes.fromhex("5B20C100"))
    before = m.gr[2]
    assert natively(m, 1000) > 990
    assert m.gr[2] == (before - 500) & 0xFFFFFFFF


def test_a_key_that_changes_is_seen(m: Machine) -> None:
    m.psw = PSW(key=1, address=CODE)
    m.storage.set_key(CODE, 0x10)
    m.storage.set_key(0x2000, 0x10)
    assert natively(m, 1000) > 990
    m.storage.set_key(0x2000, 0x28)
    assert m.run(1000).detail == WAITS.address
    assert m.storage.read(0x2A, 2) == b"\0\4"


def test_reference_and_change_come_again_after_they_were_reset(m: Machine) -> None:
    m.storage.write(CODE, bytes.fromhex("5020C100"))
    m.run(1000)
    m.storage.set_key(0x2000, 0)
    m.run(10)
    assert m.storage.key(0x2000) == 0x06


def test_a_prefix_that_changes_is_seen(m: Machine) -> None:
    m.storage.write(0x4000, m.storage.read(0, 4096))
    m.storage.write(0x100, (1).to_bytes(4, "big"))
    m.storage.write(0x4100, (3).to_bytes(4, "big"))
    m.gr[12] = 0
    m.run(1000)
    before = m.gr[2]
    m.cpu.set_prefix(0x4000)
    assert natively(m, 1000) > 990
    assert m.gr[2] == before + 1500


def test_tables_that_change_are_seen_when_they_are_purged(m: Machine) -> None:
    m.storage.write(0x5100, (5).to_bytes(4, "big"))
    translated(m, list(range(16)))
    assert natively(m, 1000) > 990
    before = m.gr[2]
    m.storage.write(0xE044, (0x0050).to_bytes(2, "big"))
    m.cpu.purge_tlb()
    assert natively(m, 1000) > 990
    assert m.gr[2] == before + 2500
    translated(m, list(range(16)))
    before = m.gr[2]
    m.run(1000)
    assert m.gr[2] == before + 500


def test_translation_that_goes_off_is_seen(m: Machine) -> None:
    translated(m, [0, 1, 5, *range(3, 16)])
    m.storage.write(0x5100, (5).to_bytes(4, "big"))
    m.run(1000)
    assert m.gr[2] == 2500
    m.psw = PSW(address=CODE)
    m.run(1000)
    assert m.gr[2] == 3000


def test_an_address_stop_is_exact(m: Machine) -> None:
    m.run(5000)
    m.address_stop = CODE + 4
    stop = m.run(5000)
    assert (stop.reason, stop.instructions) == (StopReason.ADDRESS_STOP, 1)


def test_single_steps_and_program_event_recording_are_exact(m: Machine) -> None:
    m.run(5000)
    assert isinstance(m.step(), Step)
    m.set_cr(9, 0x40000000)
    m.set_cr(10, CODE)
    m.set_cr(11, CODE)
    m.storage.write(0x68, PSW(mode=8 + 2, address=0xBAD).to_bytes())
    translated(m, list(range(16)))
    m.psw = PSW(0x44, 0, 8, address=CODE)
    stop = m.run(5000)
    assert (stop.reason, stop.detail, stop.instructions) == (StopReason.DISABLED_WAIT, 0xBAD, 1)
    assert m.storage.read(0x8E, 2) == b"\0\x80"


def test_a_stop_is_heard(m: Machine) -> None:
    m.run(5000)
    m.stop("enough")
    stop = m.run(1_000_000)
    assert (stop.reason, stop.detail) == (StopReason.HOST, "enough")


def test_storage_cleared_is_seen(m: Machine) -> None:
    m.run(1000)
    m.storage.clear()
    m.storage.write(0x68, WAITS.to_bytes())
    assert m.run(1000).detail == WAITS.address
    assert m.storage.read(0x2A, 2) == b"\0\1"


def test_engines_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="no engine steam"):
        Machine(1 << 16, engine="steam")
    monkeypatch.setattr(engines, "available", lambda: False)
    with pytest.raises(EngineError, match="llvmlite"):
        Machine(1 << 16, engine="compiled")
    assert type(Machine(1 << 16, engine="auto")._interpreter).__name__ == "Interpreter"


def test_a_key_that_the_program_changes_is_seen(m: Machine) -> None:
    """SSK is native where nothing depends on the key, and must not be where something does."""
    m.storage.write(CODE, bytes.fromhex("0867 5A20 C100 4640 1000"))  # SSK R6,R7 in front
    m.psw = PSW(key=1, address=CODE)
    m.storage.set_key(CODE, 0x10)
    m.storage.set_key(0x2000, 0x10)
    m.storage.set_key(0x3000, 0x10)
    m.gr[6], m.gr[7] = 0x10, 0x3000
    assert natively(m, 3000) > 2990
    m.gr[6] = 0x20
    assert natively(m, 3000) == 3000
    assert m.storage.key(0x3000) == 0x20
    m.gr[6], m.gr[7] = 0x28, 0x2000
    assert m.run(3000).detail == WAITS.address
    assert m.storage.read(0x2A, 2) == b"\0\4"


def test_real_addresses_are_prefixed(m: Machine) -> None:
    """SVC stores its old PSW, and ISK finds its key, where the prefix says."""
    m.cpu.set_prefix(0x4000)
    m.storage.write(0x4060, PSW(address=CODE).to_bytes())
    m.storage.set_key(0x4000, 0x50)
    m.storage.set_key(0, 0x60)
    m.storage.write(CODE, bytes.fromhex("0967 0A05"))  # ISK R6,R7; SVC 5, which goes back
    m.gr[7] = 0
    assert natively(m, 1000) > 490
    assert m.gr[6] == 0x50
    assert m.storage.read(0x20, 8) == bytes(8)
    assert m.storage.read(0x4020, 8).hex() == "0000000540001004"


def test_address_stops_before_there_is_native_code(m: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    m.storage.write(CODE + 0x1000, bytes.fromhex("1A22 1A33 47FC0000"))
    interpreter = m.cpu.interpreter
    monkeypatch.setattr(interpreter, "_library", Library(lambda: pytest.fail("nobody asked for it")))
    monkeypatch.setattr(interpreter, "_run", None)
    m.gr[12] = CODE
    m.psw = PSW(address=CODE + 0x1000)
    m.address_stop = CODE
    stop = m.run(1000)
    assert (stop.reason, stop.detail, stop.instructions) == (StopReason.ADDRESS_STOP, CODE, 3)
