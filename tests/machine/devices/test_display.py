"""3277, 3278 and 3279 displays on a local control unit."""

from __future__ import annotations

import pytest
from displaybench import (
    ALL,
    ALTERNATE,
    AT,
    ERASE_WRITE,
    FORM,
    MODIFIED,
    NOP,
    READ,
    SELECT,
    SENSE,
    STRUCTURED,
    UNPROTECTED,
    WRITE,
    display,
    read,
    write,
)
from linebench import CC, CD, DATA, SLI, Line

from cpvm.machine.device import ConfigurationError


def test_a_form_is_shown_filled_in_and_read() -> None:
    line = display()
    assert write(line, FORM) == "0C00 0000"
    assert line.device.screen.lines()[0] == " NAME"
    line.device.keyboard.type("JONES")
    line.device.press("enter")
    assert line.interruptions() == ["8000 0000"]
    assert read(line) == "7d404b" + "1140c6" + "JONES".encode("cp037").hex()
    assert read(line) == "7d404b" + "1140c6" + "JONES".encode("cp037").hex()  # nothing was reset
    assert line.device.screen.line(0)[:12] == " NAME JONES "
    with pytest.raises(ConfigurationError, match="locked"):
        line.device.press("pf1")
    assert write(line, "c3", WRITE) == "0C00 0000"
    assert read(line) == "60404b"  # no key since, no field modified
    line.device.press("pf1")


def test_command_codes_of_each_control_unit() -> None:
    earlier = {WRITE, READ, NOP, SENSE, ERASE_WRITE, MODIFIED, SELECT, UNPROTECTED}
    later = earlier | {ALTERNATE, ALL, STRUCTURED, 0x1B, 0x2B, 0x3B, 0x4B, 0xE4}
    for type, known in (("3277", earlier), ("3278", later), ("3279", later)):
        for command in range(256):
            if command & 15 == 8 or command & 15 == 0:  # TIC, and what no channel sends
                continue
            line = display(type)
            line.put(b"\xc3" + bytes(9))
            status = line.run((command, 5, SLI))
            if command in known:
                assert status[:2] in ("0C", "0E"), (type, hex(command), status)
            else:
                assert (status, line.sense()) == ("0200", "80"), (type, hex(command))


def test_immediate_commands_end_at_once() -> None:
    line = display()
    for command in (NOP, SELECT, UNPROTECTED):
        assert line.run((command, 1)) == "0C00"
    line = Line("3277", immediate=False)
    for command in (SELECT, UNPROTECTED):
        assert line.run((command, 1)) == "0800"
        assert line.io.tio(0x1F) == 1
        assert line.status()[:4] == "1000"
        assert line.run((WRITE, 1)) == "1000"
        line.io.elapse(5000)
        assert line.interruptions() == ["0400 0000"]


def test_data_takes_two_microseconds_a_byte() -> None:
    line = Line("3277", immediate=False)
    line.put(FORM)
    assert line.run((ERASE_WRITE, len(FORM))) == "waits"
    line.io.elapse(2 * len(FORM) - 1)
    assert line.interruptions() == []
    line.io.elapse(1)
    assert line.interruptions() == ["0C00 0000"]
    assert line.run((READ, 4096, SLI, AT)) == "waits"
    line.io.elapse(2 * (1920 + 3 + 3))
    assert line.interruptions() == [f"0C00 {4096 - 1926:04X}"]


BAD = {
    "address behind the end": "c2 1d40 115e40 c1",  # 1920
    "order cut off: SBA": "c2 1140",
    "order cut off: SF": "c2 1d",
    "order cut off: RA": "c2 3c4040",
    "order cut off: RA with GE": "c2 3c404008",
    "order cut off: EUA": "c2 1240",
    "repeat to behind the end": "c2 3c5e40c1",
    "erase to behind the end": "c2 125e40",
}
BAD_LATER = {
    **BAD,
    "14-bit address behind the end": "c2 110780",
    "no order": "c2 c1 01",
    "SFE cut off": "c2 2902c040",
    "SFE of an unknown type": "c2 2901 4700",
    "SA of an unknown type": "c2 28 c0 40",
    "MF where there is no field": "c2 c1 2c01c040",
    "MF cut off": "c2 1d40 114040 2c",
}


@pytest.mark.parametrize(
    ("words", "name"),
    [*(("3277", name) for name in BAD), *(("3278,,extended", name) for name in BAD_LATER)],
)
def test_a_wrong_data_stream_is_an_operation_check(words: str, name: str) -> None:
    line = display(words)
    assert write(line, BAD_LATER[name]) == "0E00 0000"
    assert line.sense() == "01"
    assert line.sense() == "00"
    assert write(line, FORM) == "0C00 0000"


def test_what_stood_before_the_error_was_written() -> None:
    line = display()
    assert write(line, "c2 c1c2 11ffff c3") == "0E00 0000"
    assert line.device.screen.lines()[0] == "AB"


def test_a_3277_keeps_what_a_3278_does_not_know() -> None:
    line = display()
    assert write(line, "c2 01 28 c1") == "0C00 0000"
    assert read(line, READ, 7) == "604040" + "0128c100"
    assert write(line, "c2 110001 c1") == "0C00 0000"  # an address of 12 bits, whatever comes first
    assert line.device.screen.text[1] == 0xC1


@pytest.mark.parametrize(
    ("key", "modified", "everything"),
    [
        ("enter", "7d40c7" + "1140c6c1", "7d40c7" + "1140c6c1"),
        ("pf12", "7c40c7" + "1140c6c1", "7c40c7" + "1140c6c1"),
        ("pf24", "4c40c7" + "1140c6c1", "4c40c7" + "1140c6c1"),
        ("pa1", "6c", "6c40c7" + "1140c6c1"),
        ("pa2", "6e", "6e40c7" + "1140c6c1"),
        ("pa3", "6b", "6b40c7" + "1140c6c1"),
        ("clear", "6d", "6d4040"),
        ("test", "f040c7" + "1140c6c1", "f040c7" + "1140c6c1"),
    ],
)
def test_what_is_read_after_each_key(key: str, modified: str, everything: str) -> None:
    line = display("3278")
    write(line, FORM)
    line.device.keyboard.type("A")
    line.device.press(key)
    assert line.interruptions() == ["8000 0000"]
    assert read(line) == modified
    assert read(line, ALL) == everything


def test_the_light_pen_gives_addresses_only() -> None:
    line = display()
    write(line, "c2 1d44 40 c1 1d44 6f c2 1d44 50 c3 1d40")
    keyboard = line.device.keyboard
    assert keyboard.select(4) == 0
    assert line.device.screen.text[4] == 0x6E  # > for ?
    assert keyboard.select(1) == 0x7E
    assert read(line) == "7e4040" + "1140c1" + "1140c4"
    write(line, "c2", WRITE)
    assert keyboard.select(8) == 0x7D
    assert read(line) == "7d4040" + "1140c140c1" + "1140c46ec2" + "1140c750c3"


def test_attention_turns_a_command_away() -> None:
    line = display()
    line.device.press("enter")
    assert line.run((ERASE_WRITE, 1)) == "9000"
    assert line.run((NOP, 1)) == "0C00"
    assert not line.interruptions()


# ---- chains


def test_a_chained_write_goes_on_where_the_last_one_stopped() -> None:
    line = display()
    line.put(bytes.fromhex("c2 1140c1 c1c2") + bytes.fromhex("c2 c3c4"))
    assert line.run((ERASE_WRITE, 6, CC), (WRITE, 3, 0, DATA + 6)) == "0C00 0000"
    assert line.device.screen.lines()[0] == " ABCD"
    write(line, "c2 c5", WRITE)  # not chained: at the cursor
    assert line.device.screen.lines()[0] == "EABCD"


@pytest.mark.parametrize("between", [NOP, SELECT, UNPROTECTED, SENSE])
def test_other_commands_in_between_bring_back_the_cursor(between: int) -> None:
    line = display()
    line.put(bytes.fromhex("c2 1d60 1140c1 c1c2") + bytes.fromhex("c2 c3c4"))
    chain = (ERASE_WRITE, 8, CC), (between, 1, CC | SLI, AT), (WRITE, 3, 0, DATA + 8)
    assert line.run(*chain) == "0C00 0000"
    assert line.device.screen.lines()[0] == "CDB"


def test_a_chained_read_begins_at_the_buffer_address() -> None:
    line = display()
    write(line, "c2 1140c1 c1c2c3c4 115d7e c9c9")
    line.put(bytes.fromhex("c2 1140c2"))
    assert line.run((WRITE, 4, CC), (READ, 6, CC | SLI, AT), (READ, 8, SLI, AT + 16)) == "0C00 0000"
    assert line.data(6, AT).hex() == "604040" + "c2c3c4"
    assert line.data(8, AT + 16).hex() == "604040" + "0000000000"
    line.put(bytes.fromhex("c2 115d7e"))
    assert line.run((WRITE, 4, CC), (READ, 99, SLI, AT)) == "0C00 005E"
    assert line.data(5, AT).hex() == "604040" + "c9c9"
    assert line.run((READ, 5, SLI, AT)) == "0C00 0000"  # not chained: from 0
    assert line.data(5, AT).hex() == "60404000c1"


def test_a_chained_read_modified_begins_at_the_buffer_address() -> None:
    line = display()
    write(line, "c2 1d41 c1 1d41 c2 1d41 c3 1d60")
    assert read(line) == "604040" + "1140c1c1" + "1140c3c2" + "1140c5c3"
    line.put(bytes.fromhex("c2 1140c1"))
    assert line.run((WRITE, 4, CC), (MODIFIED, 99, SLI, AT)) == f"0C00 {99 - 11:04X}"
    assert line.data(11, AT).hex() == "604040" + "1140c3c2" + "1140c5c3"
    # a read that is cut off goes on behind the last piece
    assert line.run((MODIFIED, 7, CC | SLI, AT), (MODIFIED, 99, SLI, AT)) == f"0C00 {99 - 11:04X}"


def test_data_chaining_makes_one_stream() -> None:
    line = display()
    line.put(bytes.fromhex("c2 114050 c1"))
    assert line.run((ERASE_WRITE, 2, CD), (0, 1, CD, DATA + 2), (0, 2, 0, DATA + 3)) == "0C00 0000"
    assert line.device.screen.lines()[0] == " " * 16 + "A"
    assert line.run((READ, 2, CD, AT), (0, 4, SLI, AT + 16)) == "0C00 0000"
    assert line.data(20, AT)[16:].hex() == "40000000"


def test_wrong_lengths() -> None:
    line = display()
    write(line, FORM)
    assert line.run((MODIFIED, 9, 0, AT)) == "0C40 0006"
    assert line.run((READ, 9, 0, AT)) == "0C40 0000"
    assert line.run((MODIFIED, 3, 0, AT)) == "0C00 0000"


# ---- the 3278 and its extended data stream


@pytest.mark.parametrize(
    ("words", "default", "alternate"),
    [
        ("3277,,model=1", (12, 40), None),
        ("3277,,model=2", (24, 80), None),
        ("3278,,model=1", (12, 40), (12, 80)),
        ("3278", (24, 80), (24, 80)),
        ("3278,,model=3", (24, 80), (32, 80)),
        ("3278,,model=4", (24, 80), (43, 80)),
        ("3279,,model=5", (24, 80), (27, 132)),
    ],
)
def test_sizes(words: str, default: tuple[int, int], alternate: tuple[int, int] | None) -> None:
    line = display(words)
    write(line, "c2 c1")
    assert (line.device.screen.rows, line.device.screen.columns) == default
    assert read(line, READ)[6:8] == "c1"
    size = default[0] * default[1]
    if alternate:
        size = alternate[0] * alternate[1]
        write(line, "c2 c2", ALTERNATE)
        assert (line.device.screen.rows, line.device.screen.columns) == alternate
    assert len(read(line, READ)) == 2 * (3 + size)


def query(line: Line, what: str = "000501ff02") -> dict[int, bytes]:
    """The query replies, by code."""
    assert write(line, what, STRUCTURED) == "0C00 0000, 8000 0000"
    data = bytes.fromhex(read(line))
    assert data[0] == 0x88
    replies, at = {}, 1
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        assert data[at + 2] == 0x81
        replies[data[at + 3]] = data[at + 4 : at + length]
        at += length
    assert at == len(data)
    return replies


def test_query() -> None:
    line = display("3279,,model=4")
    replies = query(line)
    assert bytes(replies) == replies[0x80] == bytes.fromhex("80 81 85 86 87 88 a6")
    area = replies[0x81]
    assert (area[2:4], area[4:6], area[17:19]) == (b"\0\x50", b"\0\x2b", (43 * 80).to_bytes(2, "big"))
    assert replies[0xA6][5:] == bytes.fromhex("0050 0018 0050 002b")
    assert replies[0x88] == b"\0\1\2"
    assert len(replies[0x86]) == 2 + 2 * replies[0x86][1]
    assert read(line) == "604040"  # the replies are read once


@pytest.mark.parametrize(
    ("request_", "codes"),
    [
        ("000701ff030081", "81"),
        ("000801ff03008688", "8688"),
        ("000701ff030095", "ff"),
        ("000601ff0380", "80818586 8788a6"),
    ],
)
def test_query_list(request_: str, codes: str) -> None:
    assert bytes(query(display("3279"), request_)) == bytes.fromhex(codes)


def test_structured_fields_write_and_read() -> None:
    line = display("3279")
    assert write(line, "0000 4000 f5 c3 1d41 c1c2", STRUCTURED) == "0C00 0000"
    assert line.device.screen.lines()[0] == " AB"
    assert write(line, "0005 01 00 f6", STRUCTURED) == "0C00 0000, 8000 0000"
    assert read(line) == "614040" + "1140c1c1c2"
    assert write(line, "0005 01 00 f2", STRUCTURED) == "0C00 0000, 8000 0000"
    assert read(line)[:14] == "614040" + "1dc1" + "c1c2"
    assert write(line, "0006 09 00 02 42 000a 4000 f1 c2 28 42 f1 c1", STRUCTURED) == "0C00 0000"
    assert read(line, READ)[:20] == "604040" + "2842f1c1" + "284200"
    assert write(line, "0005 0300 80", STRUCTURED) == "0C00 0000"
    assert not any(line.device.screen.text)


BAD_FIELDS = {
    "longer than the data": "000601ff02",
    "too short": "0001",
    "empty": "0002",
    "half a length": "00",
    "no such field": "0005 ee 00 00",
    "no such partition": "0005 09 01 00",
    "no such reply mode": "0005 09 00 03",
    "query of a partition": "0005 01 00 02",
    "read of all partitions": "0005 01 ff f6",
    "a read in outbound data": "0005 40 00 f6",
    "outbound data without a command": "0004 40 00",
    "something behind a query": "0005 01 ff 02 0005 09 00 00",
    "a wrong order in outbound data": "0007 40 00 f1 c2 1d",
    "an incomplete query list": "0005 01 ff 03",
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_wrong_structured_fields(name: str) -> None:
    line = display("3279")
    assert write(line, BAD_FIELDS[name], STRUCTURED) == "0E00 0000"
    assert line.sense() == "01"
    assert not line.interruptions()


def test_a_3278_without_the_feature_has_no_structured_fields() -> None:
    line = display("3278")
    assert write(line, "000501ff02", STRUCTURED) == "0E00 0000"
    assert line.sense() == "01"
    assert write(line, "c2 2901c040") == "0E00 0000"


def test_sense_id() -> None:
    line = display("3279,,model=4")
    assert line.run((0xE4, 7, 0, AT)) == "0C00 0000"
    assert line.data(7, AT).hex() == "ff32741d327904"
