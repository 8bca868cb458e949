"""Whatever may change a region's text, or where it is mapped, is seen: each of these fails if that is not looked at.

The reference engine is right; native code that goes on with what was true before differs from it (see `parity`).
"""

import threading
from pathlib import Path

import pytest

from compiled.linked import ADDS, BACK, CODE, DATA, WAITS, Linked, translated
from cpvm.machine import Machine, StopReason
from cpvm.machine.compiled.state import LOADED, STALE
from cpvm.machine.devices.reader2540 import Reader2540
from cpvm.s370.psw import PSW

SUBTRACTS = bytes.fromhex("5B20C100")
PAGES = list(range(16))


class OneCard:
    """A deck."""

    def __init__(self, card: bytes) -> None:
        self.cards = [card.ljust(80, b"\x40")]

    def next(self) -> bytes | None:
        return self.cards.pop() if self.cards else None


def stale(pair: Linked) -> int:
    """How often native code found text that was not that of the region."""
    return int(pair.engine.exits[STALE])


# ---- stores by the program itself
def test_a_native_store_into_text() -> None:
    """In the middle of a run, an instruction outside of the region makes a subtraction of the addition in it."""
    code = bytes.fromhex("5A20C100 5940C104 47701010 925B1000 46401000 47F01014")
    pair = Linked(code)
    pair.do(lambda m: m.storage.write(DATA + 0x104, (990_000).to_bytes(4, "big")))
    pair.become_hot()
    pair.run(60_000)
    assert pair.other.gr[2] < 9000
    assert pair.other.storage.read(CODE, 1) == b"\x5b"


def test_a_store_by_the_region_into_its_own_text() -> None:
    """The operand of a store that has always been data comes to the text, a byte at a time."""
    pair = Linked(bytes.fromhex("42205000 41505001 46401000"), r5=0x3000, r2=0x5B)
    pair.become_hot()
    pair.do(lambda m: m.gr.__setitem__(5, CODE - 50))
    pair.run(60_000)
    assert pair.other.storage.read(CODE, 4) == bytes.fromhex("5B205000")
    assert stale(pair)


def test_a_store_over_the_block_boundary_before_text() -> None:
    """Only the second of the two blocks holds text; what was a store becomes an addition."""
    at = 0x1800
    pair = Linked(bytes.fromhex("50205000 46401000"), at, r5=0x3000, r2=0x00005A20)
    pair.become_hot()
    pair.do(lambda m: m.gr.__setitem__(5, at - 2))
    pair.do(lambda m: (m.cpu.store_table[0x1000 >> 11], m.cpu.store_table[at >> 11]))
    pair.run(60_000)
    assert pair.other.storage.read(at, 2) == bytes.fromhex("5A20")


def test_an_interpreted_store_over_the_block_boundary_before_text() -> None:
    """The same, but the store is not in the region: it makes a subtraction of the addition there, once."""
    at = 0x1800
    code = bytes.fromhex("5A20C100 5940C104 47701010 50305000 46401000 47F01014")
    pair = Linked(code, at, r5=at - 2, r3=0x00005B20)
    pair.do(lambda m: m.storage.write(DATA + 0x104, (995_000).to_bytes(4, "big")))
    pair.become_hot()
    pair.do(lambda m: (m.cpu.store_table[0x1000 >> 11], m.cpu.store_table[at >> 11]))
    pair.run(60_000)
    assert pair.other.storage.read(at, 2) == bytes.fromhex("5B20")


def test_the_old_psw_of_a_supervisor_call_in_text() -> None:
    """SVC stores natively, without access tables, and a region has its BCT right there, at X'20'."""
    at = 0x1C
    pair = Linked(ADDS + bytes.fromhex("46401000 0A05"), at)
    pair.do(lambda m: m.storage.write(0x50, (0x7FFFFFFF).to_bytes(4, "big")))
    pair.do(lambda m: m.storage.write(0x60, PSW(address=0x3000).to_bytes()))
    pair.do(lambda m: m.storage.write(0x3000, bytes.fromhex("41400FFF 07F1")))  # LA R4,4095; BR R1
    pair.become_hot()
    pair.do(lambda m: m.gr.__setitem__(4, 500))
    pair.do(lambda m: m.cpu.fetch_table[0x3000 >> 11])
    left, loaded = pair.left, pair.engine.exits[LOADED]
    stop = pair.run(1999)
    assert pair.left == left + 1
    assert pair.engine.exits[LOADED] == loaded
    assert (stop.detail, pair.other.storage.read(0x2A, 2)) == (WAITS.address, b"\0\1")


# ---- stores from outside
def test_a_store_by_the_host() -> None:
    pair = Linked()
    pair.become_hot()
    pair.do(lambda m: m.storage.write(CODE, SUBTRACTS))
    before = pair.other.gr[2]
    pair.run(1000)
    assert pair.other.gr[2] == before - 500
    assert stale(pair) == 1


def test_a_channel_that_reads_into_text() -> None:
    """A card is read over the region while it runs."""
    pair = Linked()

    def load(m: Machine) -> None:
        m.attach(0x00C, Reader2540(OneCard(SUBTRACTS)))
        m.storage.write(0x48, (0x3100).to_bytes(4, "big"))
        m.storage.write(0x3100, (0x02000000 | CODE).to_bytes(4, "big") + (0x20000004).to_bytes(4, "big"))
        m.storage.write(0x3000, bytes.fromhex("9C00000C 07F1"))

    pair.do(load)
    pair.become_hot()
    before = pair.other.gr[2]
    pair.do(lambda m: setattr(m, "psw", PSW(address=0x3000)))
    pair.run(1002)
    assert pair.other.storage.read(CODE, 4) == SUBTRACTS
    assert pair.other.gr[2] == before - 500


def test_a_snapshot_that_is_taken_up(tmp_path: Path) -> None:
    pair = Linked(SUBTRACTS + BACK)
    for number, m in enumerate(pair.both):
        m.save(tmp_path / f"{number}")
    pair.do(lambda m: m.storage.write(CODE, ADDS))
    pair.become_hot()
    for number, m in enumerate(pair.both):
        m.restore(tmp_path / f"{number}")
    pair.run(1000)
    assert pair.other.gr[2] == (-500) & 0xFFFFFFFF


def test_storage_that_is_cleared() -> None:
    pair = Linked()
    pair.become_hot()
    pair.do(lambda m: m.storage.clear())
    pair.do(lambda m: m.storage.write(0x68, WAITS.to_bytes()))
    assert pair.run(1000).detail == WAITS.address


# ---- keys
def with_keys(pair: Linked) -> None:
    """The program has key 1, and so has its storage."""
    pair.do(lambda m: setattr(m, "psw", PSW(key=1, address=CODE)))
    for block in (CODE, DATA):
        pair.do(lambda m, block=block: m.storage.set_key(block, 0x10))


def test_text_that_is_protected_against_fetching() -> None:
    pair = Linked()
    with_keys(pair)
    pair.become_hot()
    pair.do(lambda m: m.storage.set_key(CODE, 0x28))
    stop = pair.run(1999)
    assert (stop.detail, pair.other.storage.read(0x2A, 2)) == (WAITS.address, b"\0\4")


def test_data_that_are_protected_against_storing() -> None:
    pair = Linked(bytes.fromhex("5020C100") + BACK)
    with_keys(pair)
    pair.become_hot()
    pair.do(lambda m: m.storage.set_key(DATA, 0x20))
    stop = pair.run(1999)
    assert (stop.detail, pair.other.storage.read(0x2A, 2)) == (WAITS.address, b"\0\4")


def test_reference_and_change_come_again_after_they_were_reset() -> None:
    pair = Linked(bytes.fromhex("5020C100") + BACK)
    pair.become_hot()
    for block in (CODE, DATA):
        pair.do(lambda m, block=block: m.storage.set_key(block, 0))
    pair.run(1999)
    assert (pair.other.storage.key(CODE), pair.other.storage.key(DATA)) == (0x04, 0x06)


def test_a_program_that_takes_another_key() -> None:
    """SPKA is native; with the new key, the region's block may not be fetched."""
    pair = Linked()
    pair.do(lambda m: m.storage.set_key(CODE, 0x18))
    pair.do(lambda m: m.storage.set_key(DATA, 0x10))
    pair.do(lambda m: setattr(m, "psw", PSW(key=1, address=CODE)))
    pair.become_hot()
    pair.do(lambda m: m.storage.write(0x3000, bytes.fromhex("B20A0020 07F1")))
    pair.do(lambda m: m.storage.set_key(0x3000, 0x20))
    pair.do(lambda m: setattr(m, "psw", PSW(key=0, address=0x3000)))
    stop = pair.run(1999)
    assert (stop.detail, pair.other.storage.read(0x2A, 2)) == (WAITS.address, b"\0\4")


# ---- translation
def test_text_that_is_mapped_elsewhere() -> None:
    pair = Linked()
    pair.do(lambda m: translated(m, PAGES))
    pair.do(lambda m: m.storage.write(0x5400, SUBTRACTS + BACK))
    pair.become_hot()
    before = pair.other.gr[2]
    pair.do(lambda m: m.storage.write(0xE042, (0x0050).to_bytes(2, "big")))
    pair.do(lambda m: m.cpu.purge_tlb())
    pair.run(1000)
    assert pair.other.gr[2] == before - 500


def test_the_same_text_elsewhere_is_watched_there() -> None:
    """The page that the code is in goes to another frame, with the same contents; then a store changes it there."""
    code = bytes.fromhex("5A20C100 5940C104 47701010 925B1000 46401000 47F01014")
    pair = Linked(code)
    pair.do(lambda m: m.storage.write(DATA + 0x104, (990_000).to_bytes(4, "big")))
    pair.do(lambda m: m.storage.write(0x5400, code))
    pair.do(lambda m: translated(m, PAGES))
    pair.become_hot()
    pair.do(lambda m: m.storage.write(0xE042, (0x0050).to_bytes(2, "big")))
    pair.do(lambda m: m.cpu.purge_tlb())
    pair.goes_on()
    assert pair.goes_on()
    assert len(pair.engine.links.holding(0x5400, 2)) == 1
    assert pair.engine.statistics().translations == 1
    pair.run(60_000)
    assert pair.other.storage.read(0x5400, 1) == b"\x5b"
    assert pair.other.storage.read(0x1400, 1) == b"\x5a"


def beside(pair: Linked, at: int) -> None:
    """Another loop becomes a region too."""
    pair.do(lambda m: m.storage.write(at, bytes.fromhex("1A33") + BACK[:2] + bytes.fromhex("D000")))
    psw, registers = pair.other.psw, list(pair.other.gr)
    pair.do(lambda m: (m.gr.__setitem__(13, at), m.gr.__setitem__(4, 100_000)))
    before = len(pair.engine.links)
    pair.do(lambda m: setattr(m, "psw", PSW(psw.system_mask, 0, psw.mode, address=at)))
    pair.run(1500)
    pair.run(1500)
    assert len(pair.engine.links) == before + 1
    for r, v in enumerate(registers):
        pair.do(lambda m, r=r, v=v: m.gr.__setitem__(r, v))
    pair.do(lambda m: setattr(m, "psw", psw))


def test_the_same_text_where_another_region_is() -> None:
    """As above, but native code looks for regions in the new frame at once, as there is another one in it."""
    code = bytes.fromhex("5A20C100 5940C104 47701010 925B1000 46401000 47F01014")
    pair = Linked(code)
    pair.do(lambda m: m.storage.write(DATA + 0x104, (980_000).to_bytes(4, "big")))
    pair.do(lambda m: m.storage.write(0x5400, code))
    pair.do(lambda m: translated(m, PAGES))
    pair.become_hot()
    beside(pair, 0x5600)
    pair.do(lambda m: m.storage.write(0xE042, (0x0050).to_bytes(2, "big")))
    pair.do(lambda m: m.cpu.purge_tlb())
    pair.do(lambda m: (m.cpu.fetch_table[DATA >> 11], m.cpu.store_table[CODE >> 11]))
    pair.run(100_000)
    assert pair.other.storage.read(0x5400, 1) == b"\x5b"
    assert stale(pair)


def test_text_of_which_a_part_may_not_be_fetched() -> None:
    """The first of the two blocks of a region is as it was."""
    at = 0x1800 - 6
    pair = Linked(ADDS * 3 + bytes.fromhex("46401000"), at)
    for block in (0x1000, 0x1800, DATA):
        pair.do(lambda m, block=block: m.storage.set_key(block, 0x10))
    pair.do(lambda m: setattr(m, "psw", PSW(key=1, address=at)))
    pair.become_hot()
    pair.do(lambda m: m.storage.set_key(0x1800, 0x28))
    stop = pair.run(1999)
    assert (stop.detail, pair.other.storage.read(0x2A, 2)) == (WAITS.address, b"\0\4")


def test_data_that_are_mapped_elsewhere() -> None:
    pair = Linked()
    pair.do(lambda m: translated(m, PAGES))
    pair.do(lambda m: m.storage.write(0x5100, (5).to_bytes(4, "big")))
    pair.become_hot()
    before = pair.other.gr[2]
    pair.do(lambda m: m.storage.write(0xE044, (0x0050).to_bytes(2, "big")))
    pair.do(lambda m: m.cpu.purge_tlb())
    pair.run(1000)
    assert pair.other.gr[2] == before + 2500


@pytest.mark.parametrize("switch", ["LPSW", "SSM", "SPKA"])
def test_other_access_tables_in_one_run(switch: str) -> None:
    """The same address has other text with translation than without, or may not be fetched with another key.

    In the frame where the other text is, a region may be entered too, so that native code looks for them.
    """
    pair = Linked(ADDS + bytes.fromhex("46401000 07F5"))  # ends with BR R5
    on, off = PSW(4, 0, 8, address=CODE), PSW(0, 0, 8, address=CODE)
    # LA R4,100; X R5,X'210'(,R12): the other place the next time; then the instruction
    start = "41400064 5750C210"
    first, second = {
        "LPSW": ("8200C200", "8200C208"),
        "SSM": ("8000C200", "8000C208"),
        "SPKA": ("B20A0020", "B20A0000"),
    }[switch]

    def prepare(m: Machine) -> None:
        m.storage.write(0x50, (0x7FFFFFFF).to_bytes(4, "big"))
        m.storage.write(0x5400, SUBTRACTS + bytes.fromhex("46401000 07F5"))
        translated(m, [0, 5, *range(2, 16)])
        m.storage.write(0x3000, bytes.fromhex(start + first + "07F1"))
        m.storage.write(0x3020, bytes.fromhex(start + second + "07F1"))
        m.storage.write(DATA + 0x200, on.to_bytes() + off.to_bytes())
        m.storage.write(DATA + 0x210, (0x20).to_bytes(4, "big"))
        if switch == "SPKA":
            m.storage.set_key(CODE, 0x18)
        m.gr[5] = 0x3000
        m.psw = off

    def touch(m: Machine) -> None:
        """Lest native code come back for what is missing in tables."""
        other = PSW(0, 2, 8, address=CODE) if switch == "SPKA" else on
        for psw in (other, off):
            m.psw = psw
            for block in (0x3000, DATA) if switch == "SPKA" else (CODE, 0x3000, DATA):
                m.cpu.fetch_table[block >> 11]
        m.cpu.fetch_table[CODE >> 11]
        m.gr[4] = 100

    pair.do(prepare)
    pair.become_hot()
    beside(pair, 0x5600)
    pair.do(touch)
    before, left, sum_ = pair.entered, pair.left, pair.other.gr[2]
    stop = pair.run(1999)
    assert pair.entered > before
    if switch == "SPKA":
        assert (stop.detail, pair.other.storage.read(0x8E, 2)) == (WAITS.address, b"\0\4")
    else:
        assert pair.left == left
        assert abs(pair.other.gr[2] - sum_) <= 100


def test_a_prefix_that_changes() -> None:
    """The region is in the block that prefixing moves."""
    at = 0x400
    pair = Linked(at=at)
    pair.do(lambda m: m.storage.write(0x4000, m.storage.read(0, 4096)))
    pair.do(lambda m: m.storage.write(0x4000 + at, SUBTRACTS))
    pair.become_hot()
    before = pair.other.gr[2]
    pair.do(lambda m: m.cpu.set_prefix(0x4000))
    pair.run(1000)
    assert pair.other.gr[2] == before - 500


# ---- stops
def test_a_stop_is_heard_in_a_region() -> None:
    """A region spins; it is not the end of the slice that ends it."""
    m = Machine(1 << 16, engine="translated")
    engine = m._interpreter
    engine.tuning.hot, engine.tuning.background = 100, False
    engine.slice_length = engine.at_once = 1 << 40
    m.storage.write(CODE, bytes.fromhex("5A20C100 47F01000"))
    m.storage.write(DATA + 0x100, (1).to_bytes(4, "big"))
    m.gr[1], m.gr[12] = CODE, DATA
    m.psw = PSW(address=CODE)
    m.run(5000)
    m.run(5000)
    assert len(engine.links) == 1
    m.cpu.timers.interval_running = False
    m.cpu.set_cpu_timer((1 << 63) - 1)
    engine._portion = engine._linked = lambda: None
    engine._portion = 1 << 40
    running = threading.Event()
    results = []

    def run() -> None:
        running.set()
        results.append(m.run(1 << 40))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    running.wait()
    m.stop("enough")
    thread.join(20)
    assert not thread.is_alive()
    (stop,) = results
    assert (stop.reason, stop.detail) == (StopReason.HOST, "enough")
    assert m.gr[2] == (10_000 + stop.instructions + (m.psw.address == CODE + 4)) // 2 & 0xFFFFFFFF


def test_only_the_region_that_changed_goes() -> None:
    pair = Linked()
    pair.become_hot()
    other = 0x3400
    pair.do(lambda m: m.storage.write(other, SUBTRACTS + BACK))
    pair.do(lambda m: (m.gr.__setitem__(1, other), setattr(m, "psw", PSW(address=other))))
    pair.run(3000)
    pair.run(2000)
    assert len(pair.engine.links) == 2
    pair.do(lambda m: m.storage.write(other, ADDS))
    pair.run(50)
    (left,) = pair.engine.links
    assert left.holds(CODE, 2)
