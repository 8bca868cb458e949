"""What the vectors of s3270 do not show of screens and keyboards: where it differs from the manuals, and errors."""

from __future__ import annotations

import random

import pytest

from cpvm.machine.media.screen import (
    Inhibited,
    Keyboard,
    Screen,
    StreamError,
    accept,
    accept_buffer,
    read_buffer,
    read_modified,
    repaint,
    structured,
    write,
)
from cpvm.s370.datastream import GRAPHICS, KEYS, Write, decode_address, encode_address

ERASE_WRITE = Write.ERASE_WRITE


def screen_with(stream: str, **options: bool) -> Screen:
    screen = Screen(**options)  # type: ignore[arg-type]
    write(screen, ERASE_WRITE, bytes.fromhex(stream))
    return screen


def test_addresses_of_twelve_and_fourteen_bits() -> None:
    assert len(set(GRAPHICS)) == 64
    for address in range(4096):
        code = encode_address(address, 1920)
        assert decode_address(*code) == decode_address(*code, wide=False) == address
        assert all(byte & 0x3F == bits for byte, bits in zip(code, (address >> 6, address & 63), strict=True))
    for address in range(0x4000):
        assert decode_address(*encode_address(address, 0x1001)) == address
    assert encode_address(1919, 1920) == b"\x5d\x7f"


def test_every_key_has_its_own_code() -> None:
    assert len(KEYS) == len(set(KEYS.values())) == 24 + 7
    assert [KEYS[f"pf{n}"] for n in (1, 9, 10, 12, 13, 21, 22, 24)] == [0xF1, 0xF9, 0x7A, 0x7C, 0xC1, 0xC9, 0x4A, 0x4C]


@pytest.mark.parametrize("size", [(0, 80), (24, 0), (256, 80), (200, 200)])
def test_sizes_that_cannot_be_addressed(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be addressed"):
        Screen(*size)
    with pytest.raises(ValueError, match="cannot be addressed"):
        Screen(alternate=size)


# ---- program tab: the manual's rule where s3270 stays


@pytest.mark.parametrize(
    ("stream", "address"),
    [
        ("c2 1d40 c1 05", 0),  # behind the only unprotected field: to the end of the buffer
        ("c2 1d40 05", 0),
        ("c2 05", 0),
        ("c2 1d60 c1 1d40 c2 1d60 114040 05", 3),
        ("c2 1d60 c1 1d40 c2 1d60 1140c2 05", 3),  # at its attribute: one position on
        ("c2 1d60 1d40 1d40 c1 114040 05", 3),  # an empty field is no target
    ],
)
def test_where_program_tab_goes(stream: str, address: int) -> None:
    assert screen_with(stream).address == address


def test_program_tab_clears_the_rest_of_a_field_only_behind_a_character() -> None:
    form = "c2 1d60 c1c1c1c1 1d40 c2 1d60 1140c1"
    assert screen_with(form + "05").text[:5].hex() == "20c1c1c1c1"
    assert screen_with(form + "c905").text[:6].hex() == "20c900000000"
    assert screen_with(form + "08c905").text[:6].hex() == "20c900000000"
    wrapped = "c2 c1c1c1 1d60 1d40 c1 1d60 115d7e c9 05"
    assert screen_with(wrapped).text[:3].hex() == "c1c1c1"
    assert screen_with(wrapped + "05").text[:3].hex() == "000000"  # the next one goes on from 0
    assert screen_with(wrapped + "13 05").text[:3].hex() == "c1c1c1"


# ---- extended attributes that are erased, and those that a field has


def test_erasing_resets_the_attributes_of_characters() -> None:
    fill = "c2 1d40 2842f2 3c404ac1 "
    for more in ("1140c1 12404a", "1140c1 c9 05"):
        screen = screen_with(fill + more, extended=True)
        assert not any(screen.planes[0x42][2:10]), more
    screen = screen_with(fill, extended=True)
    write(screen, Write.ERASE_ALL_UNPROTECTED, b"")
    assert not any(screen.planes[0x42])


def test_attributes_that_have_no_effect_are_taken() -> None:
    screen = screen_with("c2 2904 c060 c101 c204 4600 28fe01 28c100 c1 114040 2c03 c040 0000 c200", extended=True)
    assert screen.text[:2].hex() == "00c1"
    assert screen.kind[0] == 1


# ---- the keyboard


def test_delete_moves_up_what_is_in_the_row() -> None:
    screen = screen_with("c2 114079 1d40 c1c2c3 c4c5c6c7 1d60 13")  # the field begins at 58, and ends in its row
    keyboard = Keyboard(screen)
    keyboard.move(0, 59)
    keyboard.delete()
    assert screen.text[58:66].hex() == "c1c3c4c5c6c70020"
    assert screen.text[57] & 1
    screen = screen_with("c2 1140c5 1d40" + "c1" * 79 + "c2c3")
    keyboard = Keyboard(screen)
    keyboard.move(0, 78)
    keyboard.delete()
    assert screen.text[78:83].hex() == "c100c1c1c1"  # the next row stays


def test_delete_of_a_field_that_wraps() -> None:
    screen = screen_with("c2 c1c2 1d60 115d7f 1d40")
    keyboard = Keyboard(screen)
    keyboard.move(0, 0)
    keyboard.delete()
    assert screen.text[:3].hex() == "c20020"


def test_insert_moves_on_into_the_nulls() -> None:
    screen = screen_with("c2 1d40 c1c2 00 c3 1d60")
    keyboard = Keyboard(screen)
    keyboard.move(0, 1)
    keyboard.insert = True
    keyboard.type("X")
    assert screen.text[1:5].hex() == "e7c1c2c3"
    with pytest.raises(Inhibited, match="full"):
        keyboard.type("Y")
    assert screen.text[1:5].hex() == "e7c1c2c3"
    keyboard.press("enter")
    assert not keyboard.insert


def test_codes_that_no_key_gives() -> None:
    screen = Screen()
    for code in (0x00, 0x13, 0x1D, 0x3F):
        with pytest.raises(Inhibited, match="no key"):
            Keyboard(screen).type(bytes((code,)))
    assert not any(screen.text)


def test_numeric_fields() -> None:
    screen = screen_with("c2 1d50 13")
    keyboard = Keyboard(screen)
    keyboard.type("1.-9")
    for bad in ("A", " ", "+"):
        with pytest.raises(Inhibited, match="numeric"):
            keyboard.type(bad)
    Keyboard(screen, numeric_lock=False).type("A")
    assert screen.line(0)[1:6] == "1.-9A"


def test_the_cursor_skips_and_keys_are_refused() -> None:
    screen = screen_with("c2 1d40 13 00 1df0 c1 1d40 00 1d60")
    keyboard = Keyboard(screen)
    keyboard.type("A")
    assert screen.cursor == 5
    keyboard.type("B")
    assert screen.cursor == 7
    for refused in (keyboard.delete, keyboard.erase_to_end, lambda: keyboard.type("C"), keyboard.field_mark):
        with pytest.raises(Inhibited, match="protected"):
            refused()
    keyboard.press("enter")
    for locked in (keyboard.tab, keyboard.left, keyboard.home, keyboard.erase_input, lambda: keyboard.press("pf1")):
        with pytest.raises(Inhibited, match="locked"):
            locked()
    keyboard.reset()
    assert screen.aid == 0x7D
    keyboard.home()
    assert screen.cursor == 1


def test_the_light_pen_detects_designators_only() -> None:
    screen = screen_with("c2 1d40 6f 1d44 c1 1d4c 6f")
    keyboard = Keyboard(screen)
    for at, why in ((1, "detects no field"), (5, "detects no field"), (3, "no designator")):
        with pytest.raises(Inhibited, match=why):
            keyboard.select(at)
    with pytest.raises(Inhibited):
        Keyboard(Screen()).select(0)


# ---- for people


def test_what_a_row_looks_like() -> None:
    screen = screen_with("c2 1d60 c1 00 1c 1d4c e2c5c3d9c5e3 1d60 c2 115d7e c3")
    assert screen.line(0)[:14] == " A          B "
    assert screen.lines()[23] == " " * 78 + "C"
    assert screen.find("B") == 12
    assert screen.find("SECRET") == -1
    assert screen_with("c2 115d7f 1d4c c1").line(0).strip() == ""  # the last field goes on at the top


# ---- bytes from anywhere


def test_random_bytes_raise_nothing_but_stream_errors() -> None:
    rng = random.Random(1)
    orders = bytes.fromhex("05081112131d28292c3c")
    for number in range(120):
        screen = Screen(alternate=(27, 132), extended=number % 3 > 0, wide=number % 2 > 0)
        for _ in range(6):
            data = bytes(
                rng.choice(orders) if rng.random() < 0.3 else rng.randrange(256) for _ in range(rng.randrange(60))
            )
            what = rng.choice((write, write, structured.write, accept, accept_buffer))
            try:
                if what is write:
                    write(screen, rng.choice((1, 5, 0x0D, 0x0F)), data, rng.random() < 0.3)
                elif what is structured.write:
                    prefix = rng.choice(("", "000501ff02", "00004000f5", "00004000f1", "0006090002", "0000 0100 f6"))
                    structured.write(screen, bytes.fromhex(prefix) + data)
                else:
                    what(screen, bytes((rng.choice((0x7D, 0x60, 0x7E, 0x6D)), 0x40, 0x40)) + data)  # type: ignore[operator]
            except StreamError:
                pass
            assert len(screen.text) == len(screen.kind) == screen.rows * screen.columns == screen.size
            assert 0 <= screen.cursor < screen.size and 0 <= screen.address < screen.size
            read_modified(screen, rng.randrange(screen.size), rng.random() < 0.5)
            read_buffer(screen, rng.randrange(screen.size))
        other = Screen(alternate=(27, 132), extended=screen.extended, wide=screen.wide)
        other.from_bytes(screen.to_bytes())
        assert other.to_bytes() == screen.to_bytes()
        if screen.extended and screen.wide:
            write(other, *repaint(screen))
            assert (other.text, other.kind, other.planes) == (screen.text, screen.kind, screen.planes)


@pytest.mark.parametrize("data", [b"", b"\1", bytes(99), bytes((2,)) + bytes(4000)])
def test_what_is_no_saved_screen(data: bytes) -> None:
    with pytest.raises(ValueError, match="saved screen"):
        Screen().from_bytes(data)
