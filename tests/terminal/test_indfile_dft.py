"""The terminal's side of IND$FILE: requests as hosts send them, and as none should."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpvm.machine.media.screen import Screen, StreamError, structured
from cpvm.terminal.indfile import DFT, Outcome

OPEN = bytes.fromhex("0012010601010403 0a0a000000001101010050055203f00309")
DATA, MESSAGE = OPEN + b"FT:DATA", OPEN + b"FT:MSG "
LONG = bytes.fromhex("0012010601010403 0a0a000100000000010050055203f0080627043fef0309") + b"FT:DATA"
GET = bytes.fromhex("46110104 0080")
CLOSE = b"\x41\x12"


def insert(data: bytes) -> bytes:
    """The request with bytes of the file, or of the message."""
    return bytes.fromhex("4704c08061") + (len(data) + 5).to_bytes(2, "big") + data


def test_bytes_for_the_host() -> None:
    done: list[int] = []
    transfer = DFT(source=io.BytesIO(b"x" * 300), limit=256, progress=done.append)
    assert transfer.field(LONG) == bytes.fromhex("0009")
    first = transfer.field(GET)
    assert first == bytes.fromhex("4605630600000001c0806100ea") + b"x" * 229
    assert len(first) + 4 <= 256
    assert transfer.field(GET) == bytes.fromhex("4605630600000002c08061004c") + b"x" * 71
    assert transfer.field(GET) == bytes.fromhex("460869042200")
    assert transfer.field(CLOSE) == bytes.fromhex("4109")
    assert done == [229, 300]
    assert transfer.outcome is None


def test_bytes_from_the_host_and_its_message() -> None:
    target = io.BytesIO()
    transfer = DFT(target=target)
    assert transfer.field(DATA) == bytes.fromhex("0009")
    assert transfer.field(bytes.fromhex("4711 0105 0080 00")) == b""
    assert transfer.field(insert(b"one")) == bytes.fromhex("4705630600000001")
    assert transfer.field(insert(b"two")) == bytes.fromhex("4705630600000002")
    assert target.getvalue() == b"onetwo"
    transfer.field(MESSAGE)
    assert transfer.field(insert(b"TRANS03   File transfer complete$    ")) == bytes.fromhex("4705630600000001")
    assert transfer.outcome == Outcome("TRANS03   File transfer complete", True)
    assert transfer.field(DATA) == b""


@pytest.mark.parametrize(
    ("text", "good", "segmented"),
    [
        (b"TRANS04   File transfer complete with records segmented$", True, True),
        (b"TRANS13   Error writing file to host$", False, False),
        (b"\x01\xff$", False, False),
        (b"", False, False),
    ],
)
def test_other_messages(text: bytes, good: bool, segmented: bool) -> None:
    transfer = DFT()
    transfer.field(MESSAGE)
    transfer.field(insert(text))
    assert transfer.outcome is not None
    assert (transfer.outcome.good, transfer.outcome.segmented) == (good, segmented)
    assert transfer.outcome.text.isprintable()


def test_this_side_cannot_go_on() -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    transfer = DFT(target=Full())
    transfer.field(DATA)
    assert transfer.field(insert(b"x")) == bytes.fromhex("470869040100")
    transfer.field(MESSAGE)
    transfer.field(insert(b"TRANS03   complete$"))
    assert transfer.outcome == Outcome("No space left on device", False)


def test_a_request_of_an_unknown_form() -> None:
    assert DFT().field(DATA + b"x") == bytes.fromhex("000869040100")
    transfer = DFT(target=io.BytesIO())
    transfer.field(DATA)
    assert transfer.field(insert(b"x")[:-1]) == bytes.fromhex("470869040100")


@given(
    st.lists(st.binary(max_size=60) | st.binary(max_size=30).map(insert) | st.sampled_from([DATA, LONG, GET, CLOSE]))
)
def test_nothing_that_comes_raises(requests: list[bytes]) -> None:
    transfer = DFT(source=io.BytesIO(b"x" * 1000), target=io.BytesIO(), limit=256)
    for request in requests:
        assert len(transfer.field(request)) <= 256


def test_limits() -> None:
    for limit in (255, 32769):
        with pytest.raises(ValueError, match="256 to 32768"):
            DFT(limit=limit)


def test_a_display_says_that_it_can() -> None:
    screen = Screen(extended=True)
    query = bytes.fromhex("000501ff02")
    assert b"\x00\x0c\x81\x95" not in structured.write(screen, query)
    with pytest.raises(StreamError):
        structured.write(screen, bytes.fromhex("0005d04112"))
    screen.transfer = DFT(limit=4096)
    assert bytes.fromhex("000c819500001000 10000101") in structured.write(screen, query)
    assert structured.write(screen, bytes.fromhex("0005d04112")) == bytes.fromhex("880005d04109")
