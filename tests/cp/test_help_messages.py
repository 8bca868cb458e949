"""HELP for messages: every number is explained, and commands' explanations are found."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from cpvm.cp import helpmessage

PAGES = helpmessage.pages()


def test_every_message_is_explained() -> None:
    explained = {*helpmessage.explanations(), *helpmessage.by_commands()}
    assert {number for number in helpmessage.declared() if number not in explained} == set()


def test_what_is_explained_exists() -> None:
    assert set(helpmessage.explanations()) <= set(helpmessage.declared())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_screen(name: str) -> None:
    lines = PAGES[name].splitlines()
    assert lines[0].startswith(name) and max(map(len, lines)) <= 80
    assert PAGES[name].isascii()


def test_a_page_has_texts_and_explanations() -> None:
    page = PAGES["DMK009E"]
    assert "   DMKmmm009E INVALID RANGE - ..." in page
    assert "   DISPLAY   a mistake in an operand; none is given\n" in page
    assert "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '...'" in PAGES["DMK450W"]


def test_one_explanation_for_each_of_several_numbers() -> None:
    found = helpmessage.by_commands()
    assert ("TRACE", "no such trap") in found["187E"]


def test_the_reference_is_current() -> None:
    folder = Path(__file__).parents[2] / "docs" / "reference"
    spec = importlib.util.spec_from_file_location("make_messages", folder / "make_messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.text() == (folder / "cp-messages.md").read_text(encoding="utf-8"), (
        "run docs/reference/make_messages.py"
    )
