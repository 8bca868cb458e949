"""Pictures of 3270 screens."""

import doctest
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from cpvm.front import picture as module
from cpvm.front.picture import HEIGHT, MARGIN, WIDTH, picture
from cpvm.machine.media.screen import Screen, write

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"
FORM = bytes.fromhex(
    "C3 110000 1D60 C14C5AC2"  # A<!B, protected
    "110050 1DE8 C3"  # C, bright
    "110051 C4 11005A 1D4C C5 110064 1DF0"  # E is hidden
    "1100A0 2903 C040 42F2 41F4 C6 404040 C7"  # F   G, red, underscored
    "1100F0 2902 C040 41F2 C8 110140 1D40 13"  # H, reverse
)


def form() -> Screen:
    screen = Screen(extended=True)
    write(screen, 0x05, FORM)
    return screen


def elements(text: str, tag: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(text).findall(SVG + tag)


def test_the_example() -> None:
    assert doctest.testmod(module).failed == 0


def test_text_is_where_it_stands() -> None:
    found = {e.text: e for e in elements(picture(form()), "text")}
    assert {"A<!B", "D", "F", "G", "H", "05/002"} <= set(found)
    assert "E" not in found  # hidden
    assert "F   G" not in found  # more blanks than one: each has its own place
    assert int(found["A<!B"].get("x", "")) == MARGIN + WIDTH
    assert int(found["A<!B"].get("textLength", "")) == 4 * WIDTH
    assert int(found["D"].get("y", "")) - int(found["A<!B"].get("y", "")) == HEIGHT
    assert int(found["G"].get("x", "")) - int(found["F"].get("x", "")) == 4 * WIDTH


def test_colours() -> None:
    found = {e.text: e.get("fill") for e in elements(picture(form()), "text")}
    assert len({found["A<!B"], found["F"], found["H"]}) == 3
    green = {e.text: e.get("fill") for e in elements(picture(form(), colours=False), "text")}
    assert green["A<!B"] == green["F"]
    rectangles = elements(picture(form()), "rect")
    assert [e for e in rectangles if e.get("height") == str(HEIGHT)]  # reverse
    assert [e for e in rectangles if e.get("height") == "1" and e.get("fill") == found["F"]]  # underscore


def test_the_cursor_and_the_keyboard() -> None:
    screen = form()
    assert "X SYSTEM" not in picture(screen)
    screen.locked = True
    assert "X SYSTEM" in picture(screen)
    cursor = 'height="2"'
    assert cursor in picture(screen) and cursor not in picture(screen, cursor=False)


def test_the_title() -> None:
    (title,) = elements(picture(form(), title="A & B"), "title")
    assert title.text == "A & B"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", PICTURES / "make_pictures.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def shown(text: str) -> list[str]:
    """What is written on a picture, without numbers, which differ from host to host."""
    return [re.sub(r"\d+", "0", element.text or "") for element in elements(text, "text")]


@pytest.mark.timeout(120)
def test_the_pictures_show_what_is_there(maker: ModuleType) -> None:
    made = dict(maker.pictures())
    assert len(made) == 6
    for name, text in made.items():
        kept = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
        assert shown(kept) == shown(text), f"{name}.svg: run docs/pictures/make_pictures.py"


def test_times_are_always_the_same(maker: ModuleType) -> None:
    screen = Screen()
    text = "Ready; T=1.23/4.56 23:59:59  12/31/99 23:59"
    write(screen, 0x05, b"\xc3" + text.encode("cp037"))
    assert maker.settled(screen).lines()[0] == "Ready; T=0.01/0.02 10:02:57  11/23/26 10:02"
    assert screen.lines()[0] == text


@pytest.mark.parametrize("day", ["SUNDAY", "TUESDAY", "WEDNESDAY", "SATURDAY"])
def test_each_day_is_the_same(maker: ModuleType, day: str) -> None:
    screen = Screen()
    write(screen, 0x05, b"\xc3" + f"LOGON AT 01:02:03 GMT {day} 12/31/99".encode("cp037"))
    assert maker.settled(screen).lines()[0] == "LOGON AT 10:02:57 GMT MONDAY 11/23/26"
