"""What the page about machines that work together tells to type does what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .helper import FakeTerminal, Site

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "machines-together.md"
BLOCKS = re.findall(r"^```session\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PASSWORDS = {"MAINT": "CPCMS", "USER01": "SECRET"}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block(site: Site, block: str) -> None:
    typed = re.findall(r"^(\w+|-)> (.*)\n((?:(?!\w+> |-> ).+\n)*)", block, re.MULTILINE)
    users = {name for name, _, _ in typed if name != "-"}
    terminals: dict[str, FakeTerminal] = {name: site.logon(name, PASSWORDS.get(name)) for name in sorted(users)}
    if "-" in {name for name, _, _ in typed}:
        terminals["-"] = site.terminal()
    for name, line, shown in typed:
        terminal = terminals[name]
        terminal.session.line(line)
        if shown:
            last = shown.splitlines()[-1]
            assert terminal.until_line(last)[-len(shown.splitlines()) :] == shown.splitlines()
        site.on_cp(lambda: None)
    assert typed
