"""Displays whose terminal is elsewhere: what it is sent and what it answers, and when it is away."""

from __future__ import annotations

import pytest
from displaybench import (
    ALL,
    AT,
    ERASE_WRITE,
    FORM,
    MODIFIED,
    NOP,
    READ,
    STRUCTURED,
    UNPROTECTED,
    WRITE,
    buffer_with,
    display,
    read,
    terminal,
    write,
)
from linebench import CC, DATA, SLI

from cpvm.machine.device import MediaError
from cpvm.machine.media.screen import StreamError


def test_a_terminal_is_sent_each_write() -> None:
    line, place = terminal()
    assert place.display is line.device
    write(line, FORM)
    write(line, "c2 c1", WRITE)
    line.run((UNPROTECTED, 1))
    assert place.log == [(ERASE_WRITE, FORM), (WRITE, b"\xc2\xc1"), (UNPROTECTED, b"")]
    line.put(bytes.fromhex("c2 1140c1 c1c2") + bytes.fromhex("c2 c3c4"))
    line.run((ERASE_WRITE, 6, CC), (WRITE, 3, 0, DATA + 6))
    assert place.log[-1] == (WRITE, bytes.fromhex("c2 1140c3 c3c4"))  # it does not know of chains


def test_what_the_terminal_sends_is_read() -> None:
    line, place = terminal()
    write(line, FORM)
    line.device.enter(bytes.fromhex("7d40c8 1140c6c1c2"))
    assert line.interruptions() == ["8000 0000"]
    assert read(line) == "7d40c81140c6c1c2"
    assert line.device.screen.lines()[0] == " NAME AB"
    assert [entry[0] for entry in place.log] == [ERASE_WRITE]  # it need not be asked
    line.device.enter(b"\x6c")
    assert line.interruptions() == ["8000 0000"]
    assert read(line) == "6c"


def test_other_reads_ask_the_terminal() -> None:
    line, place = terminal()
    write(line, FORM)
    typed = buffer_with(lambda device: device.keyboard.type("XY"))
    assert line.run((MODIFIED, 99, SLI, AT)) == "waits"
    assert line.start((NOP, 1)) == 2
    assert line.device.answer(typed)
    assert line.interruptions() == [f"0C00 {99 - 8:04X}"]
    assert line.data(8, AT).hex() == "6040c81140c6e7e8"
    assert not line.device.answer(typed)
    assert line.run((READ, 4096, SLI, AT)) == "waits"
    line.device.answer(typed)
    assert len(line.interruptions()) == 1
    assert line.data(len(typed), AT) == typed
    place.now = typed  # at once
    assert read(line) == "6040c81140c6e7e8"


def test_a_chain_goes_on_behind_a_read_that_waited() -> None:
    line, _ = terminal()
    write(line, FORM)
    line.put(bytes.fromhex("c2 d6d2"))
    assert line.run((READ, 13, CC | SLI, AT), (WRITE, 3)) == "waits"
    line.device.answer(buffer_with(lambda device: None))
    assert line.interruptions() == ["0C00 0000"]
    assert line.device.screen.lines()[0] == " NAME   OK"  # 13 bytes: the buffer up to position 8


def test_two_reads_of_a_chain_wait_one_after_the_other() -> None:
    line, place = terminal()
    write(line, FORM)
    assert line.run((READ, 5, CC | SLI, AT), (READ, 6, SLI, AT + 16)) == "waits"
    for _ in range(2):
        assert not line.interruptions()
        assert line.device.answer(buffer_with(lambda device: None))
    assert line.interruptions() == ["0C00 0000"]
    assert line.data(22, AT)[16:].hex() == "6040c6" + "d5c1d4"
    assert [entry[0] for entry in place.log] == [ERASE_WRITE, "read", "read"]


def test_a_terminal_that_answers_nonsense() -> None:
    line, _ = terminal()
    write(line, FORM)
    for nonsense in (b"", b"\x60", b"\x60\x40\x40", b"\x60\x40\x40" + bytes(1921), b"\x60\xff\xff" + bytes(1920)):
        assert line.run((READ, 4096, SLI, AT)) == "waits"
        assert line.device.answer(nonsense)
        assert line.interruptions()[0].startswith("0E00")
        assert line.sense() == "10"
    for nonsense in (
        b"\x7d\x40",
        b"\x7d\x40\x40\xc1",
        bytes.fromhex("7d40401140c2c1"),
        bytes.fromhex("7d40401140c6") + bytes(999),
    ):
        with pytest.raises(StreamError):
            line.device.enter(nonsense)
        assert line.interruptions() == ["8000 0000"]
    with pytest.raises(StreamError):
        line.device.enter(b"")
    assert not line.interruptions()


def test_a_terminal_that_is_away() -> None:
    line, place = terminal()
    write(line, FORM)
    line.device.power(False)
    assert line.run((WRITE, 1)) == "0200"
    assert line.sense() == "40"
    assert line.run((NOP, 1)) == "0200"
    line.device.enter(b"\x6c")
    assert not line.interruptions()  # nobody is there to press a key
    place.log.clear()
    line.device.power(True)
    assert line.interruptions() == ["0400 0000"]
    ((command, data),) = place.log
    assert command == ERASE_WRITE
    other = display()
    write(other, data)
    assert other.device.screen.lines() == line.device.screen.lines()
    assert other.device.screen.cursor == line.device.screen.cursor
    line.device.power(True)
    assert not line.interruptions()


def test_a_terminal_that_goes_during_a_read() -> None:
    line, _ = terminal()
    assert line.run((READ, 99, SLI, AT)) == "waits"
    line.device.power(False)
    assert line.interruptions() == ["0E00 0063"]
    assert line.sense() == "40"


def test_a_terminal_that_the_host_cannot_reach() -> None:
    line, place = terminal("3278,here,extended")
    place.error = MediaError("line down")
    for command in (ERASE_WRITE, WRITE, READ, MODIFIED, ALL):
        assert write(line, "c2c1c2", command).startswith("0E")
        assert line.sense() == "10"
    assert write(line, "000501ff02", STRUCTURED).startswith("0E")
    assert line.device.reading == 0


def test_a_terminal_that_cannot_be_shown_anything_is_away() -> None:
    line, place = terminal()
    assert line.run((READ, 99, SLI, AT)) == "waits"
    place.error = MediaError("line down")
    line.device.power(True)
    assert line.interruptions() == ["0E00 0063"]
    assert line.sense() == "10"
    assert line.run((WRITE, 1)) == "0200"
    place.error = None
    line.device.power(True)
    assert line.interruptions() == ["0400 0000"]


def test_nonsense_that_comes_at_once() -> None:
    line, place = terminal()
    place.now = b"\x60\x40\x40"
    assert line.run((READ, 99, SLI, AT)) == "0E00 0063"
    assert line.sense() == "10"


def test_system_reset_forgets_what_was_to_be_read() -> None:
    line = display("3279")
    assert write(line, "000501ff02", STRUCTURED) == "0C00 0000, 8000 0000"
    line.device.press("enter")
    line.device.press("reset")
    assert not line.device.screen.locked
    line.io.reset()
    assert not line.interruptions()
    assert read(line) == "7d4040"  # the screen is as it was


def test_halt_io_ends_a_read() -> None:
    line, _ = terminal()
    assert line.run((READ, 99, SLI, AT)) == "waits"
    assert line.io.hio(0x1F) == 1
    assert line.interruptions() == ["0C00 0063"]
    assert not line.device.answer(buffer_with(lambda device: None))


def test_a_query_is_answered_by_the_terminal() -> None:
    line, place = terminal("3279,here")
    write(line, "000501ff02", STRUCTURED)
    assert place.log[-1] == (STRUCTURED, bytes.fromhex("000501ff02"))
    assert not line.interruptions()
    line.device.enter(bytes.fromhex("88 0006 8181 01ff"))
    assert line.interruptions() == ["8000 0000"]
    assert read(line) == "880006818101ff"
