"""Card decks in host files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.machine.device import MediaError
from cpvm.machine.media.deck import Deck, Hopper, cards
from cpvm.s370.ebcdic import to_ebcdic


def test_text_lines_are_cards() -> None:
    assert cards(b"HELLO\r\n\nA\tB\n") == [to_ebcdic(x.ljust(80)) for x in ("HELLO", "", "A       B")]


def test_ascii_card_images_without_line_ends() -> None:
    assert cards(b"A" * 80 + b"B" * 80) == [b"\xc1" * 80, b"\xc2" * 80]


def test_ebcdic_card_images_stay_as_they_are() -> None:
    deck = b"\x02" + to_ebcdic("TXT").ljust(79, b"\x40") + bytes(range(80))
    assert cards(deck) == [deck[:80], deck[80:]]


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="line 2 is longer"):
        cards(b"A\n" + b"B" * 81 + b"\n")
    with pytest.raises(MediaError, match="whole cards"):
        cards(b"\x02" * 81)
    with pytest.raises(MediaError, match="No such file"):
        Deck.open(tmp_path / "none")


def test_hopper(tmp_path: Path) -> None:
    (tmp_path / "deck").write_text("A\nB\n")
    deck = Deck.open(tmp_path / "deck")
    assert [deck.next() for _ in range(3)] == [to_ebcdic("A".ljust(80)), to_ebcdic("B".ljust(80)), None]


def test_formats_that_are_said() -> None:
    assert cards(b"1234" * 20, "ebcdic") == [b"1234" * 20]
    assert cards(b"1234" * 40, "binary") == [b"1234" * 40]
    assert cards(b"\xe9T\xc9\n", "ascii") == [to_ebcdic("éTÉ".ljust(80))]


def test_column_binary_shows_in_its_bytes() -> None:
    assert cards(bytes(range(64)) * 5) == [(bytes(range(64)) * 5)[:160], (bytes(range(64)) * 5)[160:]]
    assert len(cards(b"\x40" * 160)) == 2, "blank cards in EBCDIC"
    assert len(cards(b"\x02" * 240)) == 3


def test_text_ends_at_ctrl_z() -> None:
    assert cards(b"A\r\nB\r\n\x1a\r\n") == [to_ebcdic("A".ljust(80)), to_ebcdic("B".ljust(80))]
    assert cards(b"") == []


def test_hopper_of_several_files() -> None:
    hopper = Hopper([b"1", b"2"], [], [b"3"])
    assert [hopper.next() for _ in range(4)] == [b"1", b"2", None, b"3"]
    assert hopper.empty
    assert [hopper.next() for _ in range(2)] == [None, None]
    hopper.add([b"4"])
    assert not hopper.empty
    other = Hopper([b"1", b"2"], [b"3"], [b"4"])
    other.position = hopper.position
    assert other.next() == b"4"
    other.clear()
    assert other.empty
