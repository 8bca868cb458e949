"""Passwords that are checked before there is a terminal, and LOGON of those who have given one."""

from __future__ import annotations

import queue

import pytest

from cpvm.cp import signon
from cpvm.cp.guard import Guard
from cpvm.cp.message import CPError
from cpvm.cp.session import ReadState

from .helper import PATIENCE, Site


def ask(site: Site, name: str, password: str, local: bool = True) -> str:
    """The userid, or what is said to a password."""
    answer: queue.SimpleQueue[str] = queue.SimpleQueue()
    site.system.post(lambda: look(site, name, password, local, answer))
    return answer.get(timeout=PATIENCE)


def look(site: Site, name: str, password: str, local: bool, answer: queue.SimpleQueue[str]) -> None:
    def done(userid: str, error: CPError | None) -> None:
        answer.put(f"DMKLOG{error.number:03}{error.severity}" if error is not None else userid)

    signon.sign_on(
        site.system,
        name,
        password,
        place=signon.Place("S0001", "" if local else "10.0.0.9", local),
        done=done,
        attempt=2,
    )


@pytest.mark.parametrize(
    ("name", "password", "local", "verdict"),
    [
        ("cmsuser", "cmsuser", True, "CMSUSER"),
        ("CONVERSATIONAL", "CONVERSATIONAL", True, "CMSUSER"),  # an alias, and that as its password
        ("CMSUSER", "CMSUSER", False, "DMKLOG056E"),
        ("USER01", "secret", False, "USER01"),
        ("USER01", "guess", True, "DMKLOG050E"),
        ("NOBODY", "NOLOG", True, "DMKLOG055E"),
        ("NOSUCH", "", True, "DMKLOG053E"),
        ("", "", True, "DMKLOG007E"),
        ("A NAME\0OF NOBODY", "x" * 100_000, True, "DMKLOG007E"),
    ],
)
def test_what_is_said(site: Site, name: str, password: str, local: bool, verdict: str) -> None:
    assert ask(site, name, password, local) == verdict


def test_wrong_ones_count_with_those_of_logon(site: Site) -> None:
    terminal = site.terminal(local=False)
    for _ in range(2):
        terminal.type("L USER01 WRONG")
    for _ in range(Guard.LIMIT - 2):
        assert ask(site, "USER01", "GUESS", local=False) == "DMKLOG050E"
    assert ask(site, "USER01", "SECRET", local=False) == "DMKLOG051E"
    assert terminal.type("L USER01 SECRET")[0].startswith("DMKLOG051E")
    assert "S0001    PASSWORD INCORRECT FOR USER01   ATTEMPT 2" in (site.folder / "operator.log").read_text()


def test_the_right_one_among_many_tried_at_once_does_not_count(site: Site) -> None:
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def all_at_once() -> None:
        for password in (*(f"GUESS{number}" for number in range(Guard.LIMIT + 3)), "SECRET"):
            look(site, "USER01", password, False, answers)

    site.system.post(all_at_once)
    said = [answers.get(timeout=PATIENCE) for _ in range(Guard.LIMIT + 4)]
    assert "USER01" not in said and "DMKLOG051E" in said


def test_who_has_proven_it_is_not_asked_again_and_only_once(site: Site) -> None:
    terminal = site.terminal(local=False)
    terminal.session.proven = "CMSUSER"
    assert terminal.type("LOGON USER01") == ["ENTER PASSWORD:"]
    assert terminal.type("GUESS")[0].startswith("DMKLOG050E")
    assert any(line.startswith("LOGON AT") for line in terminal.type("LOGON CMS NOIPL"))
    terminal.type("LOGOFF HOLD")
    assert terminal.reading is ReadState.LOGON
    assert terminal.type("LOGON CMSUSER") == ["ENTER PASSWORD:"]
