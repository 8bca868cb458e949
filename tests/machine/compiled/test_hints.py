"""Branches whose target is foretold: what was right for one of them must not be taken for another."""

import pytest
from everyengine import engine_of

from compiled.parity import Pair
from cpvm.machine.compiled import state
from cpvm.s370.psw import PSW

BLOCK = 2048
ONE, TWO = 0x1000, 0x1800
WAITS = PSW(mode=2, address=0xDEAD68)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def _begin(pair: Pair, pieces: dict[int, str], at: int, **psw: int) -> None:
    for m in pair.both:
        m.reset()
        m.storage.write(0, bytes(1 << 16))
        m.storage.write(0x68, WAITS.to_bytes())
        for a, text in pieces.items():
            m.storage.write(a, bytes.fromhex(text))
        m.gr[11], m.gr[12] = ONE, TWO
        m.gr[5], m.gr[6], m.gr[7] = 6, 6, 0
        m.psw = PSW(address=at, **psw)


def _restarts(pair: Pair) -> int:
    return engine_of(pair.other).exits[state.RESTART]


def test_a_loop_does_not_come_back(pair: Pair) -> None:
    _begin(pair, {ONE: "1A75 4650B000 0B00"}, ONE)
    for m in pair.both:
        m.gr[5] = 1000
    pair.run(100)
    before = _restarts(pair)
    pair.run(1800)
    assert _restarts(pair) == before
    pair.run(200)


def test_the_same_place_of_two_blocks(pair: Pair) -> None:
    """BCT at X'010' goes to X'000' of its block here, to X'008' there, and control goes to and fro."""
    _begin(
        pair,
        {
            ONE: "1A75 1A75 1A75 1A75 0700 0700 0700 0700 4650B000 4700C000 07FC",
            ONE + 0x14: "4110C000 07F1",
            TWO: "47F0C010 1A76 1A76 1A76 1A76 0700 0700",
            TWO + 0x10: "4660C004 4150 0003 41600003 47F0B000",
        },
        ONE,
    )
    for n in (1, 2, 3, 7, 20, 50, 100):
        pair.run(n, "to and fro")


def test_the_target_changes(pair: Pair) -> None:
    """A branch by a register goes to another place each time."""
    _begin(
        pair,
        {ONE: "4120B010 07F2", ONE + 0x10: "4120B020 07F2", ONE + 0x20: "4120B006 07F2 0700", ONE + 6: "07F3"},
        ONE,
    )
    for m in pair.both:
        m.gr[3] = ONE
    # and by one instruction at one place, registers being exchanged each time
    pair.run(50)
    _begin(pair, {ONE: "1712 1721 1712 07F1", ONE + 0x20: "47F0B000", ONE + 0x30: "1A75 47F0B000"}, ONE)
    for m in pair.both:
        m.gr[1], m.gr[2] = ONE + 0x20, ONE + 0x30
    pair.run(100)


def test_an_odd_target(pair: Pair) -> None:
    _begin(pair, {ONE: "1A75 4650B000 47F0B001"}, ONE)
    for m in pair.both:
        m.storage.write(0x68, WAITS.to_bytes())
    assert pair.run(100).instructions < 100


@pytest.mark.parametrize("back", [2, 4])
def test_a_branch_at_the_end_of_a_block(pair: Pair, back: int) -> None:
    """With translation, its other half is in a page that is not the next one in storage; its target in its own page."""
    tables = 0x8000
    frames = (0, 1, 9, 3, 4, 5, 6, 7, 8, 2, 10, 11, 12, 13, 14, 15)
    pages = b"".join((frame << 4).to_bytes(2, "big") for frame in frames)
    end = 0x2000
    # first the same without translation: the other half is next to it, and the branch leaves a hint of a short way back
    _begin(pair, {end - back - 2: "1A75 4650D000 07F8"}, end - back - 2)
    for m in pair.both:
        m.gr[13], m.gr[8], m.gr[5] = end - back - 2, end - 4, 20
        m.storage.write(end - 6, bytes.fromhex("1A76 0658") if back == 4 else b"")
    pair.run(10)
    text = bytes.fromhex("4650D000")
    _begin(pair, {tables: "F0008040", tables + 64: pages.hex()}, end - back - 2, system_mask=4, mode=8)
    for m in pair.both:
        m.cpu.set_cr(0, 0x00800000)
        m.cpu.set_cr(1, tables)
        m.gr[13] = end - back - 2
        m.storage.write(end - back - 2, bytes.fromhex("1A75") + text[:back])
        m.storage.write(0x8FF8, bytes.fromhex("1A76 1A76 1A76 1A76"))  # what must not be taken for the target
        m.storage.write(0x9000, text[back:] + bytes.fromhex("1A76 47F0D000"))
    for n in (1, 2, 3, 5, 30, 60):
        pair.run(n, f"{back} bytes in the first page")


def test_a_branch_that_is_executed(pair: Pair) -> None:
    """EXECUTE at the end of a block, and in its middle, of a branch elsewhere."""
    for at in (ONE + 0x40, ONE + BLOCK - 6, ONE + BLOCK - 4, ONE + BLOCK - 2):
        _begin(pair, {0x2800: "07F9", at - 2: "1A75 4400A000 47F09000"}, at - 2)
        for m in pair.both:
            m.gr[10], m.gr[9] = 0x2800, at - 2
        pair.run(60, f"{at:X}")
