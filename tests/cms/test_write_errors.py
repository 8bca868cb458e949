"""A disk that cannot be written on for a while: what a command loses, what it says, and what goes on afterwards."""

from __future__ import annotations

import re

import pytest
from bare_cms import BareCMS, Tracks
from cdf_reader import read_disk

from cms.build import empty_disk
from cpvm.machine.device import MediaError
from cpvm.machine.devices.dasd import Dasd

FILES = {("OLD", "DATA"): "one\ntwo\n", ("BIG", "DATA"): ("X" * 250 + "\n") * 400}
BEFORE = "Error in writing on disk 'A (191)'. Its files are as they were before this command."


class Failing(Tracks):
    """A disk whose writes of blocks fail while `failing` is set; with `reading` set nothing can be read either."""

    failing = reading = False

    def read(self, cyl: int, head: int) -> bytes:
        if self.reading:
            raise MediaError("failing")
        return super().read(cyl, head)

    def write(self, cyl: int, head: int, image: bytes) -> None:
        if self.failing:
            raise MediaError("failing")
        super().write(cyl, head, image)


def lines(cms: BareCMS, *typed: str) -> list[str]:
    return [re.sub(r"^(Ready[^;]*;).*", r"\1", text) for text in cms.type(*typed)]


@pytest.fixture
def disk() -> Failing:
    return Failing(empty_disk(5, "CMS191", FILES).tracks())


@pytest.fixture
def cms(disk: Failing) -> BareCMS:
    machine = BareCMS(a_disk=False)
    machine.machine.attach(0x191, Dasd("3350", disk, cylinders=5))
    machine.ipl()
    return machine


def test_the_disk_is_as_before_and_can_be_used_on(cms: BareCMS, disk: Failing) -> None:
    disk.failing = True
    out = lines(cms, "COPYFILE BIG DATA A NEW DATA A")
    assert f"DMSACR136S {BEFORE}" in out
    assert out[-1] != "Ready;"
    assert lines(cms, "LISTFILE * DATA A")[:-1] == ["OLD      DATA     A1", "BIG      DATA     A1"]
    disk.failing = False
    assert lines(cms, "COPYFILE BIG DATA A NEW DATA A", "COMPARE BIG DATA A NEW DATA A")[-1] == "Ready;"
    found = read_disk(disk.read)
    assert not found.problems
    assert set(found.files) == {("OLD", "DATA"), ("BIG", "DATA"), ("NEW", "DATA")}


def test_an_erased_file_comes_back(cms: BareCMS, disk: Failing) -> None:
    """Its directory could not be written."""
    disk.failing = True
    assert f"DMSACR136S {BEFORE}" in lines(cms, "ERASE OLD DATA A")
    disk.failing = False
    assert lines(cms, "STATE OLD DATA A") == ["Ready;"]
    assert lines(cms, "ERASE OLD DATA A", "STATE OLD DATA A")[-1] == "Ready(00028);"


def test_a_disk_that_cannot_be_read_either(cms: BareCMS, disk: Failing) -> None:
    assert lines(cms, "TYPE OLD DATA A")[-1] == "Ready;"  # TYPE is in storage
    disk.failing = disk.reading = True
    out = lines(cms, "ERASE OLD DATA A")
    assert "DMSACR136S Error in writing on disk 'A (191)'. ACCESS it again." in out
    disk.failing = disk.reading = False
    assert lines(cms, "ACCESS 191 A", "STATE OLD DATA A")[1:] == ["Ready;", "Ready;"]
    assert lines(cms, "ERASE OLD DATA A", "STATE OLD DATA A")[-1] == "Ready(00028);"
