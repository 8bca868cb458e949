"""Passwords that are checked before there is a terminal, and LOGON of those who have given one."""

from __future__ import annotations

import queue

import pytest

from cpvm.cp import credentials
from cpvm.cp.credentials import Verdict
from cpvm.cp.password import Guard
from cpvm.cp.session import ReadState

from .helper import PATIENCE, Site


def ask(site: Site, name: str, password: str, local: bool = True) -> Verdict:
    """What is said to a password."""
    answer: queue.SimpleQueue[Verdict] = queue.SimpleQueue()
    site.system.post(
        lambda: credentials.check(site.system, name, password, line="S0001", local=local, attempt=1, done=answer.put)
    )
    return answer.get(timeout=PATIENCE)


@pytest.mark.parametrize(
    ("name", "password", "local", "verdict"),
    [
        ("cmsuser", "cmsuser", True, Verdict.RIGHT),
        ("CONVERSATIONAL", "CONVERSATIONAL", True, Verdict.RIGHT),  # an alias, and that as its password
        ("CMSUSER", "CMSUSER", False, Verdict.WELL_KNOWN),
        ("USER01", "secret", False, Verdict.RIGHT),
        ("USER01", "guess", True, Verdict.WRONG),
        ("NOBODY", "NOLOG", True, Verdict.WRONG),
        ("NOSUCH", "", True, Verdict.WRONG),
        ("", "", True, Verdict.WRONG),
        ("A NAME\0OF NOBODY", "x" * 100_000, True, Verdict.WRONG),
    ],
)
def test_what_is_said(site: Site, name: str, password: str, local: bool, verdict: Verdict) -> None:
    assert ask(site, name, password, local) is verdict


def test_wrong_ones_count_with_those_of_logon(site: Site) -> None:
    terminal = site.terminal(local=False)
    for _ in range(2):
        terminal.type("L USER01 WRONG")
    for _ in range(Guard.LIMIT - 2):
        assert ask(site, "USER01", "GUESS", local=False) is Verdict.WRONG
    assert ask(site, "USER01", "SECRET", local=False) is Verdict.CLOSED
    assert terminal.type("L USER01 SECRET")[0].startswith("DMKLOG051E")
    assert ask(site, "USER01", "SECRET") is Verdict.RIGHT  # at this computer
    assert "S0001    PASSWORD INCORRECT FOR USER01" in (site.folder / "operator.log").read_text()


def test_the_right_one_among_many_tried_at_once_does_not_count(site: Site) -> None:
    answers: queue.SimpleQueue[Verdict] = queue.SimpleQueue()

    def all_at_once() -> None:
        for password in (*(f"GUESS{number}" for number in range(Guard.LIMIT + 3)), "SECRET"):
            credentials.check(site.system, "USER01", password, line="S0001", local=False, attempt=1, done=answers.put)

    site.system.post(all_at_once)
    said = [answers.get(timeout=PATIENCE) for _ in range(Guard.LIMIT + 4)]
    assert Verdict.RIGHT not in said and Verdict.CLOSED in said


def test_who_has_proven_it_is_not_asked_again_and_only_once(site: Site) -> None:
    terminal = site.terminal(local=False)
    terminal.session.proven = "CMSUSER"
    assert terminal.type("LOGON USER01") == ["ENTER PASSWORD:"]
    assert terminal.type("GUESS")[0].startswith("DMKLOG050E")
    assert any(line.startswith("LOGON AT") for line in terminal.type("LOGON CMS NOIPL"))
    terminal.type("LOGOFF HOLD")
    assert terminal.reading is ReadState.LOGON
    assert terminal.type("LOGON CMSUSER") == ["ENTER PASSWORD:"]
