"""Watching a machine: what is told, and that it makes no difference to the machine."""

from dataclasses import dataclass, field

from cpvm.machine import Machine, StopReason
from cpvm.s370.insn import Insn
from cpvm.s370.psw import PSW

CODE, HANDLER, DATA = 0x1000, 0x2000, 0x3000


@dataclass
class Notes:
    """Writes down all that it is told."""

    machine: Machine
    only: frozenset[str] = frozenset()
    stores: bool = False
    blocks: frozenset[int] | None = None
    stop_at: str = ""
    lines: list[str] = field(default_factory=list)

    def wants(self, row: Insn) -> bool:
        return not self.only or row.mnemonic in self.only

    def before(self, row: Insn, text: bytes, address: int, target: bool) -> None:
        self.lines.append(f"{address:04X} {row.mnemonic} {text.hex()}{' *' if target else ''}")

    def after(self, row: Insn, text: bytes, address: int, failed: bool) -> None:
        observation = self.machine.cpu.interpreter.observation
        assert observation is not None
        stored = "".join(f" {at:04X}.{n}" for at, n in observation.stored)
        self.lines.append(f"{address:04X} {'failed' if failed else f'cc {self.machine.cc}'}{stored}")
        if row.mnemonic == self.stop_at:
            self.machine.stop("seen")

    def interrupted(self, kind: str, code: int, ilc: int, old: PSW, new: PSW) -> None:
        self.lines.append(f"{kind} {code:04X} {ilc} {old.address:04X} {new.address:04X}")


def machine(code: str) -> Machine:
    """A machine that is about to execute code; SVC and program interruptions end in disabled waits."""
    m = Machine(1 << 16)
    m.storage.write(CODE, bytes.fromhex(code))
    m.storage.write(0x60, PSW(mode=2, address=0x4000).to_bytes())
    m.storage.write(0x68, PSW(mode=2, address=HANDLER).to_bytes())
    m.storage.write(0x58, PSW(mode=2, address=0x5000).to_bytes())
    m.gr[12], m.gr[13] = CODE, DATA
    m.psw = PSW(address=CODE)
    return m


def test_instructions_and_their_interruptions() -> None:
    m = machine("1A110AFF")
    notes = Notes(m)
    m.observe(notes)
    assert m.run(100).reason is StopReason.DISABLED_WAIT
    assert notes.lines == ["1000 AR 1a11", "1000 cc 0", "1002 SVC 0aff", "SVC 00FF 1 1004 4000", "1002 cc 0"]


def test_a_program_interruption_comes_after_its_instruction() -> None:
    m = machine("5810D001")
    notes = Notes(m)
    m.observe(notes)
    m.gr[13] = 0xFFFFF0
    m.run(100)
    assert notes.lines == ["1000 L 5810d001", "1000 failed", "PROG 0005 2 1004 2000"]


def test_instructions_that_cannot_be_fetched() -> None:
    m = machine("07FD")
    m.gr[13] = 0xFFFF00
    notes = Notes(m)
    m.observe(notes)
    m.run(100)
    assert notes.lines == ["1000 BCR 07fd", "1000 cc 0", "PROG 0005 2 FFFF04 2000"]


def test_execute_and_its_target() -> None:
    m = machine("4410C0100700" + "00" * 10 + "D200D000C000")
    m.gr[1] = 3
    notes = Notes(m, stores=True)
    m.observe(notes)
    m.run(2)
    assert notes.lines[:4] == [
        "1000 EX 4410c010",
        "1010 MVC d203d000c000 *",
        "1010 cc 0 3000.4",
        "1000 cc 0 3000.4",
    ]
    assert notes.lines[4] == "1004 BCR 0700"


def test_only_what_is_wanted_is_told_and_it_can_stop_the_machine() -> None:
    m = machine("1A114110C0005010D00047F0C000")
    notes = Notes(m, only=frozenset({"ST"}), stores=True, stop_at="ST")
    m.observe(notes)
    for _ in range(3):
        stop = m.run(1_000_000)
        assert (stop.reason, stop.detail) == (StopReason.HOST, "seen")
        assert m.psw.address == 0x100A
    assert [line for line in notes.lines if not line.startswith("1006 cc")] == ["1006 ST 5010d000"] * 3


def test_external_interruptions_are_told() -> None:
    m = machine("070047F0C000")
    m.psw = PSW(system_mask=1, address=CODE)
    m.external(0x40)
    notes = Notes(m, only=frozenset({"LPSW"}))
    m.observe(notes)
    m.run(10)
    assert notes.lines == ["EXT 0040 0 1000 5000"]


def test_program_event_recording_goes_on() -> None:
    m = machine("5010D0000700")
    m.storage.write(0x68, PSW(mode=10, address=HANDLER).to_bytes())
    m.set_cr(9, 0x20 << 24)
    m.set_cr(11, 0xFFFFFF)
    m.psw = PSW(system_mask=0x40, mode=8, address=CODE)
    notes = Notes(m, stores=True)
    m.observe(notes)
    m.run(10)
    assert notes.lines == ["1000 ST 5010d000", "1000 cc 0 3000.4", "PROG 0080 2 1004 2000"]
    assert m.storage.read(0x96, 1) == b"\x20"


LOOP = "411000641A215020D000D503D000D0044770C0161B224610C0040AFF"


def test_it_makes_no_difference() -> None:
    plain, watched, again = machine(LOOP), machine(LOOP), machine(LOOP)
    for m in (watched, again):
        m.observe(Notes(m, stores=True))
    again.run(50)
    again.observe(None)
    ends = [m.run(100_000) for m in (plain, watched, again)]
    assert {stop.reason for stop in ends} == {StopReason.DISABLED_WAIT}
    assert ends[0].instructions == ends[1].instructions == ends[2].instructions + 50
    for m in (watched, again):
        assert list(m.gr) == list(plain.gr)
        assert m.psw == plain.psw
        assert m.storage.read(0, 1 << 16) == plain.storage.read(0, 1 << 16)


def test_loops_of_program_interruptions_are_noticed() -> None:
    m = machine("0000")
    m.storage.write(0x68, PSW(address=HANDLER).to_bytes())
    m.observe(Notes(m))
    assert m.run(1000).reason is StopReason.PROGRAM_LOOP


def test_an_address_stop_with_and_without_watching() -> None:
    for watched in (False, True):
        m = machine(LOOP)
        if watched:
            m.observe(Notes(m))
        m.address_stop = CODE + 0x1A
        stop = m.run(1_000_000)
        assert (stop.reason, stop.detail) == (StopReason.ADDRESS_STOP, CODE + 0x1A)
        assert m.address_stop is None


def test_only_the_reference_engine_works_while_somebody_watches() -> None:
    m = machine(LOOP)
    m.observe(Notes(m))
    m.run(100_000)
    assert m.engine_statistics().native == 0
    m.observe(None)
    m.psw = PSW(address=CODE)
    m.run(100_000)
    statistics = m.engine_statistics()
    assert (statistics.native > 0) == (statistics.engine != "reference")


def far() -> Machine:
    """A loop that calls a routine in another block a hundred times."""
    m = machine("05C04110006458F0C01205EF4610C0040AFF000000001800")
    m.storage.write(0x1800, bytes.fromhex("5A30C0125030D00007FE"))
    return m


def test_what_stands_elsewhere_is_not_watched_and_done_by_the_machines_own_engine() -> None:
    plain, watched = far(), far()
    notes = Notes(watched, stores=True, blocks=frozenset({3}))
    watched.observe(notes)
    for m in (plain, watched):
        stop = m.run(100_000)
        assert (stop.reason, stop.instructions) == (StopReason.DISABLED_WAIT, 603)
    assert list(plain.gr) == list(watched.gr)
    assert plain.gr[3] == 100 * 0x1800
    there = [line for line in notes.lines if line.startswith("18")]
    assert (
        there
        == ["1800 A 5a30c012", "1800 cc 2", "1804 ST 5030d000", "1804 cc 2 3000.4", "1808 BCR 07fe", "1808 cc 2"] * 100
    )
    statistics = watched.engine_statistics()
    assert (statistics.native > 0) == (statistics.engine != "reference")


def test_address_stops_in_the_middle_of_loops() -> None:
    for address, before in ((0x1804, 5), (0x1800, 4), (0x100A, 3), (0x1010, 602)):
        m = far()
        m.address_stop = address
        stop = m.run(100_000)
        assert (stop.reason, stop.detail, stop.instructions) == (StopReason.ADDRESS_STOP, address, before)
        stop = m.run(100_000)
        assert (stop.reason, stop.instructions) == (StopReason.DISABLED_WAIT, 603 - before)
        assert m.gr[3] == 100 * 0x1800


def test_an_address_stop_where_nothing_is_comes_never() -> None:
    m = far()
    m.address_stop = 0xFFFFFE
    assert m.run(100_000).reason is StopReason.DISABLED_WAIT
    assert m.address_stop == 0xFFFFFE


def test_what_is_watched_may_change() -> None:
    m = far()
    notes = Notes(m, blocks=frozenset({3}))
    m.observe(notes)
    m.run(50)
    m.observe(None)
    m.run(50)
    count = len(notes.lines)
    notes.blocks = frozenset({2})
    m.observe(notes)
    m.run(100_000)
    calls = sum(line == "100A BALR 05ef" for line in notes.lines[count:])
    assert calls == (603 - 100) // 6
    assert notes.lines[-2] == "SVC 00FF 1 1012 4000"
    assert m.gr[3] == 100 * 0x1800
