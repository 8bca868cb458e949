"""Files of the host that somebody has prepared: links, FIFOs, second names; and whose the system's own files are."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from cpvm.cp.private import FILES, FOLDERS, OTHERS, keep_private
from cpvm.cp.realunit.outlet import FolderOutlet, file_name
from cpvm.cp.spoolfile import SpoolFile
from cpvm.cp.system import System

from .helper import DIRECTORY, Site
from .test_network import wait_until
from .test_realunit import print_pages, running, unit

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX")


def others(path: Path) -> int:
    return path.lstat().st_mode & OTHERS


def told(site: Site) -> str:
    return "\n".join(site.system.log.lines)


# What others put into the folder of a reader


def test_links_are_not_read_and_not_followed(tmp_path: Path) -> None:
    reader, elsewhere = tmp_path / "reader", tmp_path / "elsewhere"
    elsewhere.mkdir()
    secret = elsewhere / "secret.txt"
    secret.write_text("ID USER01\nA SECRET\n")
    (elsewhere / "kept.txt").write_text("IT IS NOT CP'S\n")
    with running(tmp_path, "00C 2540R spool folder=reader drained") as (site, operator):
        reader.mkdir(exist_ok=True)
        (reader / "link.txt").symlink_to(secret)
        (reader / "second.txt").hardlink_to(secret)
        (reader / "USER01").symlink_to(elsewhere)
        (reader / "nothing.txt").symlink_to(tmp_path / "nothing")
        os.mkfifo(reader / "fifo.txt")
        (reader / "CMSUSER").mkdir()
        (reader / "CMSUSER" / "passwd").symlink_to("/etc/passwd")
        (reader / "good.txt").write_text("ID USER01\nA DECK\n")
        operator.type("START RDR")
        wait_until(site, lambda: not (reader / "good.txt").exists())
        wait_until(site, lambda: told(site).count("IT IS A LINK") == 4)
        wait_until(site, lambda: "IT HAS ANOTHER NAME, TOO; SECOND.TXT" in told(site))
        assert [file.records for file in site.system.spool.files("RDR")] == [1]
    assert secret.read_text().startswith("ID USER01") and (elsewhere / "kept.txt").exists()
    assert stat.S_ISFIFO((reader / "fifo.txt").lstat().st_mode)
    assert (reader / "rejected" / "link.txt").is_symlink()


def test_what_is_rejected_does_not_go_where_a_link_leads(tmp_path: Path) -> None:
    reader, keys = tmp_path / "reader", tmp_path / "ssh"
    with running(tmp_path, "00C 2540R spool folder=reader drained") as (site, operator):
        reader.mkdir(exist_ok=True)
        keys.mkdir()
        (reader / "rejected").symlink_to(keys)
        (reader / "OPERATOR").write_text("ssh-ed25519 AAAA\n")
        operator.type("START RDR")
        wait_until(site, lambda: "NOT MOVED" in told(site))
        assert not list(keys.iterdir()) and (reader / "OPERATOR").exists()


# What others put into the folder of a printer


def test_a_link_in_the_way_of_a_copy_is_not_written_through(tmp_path: Path) -> None:
    file = SpoolFile(1, "PRT", "USER01", "USER01", "PRT", "A", 1, False, "", "", "", 1, 0.0, "", 1)
    victim, printer = tmp_path / "victim", tmp_path / "printer"
    printer.mkdir()
    victim.write_text("MINE")
    (printer / f".{file_name(file, 1, '.txt')}.part").symlink_to(victim)
    outlet = FolderOutlet(printer, ".txt")
    outlet.begin(file, 1)
    outlet.write(b"PRINTED")
    outlet.finish()
    assert victim.read_text() == "MINE"
    assert [path.read_bytes() for path in printer.iterdir()] == [b"PRINTED"]


def test_a_printer_writes_to_a_device(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool file=/dev/null") as (site, _):
        print_pages(site)
        wait_until(site, lambda: not site.system.spool.files("PRT"))


def test_a_fifo_that_nobody_reads_wants_the_operator_and_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with running(tmp_path, "00F 1403 spool file=fifo") as (site, operator):
        print_pages(site, 3)
        wait_until(site, lambda: unit(site).job is not None and unit(site).job.intervention is not None)  # type: ignore[union-attr]
        read: list[bytes] = []
        reader = threading.Thread(target=lambda: read.append((tmp_path / "fifo").read_bytes()))
        reader.start()
        while site.system.spool.files("PRT"):
            operator.type("START 00F")
        reader.join()
        assert b"PAGE 3 LINE 10" in read[0]


def test_a_fifo_that_is_full_does_not_keep_the_system_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    held = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with running(tmp_path, "00F 1403 spool file=fifo") as (site, _):
            print_pages(site, 700)
            wait_until(site, lambda: unit(site).job is not None)
        assert os.read(held, 100)
    finally:
        os.close(held)


# What the operator mounts


@pytest.mark.timeout(60)
def test_a_fifo_in_the_place_of_a_medium_is_an_error_and_stops_nobody(tmp_path: Path) -> None:
    with running(tmp_path, "181 3420", "190 3350", "00C 2540R fifo", "00B 2540R /dev/zero") as (_, operator):
        (tmp_path / "media").mkdir()
        for path in (tmp_path / "fifo", tmp_path / "media" / "fifo"):
            os.mkfifo(path)
        for line in ("MOUNT 181 fifo", "MOUNT 190 fifo", "ATTACH 00C OPERATOR 01C", "ATTACH 00B OPERATOR 01B"):
            said = operator.type(line)
            assert "NOT A FILE" in "".join(said), said  # a long path divides it
        assert operator.type("QUERY USERID")[-1].startswith("OPERATOR")


# Whose the system's own files are


def test_what_the_system_makes_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        System.create(tmp_path / "s", DIRECTORY)
        site = Site(tmp_path / "s")
        try:
            operator = site.logon("MAINT", "CPCMS")
            operator.type("DEFSYS ONE 0-1 SW")
            operator.type("SAVESYS ONE")
            operator.type("SET LOGMSG HELLO")
            inside = {path: others(path) for path in (tmp_path / "s").iterdir()}
        finally:
            site.system.shutdown()
    finally:
        os.umask(before)
    folder = tmp_path / "s"
    assert {folder / "cp.sqlite", folder / "operator.log", folder / "volumes", folder / "saved"} <= inside.keys()
    assert [path.name for path, rights in inside.items() if rights] == []


def test_a_start_takes_the_rights_of_others_away(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "s", tmp_path / "elsewhere"
    System.create(folder, DIRECTORY)
    elsewhere.write_text("")
    elsewhere.chmod(0o644)
    (folder / "printer").mkdir(mode=0o755)
    (folder / "system.config").write_text("NODE ALPHA\n")
    (folder / "folders").symlink_to(elsewhere)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)
    keep_private(folder)
    found = [path for name in (*FILES, *FOLDERS) for path in folder.glob(name) if not path.is_symlink()]
    assert len(found) >= 3 and not any(others(path) for path in found)
    assert others(folder / "printer") and others(elsewhere)
