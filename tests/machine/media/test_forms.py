"""Forms: channels on a carriage tape or in a buffer, and how the carriage moves."""

from __future__ import annotations

import pytest

from cpvm.machine.device import ConfigurationError
from cpvm.machine.media.forms import STANDARD, Form, Motion, parse_tape

FORM = Form.of({1: 1, 2: (3, 5), 9: 4, 12: 6}, length=8)


@pytest.mark.parametrize(
    ("line", "count", "motion"),
    [
        (1, 0, Motion(0, 1)),
        (1, 1, Motion(1, 2)),
        (3, 1, Motion(1, 4, nine=True)),
        (4, 1, Motion(1, 5)),
        (3, 3, Motion(3, 6, nine=True, twelve=True)),
        (8, 1, Motion(1, 1, forms=1)),
        (7, 3, Motion(3, 2, forms=1)),
    ],
)
def test_spacing(line: int, count: int, motion: Motion) -> None:
    assert FORM.space(line, count) == motion


@pytest.mark.parametrize(
    ("line", "channel", "motion"),
    [
        (1, 2, Motion(2, 3, skip=True)),
        (3, 2, Motion(2, 5, skip=True)),
        (5, 2, Motion(6, 3, forms=1, skip=True)),
        (1, 1, Motion(8, 1, forms=1, skip=True)),
        (2, 1, Motion(7, 1, forms=1, skip=True)),
        (1, 12, Motion(5, 6, skip=True)),
        (1, 7, None),
    ],
)
def test_skipping(line: int, channel: int, motion: Motion | None) -> None:
    assert FORM.skip(line, channel) == motion


def test_a_form_of_one_line() -> None:
    form = Form.of({1: 1}, length=1)
    assert form.space(1, 3) == Motion(3, 1, forms=3)
    assert form.skip(1, 1) == Motion(1, 1, forms=1, skip=True)


def test_as_plain_data_and_as_a_buffer() -> None:
    for form in (FORM, STANDARD, Form.of({12: 1, 1: 2}, length=3, lpi=8)):
        assert Form.from_bytes(form.to_bytes()) == form
    assert Form.of({12: 1, 1: 2}, length=3, lpi=8).buffer() == bytes((0x1C, 1, 0x10))
    assert STANDARD.buffer()[:7] == bytes((1, 0, 0, 0, 0, 0, 2))
    assert Form.of({3: 1, 2: 1}, length=2).buffer()[0] == 2, "a line of a buffer has one channel"
    assert Form.from_buffer(bytes((0x11, 0, 12))) == Form.of({1: 1, 12: 3}, length=3, lpi=8)
    with pytest.raises(ValueError, match="above 12"):
        Form.from_buffer(bytes((1, 13)))


def test_tapes_in_words() -> None:
    assert parse_tape("", 66, 6) == STANDARD
    assert parse_tape("std2", 50, 6).length == 50
    assert not parse_tape("std2", 50, 6).at(50, 12)
    assert parse_tape("std2", 88, 8).channels[:66] == STANDARD.channels
    assert parse_tape("none", 51, 6) == Form.of({1: 1}, length=51)
    assert parse_tape("1:1+12:6+2:3+9:4+2:5", 8, 6) == FORM
    for text in ("1", "0:1", "13:1", "1:0", "1:9", "1:1+", "a:b"):
        with pytest.raises(ConfigurationError):
            parse_tape(text, 8, 6)
