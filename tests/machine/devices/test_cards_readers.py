"""Card readers: 2540, 3505, 2501."""

from __future__ import annotations

import json

import pytest
from unitbench import CHAIN, DATA, SLI, UnitBench, text

from cpvm.machine.device import ConfigurationError
from cpvm.machine.media.cards import to_image
from cpvm.s370.ccw import CCW
from cpvm.s370.ebcdic import to_ebcdic

CE, DE, UC, UE = 0x08, 0x04, 0x02, 0x01
ENDED = CE | DE
DECK = b"ONE\nTWO\nTHREE\n"
READERS = ("2540R", "3505", "2501")


def bench(words: str, immediate: bool = True, **files: bytes) -> UnitBench:
    return UnitBench(words, immediate, **{"deck_txt": DECK, **files})


@pytest.mark.parametrize("kind", READERS)
def test_a_deck_is_read_to_its_end_of_file(kind: str) -> None:
    b = bench(f"{kind},deck.txt")
    for word in ("ONE", "TWO", "THREE"):
        status, card = b.read(0x02)
        assert (status, text(card)) == (ENDED, word)
    assert b.read(0x02) == (ENDED | UE, b"\xee" * 80)
    assert b.sense().startswith("40"), "and then it is not ready"
    assert b.read(0x02)[0] == UC
    assert b.sense().startswith("40")


@pytest.mark.parametrize("kind", READERS)
def test_column_binary(kind: str) -> None:
    b = bench(f"{kind},deck.txt")
    status, image = b.read(0x22, 160)
    assert status == ENDED
    assert image == to_image(to_ebcdic("ONE".ljust(80)))


def test_holes_that_are_no_code_are_a_data_check_in_mode_1() -> None:
    card = bytearray(to_image(to_ebcdic("A?C".ljust(80))))
    card[2:4] = b"\x07\x30"  # rows 1 to 5: more than one of rows 1 to 7
    b = bench("2540R,deck.bin,binary", deck_bin=bytes(card) * 2)
    status, codes = b.read(0x02)
    assert status == ENDED | UC
    assert codes[:3] == b"\xc1\x00\xc3"
    assert b.sense() == "08"
    assert b.read(0x22, 160) == (ENDED, bytes(card)), "mode 2 has no invalid columns"


def test_binary_decks_are_recognised() -> None:
    image = to_image(to_ebcdic("HI".ljust(80)))
    b = bench("3505,deck.bin", deck_bin=image)
    assert text(b.read(0x02)[1]) == "HI"


def test_read_without_feed_and_feed_without_read() -> None:
    b = bench("2540R,deck.txt")
    assert text(b.read(0xC2)[1]) == "ONE"
    assert text(b.read(0xC2)[1]) == "ONE", "the card stays at the station"
    assert b.do(0x23) == (ENDED, -1)
    assert b.do(0x23) == (ENDED, -1), "a card goes by unread"
    assert text(b.read(0x02)[1]) == "THREE"
    assert b.do(0x63) == (ENDED | UE, -1)
    assert b.do(0x63) == (UC, -1)


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [("2540R", ("r1", "r2", "rp3"), ("ONE", "TWO", "THREE")), ("3505", ("s1", "s2"), ("ONE", "TWO", "THREE"))],
)
def test_stackers(kind: str, names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    b = bench(",".join((kind, "deck.txt", *(f"{name}={name}.out" for name in names))))
    for code in (0x02, 0x42, 0x82):
        b.read(code)
    found = [b.written(f"{name}.out") for name in names]
    if kind == "3505":  # 01 and 10 are both its second stacker
        assert [len(cards) for cards in found] == [80, 160]
    else:
        assert [text(cards) for cards in found] == list(expected)


def test_stacker_of_a_card_that_is_fed_later() -> None:
    b = bench("2540R,deck.txt,r1=r1.out,r2=r2.out")
    b.read(0xC2)
    b.do(0x63)
    assert (b.written("r1.out"), text(b.written("r2.out"))) == (b"", "ONE")


def test_several_files_each_with_its_end() -> None:
    b = bench("2540R,deck.txt,file2=more.txt", more_txt=b"FOUR\n")
    assert [b.read(0x02)[0] for _ in range(6)] == [ENDED] * 3 + [ENDED | UE, ENDED, ENDED | UE]


def test_several_files_as_one() -> None:
    b = bench("2540R,deck.txt,file2=more.txt,multifile", more_txt=b"FOUR\n")
    assert [b.read(0x02)[0] for _ in range(5)] == [ENDED] * 4 + [ENDED | UE]


def test_intervention_required_at_the_end() -> None:
    b = bench("3505,deck.txt,intrq,file2=more.txt", more_txt=b"FOUR\n")
    assert [b.read(0x02)[0] for _ in range(5)] == [ENDED] * 4 + [UC]
    assert b.sense() == "40100000", "to be retried when it is ready"
    assert not b.io.pending()
    b.device.mount("deck.txt", {}, b.room)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 1) == bytes((DE,)), "device end when it has become ready"
    assert text(b.read(0x02)[1]) == "ONE"


def test_end_of_file_key() -> None:
    b = bench("2540R,deck.txt,intrq")
    for _ in range(3):
        b.read(0x02)
    b.device.press("eof")
    assert b.io.take() == 0x00C
    assert b.read(0x02)[0] == ENDED | UE


def test_stop_and_start() -> None:
    b = bench("2501,deck.txt")
    b.device.press("stop")
    assert b.read(0x02)[0] == UC
    assert b.do(0x03) == (ENDED, -1), "no-operation and sense need nobody"
    assert b.sense() == "40"
    b.device.press("start")
    assert b.io.take() == 0x00C
    b.device.press("start")
    assert not b.io.pending(), "it was ready"
    assert text(b.read(0x02)[1]) == "ONE"
    with pytest.raises(ConfigurationError, match="a 2501 has no key brake"):
        b.device.press("brake")


def test_dismount() -> None:
    b = bench("2540R,deck.txt")
    b.read(0x02)
    b.device.dismount()
    assert b.read(0x02)[0] == UC
    with pytest.raises(ConfigurationError, match="no cards"):
        b.device.dismount()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("3505", 0x11),  # write a format for read column eliminate
        ("3505", 0x31),  # or for optical mark read
        ("3505", 0x0A),  # read in formatted mode
        ("3505", 0x2B),
        ("3505", 0xD2),  # diagnostic read
        ("3505", 0xE3),
        ("2501", 0x42),
        ("2501", 0x23),
        ("2501", 0xC2),
        ("2540R", 0xD2),
        ("2540R", 0xE4),
        ("2540R", 0x01),
    ],
)
def test_commands_that_a_reader_does_not_know(kind: str, code: int) -> None:
    b = bench(f"{kind},deck.txt")
    assert b.do(code) == (UC, -1)
    assert b.sense().startswith("80")
    assert text(b.read(0x02)[1]) == "ONE", "no card was lost"


def test_chain_ends_with_end_of_file() -> None:
    b = bench("2540R,deck.txt")
    status, residual = b.run(*(CCW(0x02, DATA + 80 * at, CHAIN | SLI, 80) for at in range(4)), CCW(0x03, 0, SLI, 1))
    assert (status, residual) == (ENDED | UE, 80)
    assert b.storage.read(0x41, 3).hex() == "000820"


def test_device_end_follows_channel_end() -> None:
    b = bench("2540R,deck.txt", immediate=False)
    assert b.start(CCW(0x02, DATA, SLI, 80)) == 0
    b.io.elapse(1_000)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0800"
    b.io.elapse(59_000)
    assert b.io.take() is None
    b.io.elapse(1_000)
    assert b.io.take() == 0x00C
    assert b.storage.read(0x44, 2).hex() == "0400"
    assert b.start(CCW(0x23, DATA, SLI, 1)) == 1
    assert b.storage.read(0x44, 2).hex() == "0800", "a feed has channel end at once"


def test_halting_leaves_the_card_at_the_station_and_reset_does_not() -> None:
    b = bench("2540R,deck.txt", immediate=False)
    b.start(CCW(0xC2, DATA, SLI, 80))
    assert b.io.hio(0x00C) == 1
    while b.io.timed or b.io.pending():
        b.io.elapse(100)
        b.io.take()
    b.io.immediate = True
    assert text(b.read(0xC2)[1]) == "ONE"
    b.io.reset()
    assert text(b.read(0xC2)[1]) == "TWO"


def test_a_restored_reader_goes_on() -> None:
    b, other = bench("2540R,deck.txt"), bench("2540R,deck.txt")
    b.read(0x02)
    b.read(0xC2)
    state = b.device.save()
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in state.items()}
    assert json.loads(json.dumps(plain)) == plain
    other.device.load(state)
    for code in (0x02, 0x02, 0x02):
        assert other.read(code) == b.read(code)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("2540R,none.txt", "00C 2540R: none.txt: No such file"),
        ("2540R,long.txt", "long.txt: line 1 is longer than a card: 81 characters"),
        ("2540R,odd.bin", "odd.bin: 81 bytes are not whole cards of 80"),
        ("2540R,odd.bin,binary", "not whole cards of 160"),
        ("2540R,deck.txt,ascii,ebcdic", "ascii and ebcdic exclude each other"),
        ("2540R,deck.txt,eof,intrq", "eof and intrq exclude each other"),
        ("2540R,deck.txt,colour=red", "there is no option colour"),
        ("2540R,deck.txt,eof=yes", "option eof takes no value"),
        ("2540R,deck.txt,r1", "r1 names a file"),
        ("2501,deck.txt,r1=x", "there is no option r1"),
        ("2501,,file2=deck.txt", "file2 is given, but no first file"),
        ("2501,deck.txt,file100=deck.txt", "there is no option file100"),
    ],
)
def test_words_that_are_refused(words: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        bench(words, long_txt=b"A" * 81 + b"\n", odd_bin=b"\x80" * 81)


def test_options_about_bad_decks() -> None:
    b = bench("2540R,long.txt,trunc", long_txt=b"A" * 81 + b"\n")
    assert b.read(0x02)[1] == b"\xc1" * 80
    b = bench("2540R,odd.bin,autopad", odd_bin=b"\x81" * 81)
    b.read(0x02)
    assert b.read(0x02)[1] == b"\x81" + b"\0" * 79


def test_without_a_deck_it_is_not_ready() -> None:
    b = bench("2540R")
    assert b.read(0x02)[0] == UC
    assert b.sense() == "40"
