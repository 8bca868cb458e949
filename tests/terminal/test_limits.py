"""The page of limits has what the sources have."""

import importlib.util
from pathlib import Path

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_of_limits() -> None:
    spec = importlib.util.spec_from_file_location("make_terminal_limits", REFERENCE / "make_terminal_limits.py")
    assert spec and spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = maker.page()
    assert "| `MAX_RECORD` of `terminal/tn3270` | 65,536 |" in page
    committed = (REFERENCE / "terminal-limits.md").read_text(encoding="utf-8")
    assert committed == page, "run docs/reference/make_terminal_limits.py"
