"""Line printers: lines, the carriage, channels 9 and 12, character sets; 1403, 1443, 3203, 3211."""

from __future__ import annotations

import json

import pytest
from unitbench import CHAIN, DATA, SLI, UnitBench

from cpvm.machine.device import ConfigurationError, MediaError
from cpvm.machine.media.forms import Motion
from cpvm.s370.ccw import CCW
from cpvm.s370.ebcdic import to_ebcdic

CE, DE, UC, UE = 0x08, 0x04, 0x02, 0x01
ENDED = CE | DE
WRONG_LENGTH = 0x4000
PRINTERS = ("1403", "1443", "3203", "3211")
GRAPHICS = to_ebcdic("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-/ ")


def train(size: int) -> bytes:
    return (GRAPHICS * 16)[:size]


def lines(b: UnitBench) -> list[str]:
    return b.written("out").split("\n")


def print_to(b: UnitBench, line: int) -> None:
    """Move the carriage down to a line, from line 1."""
    for _ in range(line - 1):
        b.do(0x0B)


@pytest.mark.parametrize("kind", PRINTERS)
def test_lines_spaces_and_overprint(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    for code, word in ((0x09, "ONE"), (0x11, "TWO"), (0x19, "THREE"), (0x01, "FOUR"), (0x09, "____")):
        assert b.do(code, word) == (ENDED, 0)
    assert b.do(0x13)[0] == ENDED
    assert b.do(0x09, "SIX") == (ENDED, 0)
    assert b.written("out") == "ONE\nTWO\n\nTHREE\n\n\nFOUR\r____\n\n\nSIX\n"


@pytest.mark.parametrize("kind", PRINTERS)
def test_skips(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert b.do(0x89, "PAGE 1") == (ENDED, 0)
    assert b.do(0x91, "PAGE 2") == (ENDED, 0)
    assert b.do(0x09, "LINE 7") == (ENDED, 0)
    assert b.do(0x8B)[0] == ENDED
    assert b.written("out") == "PAGE 1\n\fPAGE 2" + "\n" * 6 + "LINE 7\n\f"


@pytest.mark.parametrize("kind", PRINTERS)
def test_skip_to_where_it_stands(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert b.do(0x8B)[0] == ENDED
    assert b.written("out") == "", "an immediate skip to the channel of this line does nothing"
    b.do(0x01, "A")
    b.do(0x8B)
    assert b.written("out") == "A\n\f", "but behind a line that was printed without space it does"
    b.do(0x89, "B")
    assert b.written("out") == "A\n\fB\n\f", "a skip behind print goes on to the next form"


@pytest.mark.parametrize("kind", PRINTERS)
def test_channels_9_and_12(kind: str) -> None:
    b = UnitBench(f"{kind},out,form=1:1+12:4+9:6")
    assert b.do(0x09, "1")[0] == ENDED
    assert b.do(0x11, "2")[0] == ENDED | UE, "channel 12 is met on the way"
    assert b.do(0x09, "4")[0] == ENDED
    assert b.do(0x0B)[0] == ENDED | UC, "channel 9"
    assert b.sense() == {"3203": "010000000000", "3211": "010000000000"}.get(kind, "01")
    assert b.do(0x09, "6")[0] == ENDED
    assert b.do(0x8B)[0] == ENDED
    assert b.do(0xE3)[0] == ENDED, "a skip does not tell"
    assert b.do(0xCB)[0] == ENDED


def test_both_channels_at_once() -> None:
    b = UnitBench("1403,out,form=1:1+12:2+9:3")
    assert b.do(0x19, "A")[0] == ENDED | UE | UC
    assert b.sense() == "01"


def test_the_standard_form() -> None:
    b = UnitBench("1403,out")
    for channel, line in ((2, 7), (3, 13), (4, 19), (5, 25), (6, 31), (7, 37), (8, 43), (10, 49), (11, 55)):
        assert b.do(0x81 | channel << 3)[0] == ENDED
        assert b.device.line == line  # type: ignore[attr-defined]
    for _ in range(5):
        assert b.do(0x0B)[0] == ENDED
    assert b.do(0x0B)[0] == ENDED | UE
    assert b.do(0x0B)[0] == ENDED
    assert b.do(0x0B)[0] == ENDED | UC
    assert b.do(0x8B)[0] == ENDED


def test_unit_exception_ends_a_chain() -> None:
    b = UnitBench("1403,out,form=1:1+12:3")
    status, _ = b.run(*(CCW(0x09, DATA, CHAIN | SLI, 1) for _ in range(3)), CCW(0x09, DATA, SLI, 1))
    assert status == ENDED | UE
    assert b.storage.read(0x41, 3).hex() == "000810", "at the line that came to line 3"


@pytest.mark.parametrize("kind", ["1403", "1443"])
def test_a_skip_to_nowhere_runs_until_the_operator_stops_it(kind: str) -> None:
    b = UnitBench(f"{kind},out,form=none")
    assert b.do(0x91, "A")[0] == ENDED | UC
    assert b.sense() == "40"
    assert b.written("out") == "A\n\f\f"
    assert b.do(0x09, "B") == (UC, -1)
    b.device.press("start")
    assert b.io.take() == 0x00C
    assert b.do(0x09, "B")[0] == ENDED


@pytest.mark.parametrize("kind", ["3203", "3211"])
def test_a_skip_to_nowhere_ends_with_line_position_check(kind: str) -> None:
    b = UnitBench(f"{kind},out,form=none")
    print_to(b, 5)
    assert b.do(0x93)[0] == ENDED | UC
    assert b.sense() == "181000000000"
    assert b.device.line == 1  # type: ignore[attr-defined]
    assert b.do(0x09, "B")[0] == ENDED


@pytest.mark.parametrize("kind", PRINTERS)
def test_end_of_forms(kind: str) -> None:
    b = UnitBench(f"{kind},out,forms=2")
    assert b.do(0x89, "PAGE 1")[0] == ENDED
    assert b.do(0x89, "PAGE 2")[0] == ENDED
    assert b.do(0x09, "PAGE 3") == (UC, -1)
    assert b.sense() == {"3203": "400800000000", "3211": "400800000000"}.get(kind, "40")
    b.device.press("start")
    assert not b.io.pending(), "there is still no paper"
    b.device.mount("more", {"forms": "1"}, b.room)
    assert b.io.take() == 0x00C
    assert b.do(0x09, "PAGE 3")[0] == ENDED
    assert b.written("out") == "PAGE 1\n\fPAGE 2\n\f"
    assert b.written("more") == "PAGE 3\n"


@pytest.mark.parametrize(("words", "width"), [("1403", 132), ("1443", 120), ("1443,width=144", 144), ("3203", 132)])
def test_print_positions(words: str, width: int) -> None:
    kind, _, option = words.partition(",")
    b = UnitBench(f"{kind},out,{option}" if option else f"{kind},out")
    assert b.do(0x09, "X" * 160, flags=0) == (ENDED | WRONG_LENGTH, 160 - width)
    assert lines(b)[0] == "X" * width


def test_what_has_no_graphic_is_a_blank() -> None:
    b = UnitBench("1403,out")
    b.do(0x09, b"\xc1\x00\x15\x0c\xc2")
    assert lines(b)[0] == "A   B"


class Jammed:
    """Paper that the host cannot write."""

    def print(self, data: bytes) -> None:
        raise MediaError("full")

    def move(self, motion: Motion) -> None:
        raise MediaError("full")

    def form(self, length: int, lpi: int, line: int) -> None: ...

    def close(self) -> None:
        raise MediaError("full")


@pytest.mark.parametrize("kind", PRINTERS)
def test_a_host_without_room_is_an_equipment_check(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    b.device.paper = Jammed()  # type: ignore[attr-defined]
    assert b.do(0x09, "A")[0] == ENDED | UC
    assert b.sense().startswith("10")
    assert b.do(0x0B)[0] == ENDED | UC
    b.device.close()


# ---- character sets


def test_1403_character_set() -> None:
    b = UnitBench("1403,out")
    assert b.do(0xFB, train(240)) == (UC, -1), "without the gate"
    assert b.sense() == "80"
    b.storage.write(DATA, train(240))
    assert b.run(CCW(0xEB, 0, CHAIN | SLI, 1), CCW(0xFB, DATA, 0, 240)) == (ENDED, 0)
    assert b.run(CCW(0xEB, 0, CHAIN | SLI, 1), CCW(0xFB, DATA, 0, 250)) == (ENDED | WRONG_LENGTH, 10)
    assert b.do(0xFB, train(240)) == (UC, -1), "the gate is shut when the program is over"
    assert b.do(0x09, "Abc: D")[0] == ENDED | UC
    assert b.sense() == "08"
    assert b.do(0x73)[0] == ENDED
    assert b.do(0x09, "Abc: D")[0] == ENDED, "data checks are blocked"
    assert b.do(0x7B)[0] == ENDED
    assert lines(b)[:2] == ["A    D", "A    D"]
    b.storage.write(DATA, train(240))
    assert b.run(CCW(0xEB, 0, CHAIN | SLI, 1), CCW(0xF3, DATA, 0, 240)) == (ENDED, 0)
    assert b.do(0x09, "Abc, D")[0] == ENDED
    assert lines(b)[2] == "ABC, D", "with folding"
    assert b.run(CCW(0xEB, 0, CHAIN | SLI, 1), CCW(0xFB, DATA, 0, 200)) == (ENDED | UC, 0)
    assert b.sense() == "02", "load check"


@pytest.mark.parametrize(("kind", "size", "part"), [("3211", 512, 432), ("3203", 304, 240)])
def test_character_set_buffer(kind: str, size: int, part: int) -> None:
    b = UnitBench(f"{kind},out")
    image = train(part) + to_ebcdic("*") * (size - part)
    assert b.do(0xFB, image + b"\0" * 3, flags=0) == (ENDED | WRONG_LENGTH, 3)
    assert b.do(0x09, "A*B")[0] == ENDED | UC, "what is behind the train image is no character"
    assert b.sense() == "080000000000"
    assert b.read(0x0A, size)[0] == UC, "without diagnostic gate"
    assert b.sense() == "800000000000"
    assert b.run(CCW(0x07, 0, CHAIN | SLI, 1), CCW(0x0A, DATA, 0, size)) == (ENDED, 0)
    assert b.storage.read(DATA, size) == image
    assert b.do(0x43)[0] == ENDED
    assert b.do(0x09, "abc")[0] == ENDED
    assert b.do(0x23)[0] == ENDED
    assert b.do(0x09, "abc")[0] == ENDED | UC
    assert lines(b)[:3] == ["A B", "ABC", ""]
    assert b.do(0xFB, image[:-1]) == (ENDED | UC, 0)
    assert b.sense() == "020000000000"


def test_1443_has_no_character_set_buffer() -> None:
    b = UnitBench("1443,out")
    for code in (0xEB, 0xFB, 0x73, 0x63, 0x06, 0x02, 0x05):
        assert b.do(code) == (UC, -1)
        assert b.sense() == "80"


# ---- print line buffer


@pytest.mark.parametrize("kind", ["1403", "3211", "3203"])
def test_print_line_buffer(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    b.do(0x09, "PRINTED")
    assert b.read(0x02, 132) == (ENDED, to_ebcdic("PRINTED".ljust(132)))
    assert b.read(0x06, 132) == (ENDED, b"\x04" * 132)
    if kind == "3203":
        assert b.do(0x05, "X") == (UC, -1)
        return
    assert b.do(0x05, "SILENT")[0] == ENDED
    assert b.read(0x02, 6)[1] == to_ebcdic("SILENT")
    assert b.written("out") == "PRINTED\n"


def test_line_in_the_forms_control_buffer() -> None:
    b = UnitBench("3211,out")
    for expected in ("40", "c0", "20", "a0"):
        assert b.run(CCW(0x07, 0, CHAIN | SLI, 1), CCW(0x06, DATA, SLI, 5)) == (ENDED, 4)
        assert b.storage.read(DATA, 1).hex() == expected
        b.do(0x0B)


# ---- time


@pytest.mark.parametrize(
    ("words", "code", "microseconds"),
    [
        ("1403,out", 0x09, 54_545),
        ("1403,out", 0x19, 64_545),
        ("1403,out", 0x91, 54_545 + 5 * 5_000),
        ("1443,out", 0x09, 250_000),
        ("3211,out", 0x09, 30_000),
    ],
)
def test_device_end_follows_channel_end(words: str, code: int, microseconds: int) -> None:
    b = UnitBench(words, immediate=False)
    assert b.start(CCW(code, DATA, SLI, 100)) == 0
    b.io.elapse(999)
    assert b.io.take() is None
    b.io.elapse(1)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0800"
    b.io.elapse(microseconds - 1)
    assert b.io.take() is None
    b.io.elapse(1)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0400"


def test_channel_12_comes_with_device_end() -> None:
    b = UnitBench("1403,out,form=1:1+12:2", immediate=False)
    assert b.start(CCW(0x0B, 0, SLI, 1)) == 1
    assert b.storage.read(0x44, 2).hex() == "0800"
    b.io.elapse(20_000)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0500"


# ---- state, words


@pytest.mark.parametrize("kind", PRINTERS)
def test_a_restored_printer_goes_on(kind: str) -> None:
    words = f"{kind},out,form=1:1+12:4,lines=9"
    b, other = UnitBench(words), UnitBench(f"{kind},out")
    b.do(0x09, "A")
    b.do(0x01, "B")
    state = b.device.save()
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in state.items()}
    assert json.loads(json.dumps(plain)) == plain
    other.device.load(state)
    for code in (0x09, 0x09, 0x8B, 0x09, 0x8B, 0x0B):
        assert other.do(code, "C") == b.do(code, "C")
        assert other.device.save() == b.device.save()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("1403,out,form=13:1", "13:1 is no channel and line"),
        ("1403,out,form=1:67", "channel 1 at line 67: the form has 66 lines"),
        ("1403,out,form=top", "top is no channel and line"),
        ("1403,out,lines=0", "lines=0 is not a number from 1 to 180"),
        ("1403,out,lpi=7", "lpi=7 is not one of 6, 8"),
        ("1403,out,width=120", "width=120 is not one of 132"),
        ("1403,out,text,greenbar", "text excludes pdf and greenbar"),
        ("1403,out.pdf,crlf", "append and crlf go with text"),
        ("1403,out,sound", "there is no option sound"),
    ],
)
def test_words_that_are_refused(words: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        UnitBench(words)


def test_without_paper_it_is_not_ready() -> None:
    b = UnitBench("1403")
    assert b.do(0x09, "A") == (UC, -1)
    assert b.sense() == "40"
    b.device.mount("out", {"crlf": ""}, b.room)
    assert b.io.take() == 0x00C
    assert b.do(0x09, "A")[0] == ENDED
    b.device.dismount()
    assert b.written("out") == "A\r\n"
    assert b.do(0x09, "A") == (UC, -1)
    with pytest.raises(ConfigurationError, match="no paper"):
        b.device.dismount()


def test_the_last_line_is_ended() -> None:
    b = UnitBench("1403,out")
    b.do(0x01, "A")
    b.device.close()
    b.device.close()
    assert b.written("out") == "A\n"


def test_append() -> None:
    b = UnitBench("1403,out")
    b.do(0x09, "A")
    b.io.detach(0x00C)
    b.device = b.make("1403,out,append")
    b.io.attach(0x00C, b.device)
    b.do(0x09, "B")
    assert b.written("out") == "A\nB\n"
