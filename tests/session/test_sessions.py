"""Plays every session file on a system of its own."""

from pathlib import Path

import pytest

from cpvm import api

from . import script


@pytest.mark.parametrize("path", list(script.session_files()), ids=lambda path: path.stem)
def test_session(system: api.SystemHandle, path: Path) -> None:
    script.run(system, path.read_text(encoding="utf-8"))


def test_what_a_line_may_match() -> None:
    assert script.mismatch(["Ready; T=~ ~"], ("Ready; T=0.01/0.02 10:00:00", "")) is None
    assert script.mismatch(["A...C", "*", "Z"], ("AC", "x", "y", "Z")) is None
    assert script.mismatch(["*", "A", "*"], ("A",)) is None
    assert script.mismatch(["A"], ("A", "B")) is not None
    assert script.mismatch(["A", "B"], ("A",)) is not None
    assert script.mismatch(["A ~"], ("A B C",)) is not None
    assert script.mismatch(["A.C"], ("ABC",)) is not None


def test_a_session_file_with_an_unknown_line_is_refused() -> None:
    with pytest.raises(script.SessionFileError, match="line 2"):
        script.steps("> LISTFILE\nReady;\n")


def test_a_session_that_goes_wrong_says_where(system: api.SystemHandle) -> None:
    with pytest.raises(AssertionError, match=r"line 2: > LISTFILE PROFILE EXEC\nnothing matches \| NOTHERE"):
        script.run(system, "* list\n> LISTFILE PROFILE EXEC\n| NOTHERE  EXEC     A1\n|*\n")
