"""Operations that take virtual time: channel end and device end, busy devices, control units and channels."""

from __future__ import annotations

import json

import pytest
from slow import (
    BLOCK,
    BYTE,
    FAIL,
    MOTION,
    PRINT,
    READ,
    REFUSE,
    REWIND,
    SEEK,
    SELECT,
    SKIP_NEXT,
    SPACE,
    TRANSFER,
    WAIT,
    WRITE,
    SlowBench,
    ccw,
)

from cpvm.machine import snapshot
from cpvm.s370.ccw import CCW, UnitStatus

EVERY = (BYTE, BLOCK, SELECT)
CHAIN = 0x60
FRESH = "ee" * 8


@pytest.fixture
def slow() -> SlowBench:
    return SlowBench()


@pytest.mark.parametrize("address", EVERY)
def test_a_transfer_ends_when_its_time_is_over(slow: SlowBench, address: int) -> None:
    assert slow.start(address, ccw(READ, 0, 4)) == 0
    slow.io.elapse(TRANSFER - 1)
    assert (slow.io.tio(address), slow.io.sio(address), slow.io.take()) == (2, 2, None)
    slow.io.elapse(1)
    assert slow.taken() == (address, "000008080c000000")
    assert slow.storage.read(0x1000, 4).hex() == "c1c2c3c4"
    assert slow.io.tio(address) == 0
    assert not slow.io.timed


@pytest.mark.parametrize("address", EVERY)
def test_channel_end_and_device_end_are_two_interruptions(slow: SlowBench, address: int) -> None:
    assert slow.start(address, ccw(SEEK)) == 0
    assert slow.taken() == (address, "0000080808000000")
    assert slow.io.tio(address) == 1
    assert slow.csw() == "0000000010000000", "TIO: the device is busy"
    assert slow.start(address, ccw(READ)) == 1
    assert slow.csw() == "eeeeeeee1000eeee", "SIO: the device is busy"
    slow.io.elapse(MOTION)
    assert slow.taken() == (address, "0000000004000000")
    assert slow.io.tio(address) == 0


def test_channel_end_that_nobody_took_stays_apart_from_device_end(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK))
    slow.io.elapse(MOTION)
    assert slow.start(BLOCK, ccw(READ)) == 2
    assert slow.taken() == (BLOCK, "0000080808000000")
    assert slow.taken() == (BLOCK, "0000000004000000")
    assert slow.taken() == (None, "")


def test_pending_device_end_turns_sio_away(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK))
    slow.io.take()
    slow.io.elapse(MOTION)
    assert slow.start(BLOCK, ccw(READ)) == 1
    assert slow.csw() == "eeeeeeee1400eeee", "device end and busy; the condition is cleared"
    assert slow.start(BLOCK, ccw(READ)) == 0


def test_an_immediate_command_gives_channel_end_to_sio(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(REWIND)) == 1
    assert slow.csw() == "eeeeeeee0800eeee"
    assert slow.io.take() is None
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000004000000")


def test_immediate_completion_presents_all_of_it_together() -> None:
    bench = SlowBench(immediate=True)
    assert bench.start(BLOCK, ccw(REWIND)) == 1
    assert bench.csw() == "eeeeeeee0c00eeee"
    assert bench.start(BLOCK, ccw(PRINT)) == 0
    assert bench.taken() == (BLOCK, "000008080c000000")
    assert not bench.io.timed


def test_transfer_and_motion_follow_each_other(slow: SlowBench) -> None:
    slow.start(BYTE, ccw(PRINT))
    slow.io.elapse(TRANSFER)
    assert slow.taken() == (BYTE, "0000080808000000")
    slow.io.elapse(MOTION - 1)
    assert slow.io.take() is None
    slow.io.elapse(1)
    assert slow.taken() == (BYTE, "0000000004000000")


def test_one_leap_of_time_is_as_good_as_many_steps() -> None:
    program = (ccw(SEEK, CHAIN), ccw(PRINT, CHAIN), ccw(READ))
    one, many = SlowBench(), SlowBench()
    for bench in (one, many):
        assert bench.start(BLOCK, *program) == 0
    one.io.elapse(10_000)
    for _ in range(10_000):
        many.io.elapse(1)
    assert one.io.save() == many.io.save()
    assert one.taken() == many.taken()
    assert one.csw() == many.csw() == "000008180c000000"


def test_chaining_waits_for_device_end(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ, 0, 4)) == 0
    slow.io.elapse(MOTION - 1)
    assert slow.storage.read(0x1000, 1) == b"\0"
    assert slow.io.take() is None
    slow.io.elapse(1)
    assert slow.storage.read(0x1000, 1) == b"\xc1"
    slow.io.elapse(TRANSFER)
    assert slow.taken() == (BLOCK, "000008100c000000")


def test_an_immediate_command_with_chaining_is_not_shown_by_sio(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(REWIND, CHAIN), ccw(REWIND, CHAIN), ccw(READ, 0, 4)) == 0
    slow.io.elapse(2 * MOTION + TRANSFER - 1)
    assert slow.io.take() is None
    slow.io.elapse(1)
    assert slow.taken() == (BLOCK, "000008180c000000")


def test_unit_check_with_device_end(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(FAIL)) == 1
    assert slow.csw() == "eeeeeeee0800eeee"
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000006000000")
    assert slow.start(BLOCK, ccw(0x04)) == 0
    assert slow.storage.read(0x1000, 1) == b"\x10", "the sense byte was kept"


def test_unit_check_with_device_end_ends_a_chain_without_channel_end(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(FAIL, CHAIN, 7), ccw(READ)) == 0
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000080806000007")
    assert slow.taken() == (None, "")


def test_unit_check_at_the_beginning_of_a_chained_command(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(REFUSE, 0x20, 5)) == 0
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000081002000005")


def test_status_modifier_with_device_end_skips_a_ccw(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SKIP_NEXT, CHAIN), ccw(FAIL), ccw(READ, 0, 4)) == 0
    slow.io.elapse(MOTION + TRANSFER)
    assert slow.taken() == (BLOCK, "000008180c000000")


def test_a_wrong_length_ends_a_chain_at_channel_end(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SEEK, 0x40, 2), ccw(READ)) == 0
    assert slow.taken() == (BLOCK, "0000080808400001")
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000004000000")


def test_a_wrong_ccw_after_device_end_leaves_no_unit_status(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(SEEK, CHAIN), CCW(0x03, 0, 0x23, 1)) == 0
    slow.io.elapse(MOTION)
    address, csw = slow.taken()
    assert (address, csw[:12]) == (BLOCK, "000008100020")


def test_program_controlled_interruption_while_the_program_goes_on(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(READ, CHAIN), ccw(READ, CHAIN | 0x08), ccw(READ)) == 0
    assert slow.io.take() is None
    slow.io.elapse(TRANSFER)
    address, csw = slow.taken()
    assert (address, csw[:12]) == (BLOCK, "000008100080")
    assert slow.io.take() is None
    slow.io.elapse(TRANSFER)
    slow.io.elapse(TRANSFER)
    assert slow.taken() == (BLOCK, "000008180c000000")


def test_program_controlled_interruption_that_nobody_took_comes_with_the_end(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(READ, CHAIN | 0x08, 4), ccw(READ, 0, 4)) == 0
    slow.io.elapse(2 * TRANSFER)
    assert slow.taken() == (BLOCK, "000008100c800000")
    assert slow.io.take() is None


def test_a_changed_ccw_is_fetched_when_its_turn_comes(slow: SlowBench) -> None:
    assert slow.start(BLOCK, ccw(READ, CHAIN | 0x08, 4), ccw(0x03)) == 0
    assert slow.io.take() == BLOCK
    slow.storage.write(0x808, ccw(READ, 0, 4, 0x2000).to_bytes())
    slow.io.elapse(2 * TRANSFER)
    assert slow.storage.read(0x2000, 4).hex() == "c1c2c3c4"


# ---- control units


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


# ---- channels

HALTS = ("hio", "hdv")


def test_a_block_multiplexer_is_busy_with_a_transfer_and_free_during_motion(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ, 0, 4))
    assert slow.io.tch(BLOCK) == 0
    assert slow.start(BLOCK + 1, ccw(SEEK), at=0x900) == 0
    assert slow.io.tch(BLOCK) == 1
    assert slow.taken() == (BLOCK + 1, "0000090808000000")
    slow.io.elapse(MOTION)
    assert slow.io.tch(BLOCK) == 2
    assert [slow.io.sio(BLOCK + 1), slow.io.tio(BLOCK + 1), slow.io.stidc(BLOCK)] == [2, 2, 0]
    slow.io.elapse(TRANSFER)
    assert slow.io.tch(BLOCK) == 1


def test_without_block_multiplexing_a_chain_keeps_the_channel(slow: SlowBench) -> None:
    slow.io.multiplexing = lambda: False
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ, 0, 4))
    assert slow.io.tch(BLOCK) == 2
    assert slow.start(BLOCK + 1, ccw(SEEK)) == 2
    slow.io.elapse(MOTION + TRANSFER)
    assert slow.io.tch(BLOCK) == 1


def test_a_selector_channel_has_one_subchannel(slow: SlowBench) -> None:
    slow.start(SELECT, ccw(SEEK, CHAIN), ccw(READ, 0, 4))
    assert slow.io.tch(SELECT) == 2
    assert slow.start(SELECT + 1, ccw(READ)) == 2
    slow.io.elapse(MOTION + TRANSFER)
    assert slow.io.tch(SELECT) == 1
    assert slow.start(SELECT + 1, ccw(READ)) == 2, "an interruption is pending in the only subchannel"
    assert slow.io.tio(SELECT + 1) == 2
    assert slow.io.hio(SELECT + 1) == 0
    assert slow.io.clrio(SELECT + 1) == 0
    assert slow.io.tio(SELECT) == 1
    assert slow.start(SELECT + 1, ccw(READ)) == 0


def test_a_selector_channel_is_free_once_channel_end_is_taken(slow: SlowBench) -> None:
    slow.start(SELECT, ccw(SEEK))
    assert slow.start(SELECT + 1, ccw(SEEK)) == 2
    assert slow.taken()[0] == SELECT
    assert slow.start(SELECT + 1, ccw(SEEK)) == 0
    slow.io.elapse(MOTION)
    assert [slow.taken() for _ in range(3)] == [
        (SELECT + 1, "0000080808000000"),
        (SELECT, "0000000004000000"),
        (SELECT + 1, "0000000004000000"),
    ]


def test_a_selector_channel_is_busy_with_a_device_that_waits_even_if_completion_is_immediate() -> None:
    bench = SlowBench(immediate=True)
    bench.start(SELECT, ccw(WAIT))
    assert (bench.io.tch(SELECT), bench.start(SELECT + 1, ccw(READ))) == (2, 2)
    bench.start(BLOCK, ccw(WAIT))
    assert (bench.io.tch(BLOCK), bench.start(BLOCK + 1, ccw(READ))) == (0, 0)


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


# ---- the rest


def test_attention_waits_for_the_end_of_motion(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(REWIND))
    slow.io.unsolicited(BLOCK, UnitStatus.ATTENTION)
    assert slow.io.take() is None
    slow.io.elapse(MOTION)
    assert slow.taken() == (BLOCK, "0000000084000000")


def test_reset_ends_everything(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ))
    slow.start(SELECT, ccw(READ))
    slow.start(BYTE, ccw(SPACE))
    slow.io.reset()
    slow.io.elapse(100_000)
    assert not slow.io.timed
    assert slow.io.take() is None
    assert [slow.io.tio(a) for a in slow.devices] == [0] * 6


def test_a_detached_device_takes_its_operation_along(slow: SlowBench) -> None:
    slow.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ))
    slow.io.detach(BLOCK)
    assert not slow.io.timed
    slow.io.elapse(100_000)


def test_an_endless_program_takes_time_but_does_not_hold_the_host(slow: SlowBench) -> None:
    assert slow.start(BYTE, ccw(0x03, CHAIN), CCW(0x08, 0x800, 0, 0)) == 0
    for _ in range(3):
        slow.io.elapse(5000)
        assert slow.io.tio(BYTE) == 2
    assert slow.io.hio(BYTE) == 2
    assert slow.taken()[0] == BYTE
    assert not slow.io.timed


def test_a_synchronous_program_takes_no_time(slow: SlowBench) -> None:
    slow.storage.write(0x800, ccw(SEEK, CHAIN).to_bytes() + ccw(PRINT).to_bytes())
    assert slow.io.execute(BLOCK, 0x800).cc == 0
    assert not slow.io.timed
    slow.start(BLOCK, ccw(REWIND))
    assert slow.io.execute(BLOCK, 0x800).cc == 2


PROGRAMS = {
    BYTE: (ccw(PRINT, CHAIN), ccw(SEEK, CHAIN | 8), ccw(READ)),
    BYTE + 1: (ccw(SPACE),),
    BLOCK: (ccw(SEEK, CHAIN), ccw(READ, 0x40, 4), ccw(FAIL, CHAIN), ccw(READ)),
    BLOCK + 1: (ccw(REWIND, CHAIN), ccw(WAIT)),
    SELECT: (ccw(PRINT, CHAIN), ccw(SKIP_NEXT, CHAIN), ccw(FAIL), ccw(REWIND)),
}


def _started() -> SlowBench:
    bench = SlowBench()
    for n, (address, program) in enumerate(PROGRAMS.items()):
        bench.start(address, *program, at=0x800 + 0x100 * n, fast=address == BLOCK + 1)
    return bench


@pytest.mark.parametrize("when", range(0, 3500, 170))
def test_saved_at_any_time_channels_go_on_alike(when: int) -> None:
    bench = _started()
    bench.io.elapse(when)
    text = json.dumps(snapshot._plain(bench.io.save()))
    other = SlowBench()
    other.storage.write(0, bench.storage.read(0, 65536))
    state = json.loads(text, object_hook=snapshot._revive)
    other.io.load({int(address): entry for address, entry in state.items()})
    seen: list[list[tuple[int, int | None, str]]] = []
    for which in (bench, other):
        events = []
        for at in range(0, 5000, 50):
            which.io.elapse(50 if at else 0)
            address, csw = which.taken()
            if address is not None:
                events.append((at, address, csw))
        seen.append(events)
        assert which.io.hio(BLOCK + 1) in (0, 1, 2)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 1
    assert bench.io.save() == other.io.save()
    assert bench.storage.read(0, 65536) == other.storage.read(0, 65536)
