"""Whatever writes, and however the host fails it: it is told, nothing acknowledged is lost, and work goes on."""

from pathlib import Path
from typing import Any

import pytest

from .components import COMPONENTS
from .conftest import lines_of, needs_shim
from .injector import FAULTS

pytestmark = needs_shim
NAMES = [component.name for component in COMPONENTS]
UNHARMED = {"operator's log"}
"""Components that do not need their files."""


@pytest.fixture(scope="module")
def went(shared: Path, shim: Path, built_system: Path) -> list[dict[str, Any]]:
    """How the table went."""
    return lines_of(shared, shim, built_system, "table")


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS])
@pytest.mark.parametrize("component", NAMES)
def test_case(went: list[dict[str, Any]], component: str, fault: str) -> None:
    case = next(case for case in went if case.get("component") == component and case["fault"] == fault)
    assert case["wrong"] == []


@pytest.mark.parametrize("component", [name for name in NAMES if name not in UNHARMED])
def test_the_faults_were_there(went: list[dict[str, Any]], component: str) -> None:
    cases = [case for case in went if case.get("component") == component]
    assert sum(case["hits"] > 0 for case in cases) >= 3
    assert any(case["told"] for case in cases)


@pytest.mark.parametrize("how", ["restart", "killed"])
def test_everything_is_there_afterwards(went: list[dict[str, Any]], how: str) -> None:
    assert [case[how] for case in went if how in case] == [[]]
