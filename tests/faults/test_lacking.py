"""A host without threads, memory or files, and clocks that are set; see `lacking.py`."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import lines_of, needs_shim
from .lacking import QUESTIONS

pytestmark = needs_shim


@pytest.fixture(scope="module")
def went(shared: Path, shim: Path, built_system: Path) -> list[dict[str, Any]]:
    """How it went."""
    return lines_of(shared, shim, built_system, "lacking")


@pytest.mark.parametrize("name", QUESTIONS)
def test_question(went: list[dict[str, Any]], name: str) -> None:
    assert [line["wrong"] for line in went if line["question"] == name] == [[]]
