"""HELP texts: every command has one, and it agrees with the command."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from cpvm import cp
from cpvm.cp import commands, help
from cpvm.cp.commands.query import QUERIES
from cpvm.cp.commands.set import SETTINGS
from cpvm.cp.message import Message
from cpvm.cp.registry import WordTable

COMMANDS = help.commands()
NAMES = [name for name in COMMANDS if name != "*"]
PAGES = help.pages()


def capitals(word: str) -> int:
    return sum(1 for letter in word if not letter.islower())


def test_every_command_has_a_page_and_every_text_a_command() -> None:
    assert set(PAGES) == set(NAMES)
    used = {help.text_path(command) for command in COMMANDS.values()}
    folder = Path(commands.__file__).parent
    assert {path for path in folder.rglob("*.help")} == used
    assert all(COMMANDS[command.same_as].same_as == "" for command in COMMANDS.values() if command.same_as)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_the_screen_and_shows_the_syntax(name: str) -> None:
    page, command = PAGES[name], COMMANDS[name]
    lines = page.splitlines()
    assert lines[0].startswith(name) and lines[0].endswith("CP command")
    assert max(map(len, lines)) <= 80
    assert page.isascii()
    for form in command.syntax.splitlines():
        typed = form.split()[0]
        assert f"   {typed}" in page
        if not typed.startswith("#"):
            assert typed.upper() == name
            assert capitals(typed) == command.minimum
    for letter in command.classes:
        assert re.search(rf"Privilege class [A-H or]*\b{letter}\b", page)


def test_the_menu_names_all_commands() -> None:
    menu = PAGES[help.MENU].partition("The commands:")[2]
    listed = {line.split()[0].upper() for line in menu.splitlines() if line.strip()}
    assert listed == {name for name in NAMES if not COMMANDS[name].same_as}


@pytest.mark.parametrize(("page", "table"), [("QUERY", QUERIES), ("SET", SETTINGS)], ids=["QUERY", "SET"])
def test_operands_of_query_and_set(page: str, table: WordTable[object]) -> None:
    words = {word.upper(): word for word in re.findall(r"[A-Za-z]+", PAGES[page])}
    for name, minimum, _ in table:
        if re.fullmatch(r"PF\d+", name):
            continue
        forms = [word for word in re.findall(r"[A-Za-z]+", PAGES[page]) if word.upper() == name]
        assert any(capitals(form) == minimum for form in forms), (name, minimum, words.get(name))


def test_messages_exist() -> None:
    known: set[str] = set()
    for info in pkgutil.walk_packages(cp.__path__, "cpvm.cp."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Message):
                known.add(f"{value.number:03}{value.severity}")
    for name, page in PAGES.items():
        for module, code in re.findall(r"\b(DMK[A-Z]{3})?(\d{3}[EWIS])\b", page):
            if module != "DMKCKP":  # what is shown while CP starts and stops is not in the table of messages
                assert code in known, (name, code)
                assert module in ("", COMMANDS[name].module), (name, module)
