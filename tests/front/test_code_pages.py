"""The reference of code pages is what the package has."""

import importlib.util
from pathlib import Path

from cpvm.s370.ebcdic import CODEC
from cpvm.terminal.codepage import CHARACTERS, fitted, report

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_committed_page_is_what_the_tables_give() -> None:
    spec = importlib.util.spec_from_file_location("make_code_pages", REFERENCE / "make_code_pages.py")
    assert spec and spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = (REFERENCE / "code-pages.md").read_text(encoding="utf-8")
    assert page == maker.page(), "run docs/reference/make_code_pages.py"
    assert page.count("| X'") == 2 * 6  # [ ] ^ ¬ Ý ¨


def test_every_character_of_the_page_is_typed_as_itself() -> None:
    missing: dict[str, None] = {}
    text = "".join(sorted(CHARACTERS))
    assert fitted(text, missing) == text and not missing
    assert len(text.encode(CODEC)) == len(text) == 190


def test_reports_are_short() -> None:
    assert report("".join(map(chr, range(0x4E00, 0x4E14)))).endswith("U+4E07 ...")
    assert report("\ufffd") == "INPUT IS NOT UTF-8"
    assert report("\u202e\u0301") == "NOT IN CODE PAGE 037: U+202E, U+0301"  # which would turn the line round
