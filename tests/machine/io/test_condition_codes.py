"""Every I/O instruction in every state of channel, subchannel and device: condition code and what becomes of the CSW.

Source: *Principles of Operation*, GA22-7000, "Input/Output Operations", table of condition codes for I/O states. A
state has three letters, for channel, subchannel and device: available, interruption pending, working; lower case for
another device than the one addressed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slow import (
    BLOCK,
    BYTE,
    MOTION,
    READ,
    REWIND,
    SEEK,
    SELECT,
    SPACE,
    TRANSFER,
    WAIT,
    SlowBench,
    ccw,
)

from cpvm.s370.ccw import UnitStatus

CHAIN = 0x60
UNCHANGED = "eeeeeeeeeeeeeeee"


def attention(bench: SlowBench) -> None:
    bench.io.unsolicited(BLOCK, UnitStatus.ATTENTION)


def working(bench: SlowBench) -> None:
    bench.start(BLOCK, ccw(REWIND))


def control_unit_working(bench: SlowBench) -> None:
    bench.start(BLOCK + 1, ccw(SPACE))


def ended(bench: SlowBench) -> None:
    bench.start(BLOCK, ccw(READ, 0, 4))
    bench.io.elapse(TRANSFER)


def waiting_for_device_end(bench: SlowBench) -> None:
    bench.start(BLOCK, ccw(SEEK, CHAIN), ccw(READ))


def transferring(bench: SlowBench) -> None:
    bench.start(BLOCK, ccw(READ))


def another_transferring(bench: SlowBench) -> None:
    bench.start(BLOCK + 1, ccw(READ))


def suspended(bench: SlowBench) -> None:
    bench.start(BLOCK, ccw(WAIT))


def nothing(bench: SlowBench) -> None:
    pass


def missing(bench: SlowBench) -> None:
    bench.io.detach(BLOCK)


STATUS = {"busy": "eeeeeeee1000eeee", "zero": "eeeeeeee0000eeee", "unit": "eeeeeeee5000eeee"}
# state: what brings it about; for each instruction the condition code and the CSW, "" if it does not change
TABLE: dict[str, tuple[Callable[[SlowBench], None], dict[str, tuple[int, str]]]] = {
    "AAA": (
        nothing,
        {"sio": (0, ""), "tio": (0, ""), "clrio": (0, ""), "hio": (1, "zero"), "hdv": (1, "zero"), "tch": (0, "")},
    ),
    "AAN": (
        missing,
        {"sio": (3, ""), "tio": (3, ""), "clrio": (3, ""), "hio": (3, ""), "hdv": (3, ""), "tch": (0, "")},
    ),
    "AAI": (
        attention,
        {
            "sio": (1, "eeeeeeee9000eeee"),
            "tio": (1, "0000000080000000"),
            "clrio": (0, ""),
            "hio": (1, "zero"),
            "hdv": (1, "zero"),
            "tch": (1, ""),
        },
    ),
    "AAW": (
        working,
        {
            "sio": (1, "busy"),
            "tio": (1, "0000000010000000"),
            "clrio": (0, ""),
            "hio": (1, "zero"),
            "hdv": (1, "zero"),
            "tch": (0, ""),
        },
    ),
    "AAW, control unit": (
        control_unit_working,
        {
            "sio": (1, "unit"),
            "tio": (1, "0000000050000000"),
            "clrio": (0, ""),
            "hio": (1, "unit"),
            "hdv": (1, "unit"),
            "tch": (0, ""),
        },
    ),
    "AIA": (
        ended,
        {
            "sio": (2, ""),
            "tio": (1, "000008080c000000"),
            "clrio": (1, "000008080c000000"),
            "hio": (0, ""),
            "hdv": (0, ""),
            "tch": (1, ""),
        },
    ),
    "AWW": (
        waiting_for_device_end,
        {
            "sio": (2, ""),
            "tio": (2, ""),
            "clrio": (1, "0000080800000000"),
            "hio": (1, "zero"),
            "hdv": (1, "zero"),
            "tch": (0, ""),
        },
    ),
    "AWW, suspended": (
        suspended,
        {
            "sio": (2, ""),
            "tio": (2, ""),
            "clrio": (1, "0000080800000001"),
            "hio": (1, "zero"),
            "hdv": (1, "zero"),
            "tch": (0, ""),
        },
    ),
    "WWW": (
        transferring,
        {
            "sio": (2, ""),
            "tio": (2, ""),
            "clrio": (1, "0000080800000000"),
            "hio": (2, ""),
            "hdv": (1, "zero"),
            "tch": (2, ""),
        },
    ),
    "wAA": (
        another_transferring,
        {"sio": (2, ""), "tio": (2, ""), "clrio": (0, ""), "hio": (2, ""), "hdv": (2, ""), "tch": (2, "")},
    ),
}


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize("instruction", ["sio", "tio", "clrio", "hio", "hdv", "tch"])
def test_condition_code(state: str, instruction: str) -> None:
    bench = SlowBench()
    bring, expected = TABLE[state]
    bring(bench)
    cc, csw = expected[instruction]
    bench.storage.write(0x800, ccw(READ).to_bytes() + bytes(8))
    bench.storage.write(0x48, (0x800).to_bytes(4, "big"))
    bench.storage.write(0x40, b"\xee" * 8)
    assert getattr(bench.io, instruction)(BLOCK) == cc
    assert bench.csw() == STATUS.get(csw, csw or UNCHANGED)


@pytest.mark.parametrize("state", [s for s in TABLE if not s.endswith("N")])
def test_store_channel_id_in_every_state(state: str) -> None:
    bench = SlowBench()
    TABLE[state][0](bench)
    for address, identity in ((BYTE, "10000000"), (BLOCK, "20000000"), (SELECT, "00000000")):
        assert bench.io.stidc(address) == 0
        assert bench.storage.read(0xA8, 4).hex() == identity
    assert bench.io.stidc(0x700) == 3
    assert bench.io.tch(0x700) == 3


def test_interruptions_of_all_channels_come_in_order_of_their_numbers() -> None:
    bench = SlowBench()
    for address in reversed(list(bench.devices)):
        bench.io.unsolicited(address, UnitStatus.ATTENTION)
    taken = [bench.io.take() for _ in range(7)]
    assert taken == [BYTE + 1, BYTE, BLOCK + 1, BLOCK, SELECT + 1, SELECT, None], "within a channel the oldest first"


def test_a_channel_in_the_mask_is_served_though_another_comes_before() -> None:
    bench = SlowBench()
    for address in bench.devices:
        bench.io.unsolicited(address, UnitStatus.ATTENTION)
    assert bench.io.take(0x20000000) == SELECT
    assert bench.io.take(0x60000000) == BLOCK


def test_motion_that_ends_while_channel_end_is_pending_comes_behind_it() -> None:
    bench = SlowBench()
    bench.start(BLOCK, ccw(SEEK))
    bench.start(BLOCK + 1, ccw(SEEK), at=0x900)
    bench.io.elapse(MOTION)
    assert [bench.io.take() for _ in range(5)] == [BLOCK, BLOCK + 1, BLOCK, BLOCK + 1, None]
