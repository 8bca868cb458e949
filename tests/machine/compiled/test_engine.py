"""The engines with native code in a machine: what must make them forget, and come back."""

import pytest
from everyengine import at_once, engine_of

from compiled.parity import StillHost
from cpvm.machine import Machine, StopReason, engines
from cpvm.machine.compiled import state
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.machine.engines import COMPILED, TRANSLATED, EngineError
from cpvm.machine.trace import Step
from cpvm.s370.psw import PSW

CODE = 0x1000
LOOP = bytes.fromhex("5A20 C100 4640 1000 0700")
"""A R2,256(,R12); BCT R4,0(,R1)."""
WAITS = PSW(mode=2, address=0xDEAD68)


@pytest.fixture(params=[COMPILED, TRANSLATED])
def m(request: pytest.FixtureRequest) -> Machine:
    """A machine at the beginning of LOOP, of which there is a region if there are any."""
    machine = Machine(1 << 16, StillHost(), engine=request.param)
    machine.storage.write(0x68, WAITS.to_bytes())
    machine.storage.write(CODE, LOOP)
    machine.storage.write(0x2100, (1).to_bytes(4, "big"))
    machine.gr[1] = CODE
    machine.gr[12] = 0x2000
    machine.gr[4] = 1_000_000
    machine.psw = PSW(address=CODE)
    if request.param == TRANSLATED:
        become_hot(machine)
    return machine


def become_hot(machine: Machine) -> None:
    """Have what the machine executes translated, and no more later on; all is as it was then."""
    at_once(engine_of(machine))
    registers, psw, storage = list(machine.gr), machine.psw, machine.storage.read(0, machine.storage.size)
    machine.run(2000)
    assert machine.run(2000).reason is StopReason.BUDGET
    assert entered(machine) > 0
    engine_of(machine).tuning.hot = 1 << 60
    machine.storage.write(0, storage)
    machine.gr._values[:] = [(v + 0x80000000 & 0xFFFFFFFF) - 0x80000000 for v in registers]
    machine.psw = psw


def entered(machine: Machine) -> int:
    """How often regions were entered."""
    count: int = engine_of(machine)._words[state.ENTERED >> 3]
    return count


def natively(machine: Machine, instructions: int) -> int:
    """Run; gives how many of the instructions were native ones."""
    engine = engine_of(machine)
    before = engine.native_instructions
    machine.run(instructions)
    return engine.native_instructions - before


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
    assert natively(m, 1000) >= 998
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


def translated(m: Machine, frames: list[int]) -> None:
    """Pages of 4K at these frames, DAT on."""
    m.storage.write(0xE000, (0xF000E040).to_bytes(4, "big") + b"\0\0\0\1" * 15)
    m.storage.write(0xE040, b"".join((frame << 4).to_bytes(2, "big") for frame in frames))
    m.set_cr(0, 0x00800000)
    m.set_cr(1, 0xE000)
    m.psw = PSW(4, 0, 8, address=CODE)


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


# ---- text of regions
def regions(m: Machine) -> bool:
    """Whether there are any."""
    return engine_of(m).name == TRANSLATED


def test_a_region_is_entered(m: Machine) -> None:
    before = entered(m)
    assert natively(m, 1000) >= 998
    assert m.gr[2] == 500
    assert (entered(m) > before) is regions(m)


def test_text_that_a_channel_writes_is_seen(m: Machine) -> None:
    class Feeder(Device):
        TYPE = "2501"

        @command(0x02)
        def read(self, path: DataPath) -> int:
            path.send(bytes.fromhex("5B20C100"))
            return ENDED

    m.attach(0x00C, Feeder())
    m.run(1000)
    m.storage.write(0x48, bytes.fromhex("00003000"))
    m.storage.write(0x3000, bytes.fromhex("0200100020000004"))
    assert m.io.sio(0x00C) == 0
    before = m.gr[2]
    assert natively(m, 1000) >= 998
    assert m.gr[2] == (before - 500) & 0xFFFFFFFF


def test_text_that_another_program_changes_is_seen(m: Machine) -> None:
    """Native stores into it, of one byte and of many, from outside of the region."""
    m.storage.write(0x1400, bytes.fromhex("925B1000 07F1"))  # MVI 0(R1),X'5B'; BR R1
    m.storage.write(0x1410, bytes.fromhex("D20310001420 07F1"))  # MVC 0(4,R1),X'420'(R1)
    m.storage.write(0x1420, bytes.fromhex("5A20C100"))
    m.storage.write(0x1416, bytes.fromhex("07F1"))
    m.storage.write(0x1410, bytes.fromhex("D20310001420"))
    m.run(1000)
    for at, by in ((0x1400, -500), (0x1410, 500), (0x1400, -500)):
        before = m.gr[2]
        m.psw = PSW(address=at)
        m.run(1002)
        assert m.gr[2] == (before + by) & 0xFFFFFFFF


def test_text_that_the_region_changes_itself_is_seen(m: Machine) -> None:
    """X'5A' and X'5B', A and S, in turns: the number stays what it was."""
    m.storage.write(CODE, bytes.fromhex("5A20C100 97011000 46401000 0700"))  # A; XI 0(R1),1; BCT
    if regions(m):
        engine_of(m).tuning.hot = 100
        engine_of(m).tuning.changes = 1 << 30
    for n in (3000, 6000, 3, 3, 3, 300, 301, 302):
        rounds, rest = divmod(n, 3)
        before, first, address = m.gr[2], m.storage.read(CODE, 1)[0], m.psw.address
        m.run(n)
        if rest == 0 and address == CODE:
            assert m.gr[2] - before & 0xFFFFFFFF in ({0} if rounds % 2 == 0 else {1, 0xFFFFFFFF})
            assert m.storage.read(CODE, 1)[0] == first ^ rounds & 1


def test_a_store_beside_text_is_native(m: Machine) -> None:
    m.storage.write(0x1100, bytes.fromhex("50201200 07F1"))  # ST R2,X'200'(R1); BR R1
    m.run(1000)
    m.psw = PSW(address=0x1100)
    assert natively(m, 1002) >= 1001
    m.psw = PSW(address=0x1100)
    assert natively(m, 1002) == 1002


def test_text_that_is_mapped_elsewhere_is_seen(m: Machine) -> None:
    """Another frame with the same text, or with another one."""
    translated(m, list(range(16)))
    m.run(1000)
    if regions(m):
        engine_of(m).tuning.hot = 100
        m.run(1900)
        m.run(1900)
        engine_of(m).tuning.hot = 1 << 60
    m.storage.write(0x5000, m.storage.read(0x1000, 4096))
    m.storage.write(0x6000, m.storage.read(0x1000, 4096))
    m.storage.write(0x6000, b"\x5b")
    for frame, by in ((5, 500), (6, -500), (1, 500), (6, -500), (5, 500)):
        m.storage.write(0xE042, (frame << 4).to_bytes(2, "big"))
        m.cpu.purge_tlb()
        before = m.gr[2]
        m.run(1000)
        assert m.gr[2] == (before + by) & 0xFFFFFFFF


def test_another_address_space_is_another_program(m: Machine) -> None:
    """Control register 1 says which text is meant."""
    translated(m, list(range(16)))
    m.storage.write(0x6000, m.storage.read(0x1000, 4096))
    m.storage.write(0x6000, b"\x5b")
    m.storage.write(0xE800, (0xF000E840).to_bytes(4, "big") + b"\0\0\0\1" * 15)
    m.storage.write(0xE840, m.storage.read(0xE040, 32))
    m.storage.write(0xE842, (0x0060).to_bytes(2, "big"))
    for table, by in ((0xE000, 500), (0xE800, -500)) * 3:
        m.set_cr(1, table)
        before = m.gr[2]
        m.run(1000)
        assert m.gr[2] == (before + by) & 0xFFFFFFFF


def test_text_that_may_no_longer_be_fetched_is_not_executed(m: Machine) -> None:
    m.psw = PSW(key=1, address=CODE)
    for block in (CODE, 0x2000):
        m.storage.set_key(block, 0x10)
    m.run(1000)
    m.storage.set_key(CODE, 0x28)
    assert m.run(1000).detail == WAITS.address
    assert m.storage.read(0x2A, 2) == b"\0\4"


def test_a_stop_from_within_a_run_is_taken(m: Machine) -> None:
    """What happens in the middle of a run is DIAGNOSE, at the end of the loop."""
    m.gr[4] = 700
    m.storage.write(CODE + 8, bytes.fromhex("83000001"))
    seen = []
    m.host.diagnose = lambda machine, code, r1, r3: (seen.append(machine.gr[2]), machine.stop("here"))  # type: ignore
    stop = m.run(1_000_000)
    assert (stop.reason, stop.detail, stop.instructions, seen) == (StopReason.HOST, "here", 1401, [700])
