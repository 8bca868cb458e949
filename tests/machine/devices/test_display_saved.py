"""Displays of saved machines, and what a display is not made of."""

from __future__ import annotations

import pytest
from displaybench import (
    ALTERNATE,
    AT,
    FORM,
    READ,
    WRITE,
    buffer_with,
    display,
    read,
    terminal,
    write,
)
from linebench import SLI, Line

from cpvm.machine.device import ConfigurationError, DeviceError
from cpvm.machine.devices.display3277 import Display


def test_a_saved_display_goes_on() -> None:
    line = display("3278,,model=4,extended")
    write(line, "c2 1d41 28 42f2 c1", ALTERNATE)
    line.device.press("pf3")
    state = line.io.save()
    assert line.interruptions() == ["8000 0000"]
    other = display("3278,,model=4,extended")
    other.io.load(state)
    assert other.interruptions() == ["8000 0000"]
    assert read(other) == read(line)[:6] + "1140c1c1" == "f34040" + "1140c1c1"
    assert other.device.screen.to_bytes() == line.device.screen.to_bytes()
    small = display("3278")
    with pytest.raises(DeviceError, match="another size"):
        small.io.load(line.io.save())


def test_a_read_that_waits_is_saved_and_asked_for_again() -> None:
    line, _ = terminal()
    write(line, FORM)
    assert line.run((READ, 4096, SLI, AT)) == "waits"
    other, place = terminal()
    other.io.load(line.io.save())
    other.device.power(True)
    assert place.log[-1] == ("read", None)
    assert other.device.answer(buffer_with(lambda device: None))
    assert other.interruptions() == [f"0C00 {4096 - 1926:04X}"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("3277,,model=3", "01F 3277: model=3 is not a number from 1 to 2"),
        ("3278,,model=6", "01F 3278: model=6 is not a number from 1 to 5"),
        ("3277,,extended", "01F 3277: a 3277 has no extended data stream"),
        ("3279,,colour", "01F 3279: there is no option colour; options are model, extended"),
    ],
)
def test_what_a_display_is_not_made_of(words: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Line(words)
    assert str(error.value) == told


def test_there_are_no_other_models() -> None:
    with pytest.raises(DeviceError):
        Display(type="3275")
    with pytest.raises(DeviceError):
        Display(type="3277", model=4)


def test_keys_that_there_are_not() -> None:
    line = display()
    with pytest.raises(ConfigurationError, match="a 3277 has no key pf25"):
        line.device.press("pf25")


def test_what_the_terminal_refuses_is_a_unit_check() -> None:
    line, _ = terminal()
    write(line, FORM)
    line.device.refuse()
    assert line.interruptions() == ["0600 0000"]
    assert line.sense() == "01"
    assert line.run((READ, 99, SLI, AT)) == "waits"
    line.device.refuse()
    assert line.interruptions() == ["0E00 0063"]
    line.device.power(False)
    line.device.refuse()
    assert not line.interruptions()


def test_a_terminal_that_is_shown_the_screen_later() -> None:
    line, place = terminal()
    write(line, FORM)
    line.device.present(False)
    assert line.run((WRITE, 1)) == "0200"
    place.log.clear()
    line.device.present(True)
    assert not place.log
    assert line.interruptions() == ["0400 0000"]
    assert write(line, FORM) == "0C00 0000"
