"""Card punches: 2540, with punch feed read, and 3525; and the 1442, which reads and punches the same card."""

from __future__ import annotations

import pytest
from unitbench import DATA, SLI, UnitBench, text

from cpvm.machine.device import ConfigurationError, MediaError
from cpvm.machine.media.cards import to_codes, to_image
from cpvm.s370.ccw import CCW
from cpvm.s370.ebcdic import to_ebcdic

CE, DE, UC, UE = 0x08, 0x04, 0x02, 0x01
ENDED = CE | DE
PUNCHES = ("2540P", "3525")


class Full:
    """A host that has no room."""

    def card(self, data: bytes) -> None:
        raise MediaError("full")


def image(words: str) -> bytes:
    return to_image(to_ebcdic(words.ljust(80)))


@pytest.mark.parametrize("kind", PUNCHES)
def test_cards_are_filled_up_with_blanks(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert b.do(0x01, "HELLO") == (ENDED, 0)
    assert b.written("out") == to_ebcdic("HELLO".ljust(80))


@pytest.mark.parametrize("kind", PUNCHES)
def test_the_residual_count_of_a_card_that_is_too_long(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    assert b.do(0x41, "A" * 100, flags=0) == (ENDED | 0x4000, 20)
    assert b.do(0x21, b"\x01" * 170, flags=0) == (ENDED | 0x4000, 10)


@pytest.mark.parametrize("kind", PUNCHES)
def test_column_binary(kind: str) -> None:
    b = UnitBench(f"{kind},out,binary")
    holes = bytes(range(64)) * 2 + b"\xff" * 32
    assert b.do(0x21, holes) == (ENDED, 0)
    assert b.do(0x61, image("AB")[:4]) == (ENDED, 0)
    assert b.do(0x01, "XYZ") == (ENDED, 0)
    cards = b.written("out")
    assert cards[:160] == bytes(byte & 0x3F for byte in holes), "bits 0 and 1 are no rows"
    assert cards[160:320] == image("AB")
    assert cards[320:] == image("XYZ")


def test_column_binary_with_codes_is_text_for_a_file_of_text() -> None:
    b = UnitBench("2540P,out,ascii,crlf")
    b.do(0x21, image("LINE 1"))
    b.do(0x01, b"\xd3\x00\x15\xd6")
    assert b.written("out") == b"LINE 1\r\nL  O\r\n"


def test_holes_without_a_code_are_an_equipment_check_for_a_file_of_codes() -> None:
    b = UnitBench("2540P,out")
    assert b.do(0x21, b"\x07\x30" * 80)[0] == ENDED | UC
    assert b.sense() == "10"
    assert b.written("out") == b""


@pytest.mark.parametrize("kind", PUNCHES)
def test_a_host_without_room_is_an_equipment_check(kind: str) -> None:
    b = UnitBench(f"{kind},out")
    b.device.sink = Full()  # type: ignore[attr-defined]
    assert b.do(0x01, "A") == (ENDED | UC, 0)
    assert b.sense().startswith("10")


def test_stackers() -> None:
    b = UnitBench("2540P,out,p2=p2,rp3=rp3,ascii")
    for code, word in ((0x01, "ONE"), (0x41, "TWO"), (0x81, "THREE")):
        b.do(code, word)
    assert [b.written(name) for name in ("out", "p2", "rp3")] == [b"ONE\n", b"TWO\n", b"THREE\n"]
    b = UnitBench("3525,out,s2=s2,ascii")
    for code, word in ((0x01, "ONE"), (0x41, "TWO"), (0x81, "THREE")):
        b.do(code, word)
    assert [b.written(name) for name in ("out", "s2")] == [b"ONE\n", b"TWO\nTHREE\n"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [("2540P", 0xC1), ("2540P", 0xC2), ("2540P", 0x09), ("2540P", 0x23), ("3525", 0xC1), ("3525", 0x02)]
    + [("3525", code) for code in (0x0D, 0x11, 0x31, 0x23, 0xC2)],
)
def test_commands_that_a_punch_does_not_know(kind: str, code: int) -> None:
    b = UnitBench(f"{kind},out")
    assert b.do(code) == (UC, -1)
    assert b.sense() == ("80" if kind == "2540P" else "80000000")
    assert b.written("out") == b""


def test_cp_s_punch_has_no_column_binary() -> None:
    b = UnitBench("2540P,out")
    b.device.columns = False  # type: ignore[attr-defined]
    assert b.do(0x21, b"\0" * 160) == (UC, -1)


def test_punch_feed_read() -> None:
    b = UnitBench("2540P,out,ascii,pfr=deck.txt", deck_txt=b"NAME1\nNAME2\n")
    status, card = b.read(0xC2)
    assert (status, text(card)) == (ENDED, "NAME1")
    assert b.do(0x09, " " * 10 + "PAID") == (ENDED, 0)
    assert b.do(0x29, image(" " * 10 + "DUE")) == (ENDED, 0), "a card that was not read is punched, too"
    assert b.written("out") == b"NAME1     PAID\nNAME2     DUE\n"
    assert b.read(0xC2)[0] == ENDED | UE
    assert b.read(0xC2)[0] == UC
    assert b.sense() == "40"


def test_device_end_follows_channel_end() -> None:
    b = UnitBench("2540P,out", immediate=False)
    assert b.start(CCW(0x01, DATA, SLI, 80)) == 0
    b.io.elapse(1_000)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0800"
    b.io.elapse(200_000)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0400"


def test_without_cards_it_is_not_ready() -> None:
    b = UnitBench("2540P")
    assert b.do(0x01, "A") == (UC, -1)
    assert b.sense() == "40"
    b.device.mount("out", {"ascii": ""}, b.room)
    assert b.io.take() == 0x00C
    assert b.do(0x01, "A")[0] == ENDED
    assert b.written("out") == b"A\n"
    b.device.dismount()
    assert b.do(0x01, "A") == (UC, -1)
    with pytest.raises(ConfigurationError, match="no cards"):
        b.device.dismount()


def test_append() -> None:
    b = UnitBench("3525,out,ascii")
    b.do(0x01, "A")
    b.device = b.make("3525,out,ascii,append")
    b.io.detach(0x00C)
    b.io.attach(0x00C, b.device)
    b.do(0x01, "B")
    assert b.written("out") == b"A\nB\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("2540P,out,crlf", "crlf goes with ascii"),
        ("2540P,out,ascii,binary", "ascii and binary exclude"),
        ("3525,out,p2=x", "there is no option p2"),
        ("2540P,out,pfr=none", "none: No such file"),
        ("1442,deck.txt,out=papyrus", "out=papyrus is not one of"),
    ],
)
def test_words_that_are_refused(words: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        UnitBench(words, deck_txt=b"A\n")


class Test1442:
    """Read, punch, feed: one path."""

    def test_a_card_is_read_and_then_punched(self) -> None:
        b = UnitBench("1442,deck.txt,s1=s1,s2=s2,out=ascii", deck_txt=b"NAME1\nNAME2\nNAME3\n")
        status, card = b.read(0x02)
        assert (status, text(card)) == (ENDED, "NAME1")
        assert b.do(0x01, " " * 8 + "A") == (ENDED, 0)
        assert b.do(0x01, "B") == (ENDED, 0), "from the column behind the last one"
        assert b.written("s1") == b"", "it is still at the punch station"
        assert text(b.read(0x42)[1]) == "NAME2"
        assert b.written("s2") == b"NAME1   AB\n", "the card that leaves goes to stacker 2"
        assert b.do(0x81, " " * 9 + "C") == (ENDED, 0)
        assert b.written("s1") == b"NAME2    C\n"
        assert b.do(0x43) == (ENDED, -1)
        assert b.do(0x83) == (ENDED | UE, -1)
        assert b.written("s2") == b"NAME1   AB\nNAME3\n"
        assert b.do(0x83) == (UC, -1)
        assert b.sense() == "40"

    def test_card_image(self) -> None:
        b = UnitBench("1442,deck.txt,s1=s1,out=binary", deck_txt=b"A\n")
        assert b.read(0x22, 160) == (ENDED, image("A"))
        assert b.do(0xA1, image(" B")[:4])[0] == ENDED
        assert to_codes(b.written("s1"))[0] == to_ebcdic("AB".ljust(80))

    def test_write_and_feed_of_the_last_card_leaves_the_end_of_file_to_the_next_read(self) -> None:
        b = UnitBench("1442,deck.txt,s1=s1,out=ascii", deck_txt=b"A\n")
        b.read(0x02)
        assert b.do(0x81, " B") == (ENDED, 0)
        assert b.written("s1") == b"AB\n"
        assert b.read(0x02)[0] == ENDED | UE

    def test_the_end_of_the_first_of_two_files_is_told_before_the_second(self) -> None:
        b = UnitBench("1442,a.txt,file2=b.txt,s1=s1,out=ascii", a_txt=b"A\n", b_txt=b"B\n")
        b.read(0x02)
        assert b.do(0x81, " X") == (ENDED, 0)
        assert b.written("s1") == b"AX\n"
        assert b.read(0x02)[0] == ENDED | UE
        status, card = b.read(0x02)
        assert (status, text(card)) == (ENDED, "B")

    def test_as_a_punch_with_blank_cards(self) -> None:
        b = UnitBench("1442,,s1=s1,out=ascii")
        for word in ("ONE", "TWO"):
            assert b.do(0x81, word) == (ENDED, 0)
        assert b.do(0x01, "THREE", flags=0) == (ENDED, 0)
        assert b.written("s1") == b"ONE\nTWO\n"
        b.device.close()
        assert b.written("s1") == b"ONE\nTWO\nTHREE\n", "the operator runs the last card out"

    def test_more_than_a_card(self) -> None:
        b = UnitBench("1442,,s1=s1")
        assert b.do(0x01, "A" * 70) == (ENDED, 0)
        assert b.do(0x01, "B" * 20) == (ENDED, 10)
        assert b.do(0x01, "C") == (ENDED, 1)

    def test_punching_takes_the_time_of_its_columns(self) -> None:
        b = UnitBench("1442,", immediate=False)
        b.start(CCW(0x81, DATA, SLI, 10))
        b.io.elapse(62_499)
        assert b.io.take() is None
        b.io.elapse(1)
        assert b.io.take() == 0x00C
        assert b.storage.read(0x44, 2).hex() == "0800"

    def test_a_restored_one_goes_on(self) -> None:
        words, deck = "1442,deck.txt,s1=s1,out=ascii", b"A\nB\n"
        b, other = UnitBench(words, deck_txt=deck), UnitBench(words, deck_txt=deck)
        b.read(0x02)
        b.do(0x01, " X")
        other.device.load(b.device.save())
        for bench in (b, other):
            bench.do(0x01, "Y")
            assert text(bench.read(0x02)[1]) == "B"
            assert bench.written("s1") == b"AXY\n"
