"""Figures come into a page whole, in their place, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import figures

PAGE = "# Page\n\n<!-- one -->\nold\n<!-- end -->\n\nbetween\n\n<!-- two -->\nother\n<!-- end -->\n"


def test_a_table_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    figures.save(file, "one", "python bench/one.py", [("a | b", "5 ms"), ("c", "\\1 of 2")])
    page = figures.put(json.loads(file.read_text()), PAGE)
    assert "old" not in page and "| a \\| b | 5 ms |\n| c | \\1 of 2 |\n<!-- end -->\n\nbetween" in page
    assert "python bench/one.py" in page and "processors " in page
    assert page.endswith("<!-- two -->\nother\n<!-- end -->\n")
    assert figures.put(json.loads(file.read_text()), page) == page


@pytest.mark.parametrize("page", ["", PAGE.replace("<!-- one -->\n", ""), PAGE + PAGE])
def test_no_place_or_two(tmp_path: Path, page: str) -> None:
    file = tmp_path / "one.json"
    figures.save(file, "one", "x", [("a", "b")])
    with pytest.raises(ValueError, match="places for one"):
        figures.put(json.loads(file.read_text()), page)


def test_rows_as_wide_as_the_heads(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 texts beneath 2 heads"):
        figures.save(tmp_path / "x", "one", "x", [("a", "b", "c")])
    figures.save(None, "one", "x", [("a", "b")])
