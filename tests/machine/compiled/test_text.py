"""Text that changes, or is no longer what is meant: a region must not go on with what it was made of."""

from collections.abc import Mapping

import pytest
from everyengine import engine_of, warm

from compiled.hotloop import CODE, WAITS, entered, natively, regions, translated
from compiled.parity import Pair
from cpvm.machine import Machine, StopReason
from cpvm.machine.datapath import DataPath
from cpvm.machine.device import ENDED, Device, command
from cpvm.machine.engines import COMPILED, TRANSLATED
from cpvm.s370.psw import PSW


def test_a_region_is_entered(m: Machine) -> None:
    before = entered(m)
    assert natively(m, 1000) > 990
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
    assert natively(m, 1000) > 990
    assert m.gr[2] == (before - 500) & 0xFFFFFFFF


def test_text_that_another_program_changes_is_seen(m: Machine) -> None:
    """Native stores into it, of one byte and of many, from outside of the region."""
    m.storage.write(0x1400, bytes.fromhex("925B1000 07F1"))  # MVI 0(R1),X'5B'; BR R1
    m.storage.write(0x1410, bytes.fromhex("D20310001420 07F1"))  # MVC 0(4,R1),X'420'(R1); BR R1
    m.storage.write(0x1420, bytes.fromhex("5A20C100"))
    m.run(1000)
    for at, by in ((0x1400, -500), (0x1410, 500), (0x1400, -500)):
        before = m.gr[2]
        m.psw = PSW(address=at)
        m.run(1002)
        assert m.gr[2] == (before + by) & 0xFFFFFFFF


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


# ---- within one run of native code: compared with the reference engine
ROUNDS = "41400014"
"""LA R4,20"""


def hot_pair(engine: str, text: Mapping[int, str], psw: PSW, gr: Mapping[int, int], rounds: int = 1_000_000) -> Pair:
    """A pair in a loop at the PSW's address; register 4 counts, and is 20 in the end. 1 is its address, 12 X'2000'.

    `rounds`: register 4 in the beginning. There is a region of what was executed then.
    """
    pair = Pair(engine)
    for machine in pair.both:
        for at, piece in text.items():
            machine.storage.write(at, bytes.fromhex(piece))
        machine.storage.write(0x68, WAITS.to_bytes())
        machine.storage.write(0x2100, (1).to_bytes(4, "big"))
        for r, v in ({1: psw.address, 12: 0x2000} | dict(gr)).items():
            machine.gr[r] = v
        machine.gr[4] = rounds
        machine.psw = psw
    for machine in pair.both:
        warm(machine)
    for _ in range(3):
        assert pair.run(1900).reason is StopReason.BUDGET
    if engine == TRANSLATED:
        assert entered(pair.other) > 0
        engine_of(pair.other).tuning.hot = 1 << 60
    for machine in pair.both:
        machine.gr[4] = 20
    return pair


@pytest.mark.parametrize("engine", [COMPILED, TRANSLATED])
def test_the_interpreter_stores_into_text(engine: str) -> None:
    """Three times 20 rounds, then A becomes S, or S becomes A."""
    text = "5A20C100 46401000" + ROUNDS + "46501000 97011000 41500003 47F01000"
    pair = hot_pair(engine, {CODE: text}, PSW(address=CODE), {5: 3})
    before = entered(pair.other)
    for _ in range(4):
        pair.run(1900)
    assert (entered(pair.other) > before) is (engine == TRANSLATED)


STORES = (
    "42706000",
    "50706000",
    "40706000",
    "925B6000",
    "97016000",
    "D20360002400",
    "D70060002402",
    "90776000",
    "BE7F6000",
    "D21F60002400",
)


@pytest.mark.parametrize("engine", [COMPILED, TRANSLATED])
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("away", [0, -31, -3, -1, 1, 5])
def test_a_region_stores_into_itself(engine: str, store: str, away: int) -> None:
    """It has stored beside itself before."""
    start = 0x1204
    size = len(store) // 2
    text = "5A20C100 46401000" + ROUNDS + store + "46501000"
    outside = {0x2400: "5B20C100", 0x120C + 4 + size + 4: "47F01000", start - 4: "07000700"}
    pair = hot_pair(engine, {**outside, start: text}, PSW(address=start), {5: 1 << 20, 6: 0x1310, 7: 0x5B20C100}, 3)
    if regions(pair.other):
        (region,) = engine_of(pair.other).links
        assert start + 12 in region.kept.translation.text
    pair.run(1900)
    for machine in pair.both:
        machine.gr[6] = start + away
    for _ in range(3):
        pair.run(1900)


@pytest.mark.parametrize("engine", [COMPILED, TRANSLATED])
def test_text_that_is_equal_elsewhere_is_not_the_same(engine: str) -> None:
    """The page is mapped to a copy, and then the copy is changed."""
    text = "5A20C100 46401000" + ROUNDS + "46501000 97011000 41500003 47F01000"
    pages = b"".join((frame << 4).to_bytes(2, "big") for frame in range(16)).hex()
    tables = {0xE000: "F000E040" + "00000001" * 15, 0xE040: pages}
    pair = hot_pair(engine, {CODE: text, **tables}, PSW(address=CODE), {5: 3})
    for machine in pair.both:
        machine.set_cr(0, 0x00800000)
        machine.set_cr(1, 0xE000)
        machine.psw = PSW(4, 0, 8, address=CODE)
        machine.gr[4] = 1_000_000
    if regions(pair.other):
        engine_of(pair.other).tuning.hot = 100
    for _ in range(3):
        pair.run(1900)
    if regions(pair.other):
        engine_of(pair.other).tuning.hot = 1 << 60
    for machine in pair.both:
        machine.storage.write(0x5000, machine.storage.read(0x1000, 4096))
        machine.storage.write(0xE042, b"\0\x50")
        machine.cpu.purge_tlb()
        warm(machine)
        machine.gr[4] = 20
    for _ in range(4):
        pair.run(1900)
    assert pair.other.storage.read(0x1000, 1) == b"\x5a"


@pytest.mark.parametrize("engine", [COMPILED, TRANSLATED])
def test_a_supervisor_call_leads_to_other_text_at_the_same_address(engine: str) -> None:
    """The new PSW translates, and LPSW leads back, all in native code."""
    loop = "20C100 46401000" + ROUNDS
    pages = b"".join((frame << 4).to_bytes(2, "big") for frame in (0, 6, *range(2, 16))).hex()
    text = {
        0xE000: "F000E040" + "00000001" * 15,
        0xE040: pages,
        CODE: "5A" + loop + "0A01",
        0x6000: "5B" + loop + "82000300",
        0x60: PSW(4, 0, 8, address=CODE).to_bytes().hex(),
        0x300: PSW(0, 0, 8, address=CODE).to_bytes().hex(),
    }
    pair = hot_pair(engine, text, PSW(mode=8, address=CODE), {})
    for machine in pair.both:
        machine.set_cr(0, 0x00800000)
        machine.set_cr(1, 0xE000)
        for mask in (4, 0):
            machine.psw = PSW(mask, 0, 8, address=CODE)
            warm(machine)
    for _ in range(4):
        pair.run(1900)


@pytest.mark.parametrize("engine", [COMPILED, TRANSLATED])
def test_an_interruption_stores_its_code_into_text(engine: str) -> None:
    """A loop in real storage 84-8B; a supervisor call in the EC mode stores there."""
    start = 0x84
    text = {start: "5A20C100 46401000 0A01", 0x60: PSW(mode=8, address=start).to_bytes().hex()}
    pair = hot_pair(engine, text, PSW(mode=8, address=start), {})
    stop = pair.run(1900)
    assert (stop.reason, stop.detail) == (StopReason.DISABLED_WAIT, WAITS.address)
