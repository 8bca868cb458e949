"""The file system on disks of 800-byte blocks: its limits, full and damaged disks, modes, the order of searching."""

from __future__ import annotations

import random

import pytest
from cdf_reader import read_disk
from disk_guest import Guest, Killed, MemoryDisk
from test_filesystem_guest import a_disk, found


def test_many_files_fill_and_empty_the_directory() -> None:
    memory = MemoryDisk(a_disk())
    guest = Guest({0x191: memory})
    guest.access(0x191, "A")
    for number in range(65):
        assert guest.write(f"F{number}", "DATA", "A1", b"%d" % number) == 0
        assert guest.finis() == 0
    assert {name[0] for name in found(memory).files} == {f"F{number}" for number in range(65)}
    for number in range(65):
        assert guest.command("ERASE", f"F{number}", "DATA", "A") == 0
        found(memory)
    assert found(memory).used == 5
    assert guest.adt_word("A", 0x20) == 0
    live = len(guest.live)
    assert guest.release("A") == 0
    assert len(guest.live) == live - 3  # a hyperblock and two maps


def test_no_more_than_3400_files() -> None:
    disk = a_disk(13)
    for number in range(3400):
        disk.write(f"F{number}", "DATA", "A1", [b"x"])
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    assert guest.access(0x191, "A") == 0
    assert guest.adt_word("A", 0x20) == 3400
    assert guest.write("NEW", "DATA", "A1", b"x") == 10
    assert guest.write("F3399", "DATA", "A1", b"y") == 0
    assert guest.finis() == 0
    assert guest.command("ERASE", "F77", "DATA") == 0
    assert guest.write("NEW", "DATA", "A1", b"x") == 0
    assert guest.finis() == 0
    files = found(memory).files
    assert len(files) == 3400 and files["F3399", "DATA"].records == [b"x", b"y"]


def test_a_disk_with_several_bitmap_blocks() -> None:
    disk = a_disk(26)
    disk.write("A", "DATA", "A1", [b"a" * 800] * 8000)
    disk.write("B", "DATA", "A1", [b"b" * 800] * 60)
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    assert guest.access(0x191, "A") == 0
    assert guest.write("NEW", "DATA", "A1", b"n" * 800) == 0
    assert guest.finis() == 0
    assert guest.command("ERASE", "A", "DATA") == 0
    assert found(memory).used < 100
    for _ in range(3):
        assert guest.write("NEW", "DATA", "A1", b"n" * 800) == 0
        assert guest.finis() == 0
        assert guest.command("ERASE", "B", "DATA") in (0, 28)
        found(memory)
    assert guest.access(0x191, "A") == 0
    assert guest.read_all("NEW", "DATA") == [b"n" * 800] * 4


@pytest.mark.parametrize("seed", range(3))
def test_damaged_disks_give_return_codes(seed: int) -> None:
    """Bytes changed at random in the directory and in chain links: every call comes back with a return code."""
    rng = random.Random(seed)
    disk = a_disk(2)
    disk.write("F", "DATA", "A1", [b"x" * 80] * 900)
    disk.write("V", "DATA", "A1", [b"y" * 60] * 900, "V")
    sound = MemoryDisk(disk)
    blocks = sorted(disk.blocks())
    directory = [number for number in blocks if number < 8] + blocks[-4:] + rng.sample(blocks, 4)
    for _ in range(40):
        memory = sound.copy()
        for _ in range(rng.choice((1, 3, 30))):
            number = rng.choice(directory) - 1
            place, record = divmod(number // 19, 30), number % 19 + 1
            data = bytearray(memory.tracks[place][record])
            data[rng.randrange(rng.choice((20, 400, 800)))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
            memory.tracks[place][record] = bytes(data)
        guest = Guest({0x191: memory})
        guest.access(0x191, "A")
        guest.read("F", "DATA", "A1", size=800, count=5, item=rng.randint(1, 900))
        guest.read("V", "DATA", "A1", item=rng.randint(1, 900))
        guest.finis()
        guest.write("F", "DATA", "A1", b"z" * 80, item=rng.randint(1, 900))
        guest.write("V", "DATA", "A1", b"z" * 60, recfm="V")
        guest.write("N", "DATA", "A1", b"z" * 60, recfm="V")
        guest.finis()
        guest.command("ERASE", "F", "DATA")
        guest.release("A")
        assert len(guest.live) <= 2  # the disk tables and the queue of writes: nothing else is left behind


def test_files_of_a_disk_without_a_free_block_can_be_erased() -> None:
    """A disk filled elsewhere to its last block: the host stops before each write of an ERASE, one after another."""
    disk = a_disk(26)
    for number in range(30):
        disk.write(f"F{number}", "DATA", "A1", [b"%d" % number])
    disk.write("GOES", "DATA", "A1", [b"g" * 800] * 100)
    disk.write("FILL", "DATA", "A1", [b"f" * 800] * 8000)
    number = 0
    while disk.used < disk.total:
        disk.write(
            f"REST{number}", "DATA", "A1", [b"r" * 800] * max(1, min(6000, (disk.total - disk.used) * 39 // 40 - 2))
        )
        number += 1
    assert disk.used == disk.total
    start = MemoryDisk(disk)
    names = set(disk.files)
    limit, seen = 0, set()
    while True:
        memory = start.copy()
        guest = Guest({0x191: memory})
        assert guest.access(0x191, "A") == 0
        assert guest.write("NEW", "DATA", "A1", b"x") == 13
        guest.write_limit = limit
        killed = False
        try:
            assert guest.command("ERASE", "GOES", "DATA", "A") == 0
            guest.write_limit = None
        except Killed:
            killed = True
        result = read_disk(memory.track, leaks_allowed=killed)
        assert result.problems == []
        seen.add(frozenset(names - set(result.files)))
        if not killed:
            break
        limit += 1
    assert seen == {frozenset(), frozenset({("GOES", "DATA")})}
    found(memory)
    assert guest.write("NEW", "DATA", "A1", b"x") == 0
    assert guest.finis() == 0
    assert ("NEW", "DATA") in found(memory).files


def test_disks_are_searched_in_order_of_their_letters() -> None:
    """Twenty-five disks, one file on all of them; extensions come after the disk they belong to."""
    letters = "ABCDEFGHIJKLMNOPQRTUVWXYZ"
    disks = {}
    for number, letter in enumerate(letters):
        disk = a_disk(label=f"DISK{letter}")
        disk.write("SAME", "FILE", "A1", [letter.encode("cp037")])
        disk.write(f"ONLY{letter}", "FILE", "A1", [letter.encode("cp037")])
        disks[0x200 + number] = MemoryDisk(disk)
    guest = Guest(disks)
    for number, letter in reversed(list(enumerate(letters))):
        assert guest.access(0x200 + number, letter) == 0
    for letter in letters:
        assert guest.read("SAME", "FILE", "*") == (0, letter.encode("cp037"))
        assert guest.read(f"ONLY{letter}", "FILE", "*") == (0, letter.encode("cp037"))
        assert guest.finis() == 0
        assert guest.release(letter) == 0
    assert guest.read("SAME", "FILE", "*")[0] == 1
    assert guest.command("ACCESS", "200", "A") == guest.command("ACCESS", "203", "D/A") == 0
    assert guest.read("ONLYD", "FILE", "A1") == (0, "D".encode("cp037"))
    assert guest.finis() == 0
    assert guest.write("ONLYD", "FILE", "A1", b"n") == 0  # a new one: writing does not reach extensions
    assert guest.finis() == 0
    assert guest.read("ONLYD", "FILE", "A1") == (0, b"n")


def test_private_files_of_a_read_only_disk() -> None:
    disk = a_disk()
    for number in range(7):
        disk.write(f"MODE{number}", "FILE", f"A{number}", [b"x" * 80])
    guest = Guest({0x191: MemoryDisk(disk), 0x192: MemoryDisk(disk, read_only=True)})
    assert guest.access(0x191, "A") == guest.access(0x192, "B") == 0
    assert guest.command("STATE", "MODE0", "FILE", "A") == 0
    assert guest.command("STATE", "MODE0", "FILE", "B") == 28
    assert all(guest.command("STATE", f"MODE{number}", "FILE", "B") == 0 for number in range(1, 7))
    assert guest.command("ACCESS", "192", "B", "(", "MODE0") == 0
    assert guest.command("STATE", "MODE0", "FILE", "B") == 0
    assert guest.read("MODE3", "FILE", "B1")[0] == 0
    assert guest.finis() == 0  # read-only: it cannot be erased
    assert guest.command("STATE", "MODE3", "FILE", "B") == 0


@pytest.mark.parametrize("number", [1, 2, 4, 5, 6])
def test_only_mode_6_is_updated_in_place(number: int) -> None:
    disk = a_disk()
    disk.write("FILE", "DATA", f"A{number}", [bytes([at]) * 800 for at in range(5)])
    memory = MemoryDisk(disk)
    places = {data[0]: (place, record) for place, track in memory.tracks.items() for record, data in track.items()}
    guest = Guest({0x191: memory})
    assert guest.access(0x191, "A") == 0
    assert guest.write("FILE", "DATA", "A ", b"\x77" * 800, item=3) == 0
    assert guest.finis() == 0
    place, record = places[2]
    in_place = memory.tracks[place][record] == b"\x77" * 800
    assert in_place == (number == 6)
    file = found(memory).files["FILE", "DATA"]
    assert file.mode == f"A{number}" and file.records[2] == b"\x77" * 800


def test_the_limits_of_the_format() -> None:
    """The largest disk, and a file with nearly the most blocks and with the most records."""
    disk = a_disk(115)
    disk.write("LOW", "DATA", "A1", [b"l" * 800] * 16_000)
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    assert guest.access(0x191, "A") == 0
    assert guest.adt_word("A", 0x30) == 65_531
    width, each = 196, 600
    for at in range(0, 65_535, each):
        count = min(each, 65_535 - at)
        data = b"".join((at + number).to_bytes(4, "big") * (width // 4) for number in range(count))
        assert guest.write("MOST", "DATA", "A1", data, count=count) == 0
    assert guest.write("MOST", "DATA", "A1", b"x" * width) == 6
    assert guest.finis() == 0
    for name in ("FILL1", "FILL2"):
        rc = 0
        while rc == 0:
            rc = guest.write(name, "DATA", "A1", b"f" * 80_000, count=100)
        assert rc == 19  # the last ones do not fit any more
        assert guest.finis() == 0
    while guest.write("REST", "DATA", "A1", b"r" * 800) == 0:
        pass
    assert guest.finis() == 0
    result = found(memory)
    assert result.total == 65_531 and result.total - result.used < 20
    records = result.files["MOST", "DATA"].records
    assert len(records) == 65_535
    assert all(record == number.to_bytes(4, "big") * (width // 4) for number, record in enumerate(records))
    assert len(result.files["FILL1", "DATA"].records) == 16_000
