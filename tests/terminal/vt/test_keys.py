"""Keys of VT terminals, and pasted text."""

from __future__ import annotations

import random

import pytest

from cpvm.terminal.vt.keys import MAX_PASTE, MAX_SEQUENCE, Decoder, Mouse, Paste, Press
from tests.terminal.vt.window import CURSOR, PROTECTED, SKIP, Window, Write, at, field, form


def keys(text: str) -> list[str]:
    return [item.name for item in Decoder().feed(text) if isinstance(item, Press)]


def test_characters_and_control_keys() -> None:
    assert keys("aÄ\r\t\x7f\x03") == ["a", "Ä", "c-m", "c-i", "c-h", "c-c"]


def test_sequences_that_no_key_sends_are_ignored_whole() -> None:
    assert keys("a\x1b[?62;4cb\x1b[12;40Rc\x1b[>0;95;0cd\x1b[Ie") == ["a", "b", "c", "d", "e"]


def test_alt_with_keys_that_send_sequences() -> None:
    assert keys("\x1b\x1b[C\x1b[1;3C\x1bf\x1bF") == ["alt+right", "alt+right", "alt+f", "alt+f"]


def test_a_sequence_without_end_is_given_up() -> None:
    decoder = Decoder()
    assert list(decoder.feed("\x1b[" + "1" * MAX_SEQUENCE)) == []
    assert list(decoder.feed("a")) == [Press("a")]


def test_pastes_in_pieces_and_too_long_ones() -> None:
    decoder = Decoder()
    text = "\x1b[200~one\r\ntwo \x1b[A three\x1b[201~x"
    items = [item for char in text for item in decoder.feed(char)]
    assert items == [Paste("one\r\ntwo \x1b[A three"), Press("x")]
    long = list(decoder.feed("\x1b[200~" + "y" * (MAX_PASTE + 5) + "\x1b[201~"))
    assert long == [Paste("y" * MAX_PASTE, cut=True)]


def test_the_mouse() -> None:
    events = list(Decoder().feed("\x1b[<0;5;2M\x1b[<32;6;2M\x1b[<0;6;2m\x1b[<65;1;1M\x1b[<2;1;1M"))
    assert events == [
        Mouse(1, 4, "press", 0),
        Mouse(1, 5, "drag", 0),
        Mouse(1, 5, "release", 0),
        Mouse(0, 0, "press", 2),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_anything_may_come_and_nothing_piles_up(seed: int) -> None:
    r = random.Random(seed)
    window = Window()
    decoder = window.panel._decoder
    alphabet = "\x1b[O<;0123456789~MmRPabc\r\n\t\x03\x7f\x00\x9bÄ€\U0001f600 "
    for _ in range(300):
        window.panel.feed("".join(r.choice(alphabet) for _ in range(r.randrange(30))))
        if r.random() < 0.2:
            window.panel.command(Write.WRITE, form())
        assert len(decoder._pending) <= MAX_SEQUENCE


# ---- pasting

FIELDS = form(
    *(part for row in range(3, 7) for part in (at(row, 4), field(), at(row, 40), field(SKIP))), at(3, 5), CURSOR
)


def pasted(text: str, screen: bytes = FIELDS) -> Window:
    window = Window()
    window.panel.command(Write.ERASE_WRITE, screen)
    window.panel.feed(f"\x1b[200~{text}\x1b[201~")
    return window


def test_lines_go_into_the_fields_below_each_other() -> None:
    window = pasted("one\ntwo\r\nthree\rfour\n")
    assert [line.strip() for line in window.lines[3:7]] == ["one", "two", "three", "four"]
    assert window.records == []


def test_a_line_that_is_too_long_is_cut_at_its_field() -> None:
    window = pasted("x" * 50 + "\nnext")
    assert window.lines[3].strip() == "x" * 35 and window.lines[4].strip() == "next"
    assert "LINES WERE CUT" in window.lines[-1]


def test_lines_without_a_field_are_told_of() -> None:
    window = pasted("1\n2\n3\n4\n5\n6")
    assert "NO ROOM FOR 2 LINES" in window.lines[-1]
    assert [line.strip() for line in window.lines[3:7]] == ["1", "2", "3", "4"]


def test_tabs_go_to_the_next_field() -> None:
    window = pasted("a\tb\tc")
    assert [line.strip() for line in window.lines[3:6]] == ["a", "b", "c"]


def test_characters_that_the_code_page_lacks_are_counted() -> None:
    window = pasted("“smart” – 5 € ☃")
    assert window.lines[3].strip() == '"smart" - 5 ? ?'
    assert "NOT IN CODE PAGE 037: € U+20AC, ☃ U+2603" in window.lines[-1]


def test_where_there_is_one_field_each_line_is_entered_when_the_one_before_is_done() -> None:
    screen = form(at(0, 0), field(PROTECTED), at(22, 0), field(), at(23, 59), field(SKIP), at(22, 1), CURSOR)
    window = pasted("QUERY TIME\nQUERY USERS\nlast", screen)
    assert len(window.records) == 1
    window.panel.command(Write.ERASE_WRITE, screen)
    assert len(window.records) == 2
    window.panel.command(Write.ERASE_WRITE, screen)
    assert len(window.records) == 2 and window.lines[22].strip() == "last"


def test_a_long_line_for_the_only_field_goes_on_in_the_next_row() -> None:
    screen = form(at(0, 0), field(PROTECTED), at(22, 0), field(), at(23, 59), field(SKIP), at(22, 1), CURSOR)
    window = pasted("word " * 20, screen)
    assert window.lines[22].startswith(" word word") and window.lines[23].startswith(" word word")


def test_pasting_where_nothing_can_be_typed_is_refused() -> None:
    window = pasted("text", form(at(0, 0), field(PROTECTED, "no"), at(0, 1), CURSOR))
    assert "X POSITION IS PROTECTED" in window.lines[-1]
