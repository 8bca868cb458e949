"""The page about the local terminal tells the keys and limits that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cms.accessed import MOST_FILES
from cpvm.cli import parser
from cpvm.terminal import completion, local, tn3270client, window, windowline
from cpvm.terminal.vt import keys, panel
from cpvm.terminal.vt.keymap import BINDINGS

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "local-terminal.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "row",
    [
        f"| keys and pastes typed ahead of the program | {panel.MAX_AHEAD} |",
        f"| characters of one paste; of one control sequence | {keys.MAX_PASTE}; {keys.MAX_SEQUENCE} |",
        f"| lines kept while the window is a 3270 | {local.MOST_WITHHELD}, the last ones |",
        f"to and from a window | {window.MAX_RECORD}; from other hosts {tn3270client.MAX_RECORD} |",
        f"| names of files for the Tab key | {MOST_FILES}; they may take {completion.PATIENCE} seconds to come |",
        f"| time between two questions for them from elsewhere | {windowline.NAMES_SECONDS} seconds |",
    ],
)
def test_limits(row: str) -> None:
    assert row in PAGE


def test_keys() -> None:
    told = PAGE.partition("## The 3270")[2]
    for binding in BINDINGS:
        for key in re.split(r", | \.\.\. |\.\.\.", binding.shown):
            assert not key or key in told or key in ("2", "3", "F12", "-Right", "Alt-F1"), key


def test_options() -> None:
    for line in re.findall(r"^cpvm (?:connect|start) .*$", PAGE, re.MULTILINE):
        words = re.split(r"\s{2,}", line.removeprefix("cpvm "))[0].split()
        words = [word.replace("HOST:PORT", "host:1").replace("HOST:992", "host:992") for word in words]
        parser(words[0]).parse_args(words)
