"""A program's data for the output area of CP's screen, sent again while somebody types."""

from __future__ import annotations

from cpvm.cp.cpscreen import CPScreen
from cpvm.machine.media.screen import Keyboard, Screen, write
from cpvm.s370.datastream import Order
from cpvm.s370.ebcdic import to_ebcdic


def shown(display: Screen, cp: CPScreen) -> None:
    data = cp.update()
    write(display, data[0], data[1:])


def test_what_is_being_typed_stays_when_a_program_shows_something_else() -> None:
    cp, display = CPScreen(), Screen(24, 80)
    cp.image(0, to_ebcdic("FIRST PAGE") + bytes((Order.SF, 0x60)) + to_ebcdic("PROTECTED"), erase=True)
    shown(display, cp)
    keyboard = Keyboard(display)
    keyboard.type("half a comm")
    cp.image(0, to_ebcdic("SECOND"), erase=True)
    cp.image(3, to_ebcdic("ROW FOUR"), erase=False)
    shown(display, cp)
    assert display.line(0).strip() == "SECOND" and display.line(3).strip() == "ROW FOUR"
    assert display.line(22).strip() == "half a comm"
    keyboard.type("and")
    assert display.line(22).strip() == "half a command"


def test_what_is_typed_ahead_stays_when_the_first_screen_comes_and_when_it_goes() -> None:
    cp, display = CPScreen(), Screen(24, 80)
    shown(display, cp)
    Keyboard(display).type("next ")
    cp.image(0, to_ebcdic("PAGE"), erase=True)
    shown(display, cp)
    assert display.line(0).strip() == "PAGE"
    Keyboard(display).type("command")
    cp.no_image()
    cp.write("READY")
    shown(display, cp)
    assert display.line(0).strip() == "READY" and display.line(22).strip() == "next command"


def test_the_first_screen_of_all_is_whole() -> None:
    cp, display = CPScreen(), Screen(24, 80)
    cp.image(0, to_ebcdic("PAGE"), erase=True)
    shown(display, cp)
    assert display.line(0).strip() == "PAGE" and display.line(22).strip() == ""
