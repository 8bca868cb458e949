"""SIGKILL amid spooling: every acknowledged file is there after the restart, complete; nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic

from .helper import DIRECTORY
from .killspool import campaign

VICTIM = """
import sys
from pathlib import Path
from cpvm.cp.system import System
from cpvm.s370.ebcdic import to_ebcdic

system = System(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    writer = system.spool.open()
    for card in range(number % 40 + 1):
        writer.put(0x41, to_ebcdic(f"{number:06} {card:06}"))
    file = writer.close(queue="RDR", owner="CMSUSER", origin="MAINT", kind="PUN", spool_class="A", copies=1,
                        hold=False, dist="")
    print(file.spoolid, flush=True)
"""


def test_acknowledged_files_survive_sigkill(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    expected: set[int] = set()
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as victim:
            assert victim.stdout is not None
            for _ in range(20 + 7 * round_):
                expected.add(int(victim.stdout.readline()))
            os.kill(victim.pid, signal.SIGKILL)
            expected |= {int(line) for line in victim.stdout.read().split("\n")[:-1]}
    system = System(tmp_path)
    try:
        files = {file.spoolid: file for file in system.spool.files("RDR", "CMSUSER")}
        assert expected <= files.keys()
        assert len(files) <= len(expected) + 3  # one a kill may be complete without its acknowledgement
        for spoolid, file in files.items():
            cards = [from_ebcdic(record.data) for record in system.spool.records(spoolid)]
            assert len(cards) == file.records
            assert [int(card[7:]) for card in cards] == list(range(file.records))
            assert len({card[:6] for card in cards}) == 1
        orphans = system.database.query(
            "SELECT count(*) FROM spool_data WHERE spoolid NOT IN (SELECT spoolid FROM spool_file)"
        )
        assert orphans == [(0,)]
    finally:
        system.shutdown()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    system = System(tmp_path)
    try:
        second = subprocess.run(
            [sys.executable, "-c", VICTIM, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "is running already" in second.stderr
    finally:
        system.shutdown()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="victims are forked")
def test_printing_sending_and_reading_survive_kills(tmp_path: Path) -> None:
    """Two systems, one of which is killed 20 times: `python tests/cp/killspool.py 200` does it for longer."""
    report = campaign(tmp_path, 20, longest=0.02)
    assert report.wrong == []
    assert report.acknowledged
