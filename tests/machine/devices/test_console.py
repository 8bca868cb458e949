"""1052, 3210 and 3215 consoles."""

from __future__ import annotations

import pytest
from linebench import CC, CD, SLI, Line, Place

from cpvm.machine.device import ConfigurationError, MediaError

WRITE, READ, NOP, SENSE, LINE, INQUIRY, ALARM = 0x01, 0x02, 0x03, 0x04, 0x09, 0x0A, 0x0B
HELLO = "HELLO".encode("cp037")
TYPES = ("1052", "3210", "3215")


def console(type: str = "1052", immediate: bool = True) -> tuple[Line, Place]:
    line = Line(type, immediate)
    place = line.room.places["console"]
    place.device = line.device
    line.put(HELLO)
    return line, place


@pytest.mark.parametrize("type", TYPES)
def test_what_each_command_does(type: str) -> None:
    line, place = console(type)
    assert line.device.type == type
    assert line.run((WRITE, 5)) == "0C00 0000"
    assert line.run((LINE, 5)) == "0C00 0000"
    assert line.run((ALARM, 1)) == "0C00"
    assert line.run((NOP, 1)) == "0C00"
    assert place.log == [(HELLO, False), (HELLO, True), ("alarm",)]


@pytest.mark.parametrize("command", [0x02, 0x05, 0x06, 0x07, 0x0C, 0x0D, 0x0F, 0x11, 0x13, 0xE4, 0xFF])
def test_other_commands_are_rejected(command: int) -> None:
    line, place = console()
    assert line.run((command, 5, SLI)) == "0200"
    assert line.sense() == "80"
    assert line.sense() == "00"
    assert not place.log


def test_data_chaining_types_one_line_and_command_chaining_several() -> None:
    line, place = console()
    assert line.run((WRITE, 2, CD), (0, 3, CC, 0x1002), (LINE, 5)) == "0C00 0000"
    assert place.log == [(HELLO, False), (HELLO, True)]


def test_a_read_waits_for_the_operator() -> None:
    line, place = console()
    assert line.run((INQUIRY, 80)) == "waits"
    assert place.log == [("read", 80)]
    assert line.start((WRITE, 5)) == 2
    assert line.device.enter(HELLO)
    assert line.interruptions() == ["0C40 004B"]
    assert line.data(5) == HELLO
    assert not line.device.enter(HELLO)


def test_a_read_may_be_answered_at_once_and_chained() -> None:
    line, place = console()
    place.now = HELLO
    assert line.run((LINE, 5, CC), (INQUIRY, 80, CC | SLI, 0x2000), (LINE, 5, 0, 0x2000)) == "0C00 0000"
    assert place.log == [(HELLO, True), ("read", 80), (HELLO, True)]


def test_more_than_the_program_has_room_for_is_a_wrong_length() -> None:
    line, place = console()
    place.now = HELLO
    line.put(b"......")
    assert line.run((INQUIRY, 3)) == "0C40 0000"
    assert line.data(6) == HELLO[:3] + b"..."
    assert line.run((INQUIRY, 3, SLI)) == "0C00 0000"


def test_data_chaining_scatters_what_was_typed() -> None:
    line, place = console()
    place.now = HELLO
    assert line.run((INQUIRY, 3, CD), (0, 7, SLI, 0x2000)) == "0C00 0005"
    assert place.log == [("read", 65535)]  # as much as he likes
    assert line.data(3) + line.data(2, 0x2000) == HELLO


def test_end_without_a_character_and_cancel() -> None:
    line, _ = console()
    line.start((INQUIRY, 80, SLI))
    line.device.press("end")
    assert line.interruptions() == ["0C00 0050"]
    line.start((INQUIRY, 80, SLI | CC), (LINE, 5))
    line.device.press("cancel")
    assert line.interruptions() == ["0D00 0050"]
    for key in ("end", "cancel"):
        with pytest.raises(ConfigurationError, match="no read waits"):
            line.device.press(key)


def test_the_request_key_gives_attention() -> None:
    line, place = console()
    line.device.press("request")
    assert line.interruptions() == ["8000 0000"]
    line.device.attention()
    assert line.run((WRITE, 5)) == "9000"  # the command is not carried out
    assert not place.log
    line.start((INQUIRY, 80, SLI))
    line.device.attention()
    assert line.interruptions() == []  # not while the program is under way
    line.device.enter(HELLO)
    assert line.interruptions() == ["0C00 004B", "8000 0000"]


def test_halt_io_ends_a_read() -> None:
    line, _ = console()
    line.start((INQUIRY, 80))
    assert line.io.hio(0x1F) == 1
    assert line.interruptions() == ["0C00 0050"]
    assert not line.device.reading
    assert not line.device.enter(HELLO)


def test_not_ready_is_intervention_required_and_ready_gives_device_end() -> None:
    line, place = console()
    line.device.press("stop")
    assert line.run((LINE, 5)) == "0200"
    assert line.sense() == "40"
    line.device.press("ready")
    assert line.interruptions() == ["0400 0000"]
    assert line.run((LINE, 5)) == "0C00 0000"
    line.device.press("stop")
    line.device.press("ready")  # no command missed it
    assert line.interruptions() == []
    assert len(place.log) == 1


def test_a_printer_that_the_host_cannot_write_is_an_equipment_check() -> None:
    line, place = console()
    place.error = MediaError("no paper")
    for command in (WRITE, LINE, INQUIRY):
        assert line.run((command, 5)).startswith("0E")
        assert line.sense() == "10"
    assert not line.device.reading
    place.error = None
    assert line.run((LINE, 5)) == "0C00 0000"


def test_times_are_those_of_the_documentation() -> None:
    line, _ = console(immediate=False)
    assert line.run((LINE, 5)) == "waits"
    line.io.elapse(499)
    assert line.interruptions() == []
    line.io.elapse(1)
    assert line.interruptions() == ["0800 0000"]
    assert line.io.tio(0x1F) == 1  # busy with the carriage
    line.io.elapse(1000)
    assert line.interruptions() == ["0400 0000"]
    assert line.run((WRITE, 5)) == "waits"
    line.io.elapse(500)
    assert line.interruptions() == ["0C00 0000"]


def test_a_saved_console_goes_on() -> None:
    line, _ = console("3210")
    line.start((INQUIRY, 80, SLI))
    state = line.io.save()
    other, _ = console("3210")
    other.io.load(state)
    other.storage.write(0, bytes(line.storage.read(0, 0x2000)))
    assert other.device.enter(HELLO)
    assert other.interruptions() == ["0C00 004B"]
    assert other.data(5) == HELLO


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("1052,log.txt", "01F 1052: a console is the operator's own keyboard and printer, not log.txt"),
        ("3215,,bell", "01F 3215: there is no option bell; it takes no options"),
    ],
)
def test_what_a_console_is_not_made_of(words: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Line(words)
    assert str(error.value) == told


def test_keys_that_there_are_not() -> None:
    line, _ = console()
    with pytest.raises(ConfigurationError, match="a 1052 has no key pf1"):
        line.device.press("pf1")
