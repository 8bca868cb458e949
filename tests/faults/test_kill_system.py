"""A whole system is killed under load; `python tests/faults/kill.py` does the same for longer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from kill import Campaign, Report, rows
from killledger import Ledger


@pytest.mark.timeout(300)
def test_what_was_acknowledged_is_there_after_kills(tmp_path: Path, built_system: Path) -> None:
    report = Report()
    one = Campaign(tmp_path, 1, report, built_system)
    for number, moment in enumerate(("load", "start", "load", "shutdown", "rebuild"), 1):
        one.turn(number, moment)
    one.end()
    assert report.ledger.wrong == []
    assert report.kills["load"] == 2 and sum(report.kills.values()) + report.ended == 5 and report.starts >= 5
    assert sum(report.ledger.acknowledged.values()) > 2, rows(report)


@pytest.mark.parametrize(
    ("found", "wrong"),
    [({"a": "1", "b": "2"}, 0), ({"a": "2", "c": "2"}, 0), ({"a": "2"}, 1), ({"a": "2", "b": "2"}, 1), ({}, 1)],
)
def test_the_ledger_knows_what_may_be(found: dict[str, str], wrong: int) -> None:
    """An acknowledged change is there; one under way is all there or not at all."""
    ledger = Ledger()
    for name, after in (("one", {"a": "1"}), ("one", {"b": "2"})):
        ledger.begin(name, after)
        ledger.done(name, "changes")
    ledger.begin("one", {"a": "2", "b": None, "c": "2"})
    ledger.settle(found, "now")
    assert len(ledger.wrong) == wrong


def test_the_ledger_knows_what_must_be() -> None:
    ledger = Ledger()
    ledger.begin("one", {"a": "1"})
    ledger.done("one", "changes")
    ledger.settle({}, "now")
    assert ledger.wrong == ["now: a is None, not 1"]
    ledger.settle({"b": "1"}, "then")
    assert ledger.wrong[1:] == ["then: b is 1, not None"]
