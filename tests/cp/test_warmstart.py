"""Warm, checkpoint, force and cold starts, with and without a failure before."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.system import System
from cpvm.cp.warmstart import Start

from .helper import DIRECTORY


def site_with_files(folder: Path) -> None:
    """Three files of CMSUSER's; the second one is not whole. CP has ended in good order."""
    System.create(folder, DIRECTORY)
    system = System(folder)
    for number in range(3):
        writer = system.spool.open()
        writer.put(0x41, bytes(80))
        writer.close(
            queue=("RDR", "PRT", "PUN")[number],
            owner="CMSUSER",
            origin="CMSUSER",
            kind="PUN",
            spool_class="A",
            copies=1,
            hold=False,
            dist="",
        )
    system.spool.set_queue_hold("CMSUSER", "PRT", on=True)
    system.start()
    system.shutdown()
    damaged = System(folder)
    with damaged.database.transaction() as db:
        db.execute("UPDATE spool_data SET data = X'00' WHERE spoolid = 2")
    damaged.shutdown()


def started(folder: Path, how: Start, *, crash: bool = False) -> tuple[dict[int, bool], list[str]]:
    """Files and whether they are held, after a start; and what the operator was told."""
    system = System(folder)
    system.start(how)
    files = {file.spoolid: file.held for queue in ("RDR", "PRT", "PUN") for file in system.spool.files(queue)}
    if crash:  # the note of an orderly end is missing then
        system._spooling_began = False
    told = [line[9:] for line in system.log.lines]
    system.shutdown()
    return files, told


@pytest.mark.parametrize(
    ("how", "files", "message"),
    [
        (Start.WARM, {1: False, 2: False, 3: False}, ""),
        (Start.CKPT, {1: False, 2: True, 3: False}, "DMKCKS916E ERROR ALLOCATING SPOOL FILE BUFFERS; FILE 0002"),
        (Start.FORCE, {1: False, 3: False}, "DMKCKS917E ERROR ALLOCATING SPOOL FILE BUFFERS; FILE 0002"),
        (Start.COLD, {}, ""),
    ],
)
def test_starts(tmp_path: Path, how: Start, files: dict[int, bool], message: str) -> None:
    site_with_files(tmp_path)
    found, told = started(tmp_path, how)
    assert found == files
    assert any(line.startswith(message) for line in told) if message else not any("DMKCKS" in line for line in told)
    assert started(tmp_path, Start.WARM)[0] == files  # it stays so


def test_a_warm_start_after_a_failure_is_a_checkpoint_start(tmp_path: Path) -> None:
    site_with_files(tmp_path)
    assert started(tmp_path, Start.WARM, crash=True)[0] == {1: False, 2: False, 3: False}
    found, told = started(tmp_path, Start.WARM)
    assert "DMKWRM920I NO WARM START DATA; CKPT START FOR RETRY" in told
    assert found == {1: False, 2: True, 3: False}
    assert "DMKWRM920I NO WARM START DATA; CKPT START FOR RETRY" not in started(tmp_path, Start.WARM)[1]


def test_a_cold_start_forgets_holds_and_counts_from_one(tmp_path: Path) -> None:
    site_with_files(tmp_path)
    system = System(tmp_path)
    system.start(Start.COLD)
    assert system.spool.queue_holds() == []
    assert system.spool.open().spoolid == 1
    system.shutdown()


def test_a_spool_of_the_first_versions_gets_its_new_columns(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    system = System(tmp_path)
    with system.database.transaction() as db:
        db.execute("DROP INDEX spool_payer")
        for column in ("system_hold", "keep", "form", "payer", "bytes"):
            db.execute(f"ALTER TABLE spool_file DROP COLUMN {column}")
        db.execute(
            "INSERT INTO spool_file VALUES (7,'RDR','CMSUSER','MAINT','PUN','A',1,0,'','FN','FT',0,1000.0,'TAG',1)"
        )
    system.shutdown()
    system = System(tmp_path)
    file = system.spool.file(7)
    system.shutdown()
    assert file is not None
    assert (file.tag, file.form, file.keep, file.system_hold) == ("TAG", "STANDARD", False, False)
    assert (file.payer, file.bytes) == ("MAINT", 0)


def test_the_operator_is_told_of_saved_data_when_they_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the message and what it says would make the message a lie."""
    System.create(tmp_path, DIRECTORY)
    system = System(tmp_path)
    system.start()
    said: dict[str, str] = {}
    write = system.log.write

    def look(text: str) -> None:
        said[text.split(maxsplit=1)[0]] = system.spool.state("warm start")
        write(text)

    monkeypatch.setattr(system.log, "write", look)
    system.shutdown()
    assert (said["DMKCKP960I"], said["DMKCKP961W"]) == ("SAVED", "SAVED")
