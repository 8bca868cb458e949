"""LINESIZE of terminals that say how wide they are."""

from __future__ import annotations

import pytest

from .helper import Site


def shown(site: Site, terminal: object) -> str:
    """LINESIZE as QUERY TERMINAL has it."""
    lines = terminal.type("QUERY TERMINAL")  # type: ignore[attr-defined]
    return next(line for line in lines if "LINESIZE" in line).partition("LINESIZE ")[2][:3]


@pytest.mark.parametrize(("columns", "linesize"), [(40, "130"), (80, "130"), (131, "131"), (255, "255"), (1000, "255")])
def test_lines_are_as_long_as_a_wide_terminal(site: Site, columns: int, linesize: str) -> None:
    terminal = site.terminal()
    terminal.session.resized(columns)
    terminal.type("LOGON CMSUSER CMSUSER")
    assert shown(site, terminal) == linesize


def test_it_follows_the_window_until_the_user_has_set_it(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    assert shown(site, terminal) == "130"
    terminal.session.resized(200)
    assert shown(site, terminal) == "200"
    terminal.session.resized(100)
    assert shown(site, terminal) == "130"
    terminal.type("TERMINAL LINESIZE 90")
    terminal.session.resized(200)
    assert shown(site, terminal) == "090"
    terminal.type("DISCONN")
    again = site.terminal()
    again.session.resized(210)
    again.type("LOGON CMSUSER CMSUSER")
    assert shown(site, again) == "090"
