"""Loading forms control buffers: 3211 and 3203."""

from __future__ import annotations

import pytest
from unitbench import CHAIN, DATA, SLI, UnitBench

from cpvm.s370.ccw import CCW
from cpvm.s370.ebcdic import to_ebcdic

ENDED, UC, UE, WRONG_LENGTH = 0x0C, 0x02, 0x01, 0x4000
BOTH = ("3211", "3203")
SIX = bytes((1, 0, 0, 12, 0, 0x10))  # six lines, channel 1 at line 1, 12 at line 4


def load(b: UnitBench, image: bytes, flags: int = 0) -> tuple[int, int]:
    return b.do(0x63, image, flags=flags)


def buffer(b: UnitBench, count: int) -> bytes:
    assert b.run(CCW(0x07, 0, CHAIN | SLI, 1), CCW(0x12, DATA, SLI, count))[0] == ENDED
    return b.storage.read(DATA, count)


@pytest.mark.parametrize("kind", BOTH)
def test_an_image_is_the_form(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert load(b, SIX) == (ENDED, 0)
    assert b.do(0x11, "1")[0] == ENDED
    assert b.do(0x09, "3")[0] == ENDED | UE
    assert b.do(0x89, "4")[0] == ENDED
    assert b.do(0x09, "1")[0] == ENDED
    assert b.written("out") == "1\n\n3\n4\n\f1\n"
    assert buffer(b, 8) == SIX + b"\0\0"


@pytest.mark.parametrize("kind", BOTH)
def test_bytes_behind_the_last_line(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    expected = (ENDED, 0) if kind == "3211" else (ENDED | WRONG_LENGTH, 4)
    assert load(b, SIX + b"\x77" * 4) == expected
    assert load(b, SIX + b"\x77" * 4, flags=SLI) == (ENDED, expected[1])


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("image", "residual"),
    [
        (bytes((1, 0, 13, 0, 0x10)), 2),  # no such channel
        (bytes((1, 0, 0x21, 0, 0x10)), 2),
        (bytes((0x40, 1, 0, 0, 0x10)), 4),  # neither an index byte nor a line
        (bytes((0x20, 1, 0, 0, 0x10)), 4),
        (bytes((0xA1, 1, 0, 0, 0x10)), 4),
        (bytes((1, 0, 0, 0, 0)), 0),  # no last line
        (bytes((0x10,)), 0),  # the first line's bit means eight lines an inch, not the end
        (bytes((0x85,)), 0),  # nothing behind the index byte
        (bytes((0x85, 1, 13, 0x10)), 1),
        (bytes((1, 2) * 15 + (3,) + (0x10,)), 1),  # 31 channel codes
    ],
)
def test_load_check_at_the_byte_that_is_wrong(kind: str, image: bytes, residual: int) -> None:
    b = UnitBench(f"{kind},out")
    load(b, SIX)
    status, count = load(b, image)
    assert status & 0xFF == ENDED | UC
    assert count == residual
    assert bool(status & WRONG_LENGTH) == bool(residual)
    assert b.sense() == "020000000000"
    assert buffer(b, 6) == SIX, "the old form stays"


@pytest.mark.parametrize(("kind", "most"), [("3211", 180), ("3203", 256)])
def test_the_longest_form(kind: str, most: int) -> None:
    b = UnitBench(f"{kind},out")
    assert load(b, b"\x01" + b"\0" * (most - 2) + b"\x10") == (ENDED, 0)
    assert b.device.form.length == most  # type: ignore[attr-defined]
    status, residual = load(b, b"\x01" + b"\0" * (most - 1) + b"\x10" + b"\0" * 9)
    assert (status & 0xFF, residual) == (ENDED | UC, 10)


@pytest.mark.parametrize("kind", BOTH)
def test_thirty_channel_codes_and_one_in_the_last_line(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert load(b, bytes((1, 2) * 15 + (0x1C,))) == (ENDED, 0)
    assert b.device.form.length == 31  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", BOTH)
def test_eight_lines_an_inch(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    image = b"\x11" + b"\0" * 86 + b"\x1c"
    assert load(b, image) == (ENDED, 0)
    assert b.device.form.lpi == 8  # type: ignore[attr-defined]
    assert buffer(b, 88) == image


@pytest.mark.parametrize("kind", BOTH)
def test_an_image_through_data_chaining(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    b.storage.write(DATA, SIX)
    parts = [CCW(0x63, DATA, 0x80, 1), CCW(0, DATA + 1, 0x80, 2), CCW(0, DATA + 3, 0, 3)]
    assert b.run(*parts) == (ENDED, 0)
    assert buffer(b, 6) == SIX


def test_index() -> None:
    b = UnitBench("3211,out")
    assert load(b, b"\x85" + SIX) == (ENDED, 0)
    b.do(0x09, "RIGHT")
    assert buffer(b, 7) == b"\x85" + SIX
    assert load(b, b"\xc3" + SIX) == (ENDED, 0)
    b.do(0x09, "..LEFT")
    assert load(b, b"\x81" + SIX) == (ENDED, 0)
    b.do(0x09, "FLUSH")
    assert b.written("out") == "    RIGHT\nLEFT\nFLUSH\n"
    b.do(0x09, b"\xe7" * 132)
    assert load(b, b"\x9f" + SIX) == (ENDED, 0)
    b.do(0x09, b"\xe7" * 132)
    assert b.written("out").split("\n")[4] == " " * 30 + "X" * 102
    b = UnitBench("3203,out")
    load(b, b"\x85" + SIX)
    b.do(0x09, "WHERE IT IS")
    assert b.written("out") == "WHERE IT IS\n", "a 3203 accepts the byte and does not index"


def test_raise_cover() -> None:
    b = UnitBench("3211,out")
    assert b.do(0x6B)[0] == ENDED
    assert b.do(0x09, "A") == (UC, -1)
    assert b.sense() == "400000000000"
    b.device.press("start")
    assert not b.io.pending()
    b.device.press("cover")
    assert b.io.take() == 0x00C
    assert b.do(0x09, "A")[0] == ENDED
    b.device.press("cover")
    assert b.do(0x09, "A") == (UC, -1)
    b = UnitBench("3203,out")
    assert b.do(0x6B)[0] == ENDED
    assert b.do(0x09, "A")[0] == ENDED


def test_control_commands_of_a_3203_are_not_immediate() -> None:
    b = UnitBench("3203,out")
    assert b.do(0x0B, flags=0) == (ENDED | WRONG_LENGTH, 1)
    assert b.do(0x0B) == (ENDED, 1)
    assert b.do(0x03, flags=0) == (ENDED, -1)
    assert UnitBench("3211,out").do(0x0B, flags=0) == (ENDED, -1)


def test_skip_to_channel_0_of_a_3211() -> None:
    b = UnitBench("3211,out")
    assert b.do(0x83)[0] == ENDED
    assert UnitBench("3203,out").do(0x83)[0] == UC


@pytest.mark.parametrize("kind", BOTH)
def test_diagnostic_gate_is_for_its_program(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert b.read(0x12)[0] == UC
    assert b.do(0x07)[0] == ENDED
    assert b.read(0x12)[0] == UC
    assert b.sense().startswith("80")
    assert buffer(b, 3) == bytes((1, 0, 0)), "the standard form"


def test_150_positions() -> None:
    b = UnitBench("3211,out,width=150")
    b.do(0x09, to_ebcdic("X" * 150))
    assert b.written("out") == "X" * 150 + "\n"
    assert b.read(0x02, 160)[1] == b"\xe7" * 150 + b"\xee" * 10
