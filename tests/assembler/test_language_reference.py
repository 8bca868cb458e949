"""The reference names every statement, function and message that there is."""

from __future__ import annotations

import re
from pathlib import Path

from assembler.macro.conditional import conditionals
from assembler.macro.functions import FUNCTIONS
from assembler.operation import statements

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "assembler.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"[A-Z0-9]+", REFERENCE))


def test_statements() -> None:
    assert set(statements()) - WORDS == set()
    assert set(conditionals()) - WORDS == set()


def test_functions() -> None:
    assert set(FUNCTIONS) - WORDS == set()


def test_messages_of_our_own() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "assembler").rglob("*.py")]
    numbers = {number for text in sources for number in re.findall(r"IFO3[0-9]{2}", text)}
    assert numbers == {word for word in WORDS if re.fullmatch("IFO3[0-9]{2}", word)}


def test_system_variables() -> None:
    source = (ROOT / "assembler" / "macro" / "system.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(SYS[A-Z_]+)"', source))
    assert {name for name in names if f"&{name}" not in REFERENCE} == set()
