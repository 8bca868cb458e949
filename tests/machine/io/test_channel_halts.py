"""Halting and clearing what takes virtual time; Start I/O Fast Release."""

from __future__ import annotations

import pytest
from slow import (
    BLOCK,
    BYTE,
    MOTION,
    PRINT,
    READ,
    REFUSE,
    REWIND,
    SEEK,
    SELECT,
    SPACE,
    TRANSFER,
    WAIT,
    WRITE,
    SlowBench,
    ccw,
)

from cpvm.s370.ccw import CCW

CHAIN = 0x60
FRESH = "ee" * 8


HALTS = ("hio", "hdv")


@pytest.fixture
def slow() -> SlowBench:
    return SlowBench()


@pytest.mark.parametrize("halt", HALTS)
def test_halting_a_transfer(slow: SlowBench, halt: str) -> None:
    slow.start(BLOCK, ccw(WRITE, CHAIN), ccw(READ))
    cc = getattr(slow.io, halt)(BLOCK)
    assert cc == {"hio": 2, "hdv": 1}[halt], "the channel works with this very device"
    address, csw = slow.taken()
    assert (address, csw[:12]) == (BLOCK, "000008080c00")
    assert not slow.io.timed


def test_halt_io_ends_what_the_channel_does_and_halt_device_only_its_own(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(WRITE))
    assert slow.io.hdv(BLOCK + 1) == 2
    assert slow.io.take() is None
    assert slow.io.hio(BLOCK + 1) == 2
    assert slow.taken()[0] == BLOCK


def test_halt_device_reaches_a_device_behind_a_busy_channel(slow: SlowBench) -> None:
    slow.start(BLOCK + 1, ccw(SEEK, CHAIN), ccw(READ))
    slow.start(BLOCK, ccw(WRITE), at=0x900)
    assert slow.io.hdv(BLOCK + 1) == 2
    slow.io.elapse(MOTION)
    assert sorted([slow.taken(), slow.taken()])[1] == (BLOCK + 1, slow.csw()), "nothing was chained to the seek"


@pytest.mark.parametrize("halt", HALTS)
def test_halting_a_chain_between_channel_end_and_device_end(slow: SlowBench, halt: str) -> None:
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ, 0, 4))
    slow.storage.write(0x40, b"\xee" * 8)
    assert getattr(slow.io, halt)(BLOCK) == 1
    assert slow.csw() == "eeeeeeee0000eeee"
    assert slow.io.tio(BLOCK) == 2, "the subchannel works until the device gives status"
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000080804000000")
    assert slow.storage.read(0x1000, 4) == bytes(4)


@pytest.mark.parametrize("halt", HALTS)
def test_halting_a_device_that_only_moves(slow: SlowBench, halt: str) -> None:
    slow.start(BLOCK, ccw(REWIND))
    assert getattr(slow.io, halt)(BLOCK) == 1
    assert slow.csw()[8:12] == "0000"
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000004000000")


@pytest.mark.parametrize("halt", HALTS)
def test_halting_with_an_interruption_pending_in_the_subchannel(slow: SlowBench, halt: str) -> None:
    slow.start(BLOCK, ccw(SEEK))
    assert getattr(slow.io, halt)(BLOCK) == 0
    assert slow.csw() == FRESH


def test_halting_what_waits_for_its_device(slow: SlowBench) -> None:
    slow.start(BYTE, ccw(WAIT))
    assert slow.io.hio(BYTE) == 1
    assert slow.devices[BYTE].halted == 1
    slow.io.complete(BYTE, b"\1")
    assert slow.taken()[1][8:12] == "0c00"
    assert slow.storage.read(0x1000, 1) == b"\0"


def test_halting_a_transfer_with_motion_behind_it(slow: SlowBench) -> None:
    slow.start(BYTE, ccw(PRINT, CHAIN), ccw(READ))
    assert slow.io.hio(BYTE) == 2, "this kind of device works in burst mode"
    assert slow.taken() == (BYTE, "0000080808000000")
    slow.io.elapse(0)
    slow.io.elapse(MOTION)
    assert slow.taken() == (BYTE, "0000000004000000")


# ---- Clear I/O


def test_clear_io_takes_the_program_from_a_device_that_goes_on(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(PRINT, CHAIN), ccw(READ, 0, 4))
    assert slow.io.clrio(BLOCK) == 1
    assert slow.csw()[:12] == "000008080000"
    assert slow.io.tio(BLOCK) == 1
    assert slow.csw()[8:12] == "1000", "the device is busy still"
    slow.io.elapse(TRANSFER + MOTION)
    assert slow.taken() == (BLOCK, "000000000c000000"), "channel end after Clear I/O, from the device"
    assert slow.storage.read(0x1000, 4) == bytes(4)
    assert slow.io.clrio(BLOCK) == 0


def test_clear_io_between_channel_end_and_device_end(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ))
    assert slow.io.clrio(BLOCK) == 1
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "000000000c000000")


def test_clear_io_takes_channel_end_and_leaves_device_end(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK))
    assert slow.io.clrio(BLOCK) == 1
    assert slow.csw() == "0000080808000000"
    assert slow.io.clrio(BLOCK) == 0
    slow.io.elapse(MOTION)
    assert slow.io.clrio(BLOCK) == 0, "what the device has is not the subchannel's"
    assert slow.taken() == (BLOCK, "0000000004000000")


def test_clear_io_is_test_io_without_block_multiplexing(slow: SlowBench) -> None:
    slow.io.multiplexing = lambda: False
    slow.start(BLOCK, ccw(READ))
    assert slow.io.clrio(BLOCK) == 2
    slow.io.elapse(TRANSFER)
    assert slow.io.clrio(BLOCK) == 1
    assert slow.csw()[8:12] == "0c00"


# ---- Start I/O Fast Release


def test_start_io_fast_release_selects_the_device_later(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(READ, 0, 4), fast=True) == 0
    assert slow.storage.read(0x1000, 1) == b"\0"
    assert slow.io.tio(BLOCK) == 2
    slow.io.elapse(10 + TRANSFER)
    assert slow.taken() == (BLOCK, "000008080c000000")


def test_what_start_io_fast_release_could_not_show_has_a_deferred_condition_code(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(REWIND))
    assert slow.start(BLOCK, ccw(READ, 0, 4), fast=True) == 1, "the channel knows that the device is busy"
    slow.io.elapse(MOTION)
    assert slow.start(BLOCK, ccw(READ, 0, 4), fast=True) == 0
    slow.io.elapse(10)
    assert slow.taken()[1][:12] == "010008081400", "device end was pending"
    slow.start(BLOCK + 1, ccw(SPACE))
    assert slow.start(BLOCK, ccw(READ, 0, 4), fast=True) == 0
    slow.io.elapse(10)
    assert slow.taken()[1][:12] == "010008085000", "the control unit was busy"
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK + 1, "0000000024000000")
    assert slow.start(BLOCK, ccw(REFUSE), fast=True) == 0
    slow.io.elapse(10)
    assert slow.taken()[1][:12] == "010008080200"
    assert slow.start(BLOCK, ccw(REWIND), fast=True) == 0
    slow.io.elapse(10)
    assert slow.taken()[1][:12] == "010008080800"


def test_start_io_fast_release_finds_wrong_ccws_at_once(slow: SlowBench) -> None:
    assert slow.start(BLOCK, CCW(0x08, 0x800, 0, 1), fast=True) == 1
    assert slow.csw() == "eeeeeeee0020eeee"


@pytest.mark.parametrize("address", [BYTE, SELECT])
def test_start_io_fast_release_is_start_io_on_other_channels(slow: SlowBench, address: int) -> None:
    slow.start(address, ccw(REWIND))
    assert slow.start(address, ccw(READ), fast=True) == 1
    assert slow.csw()[8:12] == "1000"


def test_halting_a_program_whose_device_was_not_selected_yet(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(WRITE), fast=True)
    assert slow.io.hio(BLOCK) == 1
    assert slow.taken() == (BLOCK, "0000080800000001")
    assert slow.devices[BLOCK].done == 0
