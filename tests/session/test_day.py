"""A very short day: a few users at terminals, two restarts; and whether the bench would notice what is wrong."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import day
from bench.dayuse import answers, ledger, memory, printed

SSH = importlib.util.find_spec("asyncssh") is not None


def test_a_short_day(built_system: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built_system, tmp_path / "system"))
    users = 6
    result = asyncio.run(day.Day(folder, users, 5.0, 0.2, seed=4, ssh=SSH).run())
    assert not result.errors, "\n".join(result.errors)
    assert [what for what, _ in result.restarts] == ["start", "warm start after SHUTDOWN", "warm start after a kill"]
    assert result.sessions > users and result.lost and result.answers > result.sessions
    assert result.processor > 0 and any(sample.pss for sample in result.samples)
    rows = day.answers(result)
    assert rows[0][0] == "all" and {"LOGON", "IPL CMS"} <= {row[0] for row in rows}
    assert ("errors", "0") in day.summary(result, users, 5.0)


def test_answers_are_compared() -> None:
    assert answers.fits(["A ~ B", "*", "Ready; T=~ ~"], ["A 1 B", "more", "Ready; T=0.01/0.02 10:00:00"])
    assert not answers.fits(["A ~ B", "Ready; T=~ ~"], ["A 1 2 B", "Ready; T=0.01/0.02 10:00:00"])
    assert not answers.fits(["ONE", "Ready; T=~ ~"], ["Ready; T=0.01/0.02 10:00:00"])
    assert not answers.fits([answers.READY], ["Ready(00028); T=0.01/0.02 10:00:00"])
    assert answers.fits(["ON... || OFF..."], ["OFF NOW"])
    assert answers.complete(["X", answers.READY], ["Ready(00028); T=0.01/0.02 10:00:00"])
    assert not answers.complete(["X", answers.READY], ["X"])


def test_a_file_that_is_lost_or_half_done_is_noticed() -> None:
    disk = ledger.Disk()
    disk.begin("A DATA", ("OLD",))
    disk.done("A DATA", ("OLD",))
    disk.begin("A DATA", ("NEW", "LINES"))
    disk.found("A DATA", ("NEW", "LINES"))  # it was asked for, though not acknowledged
    for content in (None, ("NEW",), ("OLD",)):
        with pytest.raises(ledger.Broken, match="A DATA is"):
            disk.found("A DATA", content)
        disk.done("A DATA", ("NEW", "LINES"))


def test_a_letter_that_is_lost_twice_there_or_from_nobody_is_noticed() -> None:
    post = ledger.Post()
    letter = ledger.Letter("M1 MAIL", "U1", ("TEXT",))
    post.begin("U2", letter)
    post.in_reader("U2", set(), [])
    post.in_reader("U2", set(), ["M1 MAIL"])
    post.done("U2", letter)
    for found in ([], ["M1 MAIL", "M1 MAIL"], ["M1 MAIL", "M2 MAIL"]):
        with pytest.raises(ledger.Broken, match="U2's reader holds"):
            post.in_reader("U2", {"M1 MAIL"}, found)
    post.half_read("U2", ["M1 MAIL"])
    post.in_reader("U2", set(), [])
    with pytest.raises(ledger.Broken, match="nobody sent"):
        post.reading("U2", "M2 MAIL")


def test_paper_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "PATIENCE", 0.0)
    wanted = {"L1 DATA": ("ONE", "TWO"), "L2 DATA": ("ONE",), "L3 DATA": ("ONE", "TWO")}
    (tmp_path / "20261123-1-U1-0001-L1-DATA.txt").write_text("\fFILE L1\n\n ONE\n TWO\n")
    (tmp_path / "20261123-1-U1-0003-L3-DATA.txt").write_text("\fFILE L3\n\n ONE\n")
    assert dict(printed.unprinted(tmp_path, wanted)).keys() == {"L2 DATA", "L3 DATA"}


def test_memory_that_grows_is_noticed() -> None:
    flat = [memory.Sample(float(at), 0, 1000 + at % 3, 1) for at in range(100)]
    grows = [memory.Sample(float(at), 0, 1000 + at, 1) for at in range(100)]
    assert memory.flatness(flat, 0.0).kept and not memory.flatness(grows, 0.0).kept
