"""The reference of the instructions is what the table says."""

import importlib.util
from pathlib import Path

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"


def test_the_committed_reference_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_instructions", REFERENCE / "make_instructions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (REFERENCE / "instructions.md").read_text(encoding="utf-8")
    assert module.text() == written, "run docs/reference/make_instructions.py"
