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


# ---- channels


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
