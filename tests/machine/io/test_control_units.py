"""Devices that share a control unit: one of them keeps it busy behind channel end."""

from __future__ import annotations

import pytest
from slow import BLOCK, MOTION, READ, REWIND, SPACE, TRANSFER, SlowBench, ccw

CHAIN = 0x60


@pytest.fixture
def slow() -> SlowBench:
    return SlowBench()


def test_a_busy_control_unit_turns_the_others_away_and_tells_when_it_is_free(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SPACE)) == 1
    assert slow.csw()[8:12] == "0800"
    assert slow.start(BLOCK + 1, ccw(READ)) == 1
    assert slow.csw() == "eeeeeeee5000eeee", "status modifier and busy: the control unit"
    assert slow.io.tio(BLOCK + 1) == 1
    assert slow.csw() == "0000000050000000"
    assert slow.io.hio(BLOCK + 1) == 1
    assert slow.csw()[8:12] == "5000"
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000024000000"), "control unit end and device end"
    assert slow.start(BLOCK + 1, ccw(READ)) == 0


def test_without_anybody_turned_away_there_is_no_control_unit_end(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SPACE))
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000004000000")


def test_control_unit_end_waits_for_the_end_of_a_chain(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SPACE, CHAIN), ccw(READ, 0, 4)) == 0
    assert slow.start(BLOCK + 1, ccw(READ), at=0x900) == 1
    assert slow.csw()[8:12] == "5000"
    slow.io.elapse(MOTION)
    assert slow.io.take() is None, "the chain goes on"
    slow.io.elapse(TRANSFER)
    assert slow.taken() == (BLOCK, "000008102c000000")
    assert slow.taken() == (None, "")


@pytest.mark.parametrize("end", ["hio", "clrio"])
def test_control_unit_end_is_not_forgotten_with_the_program(slow: SlowBench, end: str) -> None:
    assert slow.start(BLOCK, ccw(SPACE, CHAIN), ccw(READ, 0, 4)) == 0
    slow.start(BLOCK + 1, ccw(READ), at=0x900)
    slow.io.elapse(MOTION)
    getattr(slow.io, end)(BLOCK)
    slow.io.elapse(0)
    slow.io.elapse(TRANSFER)
    seen = [slow.taken()[1] for _ in range(2)]
    assert any(csw and int(csw[8:10], 16) & 0x20 for csw in seen), seen


def test_a_control_unit_is_free_while_a_tape_rewinds(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(REWIND))
    assert slow.start(BLOCK + 1, ccw(READ)) == 0
