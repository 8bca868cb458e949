"""The EBCDIC card code."""

from __future__ import annotations

import pytest

from cpvm.machine.media.cards import HOLES, to_codes, to_image
from cpvm.s370.ebcdic import to_ebcdic

ROWS = ("12", "11", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def rows(code: int) -> str:
    return "-".join(row for at, row in enumerate(ROWS) if HOLES[code] & 0x800 >> at)


@pytest.mark.parametrize(
    ("text", "punched"),
    [
        ("A", "12-1"), ("I", "12-9"), ("J", "11-1"), ("R", "11-9"), ("S", "0-2"), ("Z", "0-9"), ("0", "0"), ("9", "9"),
        (" ", ""), ("&", "12"), ("-", "11"), ("/", "0-1"), ("|", "12-7-8"), ("!", "11-2-8"), ("¢", "12-2-8"),
        (".", "12-3-8"), ("<", "12-4-8"), ("(", "12-5-8"), ("+", "12-6-8"), ("$", "11-3-8"), ("*", "11-4-8"),
        (")", "11-5-8"), (";", "11-6-8"), ("¬", "11-7-8"), (",", "0-3-8"), ("%", "0-4-8"), ("_", "0-5-8"),
        (">", "0-6-8"), ("?", "0-7-8"), (":", "2-8"), ("#", "3-8"), ("@", "4-8"), ("'", "5-8"), ("=", "6-8"),
        ('"', "7-8"), ("a", "12-0-1"), ("j", "12-11-1"), ("s", "11-0-2"), ("{", "12-0"), ("}", "11-0"),
        ("\\", "0-2-8"), ("`", "1-8"), ("~", "11-0-1"), ("¦", "12-11"),
    ],
)  # fmt: skip
def test_characters_of_the_029(text: str, punched: str) -> None:
    codes = {"|": 0x4F, "!": 0x5A, "¢": 0x4A, "¬": 0x5F, "¦": 0x6A, "~": 0xA1}
    assert rows(codes.get(text, to_ebcdic(text)[0])) == punched


@pytest.mark.parametrize(
    ("code", "punched"),
    [
        (0x00, "12-0-1-8-9"), (0x02, "12-2-9"), (0x09, "12-1-8-9"), (0x10, "12-11-1-8-9"), (0x20, "11-0-1-8-9"),
        (0x30, "12-11-0-1-8-9"), (0x37, "7-9"), (0x3F, "7-8-9"), (0x41, "12-0-1-9"), (0x70, "12-11-0"),
        (0x80, "12-0-1-8"), (0xB0, "12-11-0-1-8"), (0xCA, "12-0-2-8-9"), (0xE1, "11-0-1-9"), (0xFF, "12-11-0-7-8-9"),
    ],
)  # fmt: skip
def test_codes_without_a_graphic(code: int, punched: str) -> None:
    assert rows(code) == punched


def test_every_code_has_holes_of_its_own() -> None:
    assert len(set(HOLES)) == 256
    every = bytes(range(256))
    assert to_codes(to_image(every[:80])) == (every[:80], True)
    assert all(bin(holes & 0x1FC).count("1") <= 1 for holes in HOLES), "at most one of rows 1 to 7"


def test_images() -> None:
    card = to_ebcdic("A1".ljust(80))
    image = to_image(card)
    assert image[:4].hex() == "24000400"
    assert to_image(image) is image
    assert to_codes(card) == (card, True)
    assert to_codes(b"\xff\xff" * 80) == (b"\0" * 80, False)
    assert to_codes(bytes((0xE4, 0xC0)) * 80) == (b"\xc1" * 80, True), "bits 0 and 1 are no rows"
