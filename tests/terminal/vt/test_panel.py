"""A 3270 on a VT terminal, as an independent VT terminal (pyte) shows it."""

from __future__ import annotations

import base64
import random

import pytest

from cpvm.machine.media.screen import Screen, write
from cpvm.s370.datastream import Aid, Order, Read
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.vt import RESTORE, Hotkey, largest_model
from cpvm.terminal.vt.panel import MAX_AHEAD
from tests.terminal.vt.window import BRIGHT, CURSOR, HIDDEN, PROTECTED, SKIP, Window, Write, at, field, form, fresh

FORM = form(
    at(0, 0), field(PROTECTED | BRIGHT, "TITLE"),
    at(2, 0), field(PROTECTED, "NAME:"), CURSOR, field(0, "Joe"), at(2, 20), field(PROTECTED),
    at(3, 0), field(PROTECTED, "PASS:"), field(HIDDEN), at(3, 20), field(SKIP),
    at(5, 0), field(BRIGHT, "urgent"), at(5, 20), field(SKIP),
    at(2, 7), CURSOR,
)  # fmt: skip


def a_form(**options: object) -> Window:
    window = Window(**options)  # type: ignore[arg-type]
    window.panel.command(Write.ERASE_WRITE, FORM)
    window.take()
    return window


def test_base_colours_by_attribute() -> None:
    window = a_form()
    assert [window.lines[row] for row in (0, 2, 3, 5)] == [" TITLE", " NAME: Joe", " PASS:", " urgent"]
    assert window.cursor == (2, 7)
    looks = [window.look(row, column).fg for row, column in ((0, 1), (2, 1), (2, 7), (5, 1))]
    assert looks == ["brightwhite", "brightblue", "brightgreen", "brightred"]
    assert window.look(2, 7).bg == "black"


def test_without_colours_what_is_intensified_is_bold() -> None:
    window = a_form(colours=0)
    assert window.look(0, 1).bold and not window.look(2, 1).bold
    assert window.look(0, 1).fg == window.look(2, 1).fg == "default"


def test_extended_colours_and_highlighting_of_fields_and_characters() -> None:
    window = Window()
    red_reverse = bytes((Order.SFE, 3, 0xC0, 0x60, 0x42, 0xF2, 0x41, 0xF2)) + to_ebcdic("AB")
    character = bytes((Order.SA, 0x42, 0xF6, Order.SA, 0x41, 0xF4)) + to_ebcdic("C")
    blink = bytes((Order.SA, 0x00, 0x00, Order.SA, 0x41, 0xF1)) + to_ebcdic("D")
    window.panel.command(Write.ERASE_WRITE, form(at(0, 0), red_reverse, character, blink))
    a, c, d = (window.look(0, column) for column in (1, 3, 4))
    assert (a.fg, a.reverse, a.underscore) == ("brightred", True, False)
    assert (c.fg, c.reverse, c.underscore) == ("brightbrown", False, True)
    assert (d.fg, d.blink, d.reverse) == ("brightred", True, False)


def test_only_what_changed_is_written() -> None:
    window = a_form()
    window.panel.feed("x")
    text = window.take()
    assert "x" in text and "oe" not in text and len(text) < 50
    window.panel.command(Write.WRITE, form(at(2, 7), to_ebcdic("Ann")))
    assert "NAME" not in window.take()
    assert window.lines[2] == " NAME: Ann"
    window.panel.command(Write.WRITE, form())
    assert len(window.take()) < 30  # the alarm and such apart, nothing but the cursor's position


def test_passwords_are_not_shown_but_sent() -> None:
    window = a_form()
    window.panel.feed("\tsecret\r")
    assert not any("secret" in line for line in window.lines)
    assert to_ebcdic("secret") in window.records[0]
    assert "secret" not in window.take()


@pytest.mark.parametrize(
    "sent, aid",
    [
        ("\r", Aid.ENTER),
        ("\x1bOP", 0xF1), ("\x1b[11~", 0xF1), ("\x1b[[A", 0xF1), ("\x1b[24~", 0x7C),
        ("\x1b[1;2P", 0xC1), ("\x1b[1;2R", 0xC3), ("\x1b[1;3R", 0xC3), ("\x1b[24;2~", 0x4C), ("\x1b\x1bOP", 0xC1),
        ("\x1b[23;3~", 0x4B), ("\x1b1", Aid.PA1), ("\x1b2", Aid.PA2), ("\x1b3", Aid.PA3), ("\x1bc", Aid.CLEAR),
        ("\x03", Aid.PA1), ("\x1b[5~", 0xF7), ("\x1b[6~", 0xF8),
    ],
)  # fmt: skip
def test_keys_for_the_program(sent: str, aid: int) -> None:
    whole, pieces = a_form(), a_form()
    whole.panel.feed(sent)
    for char in sent:
        pieces.panel.feed(char)
    assert whole.records == pieces.records
    assert [record[0] for record in whole.records] == [aid]


def test_the_line_below_tells_what_goes_on() -> None:
    window = a_form(name="LAB01")
    assert window.lines[-1].startswith("4A") and window.lines[-1].endswith("LAB01  003/008")
    window.panel.feed("\x1b[2~")
    assert "INSERT" in window.lines[-1]
    window.panel.feed("\r")
    assert "X ()" in window.lines[-1] and "INSERT" not in window.lines[-1]
    window.panel.command(Write.WRITE, b"\xc0")
    assert "X SYSTEM" in window.lines[-1]
    window.panel.command(Write.WRITE, form())
    assert " X " not in window.lines[-1]
    window.panel.feed("\x1b")
    assert "Esc-" in window.lines[-1]


def test_keys_typed_ahead_wait_for_the_program() -> None:
    window = a_form()
    window.panel.feed("\rBob\r")
    assert len(window.records) == 1 and "+4" in window.lines[-1]
    window.panel.command(Write.ERASE_WRITE, FORM)
    assert len(window.records) == 2 and to_ebcdic("Bob") in window.records[1]


def test_attention_and_reset_break_a_locked_keyboard() -> None:
    window = a_form()
    window.panel.feed("\rlost\x03")
    assert [record[0] for record in window.records] == [Aid.ENTER, Aid.PA1]
    window.panel.feed("\x12Ann")
    assert window.lines[2] == " NAME: Ann"


def test_too_many_keys_typed_ahead_are_refused() -> None:
    window = a_form()
    window.panel.feed("\r" + "a" * (MAX_AHEAD + 1))
    assert "TOO MANY KEYS" in window.lines[-1] and "\a" in window.take()


def test_a_protected_position_is_refused_with_a_sound_and_a_word() -> None:
    window = a_form()
    window.panel.feed("\x1b[Hx\x1b[A\x1b[Ax")
    assert "X POSITION IS PROTECTED" in window.lines[-1] and "\a" in window.take()
    window.panel.feed("\t")
    assert "PROTECTED" not in window.lines[-1]


def test_editing_keys() -> None:
    window = a_form()
    window.panel.feed("\x1b[Fy Smith")  # end of field
    assert window.lines[2] == " NAME: Joey Smith"
    window.panel.feed("\x17")
    assert window.lines[2] == " NAME: Joey"
    window.panel.feed("\x01\x1b[2~Mr ")
    assert window.lines[2] == " NAME: Mr Joey"
    window.panel.feed("\x1b[2~\x7f\x7f\x0b")
    assert window.lines[2] == " NAME: M"
    window.panel.feed("\x15")
    assert window.lines[2] == " NAME:"
    window.panel.feed("\x1b[Z\x1b[Z")
    assert window.cursor == (3, 7)
    window.panel.feed("\x1b[1~")
    assert window.cursor == (2, 7)


def test_insertion_before_blanks_that_a_program_wrote() -> None:
    window = Window()
    window.panel.command(Write.ERASE_WRITE, form(at(0, 0), field(0, "abc       "), field(SKIP), at(0, 1), CURSOR))
    window.panel.feed("\x1b[2~xy")
    assert window.lines[0] == " xyabc"


def test_a_click_moves_the_cursor_and_a_drag_copies() -> None:
    window = a_form()
    window.panel.feed("\x1b[<0;5;1M\x1b[<0;5;1m")
    assert window.cursor == (0, 4)
    window.take()
    window.panel.feed("\x1b[<0;2;3M\x1b[<32;8;4M")
    assert window.look(2, 1).reverse and window.look(3, 7).reverse and not window.look(2, 8).reverse
    window.panel.feed("\x1b[<0;8;4m")
    assert base64.b64encode(b"NAME: J\nPASS:").decode() in window.take()
    window.panel.feed("\x1b[B")
    assert not window.look(2, 1).reverse


def test_a_click_outside_of_the_screen_does_nothing() -> None:
    window = a_form(rows=30, columns=100)
    window.panel.feed("\x1b[<0;90;1M\x1b[<0;90;1m\x1b[<0;1;28M\x1b[<0;1;28m\x1b[<64;1;1M\x1b[<0;0;0M")
    assert window.cursor == (2, 7)


def test_copy_and_save_of_the_screen() -> None:
    saved = []
    window = Window(save=lambda text: str(saved.append(text)) or "KEPT")
    window.panel.command(Write.ERASE_WRITE, FORM)
    window.panel.feed("\x1bw\x1bp")
    assert base64.b64encode(window.panel.text().encode()).decode() in window.take()
    assert saved == [window.panel.text()] and " NAME: Joe\n" in saved[0]


def test_help_covers_the_screen_page_by_page() -> None:
    window = a_form(rows=14, hotkeys=[Hotkey("c-t", "Ctrl-T", "lines")])
    shown: list[str] = []
    window.panel.feed("\x1bh")
    for _ in range(9):
        if not any("any key" in line for line in window.lines):
            break
        shown += window.lines
        window.panel.feed(" ")
    assert any("CLEAR" in line for line in shown) and any("Ctrl-T" in line for line in shown)
    assert any("NAME: Joe" in line for line in window.lines)
    assert window.records == []


def test_hotkeys_belong_to_the_owner_also_while_the_keyboard_is_locked() -> None:
    pressed: list[str] = []
    window = a_form(hotkeys=[Hotkey("c-]", "Ctrl-]", "leave", "Ctrl-] leave")], hotkey=pressed.append)
    window.panel.feed("\r\x1d")
    assert pressed == ["c-]"] and "Ctrl-] leave" in window.lines[-1]


def test_a_window_that_is_too_small_follows_the_cursor() -> None:
    window = a_form(rows=10, columns=40)
    assert "9X40 OF 24X80" in window.lines[-1]
    window.panel.command(Write.WRITE, form(at(20, 60), field(0, "far away"), at(20, 61), CURSOR))
    assert any("far away" in line for line in window.lines[:9])
    row, column = window.cursor
    assert window.lines[row][column:] == "far away"
    window.panel.feed("\x1b[H")
    assert window.lines[window.cursor[0]].endswith("NAME: Joe") and window.cursor[1] == 7


def test_a_window_of_the_screens_size_shows_trouble_in_the_last_row_only_while_it_lasts() -> None:
    window = a_form(rows=24)
    assert "Esc h keys" in window.lines[23]  # only in the beginning
    window.panel.feed("\t")
    window.panel.command(Write.WRITE, form(at(23, 0), to_ebcdic("LAST ROW"), at(0, 1), CURSOR))
    assert window.lines[23] == "LAST ROW"
    window.panel.feed("x")
    assert "PROTECTED" in window.lines[23]
    window.panel.feed("\t")
    assert window.lines[23] == "LAST ROW"


def test_a_window_of_another_size_is_drawn_anew() -> None:
    window = a_form()
    for rows, columns in ((30, 100), (12, 50), (1, 1), (2, 10), (25, 80)):
        window.resize(rows, columns)
        assert window.lines == fresh(window.panel, rows, columns) or window.panel._notice
    assert window.lines[2] == " NAME: Joe"


def test_the_terminal_is_given_back() -> None:
    window = a_form()
    window.panel.stop()
    assert window.take() == RESTORE
    window.panel.command(Write.ERASE_WRITE, form(at(0, 0), field(0, "LATER")))
    assert window.take() == ""
    window.panel.start()
    assert window.lines[0] == " LATER"


def test_a_cursor_without_shapes() -> None:
    window = a_form(shapes=False)
    window.panel.feed("\x1b[2~x")
    assert "INSERT" in window.lines[-1]
    window.panel.stop()
    assert " q" not in "".join(window.written)


def test_reads_and_queries_are_answered() -> None:
    window = a_form()
    window.panel.command(Read.MODIFIED_ALL, b"")
    window.panel.command(Read.BUFFER, b"")
    window.panel.command(Write.STRUCTURED_FIELD, bytes((0, 5, 1, 0xFF, 2)))
    assert [record[0] for record in window.records] == [Aid.NONE, Aid.NONE, Aid.STRUCTURED_FIELD]
    assert to_ebcdic("TITLE") in window.records[1]


def test_a_wrong_data_stream_is_told_of() -> None:
    window = a_form()
    assert not window.panel.command(Write.WRITE, form(bytes((Order.SBA, 0x7F))))
    assert "X PROG" in window.lines[-1]
    assert window.panel.command(Write.WRITE, form())


def test_the_model_is_the_largest_that_the_window_shows() -> None:
    sizes = {(24, 80): (24, 80), (25, 80): (24, 80), (33, 80): (32, 80), (44, 90): (43, 80), (28, 132): (27, 132)}
    sizes |= {(60, 200): (27, 132), (10, 40): (24, 80)}
    assert {window: largest_model(*window) for window in sizes} == sizes


def test_boxes_behind_a_graphic_escape() -> None:
    window = Window()
    window.panel.command(Write.ERASE_WRITE, form(at(0, 0), bytes((Order.GE, 0xC5, Order.GE, 0xA2, Order.GE, 0xD5))))
    assert window.lines[0] == "┌─┐"
    every = b"".join(bytes((Order.GE, code)) for code in range(0x40, 0x100))
    window.panel.command(Write.ERASE_WRITE, form(at(0, 0), every))
    text = "".join(line.ljust(80) for line in window.vt.display)
    assert text[0x8A - 0x40 : 0x90 - 0x40] == "↑↓≤⌈⌊→" and text[0xFF - 0x40] == "·"


ORDERS = [
    lambda r: at(r.randrange(24), r.randrange(80)),
    lambda r: field(r.randrange(64), r.choice(("", "AB", "text in a field"))),
    lambda r: bytes((Order.SFE, 2, 0x42, 0xF0 + r.randrange(16), 0x41, r.choice((0xF1, 0xF2, 0xF4, 0)))),
    lambda r: bytes((Order.SA, 0x42, r.choice((0, 0xF1, 0xF7)))),
    lambda r: bytes((Order.RA,)) + at(r.randrange(24), r.randrange(80))[1:] + to_ebcdic(r.choice("* x\0")),
    lambda r: bytes((Order.EUA,)) + at(r.randrange(24), r.randrange(80))[1:],
    lambda r: CURSOR,
    lambda r: to_ebcdic("".join(r.choice("abc XYZ") for _ in range(r.randrange(90)))),
]
KEYS = [
    *("a", "Z", " ", "\t", "\x1b[Z", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x7f", "\x1b[3~", "\x1b[2~", "\x0b"),
    *("\x0a", "\x15", "\x17", "\r", "\x1bx", "\x1bc", "\x1bf", "\x1bb", "\x1b[F", "\x1b[H", "\x12"),
    "\x1b[200~one\ntwo\x1b[201~",
]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_drawn_piece_by_piece_is_what_is_drawn_at_once(seed: int) -> None:
    """Characters, colours and cursor, after random writes and keys, in windows of random sizes."""
    r = random.Random(seed)
    rows, columns = r.choice(((25, 80), (24, 80), (44, 100), (15, 60), (7, 20)))
    window = Window(rows, columns, screen=(24, 80))
    for _ in range(25):
        if r.random() < 0.4:
            data = form(*(r.choice(ORDERS)(r) for _ in range(r.randrange(8))))
            window.panel.command(r.choice((Write.WRITE, Write.ERASE_WRITE)), data)
        else:
            window.panel.feed("".join(r.choice(KEYS) for _ in range(r.randrange(1, 6))))
    window.panel.feed("\x12\x1b[D")  # no notice any more
    shown = [[tuple(window.look(row, column)) for column in range(columns)] for row in range(rows)]
    cursor = window.cursor
    window.panel.feed("\x0c")
    redrawn = [[tuple(window.look(row, column)) for column in range(columns)] for row in range(rows)]
    assert window.cursor == cursor
    for row in range(rows):
        for column in range(columns):
            one, other = shown[row][column], redrawn[row][column]
            blank = one[0] == other[0] == " "
            assert one[0] == other[0] and (blank or one[1:] == other[1:]), (row, column)


def test_the_screen_is_what_the_program_wrote() -> None:
    """Drawn rows against the buffer's own text."""
    window = a_form()
    screen = Screen(extended=True)
    write(screen, Write.ERASE_WRITE, FORM)
    assert window.lines[:24] == screen.lines()
