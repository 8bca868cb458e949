"""Channel-to-channel adapters: two machines, one machine with both sides."""

from __future__ import annotations

from typing import Any

import pytest
from ctcabench import (
    AT,
    ATTENTION,
    BACKWARD,
    BASIC,
    CONTROL,
    END_OF_FILE,
    ENDED,
    EXTENDED,
    HELLO,
    NOP,
    PREPARE,
    READ,
    SENSE,
    SENSE_BYTE,
    SENSE_ID,
    WRITE,
    pair,
)
from linebench import CC, CD, DATA, SLI, Line, Room

from cpvm.machine.adapter import Adapter
from cpvm.machine.device import ConfigurationError, DeviceError
from cpvm.machine.devices.ctca import CTCA

# ---- each command with each state of the other side


def test_a_write_waits_for_a_read() -> None:
    x, y = pair()
    assert x.run((WRITE, 11)) == "waits"
    assert x.start((NOP, 1)) == 2
    assert y.interruptions() == [ATTENTION]
    assert y.run((READ, 11, 0, AT)) == ENDED
    assert y.data(11, AT) == HELLO
    assert x.interruptions() == [ENDED]


def test_a_read_waits_for_a_write() -> None:
    x, y = pair()
    assert x.run((READ, 11, 0, AT)) == "waits"
    assert y.interruptions() == [ATTENTION]
    assert y.run((WRITE, 11)) == ENDED
    assert x.interruptions() == [ENDED]
    assert x.data(11, AT) == b"WHAT?......"


@pytest.mark.parametrize("first", [WRITE, READ])
@pytest.mark.parametrize(
    ("written", "room", "writer", "reader"),
    [(5, 11, "0C00 0000", "0C40 0006"), (11, 5, "0C40 0006", "0C40 0000"), (5, 5, "0C00 0000", "0C00 0000")],
)
def test_the_shorter_count_ends_both(first: int, written: int, room: int, writer: str, reader: str) -> None:
    x, y = pair()
    if first == WRITE:
        assert x.run((WRITE, written)) == "waits"
        y.interruptions()
        assert y.run((READ, room, 0, AT)) == reader
        assert x.interruptions() == [writer]
    else:
        assert y.run((READ, room, 0, AT)) == "waits"
        x.interruptions()
        assert x.run((WRITE, written)) == writer
        assert y.interruptions() == [reader]
    short = min(written, room)
    assert y.data(11, AT) == HELLO[:short] + bytes(11 - short)


@pytest.mark.parametrize("first", [WRITE, READ])
def test_data_chaining_on_both_sides(first: int) -> None:
    x, y = pair()
    program = (WRITE, 2, CD), (0, 3, CD, DATA + 2), (0, 6, 0, DATA + 5)
    reads = (READ, 4, CD, AT), (0, 7, 0, AT + 16)
    if first == WRITE:
        assert x.run(*program) == "waits"
        y.interruptions()
        assert y.run(*reads) == ENDED
        assert x.interruptions() == [ENDED]
    else:
        assert y.run(*reads) == "waits"
        x.interruptions()
        assert x.run(*program) == ENDED
        assert y.interruptions() == [ENDED]
    assert y.data(4, AT) + y.data(7, AT + 16) == HELLO


def test_read_backward_stores_from_the_end() -> None:
    x, y = pair()
    assert x.run((WRITE, 5)) == "waits"
    y.interruptions()
    assert y.run((BACKWARD, 5, 0, AT + 4)) == ENDED
    assert y.data(5, AT) == HELLO[4::-1]


def test_control_ends_when_its_byte_is_sensed() -> None:
    x, y = pair()
    assert x.run((0x17, 1)) == "0800"
    assert x.run((NOP, 1)) == x.run((SENSE, 1)) == x.run((WRITE, 1)) == "1000"  # busy until device end
    assert y.interruptions() == [ATTENTION]
    assert y.run((SENSE_BYTE, 1, 0, AT)) == ENDED
    assert y.data(1, AT) == b"\x17"
    assert x.interruptions() == ["0400 0000"]
    assert y.run((SENSE_BYTE, 1, 0, AT)) == ENDED
    assert y.data(1, AT) == b"\0"
    assert x.run((NOP, 1)) == "0C00"


def test_sense_command_byte_does_not_end_data_transfer() -> None:
    for command in (WRITE, READ, 0x09, 0x0A, BACKWARD):
        x, y = pair()
        assert x.run((command, 5, SLI)) == "waits"
        y.interruptions()
        assert y.run((0x34, 1, 0, AT)) == ENDED
        assert y.data(1, AT) == bytes((command,))
        assert not x.interruptions()


REFUSED = {  # what the other side waits in: commands that are turned away
    CONTROL: (WRITE, READ, BACKWARD, CONTROL, NOP, BASIC, EXTENDED, END_OF_FILE),
    WRITE: (WRITE, CONTROL, NOP, BASIC, EXTENDED, END_OF_FILE),
    READ: (READ, BACKWARD, CONTROL, NOP, BASIC, EXTENDED),
}


@pytest.mark.parametrize("state", REFUSED)
def test_what_does_not_go_together_is_busy_with_attention(state: int) -> None:
    for command in REFUSED[state]:
        x, y = pair()
        assert x.run((state, 5, SLI)) in ("waits", "0800")
        assert y.interruptions() == [ATTENTION]
        assert y.run((command, 5, SLI)) == "9000", hex(command)
        assert y.run((command, 5, SLI)) == "9000", hex(command)  # again and again
        assert not x.interruptions()


def test_attention_that_is_pending_is_shown_by_the_first_command() -> None:
    x, y = pair()
    x.run((WRITE, 11))
    assert y.run((READ, 11, 0, AT)) == "9000"
    assert y.run((READ, 11, 0, AT)) == ENDED


@pytest.mark.parametrize("command", [0x24, 0xC4, 0x64, 0xE4, 0xCB, 0xD3, 0xE3, 0xF3])
def test_other_commands_are_rejected(command: int) -> None:
    x, _ = pair()
    assert x.run((command, 1, SLI)) == "0200"
    assert x.sense() == "80"


def test_the_codes_of_each_command() -> None:
    kinds = {"write": 0, "read": 0, "control": 0, "sense_command_byte": 0, "no_operation": 0, "set_mode": 0}
    for code in range(256):
        method = CTCA._commands.get(code)
        if method is not None and method.__name__ in kinds:
            kinds[method.__name__] += 1
    assert kinds == {
        "write": 32, "read": 64 + 16, "control": 32, "sense_command_byte": 8, "no_operation": 16, "set_mode": 9,
    }  # fmt: skip


# ---- chains


def test_a_conversation_in_two_chains() -> None:
    """Control, then write; sense the byte, then read: the usual way."""
    x, y = pair()
    assert x.run((CONTROL, 1, CC), (WRITE, 11, CC), (READ, 11, SLI, AT)) == "waits"
    assert y.interruptions() == [ATTENTION]
    assert y.run((SENSE_BYTE, 1, CC, AT), (READ, 11, CC, AT + 16), (WRITE, 5)) == ENDED
    assert x.interruptions() == ["0C00 0006"]
    assert y.data(1, AT) == b"\x07"
    assert y.data(11, AT + 16) == HELLO
    assert x.data(5, AT) == b"WHAT?"
    assert not y.interruptions()  # no attention during the chain, which answered everything


def test_attention_comes_behind_a_chain_that_did_not_answer() -> None:
    x, y = pair()
    assert x.run((CONTROL, 1, CC), (WRITE, 11)) == "waits"
    y.interruptions()
    assert y.start((SENSE_BYTE, 1, CC, AT), (SENSE_BYTE, 1, 0, AT + 1)) == 0
    assert y.interruptions() == [ENDED, ATTENTION]
    assert y.data(2, AT) == bytes((CONTROL, WRITE))
    assert y.run((READ, 11, 0, AT)) == ENDED


def test_many_records_in_endless_chains() -> None:
    x, y = pair()
    writes = [(WRITE, 11, CC)] * 60 + [(WRITE, 11)]
    reads = [(READ, 11, CC, AT + 16 * n) for n in range(60)] + [(READ, 11, 0, AT + 960)]
    assert x.run(*writes) == "waits"
    y.interruptions()
    assert y.run(*reads) == ENDED
    assert x.interruptions() == [ENDED]
    assert all(y.data(11, AT + 16 * n) == HELLO for n in range(61))


# ---- end of file, modes, the 3088


def test_write_end_of_file() -> None:
    x, y = pair()
    assert x.run((END_OF_FILE, 11)) == "waits"  # basic mode: a write
    y.interruptions()
    y.run((READ, 11, 0, AT))
    x.interruptions()
    assert x.run((EXTENDED, 1)) == "0C00"
    assert x.run((END_OF_FILE, 1, SLI)) == "0C00 0001"
    assert not y.interruptions()
    assert y.run((READ, 11, SLI, AT)) == "0D00 000B"
    assert y.run((READ, 11, SLI, AT)) == "waits"  # only once
    assert x.interruptions() == [ATTENTION]
    assert x.run((END_OF_FILE, 1, SLI)) == "0C00 0001"
    assert y.interruptions() == ["0D00 000B"]
    assert x.run((BASIC, 1)) == "0C00"
    assert x.run((END_OF_FILE, 1)) == "waits"


def test_prepare() -> None:
    x, y = pair("3088,link")
    assert x.run((PREPARE, 1)) == "0800"
    assert not y.interruptions()
    assert y.run((NOP, 1)) == "0C00"
    assert not x.interruptions()
    assert y.run((WRITE, 5)) == "waits"
    assert x.interruptions() == ["0400 0000"]
    assert x.run((PREPARE, 1)) == "0C00"  # the other side waits already
    assert x.run((READ, 5, 0, AT)) == ENDED
    y.interruptions()
    assert x.run((PREPARE, 1, CC), (READ, 5, 0, AT)) == "waits"
    assert y.run((WRITE, 5, CC), (PREPARE, 1)) == "0800 0001"
    assert x.interruptions() == [ENDED]
    assert x.run((NOP, 1)) == "0C00"
    assert x.run((CONTROL, 1)) == "0800"
    assert y.interruptions() == ["0400 0000"]


def test_two_that_prepare_release_each_other() -> None:
    x, y = pair("3088,link")
    assert x.run((PREPARE, 1)) == "0800"
    assert y.run((PREPARE, 1)) == "0C00"
    assert x.interruptions() == ["0400 0000"]


def test_sense_id_tells_the_mode() -> None:
    x, _ = pair("3088,link")
    assert x.run((SENSE_ID, 7, 0, AT)) == ENDED
    assert x.data(7, AT).hex() == "ff308808000001"
    x, _ = pair("3088,link,extended")
    assert x.run((SENSE_ID, 7, 0, AT)) == ENDED
    assert x.data(7, AT).hex() == "ff308808000000"


def test_in_extended_mode_the_other_side_is_not_ready_until_its_first_command() -> None:
    x, y = pair("3088,link,extended")
    assert x.run((WRITE, 5)) == "0200"
    assert x.sense() == "40"
    assert y.run((NOP, 1)) == "0C00"  # x has given a command
    assert x.interruptions() == ["0400 0000"]
    assert x.run((WRITE, 5)) == "waits"


# ---- resets, halts, the other side missing


def test_a_side_without_the_other_one() -> None:
    links: dict[str, Any] = {}
    x = Line("CTCA,link", room=Room(links))
    for command in (WRITE, READ, NOP, CONTROL, SENSE_BYTE, END_OF_FILE, BASIC):
        assert x.run((command, 1)) == "0200"
        assert x.sense() == "40"
    y = Line("CTCA,link", room=Room(links))
    assert x.interruptions() == ["0400 0000"]
    assert x.run((NOP, 1)) == "0C00"
    y.device.close()
    assert x.run((NOP, 1)) == "0200"


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("command", [WRITE, READ, CONTROL])
def test_a_side_that_goes_ends_what_the_other_one_waits_for(how: str, command: int) -> None:
    x, y = pair()
    assert x.run((command, 5)) == ("0800" if command == CONTROL else "waits")
    y.io.reset() if how == "reset" else y.device.close()
    assert x.interruptions() == ["0600 0000" if command == CONTROL else "0E40 0005"]
    assert x.sense() == "40"
    if how == "reset":
        assert x.run((WRITE, 5)) == "waits"


def test_halt_io_takes_back_what_waits() -> None:
    x, y = pair()
    x.run((WRITE, 5))
    assert x.io.hio(0x1F) == 1
    assert x.interruptions() == ["0C00 0005"]
    assert y.interruptions() == [ATTENTION]  # the other side had been told
    assert y.run((SENSE_BYTE, 1, 0, AT)) == ENDED
    assert y.data(1, AT) == b"\0"
    assert y.run((READ, 5, 0, AT)) == "waits"


def test_both_sides_on_one_machine() -> None:
    links: dict[str, Any] = {}
    x = Line("CTCA,link", room=Room(links))
    other: Any = x.make("CTCA,link")
    x.io.attach(0x020, other)
    x.put(HELLO)
    assert x.run((WRITE, 11)) == ATTENTION  # of the other side
    x.storage.write(0x900, bytes.fromhex("020020000000000B"))
    x.storage.write(0x48, (0x900).to_bytes(4, "big"))
    assert x.io.sio(0x020) == 0
    assert x.interruptions() == [ENDED, ENDED]
    assert x.data(11, AT) == HELLO


def test_data_takes_a_microsecond_a_byte() -> None:
    x, y = pair(immediate=False)
    assert x.run((WRITE, 11)) == "waits"
    y.interruptions()
    assert y.run((READ, 11, 0, AT)) == "waits"
    assert x.interruptions() == [ENDED]
    y.io.elapse(10)
    assert not y.interruptions()
    y.io.elapse(1)
    assert y.interruptions() == [ENDED]


def test_a_saved_side_goes_on() -> None:
    x, y = pair()
    assert x.run((WRITE, 11, CC), (READ, 11, SLI, AT)) == "waits"
    y.interruptions()
    states = x.io.save(), y.io.save()
    u, v = pair("CTCA,link")
    u.io.load(states[0])
    v.io.load(states[1])
    u.storage.write(0, bytes(x.storage.read(0, 0x3000)))
    assert v.run((READ, 11, CC, AT), (WRITE, 5)) == ENDED
    assert v.data(11, AT) == HELLO
    assert u.interruptions() == ["0C00 0006"]
    assert u.data(5, AT) == b"WHAT?"


# ---- what an adapter is not made of


def test_three_are_too_many() -> None:
    x, _ = pair()
    with pytest.raises(ConfigurationError, match="both sides of this adapter are taken"):
        Line("CTCA,link", room=x.room)
    with pytest.raises(ConfigurationError, match="connected already"):
        Adapter().connect(x.device)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("CTCA", "the name of the link is missing"),
        ("CTCA,link,extended", "only a 3088 can begin in the extended mode"),
        ("3088,link,fast", "there is no option fast; options are extended"),
        ("3088,link,extended=1", "option extended takes no value"),
    ],
)
def test_what_an_adapter_is_not_made_of(words: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Line(words)


def test_other_types_and_links() -> None:
    with pytest.raises(DeviceError):
        CTCA("3087")
    room = Room({"link": "something"})
    with pytest.raises(ConfigurationError, match="something else"):
        Line("CTCA,link", room=room)
