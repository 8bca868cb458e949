"""EDIT: what must not be lost, and CHANGE against a model."""

from __future__ import annotations

import random
import re
from functools import cache

import pytest
from bare_cms import BareCMS, Tracks
from cdf_reader import read_disk

from cms.build import empty_disk
from cms.cmsdisk import CMSDisk, CMSDiskError
from cpvm.machine import Machine
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

FULL = [
    "DMSEDI107S Disk 'A' is full.",
    "Set new file mode, or enter CMS SUBSET and clear some space",
]


def start(files: dict[tuple[str, str], str] | None = None, storage: int = 1 << 20) -> BareCMS:
    cms = BareCMS(files=files, storage=storage)
    cms.ipl()
    return cms


def ready(output: list[str]) -> list[str]:
    return [line.split(" T=")[0] for line in output]


@cache
def nearly_full_tracks(old: str) -> list[tuple[int, int, bytes]]:
    """An A-disk with OLD DATA, FILL DATA and next to no free blocks."""

    def filled(lines: int) -> list[tuple[int, int, bytes]]:
        return list(
            empty_disk(5, "CMS191", {("OLD", "DATA"): old, ("FILL", "DATA"): ("X" * 254 + "\n") * lines}).tracks()
        )

    fits, full = 8000, 9000
    best = filled(fits)
    while full - fits > 4:
        middle = (fits + full) // 2
        try:
            best, fits = filled(middle), middle
        except CMSDiskError:
            full = middle
    return best


@pytest.mark.once
def test_a_full_disk_loses_nothing() -> None:
    cms = BareCMS(a_disk=False)
    cms.machine.attach(0x191, Dasd("3350", Tracks(nearly_full_tracks("THE OLD FILE\n")), cylinders=5))
    cms.ipl()
    cms.type("EDIT OLD DATA", "BOTTOM", "INPUT")
    lines = [f"LINE {number:04} {'Y' * 60}" for number in range(100)]
    cms.type(*lines)
    assert cms.type("", "SAVE") == ["EDIT:", *FULL]
    assert cms.type("FILE") == FULL
    assert "THE OLD FILE" in "".join(cms.type("CMS", "TYPE OLD DATA"))
    assert ready(cms.type("ERASE FILL DATA", "RETURN", "FILE")) == ["Ready;", "EDIT:", "Ready;"]
    assert cms.type("EDIT OLD DATA", "TYPE *") == ["EDIT:", "TOF:", "THE OLD FILE", *lines, "EOF:"]


@pytest.mark.once
def test_a_kill_while_a_file_is_written_leaves_the_old_or_the_new_one() -> None:
    """The machine stops for ever at any moment of FILE; the disk is then read from outside."""
    old, new = ["OLD LINE"] * 40, ["OLD LINE"] * 40 + ["NEW LINE"]
    whole = done = 0
    for stop in range(2_000, 60_000, 2_900):
        cms = start({("OUR", "DATA"): "\n".join(old) + "\n"})
        cms.type("EDIT OUR DATA", "BOTTOM", "INPUT NEW LINE")
        cms.start("FILE", stop)
        assert not read_disk(cms.a_disk.read, leaks_allowed=True).problems
        disk = CMSDisk.load(cms.a_disk.read, 5)
        lines = [from_ebcdic(record).rstrip() for record in disk.read("OUR", "DATA").records]
        assert lines in (old, new)
        whole += lines == old
        done += lines == new
    assert whole and done


@pytest.mark.once
def test_a_file_too_large_is_refused() -> None:
    cms = start({("BIG", "DATA"): "Y" * 70 + "\n"} | {("BIG", "DATA"): ("Y" * 70 + "\n") * 6000}, storage=1 << 19)
    assert ready(cms.type("EDIT BIG DATA")) == ["DMSEDI132S File 'BIG DATA A1' too large.", "Ready(00088);"]


@pytest.mark.once
def test_storage_runs_out_while_lines_are_put_in() -> None:
    cms = start({("PART", "DATA"): "".join(f"{n:06} {'Z' * 70}\n" for n in range(1000))}, storage=3 << 18)
    cms.type("EDIT WHOLE DATA")
    for _ in range(20):
        output = cms.type("GETFILE PART DATA")
        if "GETFILE is incomplete" in output:
            break
    assert output[0] == "DMSEDI109S Virtual storage capacity exceeded."
    last = output[-1]
    assert ready(cms.type("FILE")) == ["Ready;"]
    records = CMSDisk.load(cms.a_disk.read, 5, "3350").read("WHOLE", "DATA").records
    assert len(records) > 400
    assert from_ebcdic(records[-1]).rstrip() == last


@pytest.mark.parametrize("seed", range(4))
def test_change_against_a_model(seed: int) -> None:
    """CHANGE on random lines of a record length of 40, with random zones."""
    rng = random.Random(seed)
    cms = start()
    cms.type("EDIT RANDOM DATA (LRECL 40")
    for _ in range(40):
        line = "".join(rng.choice("AB C") for _ in range(rng.randint(1, 40))).strip() or "A"
        first = rng.randint(1, 10)
        last = rng.randint(first, 40)
        old = "".join(rng.choice("ABC ") for _ in range(rng.randint(0, 3)))
        new = "".join(rng.choice("ABX ") for _ in range(rng.randint(0, 4)))
        times = rng.choice([1, 2, 99])
        cms.type("BOTTOM", f"INPUT {line}", f"ZONE {first} {last}")
        output = cms.type(f"CHANGE /{old}/{new}/ 1 {'G' if times == 99 else times}")
        assert [part.rstrip() for part in output] == model(line, (old, new), times, (first, last)), (line, old, new)


def model(line: str, strings: tuple[str, str], times: int, zone: tuple[int, int]) -> list[str]:
    """What CHANGE types: columns 1 to 40, the string looked for in the zone."""
    (old, new), (first, last) = strings, zone
    text, at, done, lost = line.ljust(40), first - 1, 0, False
    while done < (times if old else 1):
        found = text.find(old, at, last)
        if found < 0 or at >= last:
            break
        text = text[:found] + new + text[found + len(old) :]
        lost = lost or bool(text[40:].strip())
        text = text[:40].ljust(40)
        at = found + len(new)
        done += 1
    if not done:
        return ["NOT FOUND"]
    return [*(["Truncated"] if lost else []), text.rstrip()]


@pytest.mark.once
def test_hx_leaves_the_disk_as_it_was() -> None:
    lines = [f"LINE {number}" for number in range(300)]
    cms = start({("OUR", "DATA"): "\n".join(lines) + "\n"})
    cms.type("EDIT OUR DATA", "NEXT", "DELETE")
    cms.start("TYPE *", 20_000)
    assert "CMS" in cms.interrupt("HX", 200_000)
    cms.run()
    cms.take()
    assert cms.type("EDIT OUR DATA", "TYPE *") == ["EDIT:", "TOF:", *lines, "EOF:"]


class Worn(Tracks):
    """A disk of which cylinders but the first cannot be read, or written, any more from some moment on."""

    unreadable = unwritable = False

    def read(self, cyl: int, head: int) -> bytes:
        if self.unreadable and cyl:
            raise MediaError("worn")
        return super().read(cyl, head)

    def write(self, cyl: int, head: int, image: bytes) -> None:
        if self.unwritable and cyl:
            raise MediaError("worn")
        super().write(cyl, head, image)


@pytest.mark.once
def test_errors_of_the_disk_are_told_and_nothing_is_lost() -> None:
    files = {("PAD", "DATA"): ("X" * 250 + "\n") * 2000, ("OUR", "DATA"): "FIRST\nSECOND\n"}
    disk = Worn(empty_disk(5, "CMS191", files).tracks())
    cms = BareCMS(a_disk=False)
    cms.machine.attach(0x191, Dasd("3350", disk, cylinders=5))
    cms.ipl()
    disk.unreadable = True
    output = ready(cms.type("EDIT OUR DATA"))
    assert output == ["DMSEDI104S Error '3' reading file 'OUR DATA A1' from disk.", "Ready(00100);"]
    disk.unreadable = False
    assert cms.type("EDIT OUR DATA", "INPUT NEW FIRST") == ["EDIT:"]
    disk.unwritable = True
    told = ["DMSEDI105S Error '", "Set new file mode, or enter CMS SUBSET and clear some space"]
    assert [line[: len(text)] for line, text in zip(cms.type("FILE"), told, strict=True)] == told
    assert cms.type("TYPE") == ["NEW FIRST"]
    disk.unwritable = False
    cms.type("CMS", "ACCESS 191 A", "RETURN")
    assert ready(cms.type("FILE")) == ["Ready;"]
    assert cms.type("EDIT OUR DATA", "TYPE *") == ["EDIT:", "TOF:", "NEW FIRST", "FIRST", "SECOND", "EOF:"]


@pytest.mark.once
def test_a_subcommand_that_is_wrong_is_not_repeated() -> None:
    cms = start({("OUR", "DATA"): "FIRST\nSECOND\nTHIRD\n"})
    cms.type("EDIT OUR DATA", "X FROB", "Y NEXT")
    assert cms.type("X 9999999") == ["?EDIT: FROB"]
    assert cms.type("Y 9999999") == ["FIRST", "SECOND", "THIRD", "EOF:"]
    assert cms.type("Y UP", "Y 9999999") == ["THIRD", "SECOND", "FIRST", "TOF:"]


@pytest.mark.once
def test_backspaces_and_tabs() -> None:
    """IMAGE ON, OFF and CANON: what is typed with tab and backspace keys, and what is then in the file."""
    cms = start()
    cms.type("EDIT OUR SCRIPT", "INPUT")
    cms.type("abc\b\b\b___", "_\ba_\bb_\bc", "abc\b\b\b___d", "a\tb", "")
    cms.type("IMAGE OFF", "INPUT a\b_\tb", "IMAGE ON", "INPUT ab\bX\tc", "FILE")
    records = CMSDisk.load(cms.a_disk.read, 5).read("OUR", "SCRIPT").records
    under = "_\ba_\bb_\bc"
    same = [to_ebcdic(text) for text in (order(under), order(under), order(f"{under}d"), "a\tb", "a\b_\tb")]
    assert list(records) == [*same, to_ebcdic("aX   c")]


def order(text: str) -> str:
    """Overstruck pairs in the order of their EBCDIC codes."""
    return "".join(
        "\b".join(sorted(part, key=to_ebcdic))
        for part in re.findall(r".\x08.|.", text)
        for part in [part.replace("\b", "")]
    )


def display_console(cms: BareCMS, answers: list[int]) -> None:
    """Make the console a display, whose DIAGNOSE X'58' sets these condition codes, one after the other."""

    def d024(machine: Machine, r1: int, r3: int) -> None:
        machine.gr[r1], machine.gr[r3], machine.gr[r3 + 1] = 0x009, 0x80000000, 0x40040050
        machine.cc = 0

    def d058(machine: Machine, r1: int, r3: int) -> None:
        assert machine.gr[r3] == 0x009
        machine.cc = answers.pop(0)

    cms.host.d024, cms.host.d058 = d024, d058  # type: ignore[attr-defined,method-assign]


@pytest.mark.once
def test_a_display_that_fails_leaves_the_line_editor() -> None:
    cms = start({("OUR", "DATA"): "FIRST\nSECOND\n"})
    display_console(cms, [1])
    assert cms.type("EDIT OUR DATA") == ["DMSEDI117S Error writing to display terminal.", "EDIT:"]
    assert cms.type("NEXT", "REPLACE 1ST", "TYPE") == ["FIRST", "1ST"]
    assert ready(cms.type("FILE")) == ["Ready;"]


@pytest.mark.once
def test_a_terminal_that_is_no_display_any_more() -> None:
    cms = start({("OUR", "DATA"): "FIRST\nSECOND\n"})
    display_console(cms, [0, 0, 0, 0, 2, 2])
    assert cms.type("EDIT OUR DATA", "NEXT") == []
    assert cms.type("FROB") == ["?EDIT: FROB", "EDIT:"]
    assert cms.type("TYPE") == ["FIRST"]
    assert cms.type("FORMAT") == ["LINE"]
    assert ready(cms.type("QUIT")) == ["Ready;"]
