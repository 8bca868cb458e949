"""Fields that a program puts on CP's screen (DIAGNOSE X'58'), and what is typed into them."""

from __future__ import annotations

import pytest

from cpvm.cp.cpscreen import CPScreen
from cpvm.machine.media.screen import Keyboard, Screen, read_modified, write
from cpvm.s370.datastream import Attribute, Order, encode_address
from cpvm.s370.ebcdic import to_ebcdic

FIELD = bytes((Order.SF, 0x40)) + to_ebcdic("CHANGE ME ")


class Display:
    """A display that shows CP's screen."""

    def __init__(self, rows: int, columns: int) -> None:
        self.cp = CPScreen(rows, columns)
        self.screen = Screen(24, 80, (rows, columns))
        self.keyboard = Keyboard(self.screen)
        self.cp.session = self  # type: ignore[assignment]
        self.typed: list[str] = []
        self.vm = None
        self.accepting = True
        self.show()

    def show(self) -> None:
        data = self.cp.update()
        write(self.screen, data[0], data[1:])

    def entered(self, text: str) -> None:
        """CP gets a line."""
        self.typed.append(text)

    def press(self, key: str) -> None:
        self.keyboard.press(key)
        self.cp.key(read_modified(self.screen).data)
        self.show()

    def program_key(self, number: int) -> None:
        self.typed.append(f"PF{number}")


def sba(address: int) -> bytes:
    return bytes((Order.SBA,)) + encode_address(address, 1920)


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (43, 80), (27, 132)])
def test_what_is_typed_over_is_kept_for_the_program(rows: int, columns: int) -> None:
    display = Display(rows, columns)
    display.cp.image(3, FIELD, erase=True)
    display.cp.image(5, FIELD + bytes((Order.SF, Attribute.PROTECTED | 0x40)), erase=False)
    display.show()
    assert "CHANGE ME" in display.screen.lines()[5]
    display.keyboard.move(5, 1)
    display.keyboard.type("KEPT ")
    display.press("pf3")
    display.keyboard.move(rows - 2, 0)
    display.keyboard.type("a line")
    display.press("enter")
    assert display.typed == ["PF3", "a line"]
    assert display.cp.altered()[3:] == sba(5 * 80 + 1) + to_ebcdic("KEPT E ME ")
    assert display.cp.altered()[3:] == b""


def test_a_new_screen_forgets_what_was_typed_into_the_old_one() -> None:
    display = Display(24, 80)
    display.cp.image(3, FIELD, erase=True)
    display.show()
    display.keyboard.move(3, 1)
    display.keyboard.type("X")
    display.press("enter")
    display.cp.image(3, FIELD, erase=True)
    assert display.cp.altered()[3:] == b""


def test_without_a_programs_fields_nothing_is_kept() -> None:
    display = Display(24, 80)
    display.keyboard.type("only a line")
    display.press("enter")
    assert display.typed == ["only a line"]
    assert display.cp.altered()[3:] == b""


def test_a_full_last_line_leaves_what_is_being_typed() -> None:
    display = Display(24, 80)
    for text in ("FIRST", "SECOND"):
        display.cp.image(0, to_ebcdic(text), erase=True)
        display.cp.image(21, to_ebcdic("X" * 80), erase=False)
        display.show()
        if text == "FIRST":
            display.keyboard.move(22, 0)
            display.keyboard.type("half a")
    assert display.screen.lines()[0] == "SECOND"
    display.keyboard.type(" line")
    display.press("enter")
    assert display.typed == ["half a line"]
