"""The system's own printers, punches and readers, and the operator's commands for them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpvm.cp.realunit.unit import OutputUnit
from cpvm.cp.system import System
from cpvm.cp.vspool import Output
from cpvm.s370.ebcdic import to_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site

LINES_A_PAGE = 10


@contextmanager
def running(folder: Path, *devices: str) -> Iterator[tuple[Site, FakeTerminal]]:
    """A system with these devices, and its operator."""
    System.create(folder, DIRECTORY)
    (folder / "devices").write_text("\n".join(devices) + "\n", encoding="utf-8")
    site = Site(folder)
    try:
        yield site, site.logon("OPERATOR")
    finally:
        site.system.shutdown()


def ask(operator: FakeTerminal, line: str) -> list[str]:
    """The response to a command, without what CP tells the operator meanwhile."""
    return [text for text in operator.type(line) if not re.match(r"\d\d:\d\d:\d\d |PRT FILE ", text)]


def print_pages(site: Site, pages: int = 1, **close: object) -> int:
    """A printer file of OPERATOR's with so many pages of ten lines; returns its spoolid."""
    printer = site.system.users["OPERATOR"].devices[0x00E]
    assert isinstance(printer, Output)
    number: list[int] = []

    def write() -> None:
        for page in range(1, pages + 1):
            printer.line(0x8B, b"")
            for line in range(1, LINES_A_PAGE + 1):
                printer.line(0x09, to_ebcdic(f"PAGE {page} LINE {line}"))
        file = printer.close(**close)  # type: ignore[arg-type]
        assert file is not None
        number.append(file.spoolid)

    site.on_cp(write)
    return number[0]


def unit(site: Site, raddr: int = 0x00F) -> OutputUnit:
    found = site.system.units.at(raddr)
    assert isinstance(found, OutputUnit)
    return found


def pages_of(text: str) -> list[str]:
    return [page for page in text.split("\f") if page.strip()]


def test_a_file_is_printed_into_a_folder_behind_its_separator_and_leaves_the_spool(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool folder=printer class=AT") as (site, operator):
        operator.type("SPOOL PRT DIST ROOM12")
        print_pages(site, 2, name="SUM", filetype="LISTING")
        operator.until_line("OUTPUT OF OPERATOR FILE = 0001 RECDS = 000022 COPY = 01 A PRT")
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        (path,) = (tmp_path / "printer").iterdir()
        assert path.name.endswith("-OPERATOR-0001-SUM-LISTING.txt")
        pages = pages_of(path.read_text())
        assert len(pages) == 4
        assert pages[0].replace(pages[0].split("PRINTED")[1], "") == pages[1].replace(pages[1].split("PRINTED")[1], "")
        assert "OO      OO" in pages[0] and "DIST     ROOM12" in pages[0] and "NAME     SUM LISTING" in pages[0]
        assert pages[2].split("\n")[:LINES_A_PAGE] == [f"PAGE 1 LINE {line}" for line in range(1, 11)]
        assert pages[3].split("\n")[0] == "PAGE 2 LINE 1"


def wait_until(site: Site, condition: Callable[[], bool]) -> None:
    """Turn after turn of CP's thread until CONDITION is true there."""
    done = False

    def look() -> None:
        nonlocal done
        done = condition()

    for _ in range(100_000):
        site.on_cp(look)
        if done:
            return
    raise AssertionError("it does not come about")


def test_classes_holds_drain_and_start(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool file=paper.txt class=AB nosep drained") as (site, operator):
        assert ask(operator, "QUERY UR") == ["PRT 00F DRAINED  SYSTEM CLASS A B NOSEP"]
        ask(operator, "SPOOL PRT CLASS X")
        print_pages(site)
        ask(operator, "SPOOL PRT CLASS A HOLD")
        print_pages(site)
        ask(operator, "SPOOL PRT CLASS B NOHOLD")
        print_pages(site)
        assert ask(operator, "START 00F") == ["PRT 00F STARTED  SYSTEM CLASS A B NOSEP"]
        wait_until(site, lambda: len(site.system.spool.files("PRT")) == 2)
        assert ask(operator, "HOLD ALL PRINTER") == ["PRT ALL HELD"]
        assert ask(operator, "HOLD ALL PRINTER") == ["DMKCSO206E FILES OF ALL PRT ALREADY HELD"]
        ask(operator, "CHANGE PRINTER 2 NOHOLD")
        assert ask(operator, "QUERY HOLD") == ["PRT ALL HELD"]
        assert ask(operator, "FREE ALL PRT") == ["PRT ALL FREED"]
        wait_until(site, lambda: len(site.system.spool.files("PRT")) == 1)
        assert ask(operator, "START 00F CLASS X SEP FORM WIDE") == ["PRT 00F STARTED  SYSTEM CLASS X SEP FORM WIDE"]
        assert ask(operator, "CHANGE PRINTER ALL FORM WIDE") == ["0001 FILE CHANGED"]
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        assert ask(operator, "DRAIN ALL")[-1] == "PRT 00F DRAINED  SYSTEM CLASS X SEP FORM WIDE"
        text = (tmp_path / "paper.txt").read_text()
        assert text.count("PAGE 1 LINE 1\n") == 3


def test_wrong_operands(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool folder=printer", "00C 2540R spool folder=reader") as (_, operator):
        for line, answer in (
            ("START", "DMKCSO026E OPERAND MISSING OR INVALID"),
            ("START XYZ", "DMKCSO021E RADDR MISSING OR INVALID"),
            ("START 0FF", "DMKCSO040E DEVICE 0FF DOES NOT EXIST"),
            ("START 150", "DMKCSO006E INVALID DEVICE TYPE - 150"),
            ("START 00F CLASS", "DMKCSO028E CLASS MISSING OR INVALID"),
            ("START 00F FROB", "DMKCSO003E INVALID OPTION - FROB"),
            ("FLUSH 00F", "DMKCSO141E PRT 00F NOT ACTIVE"),
            ("FLUSH 00C", "DMKCSO006E INVALID DEVICE TYPE - 00C"),
            ("BACKSPAC 00F", "DMKCSO141E PRT 00F NOT ACTIVE"),
            ("BACKSPAC 00F FROB", "DMKCSO002E INVALID OPERAND - FROB"),
            ("REPEAT 00F 100", "DMKCSO002E INVALID OPERAND - 100"),
            ("SPACE 00F", "DMKCSO141E PRT 00F NOT ACTIVE"),
            ("HOLD NOSUCH", "DMKCSO053E NOSUCH NOT IN CP DIRECTORY"),
            ("FREE CMSUSER", "DMKCSO207E FILES OF CMSUSER PRT PUN NOT HELD"),
            ("LOADBUF 00F FCB NONE", "DMKCSB044E NONE DOES NOT EXIST"),
            ("LOADBUF 00F FCB FCB8", "PRT 00F FCB FCB8 LOADED"),
            ("QUERY HOLD", "NO HOLDS"),
        ):
            assert ask(operator, line) == [answer]


def test_the_operator_at_a_printer_that_waits(tmp_path: Path) -> None:
    """Intervention required, BACKSPAC, REPEAT, SPACE, FLUSH HOLD at a device whose folder cannot be written."""
    (tmp_path / "way").mkdir()
    (tmp_path / "way" / "blocked").write_text("a file, no folder")
    with running(tmp_path / "sys", f"00F 1403 spool folder={tmp_path}/way/blocked nosep") as (site, operator):
        print_pages(site, 3)
        operator.until_line("DMKRSE501A PRT 00F INT REQ; blocked: File exists")
        assert ask(operator, "DRAIN 00F")[:2] == [
            "PRT 00F DRAINING SYSTEM CLASS A NOSEP",
            "PRT 00F OUTPUT OF OPERATOR FILE = 0001 RECDS = 000033 COPY = 01 A PRT",
        ]
        assert ask(operator, "PURGE PRINTER 1") == ["NO FILES PURGED"]
        assert ask(operator, "REPEAT 00F 2") == ["PRT 00F REPEATED OPERATOR FILE = 0001 RECDS = 000033 COPY = 03 A PRT"]
        assert ask(operator, "START 00F") == ["PRT 00F STARTED  SYSTEM CLASS A NOSEP"]
        wait_until(site, lambda: bool(unit(site).job and unit(site).job.intervention))  # type: ignore[union-attr]
        assert ask(operator, "FLUSH 00F HOLD")[-1] == (
            "PRT 00F FILE HELD OPERATOR FILE = 0001 RECDS = 000033 COPY = 03 A PRT"
        )
        wait_until(site, lambda: site.system.spool.files("PRT")[0].system_hold)
        (tmp_path / "way" / "blocked").unlink()
        assert ask(operator, "CHANGE PRINTER 1 NOHOLD") == ["0001 FILE CHANGED"]
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        assert len(list((tmp_path / "way" / "blocked").iterdir())) == 3


@pytest.mark.parametrize("place", ["folder=paper", "file=paper.txt"])
def test_a_printer_leaves_room_on_the_disk_of_the_host(tmp_path: Path, place: str) -> None:
    with running(tmp_path, f"00F 1403 spool {place} nosep drained") as (site, operator):
        print_pages(site, 3)
        ask(operator, "SET LIMIT SYSTEM RESERVE 1000000G")
        ask(operator, "START 00F")
        operator.until_line("No space left on device")
        assert len(site.system.spool.files("PRT")) == 1
        ask(operator, "SET LIMIT SYSTEM RESERVE INITIAL")
        ask(operator, "START 00F")
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        printed = tmp_path / place.partition("=")[2]
        files = [printed] if printed.is_file() else list(printed.iterdir())
        assert sum(file.read_text().count("LINE 1\n") for file in files) == 3


def test_going_back_by_pages(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool file=paper.txt nosep rate=600") as (site, operator):
        print_pages(site, 3)
        operator.until_line("OUTPUT OF")
        # The job stands between two records: 600 lines a minute are ten a second, and orders come at once.
        job = unit(site).job
        assert job is not None
        wait_until(
            site, lambda: "PAGE 1 LINE 2" in (tmp_path / "paper.txt").read_text() if written(tmp_path) else False
        )
        assert ask(operator, "BACKSPAC 00F EOF")[0].startswith("PRT 00F BACKSPACE OPERATOR FILE = 0001")
        wait_until(site, lambda: job.taken)
        assert ask(operator, "BACKSPAC 00F 1 EOF")[0].startswith("PRT 00F BACKSPACE")
        wait_until(site, lambda: job.taken)
        assert ask(operator, "SPACE 00F") == ["PRT 00F SPACED"]
        site.on_cp(job.hurry)
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        text = (tmp_path / "paper.txt").read_text()
        assert text.startswith("PAGE 1 LINE 1\n")
        assert text.endswith("".join(f"PAGE 3 LINE {line}\n" for line in range(1, 11)) + "\f")
        assert "PAGE 1 LINE 10" not in text
        assert text.count("PAGE 2 LINE 1\n") == 1


def written(folder: Path) -> str:
    path = folder / "paper.txt"
    return path.read_text() if path.exists() else ""


def test_a_command_gets_the_listing_and_its_failure_keeps_the_file(tmp_path: Path) -> None:
    script = tmp_path / "printer.py"
    script.write_text(
        "import os, sys, pathlib\n"
        "data = sys.stdin.read()\n"
        "if not pathlib.Path('on').exists(): sys.exit('printer is off')\n"
        "pathlib.Path('got').write_text(os.environ['CPVM_USER'] + ' ' + os.environ['CPVM_NAME'] + '\\n' + data)\n"
    )
    with running(tmp_path / "sys", f'00F 1403 spool "command={sys.executable} {script}" nosep') as (site, operator):
        print_pages(site, name="MY", filetype="FILE")
        assert operator.until_line("INT REQ")[-1].endswith("DMKRSE501A PRT 00F INT REQ; printer is off")
        assert len(site.system.spool.files("PRT")) == 1
        (tmp_path / "sys" / "on").touch()
        operator.type("START 00F")
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        lines = (tmp_path / "sys" / "got").read_text().splitlines()
        assert lines[:2] == ["OPERATOR MY FILE", "PAGE 1 LINE 1"]


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool command=/no/such/command") as (site, operator):
        print_pages(site)
        assert "INT REQ; /no/such/command: No such file" in operator.until_line("INT REQ")[-1]
        assert operator.type("FLUSH 00F ALL")[0].startswith("PRT 00F FLUSHED OPERATOR FILE = 0001")
        wait_until(site, lambda: not site.system.spool.files("PRT"))


def test_a_command_that_hangs_is_ended_by_flush(tmp_path: Path) -> None:
    with running(tmp_path, '00F 1403 spool "command=sleep 1000" shell') as (site, operator):
        print_pages(site)
        operator.until_line("OUTPUT OF")
        operator.type("FLUSH 00F")
        wait_until(site, lambda: unit(site).job is None)
        assert not site.system.spool.files("PRT")


def test_pages_of_a_pdf_file(tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    with running(tmp_path, "00F 1403 spool folder=pages greenbar") as (site, _):
        print_pages(site, 2)
        wait_until(site, lambda: not site.system.spool.files("PRT"))
        (path,) = (tmp_path / "pages").iterdir()
        data = path.read_bytes()
        assert data.startswith(b"%PDF") and data.count(b"/Type /Page\n") == 4


def test_a_punch_makes_decks(tmp_path: Path) -> None:
    with running(tmp_path, "00B 2540P spool folder=punch ascii") as (site, operator):
        punch = site.system.users["OPERATOR"].devices[0x00D]
        assert isinstance(punch, Output)
        operator.type("SPOOL PUN COPY 2")
        site.on_cp(lambda: [punch.card(to_ebcdic(f"{card:<80}")) for card in ("ONE", "TWO")])
        operator.type("CLOSE PUN NAME MY DECK")
        wait_until(site, lambda: not site.system.spool.files("PUN"))
        second, first = sorted((tmp_path / "punch").iterdir())
        lines = first.read_text().splitlines()
        assert lines[0].startswith("OPERATOR SYSTEM   FILE 0001 MY DECK") and lines[4:] == ["ONE", "TWO"]
        assert second.read_text().splitlines() == ["ONE", "TWO"]


def test_shutdown_in_the_middle_leaves_the_file_for_the_next_start(tmp_path: Path) -> None:
    with running(tmp_path, "00F 1403 spool folder=printer nosep rate=60") as (site, operator):
        print_pages(site, 3)
        operator.until_line("OUTPUT OF")
        site.restart()
        assert len(site.system.spool.files("PRT")) == 1
        assert [path for path in (tmp_path / "printer").iterdir() if not path.name.startswith(".")] == []
        terminal = site.logon("OPERATOR")
        assert terminal.type("QUERY 00F")[1].startswith("PRT 00F OUTPUT OF OPERATOR FILE = 0001")


def test_lines_of_devices_that_are_wrong_are_told(tmp_path: Path) -> None:
    wrong = (
        "00F 1403 spool",
        "010 1403 spool folder=x file=y",
        "011 3420 spool folder=x",
        "012 1403 spool file=x pdf",
        "013 1403 spool folder=x class=-",
        "014 2540R spool",
        "015 1403 spool folder=x shell",
        "016 1403 spool folder=x frob",
    )
    with running(tmp_path, *wrong) as (site, _):
        told = [line for line in site.system.log.lines if "DMKCPI955E DEVICES LINE" in line.upper()]
        assert len(told) == len(wrong), told


def test_the_reader_takes_files_of_its_folder(tmp_path: Path) -> None:
    reader = tmp_path / "reader"
    with running(tmp_path, "00C 2540R spool folder=reader drained") as (site, operator):
        user = site.logon("USER01", "SECRET")
        (reader / "cmsuser").mkdir(parents=True)
        (reader / "job.txt").write_text("ID USER01 CLASS B NAME MY JOB\nFIRST\nSECOND\n")
        (reader / "cmsuser" / "profile.exec").write_text("&EXIT\n")
        (reader / "nobody.txt").write_text("ID NOSUCH\nX\n")
        (reader / "anonymous.txt").write_text("NO CARD\n")
        (reader / ".hidden").write_text("ID USER01\n")
        operator.type("START RDR")
        wait_until(site, lambda: len(site.system.spool.files("RDR")) == 2)
        wait_until(site, (reader / "rejected" / "nobody.txt").exists)
        wait_until(site, (reader / "rejected" / "anonymous.txt").exists)
        files = {file.owner: file for file in site.system.spool.files("RDR")}
        assert (files["USER01"].name, files["USER01"].type, files["USER01"].spool_class) == ("MY", "JOB", "B")
        assert (files["CMSUSER"].name, files["CMSUSER"].type, files["CMSUSER"].records) == ("PROFILE", "EXEC", 1)
        wait_until(site, lambda: not (reader / "job.txt").exists())
        told = "\n".join(site.system.log.lines)
        assert "RDR 00C INPUT FOR USER01   FILE = " in told
        assert "DMKRSP431I RDR 00C NOSUCH NOT IN CP DIRECTORY; NOBODY.TXT" in told
        assert "DMKRSP431I RDR 00C ID CARD MISSING; ANONYMOUS.TXT" in told
        shown = user.type("QUERY RDR ALL")
        assert re.match(r"RDR FILE 000\d FROM USER01   COPY 01 NOHOLD", shown[0])
        assert shown[-1].startswith("USER01   ")


def test_a_drained_printer_is_varied_offline_and_comes_back_drained(tmp_path: Path) -> None:
    with running(tmp_path / "sys", "00F 1403 spool folder=out") as (site, operator):
        assert ask(operator, "VARY OFFLINE 00F") == ["DMKCPS123E PRT 00F CP OWNED"]
        ask(operator, "DRAIN 00F")
        assert ask(operator, "VARY OFFLINE 00F") == ["PRT 00F VARIED OFFLINE"]
        assert ask(operator, "QUERY 00F") == ["PRT  00F OFFLINE"]
        assert ask(operator, "START 00F") == ["DMKCSO046E PRT 00F OFFLINE"]
        spoolid = print_pages(site)
        assert ask(operator, "VARY ONLINE 00F") == ["PRT 00F VARIED ONLINE"]
        assert unit(site).drained
        assert site.system.spool.file(spoolid) is not None
        assert ask(operator, "START ALL") == ["PRT 00F STARTED  SYSTEM CLASS A SEP"]
