"""Translated regions are entered, and what they are made of is watched, to the halfword."""

import pytest

from compiled.linked import ADDS, CODE, Linked
from cpvm.machine import StopReason
from cpvm.machine.compiled import state
from cpvm.machine.compiled.links import text_at
from cpvm.machine.compiled.shelf import pieces_of
from cpvm.machine.compiled.tables import CODED, ENTRIES
from cpvm.s370.psw import PSW


def test_a_loop_becomes_a_region_and_gives_the_same_results() -> None:
    pair = Linked()
    pair.become_hot()
    for n in (1, 2, 3, 5, 100, 1999, 4001):
        stop = pair.run(n)
        assert (stop.reason, stop.instructions) == (StopReason.BUDGET, n)
    assert pair.goes_on()


def test_nothing_is_taken_from_the_host_before_the_first_region() -> None:
    pair = Linked()
    pair.run(50)
    words = pair.engine._words
    assert words[state.MAP >> 3] == words[state.LINKS >> 3] == 0
    pair.become_hot()
    assert words[state.MAP >> 3] != 0 != words[state.LINKS >> 3]


def test_marks_come_and_go_with_the_region() -> None:
    pair = Linked()
    pair.become_hot()
    pair.do(lambda m: m.cpu.store_table[CODE >> 11])
    tables, block = pair.engine._tables, CODE >> 11
    assert tables.entries[ENTRIES + block] < 0
    assert tables.entries[2 * ENTRIES + block] == 0
    pair.run(10)
    (region,) = pair.engine.links
    pair.engine.links.unlink(region)
    assert tables.entries[2 * ENTRIES + block] == tables.entries[ENTRIES + block] == tables.entries[block] > 0
    assert len(pair.engine.links) == 0
    assert not any(pair.engine.links._map[:])
    assert not pair.goes_on(50)


SWEEP = bytes.fromhex("92FF5000 41505001 46401000")
"""MVI 0(R5),X'FF'; LA R5,1(,R5); BCT R4,0(,R1)."""


def test_data_beside_text_stay_native() -> None:
    """The loop stores into every byte of the block before its text, up to the last byte before it."""
    pair = Linked(SWEEP, r5=0x3000)
    pair.become_hot(1500)
    pair.do(lambda m: m.gr.__setitem__(5, CODE - 0x3F0))
    before = pair.left
    assert pair.goes_on(3 * 0x3F0)
    assert pair.other.gr[5] == CODE
    assert pair.left - before <= 1


def test_the_first_byte_of_text_is_no_data() -> None:
    """The same loop goes on, into its own text; what becomes of that is up to what is there then."""
    pair = Linked(SWEEP, r5=0x3000)
    pair.become_hot(1500)
    pair.do(lambda m: m.gr.__setitem__(5, CODE - 100))
    pair.run(299)
    stop = pair.run(2000)
    assert stop.reason is not StopReason.BUDGET
    assert pair.engine.statistics().stale == 1


@pytest.mark.parametrize("size", [2, 4, 8])
def test_data_in_the_same_doubleword_stay_native(size: int) -> None:
    """STH, ST, STD just before the first and just behind the last byte of the text."""
    store = {2: "4020", 4: "5020", 8: "6000"}[size]
    code = bytes.fromhex(f"0700 0700 {store}5000 {store}6000 4640 1000 0700 0700 0700 0700")
    at = CODE + 8
    pair = Linked(code, at, r5=at - size, r6=at + 16)
    pair.become_hot()
    before = pair.left
    assert pair.goes_on()
    assert pair.left == before


@pytest.mark.parametrize("size", [2, 4, 8])
@pytest.mark.parametrize("behind", [False, True])
def test_text_in_the_same_doubleword_as_data_is_text(size: int, behind: bool) -> None:
    """The same, one halfword nearer: the first or the last halfword of the text is among what is stored."""
    store = {2: "4020", 4: "5020", 8: "6000"}[size]
    code = bytes.fromhex(f"0700 0700 {store}5000 {store}6000 4640 1000 0700 0700 0700 0700")
    at = CODE + 8
    pair = Linked(code, at, r5=at - size, r6=at + 16)
    pair.become_hot()
    pair.do(lambda m: m.gr.__setitem__(2, 0x07000700))
    if behind:
        pair.do(lambda m: m.gr.__setitem__(6, at + 14))
    else:
        pair.do(lambda m: m.gr.__setitem__(5, at + 2 - size))
    before = pair.left
    pair.run(1999)
    pair.run(1999)
    assert pair.left > before


def test_an_area_that_only_touches_text_is_seen() -> None:
    """MVC of 256 bytes that ends with the first halfword of the text, over a block boundary."""
    at = 0x1802
    code = bytes.fromhex("D2FF 5000 6000 4640 1000")
    pair = Linked(code, at, r5=0x3000, r6=0x4000)
    pair.become_hot()
    pair.do(lambda m: m.storage.write(0x4000, b"\7" * 256))
    before = pair.left
    pair.do(lambda m: m.gr.__setitem__(5, at - 256))
    assert pair.goes_on()
    assert pair.left <= before + 3
    pair.do(lambda m: m.gr.__setitem__(5, at - 254))
    pair.run(1999)
    assert pair.engine.statistics().stale == 1


def test_regions_that_share_text_are_marked_until_the_last_goes() -> None:
    pair = Linked()
    pair.become_hot()
    pair.do(lambda m: m.cpu.store_table[CODE >> 11])
    links = pair.engine.links
    (first,) = links
    second = links.link(first.kept, (CODE + 4,), first.areas, 0)
    links.unlink(second)
    assert links.holding(CODE, 2) == [first]
    assert links._map[CODE >> 1] == 1
    assert pair.engine._tables.entries[ENTRIES + (CODE >> 11)] < 0
    links.unlink(first)
    assert links._map[CODE >> 1] == 0
    assert 0 < pair.engine._tables.entries[ENTRIES + (CODE >> 11)] < CODED


def test_many_links_are_all_found() -> None:
    """Loops at addresses that fall on the same places of the hash table."""
    pair = Linked()
    starts = [0x3000 + 128 * i for i in range(80)]
    code = bytes.fromhex("0580 414003E8 5A20C100 46408004 07F7")  # ends with BR R7
    for start in starts:
        pair.do(lambda m, start=start: m.storage.write(start, code))
        pair.do(lambda m: m.gr.__setitem__(7, CODE))
        pair.do(lambda m, start=start: m.cpu.set_psw(PSW(address=start)))
        pair.run(500)
        pair.run(900)
    links = pair.engine.links
    assert len(links) >= 80
    assert len(links._table) // 4 >= 2 * len(links._at)
    for start in starts:
        before = pair.entered
        pair.do(lambda m, start=start: m.cpu.set_psw(PSW(address=start)))
        pair.run(42)
        assert pair.entered > before


def test_pieces_end_with_their_block() -> None:
    text = {0x17FC: b"\1\2\3\4\5\6", 0x1802: b"\7\7", 0x1808: b"\1\1", 0xFFFFFE: b"\2\2\3\3"}
    assert pieces_of(text) == (
        (0, b"\3\3"),
        (0x17FC, b"\1\2\3\4"),
        (0x1800, b"\5\6\7\7"),
        (0x1808, b"\1\1"),
        (0xFFFFFE, b"\2\2"),
    )


def test_text_over_two_blocks_is_found_where_each_is_mapped() -> None:
    pair = Linked()
    m = pair.other
    m.storage.write(0x17FE, b"\1\2")
    m.storage.write(0x3000, b"\3\4")
    assert text_at(m.storage.data, {2: 0, 3: 0x1800}, 0x17FE, 4) == b"\1\2\3\4"
    assert text_at(m.storage.data, {2: 0}, 0x17FE, 4) == b"\1\2"


def test_a_region_over_two_blocks_wants_both() -> None:
    at = 0x1800 - 6
    pair = Linked(ADDS + ADDS + ADDS + bytes.fromhex("46401000"), at)
    pair.become_hot()
    (region,) = pair.engine.links
    assert [length for _, length in region.areas] == [6, 10]
    pair.do(lambda m: m.storage.write(0x1802, bytes.fromhex("5B20C100")))
    pair.run(1999)
    assert pair.engine.statistics().stale == 1
