"""Threads take short turns as long as somebody needs that."""

from __future__ import annotations

import sys

import pytest

from cpvm.machine.turns import SWITCH, short_turns


def test_turns_are_short_until_the_last_has_gone() -> None:
    before = sys.getswitchinterval()
    first, second = short_turns(), short_turns()
    with first:
        with second:
            assert sys.getswitchinterval() == pytest.approx(min(before, SWITCH), rel=0.02)
        assert sys.getswitchinterval() == pytest.approx(min(before, SWITCH), rel=0.02)
    assert sys.getswitchinterval() == pytest.approx(before, rel=0.02)


def test_nobody_is_made_slower() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH / 5)
    try:
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(SWITCH / 5, rel=0.02)
            with short_turns():
                assert sys.getswitchinterval() == pytest.approx(SWITCH / 5, rel=0.02)
        assert sys.getswitchinterval() == pytest.approx(SWITCH / 5, rel=0.02)
    finally:
        sys.setswitchinterval(before)
