"""Starts and host commands on a disk that fails: a line that says why, and nothing half done; see `starting.py`."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import lines_of, needs_shim
from .starting import CASES

pytestmark = needs_shim


@pytest.fixture(scope="module")
def went(shared: Path, shim: Path, built_system: Path) -> list[dict[str, Any]]:
    """How it went."""
    return lines_of(shared, shim, built_system, "starting")


@pytest.mark.parametrize("name", CASES)
def test_case(went: list[dict[str, Any]], name: str) -> None:
    assert [line["wrong"] for line in went if line["case"] == name] == [[]]
