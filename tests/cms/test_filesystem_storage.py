"""Free storage runs out at each request in turn: return codes, never a damaged disk, nothing left behind."""

from __future__ import annotations

import pytest
from cdf_reader import Disk, read_disk
from disk_guest import Guest, MemoryDisk
from edf_reader import read_edf_disk
from test_filesystem_edf import formatted

from cms.cmsdisk import CMSDisk


def start(size: int) -> MemoryDisk:
    """A disk with a fixed and a variable file."""
    guest = formatted(size, 2)
    assert guest.write("OLD", "DATA", "A1", b"o" * 72_000, count=900, size=72_000) == 0
    for _ in range(300):
        assert guest.write("V", "DATA", "A1", b"v" * 170, recfm="V") == 0
    assert guest.finis() == 0
    return guest.disks[0x191]


def old_start() -> MemoryDisk:
    disk = CMSDisk(2, "OLD")
    disk.write("OLD", "DATA", "A1", [b"o" * 80] * 900)
    disk.write("V", "DATA", "A1", [b"v" * 170] * 300, "V")
    return MemoryDisk(disk)


def look(disk: MemoryDisk, size: int) -> Disk:
    found = (read_disk if size == 800 else read_edf_disk)(disk.track)
    assert found.problems == []
    return found


@pytest.mark.parametrize("size", [800, 512])
def test_no_more_storage(size: int) -> None:
    disk = old_start() if size == 800 else start(size)
    codes = set()
    for granted in range(45):
        memory = disk.copy()
        guest = Guest({0x191: memory})
        guest.storage_left = granted
        if guest.access(0x191, "A") == 0:
            for name, item in (("OLD", 800), ("V", 200)):
                codes.add(guest.read(name, "DATA", "A1", item=item)[0])
            codes.add(guest.finis())
            codes.add(guest.write("NEW", "DATA", "A1", b"n" * 80))
            codes.add(guest.write("OLD", "DATA", "A1", b"n" * 80, item=3))
            codes.add(guest.write("BIG", "DATA", "A1", b"n" * 60_000, count=100))
            codes.add(guest.finis())
            codes.add(guest.command("ERASE", "V", "DATA", "A"))
        guest.storage_left = -1
        guest.finis()
        guest.release("A")
        assert len(guest.live) <= 2  # the disk tables and the queue of writes
        look(memory, size)
        assert guest.access(0x191, "A") == 0
        assert guest.write("AFTER", "DATA", "A1", b"x") == guest.finis() == 0
        assert ("AFTER", "DATA") in look(memory, size).files
    assert codes <= {0, 3, 6, 25, 100} and {0, 25} < codes
