"""The reference of CP's commands is what their HELP texts give, and the table of commands is VM/370's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_committed_file_is_current() -> None:
    spec = importlib.util.spec_from_file_location("make_commands", REFERENCE / "make_commands.py")
    assert spec and spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    committed = (REFERENCE / "cp-commands.md").read_text(encoding="utf-8")
    assert committed == maker.commands(), "run docs/reference/make_commands.py"
