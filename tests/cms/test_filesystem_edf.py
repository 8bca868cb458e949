"""The file system of the nucleus on disks of 512 to 4096-byte blocks, checked by an independent reader."""

from __future__ import annotations

import random

import pytest
from cdf_reader import Disk
from disk_guest import Guest, Killed, MemoryDisk
from edf_reader import Reader, read_edf_disk

from cpvm.s370.ckd import GEOMETRY

SIZES = (512, 1024, 2048, 4096)


def blank(size: int, cylinders: int = 1) -> MemoryDisk:
    """A formatted 3350 disk with a label, as FORMAT leaves it before it has the directory written."""
    geometry = GEOMETRY["3350"]
    each = geometry.records_per_track(size)
    disk = MemoryDisk()
    for cyl in range(cylinders):
        for head in range(geometry.heads):
            disk.tracks[cyl, head] = {number: bytes(size) for number in range(1, each + 1)}
    total = cylinders * geometry.heads * each
    words = (size, 5, cylinders, cylinders, total, 5, 64, size // 64)
    label = "CMS1EDF001".encode("cp037") + bytes(2) + b"".join(word.to_bytes(4, "big") for word in words)
    disk.tracks[0, 0][3] = label.ljust(size, b"\0")
    return disk


def formatted(size: int, cylinders: int = 1) -> Guest:
    """A machine with such a disk as 191, accessed as A."""
    guest = Guest({0x191: blank(size, cylinders)})
    assert guest.access(0x191, "A", flags=0x48) == 0
    assert guest.call("DMSAUD", r10=guest.adt("A")) == 0
    return guest


def found(guest: Guest) -> Disk:
    result = read_edf_disk(guest.disks[0x191].track)
    assert result.problems == []
    return result


@pytest.mark.parametrize("size", SIZES)
def test_a_new_disk(size: int) -> None:
    guest = formatted(size)
    disk = found(guest)
    assert (disk.label, disk.files) == ("EDF001", {})
    assert guest.access(0x191, "A") == 0
    assert guest.adt_word("A", 0x34) == disk.used == 6


@pytest.mark.parametrize("size", SIZES)
def test_files_written_and_read(size: int) -> None:
    rng = random.Random(size)
    guest = formatted(size, 2)
    fixed = [rng.randbytes(80) for _ in range(300)]
    varying = [rng.randbytes(rng.choice((1, 30, 100, size - 2, size - 1, size, 2 * size + 5))) for _ in range(150)]
    for record in fixed:
        assert guest.write("FIXED", "DATA", "A1", record) == 0
    for number, record in enumerate(varying):
        assert guest.write("VARYING", "DATA", "A1", record, recfm="V") == 0
        if number % 40 == 39:
            assert guest.finis() == 0
            found(guest)
    assert guest.write("ONE", "DATA", "A3", b"x") == 0
    assert guest.finis() == 0
    files = found(guest).files
    assert files["FIXED", "DATA"].records == fixed
    assert files["VARYING", "DATA"].records == varying
    assert files["FIXED", "DATA"].fst[0x36:0x3C].hex() == "261123140559"
    assert files["FIXED", "DATA"].fst[0x1F] == 0x08
    assert guest.release("A") == 0
    assert guest.access(0x191, "A") == 0
    assert guest.read_all("FIXED", "DATA") == fixed
    assert guest.read_all("VARYING", "DATA") == varying
    for item in (150, 3, 77, 1):
        assert guest.read("VARYING", "DATA", "A1", item=item, size=9000) == (0, varying[item - 1])
    assert guest.finis() == 0
    assert guest.write("FIXED", "DATA", "A1", b"u" * 160, item=100, count=2) == 0
    assert guest.write("VARYING", "DATA", "A1", b"v" * len(varying[9]), item=10, recfm="V") == 0
    assert guest.write("GAP", "DATA", "A1", b"g" * 100, item=1) == 0
    assert guest.write("GAP", "DATA", "A1", b"h" * 100, item=500) == 0
    assert guest.finis() == 0
    fixed[99:101] = [b"u" * 80] * 2
    varying[9] = b"v" * len(varying[9])
    files = found(guest).files
    assert files["FIXED", "DATA"].records == fixed
    assert files["VARYING", "DATA"].records == varying
    assert files["GAP", "DATA"].records == [b"g" * 100, *[bytes(100)] * 498, b"h" * 100]
    assert guest.command("ERASE", "*", "DATA", "A") == 0
    assert found(guest).used == 6


def test_a_directory_and_a_map_of_several_levels() -> None:
    """So many small files that the directory has pointer blocks of two levels, on a map of several blocks."""
    guest = formatted(512, 16)
    used = found(guest).used
    names = [f"F{number}" for number in range(1100)]
    for number, name in enumerate(names):
        assert guest.write(name, "DATA", "A1", b"%d" % number) == 0
        if number % 100 == 99:
            assert guest.finis() == 0
    disk = found(guest)
    assert set(disk.files) == {(name, "DATA") for name in names}
    assert guest.access(0x191, "A") == 0
    assert guest.adt_word("A", 0x20) == 1100
    for name in names[::2]:
        assert guest.command("ERASE", name, "DATA", "A") == 0
    assert set(found(guest).files) == {(name, "DATA") for name in names[1::2]}
    assert guest.read("F777", "DATA", "A1", size=10) == (0, b"777")
    assert guest.command("ERASE", "*", "DATA", "A") == 0
    disk = found(guest)
    assert (disk.files, disk.used) == ({}, used)
    assert guest.access(0x191, "A", flags=0x40) == 0  # option ERASE
    assert guest.write("NEW", "FILE", "A1", b"n" * 2000) == 0
    assert guest.finis() == 0
    assert found(guest).used == used + 5


def test_beyond_the_limits_of_the_old_format() -> None:
    """More than 65535 records and more than 16060 blocks in one file."""
    guest = formatted(512, 26)
    each = 4000
    for _ in range(0, 72_000, each):
        assert guest.write("LONG", "DATA", "A1", b"x" * 10 * each, count=each, size=10 * each) == 0
    assert guest.write("BIG", "DATA", "A1", b"y" * 8_700, recfm="F", item=1) == 0
    assert guest.finis() == 0
    assert guest.write("BIG", "DATA", "A1", b"z" * 8_700, item=1000) == 0
    assert guest.finis() == 0
    files = found(guest).files
    assert len(files["LONG", "DATA"].records) == 72_000
    assert len(files["BIG", "DATA"].records) == 1000
    assert guest.read("LONG", "DATA", "A1", size=10, form_e=(71_999, 2)) == (8, b"x" * 10)
    assert guest.read("LONG", "DATA", "A1", size=20, form_e=(71_999, 2)) == (0, b"x" * 20)
    assert guest.read("LONG", "DATA", "A1", size=20, form_e=(72_001, 1))[0] == 12
    assert guest.finis() == 0
    assert guest.write("LONG", "DATA", "A1", b"u" * 10, form_e=(70_000, 1)) == 0
    assert guest.finis() == 0
    assert found(guest).files["LONG", "DATA"].records[69_998:70_001] == [b"x" * 10, b"u" * 10, b"x" * 10]


def test_the_directory_is_old_or_new_at_any_kill() -> None:
    start = formatted(512, 1)
    old = [bytes([number]) * 80 for number in range(200)]
    for record in old:
        assert start.write("OLD", "DATA", "A1", record) == 0
    assert start.write("GOES", "DATA", "A1", b"g" * 80_000, size=80_000, count=1000) == 0
    for number in range(25):
        assert start.write(f"F{number}", "FILE", "A1", b"%d" % number) == 0
    assert start.finis() == 0
    new = [b"N" * 80, *old[1:], b"M" * 80]
    kept = {(f"F{number}", "FILE") for number in range(25)}
    states = [
        ({("OLD", "DATA"), ("GOES", "DATA")}, old),
        ({("OLD", "DATA"), ("GOES", "DATA")}, new),
        ({("OLD", "DATA"), ("GOES", "DATA"), ("BIG", "DATA")}, new),
        ({("OLD", "DATA"), ("BIG", "DATA")}, new),
    ]
    reached = limit = 0
    while True:
        guest = Guest({0x191: start.disks[0x191].copy()})
        assert guest.access(0x191, "A") == 0
        guest.write_limit = limit
        killed = False
        try:
            assert guest.write("OLD", "DATA", "A1", b"N" * 80, item=1) == 0
            assert guest.write("OLD", "DATA", "A1", b"M" * 80, item=201) == 0
            assert guest.finis() == 0
            for at in range(70):
                assert guest.write("BIG", "DATA", "A1", bytes([at]) * 700, recfm="V") == 0
            assert guest.finis() == 0
            assert guest.command("ERASE", "GOES", "DATA", "A") == 0
        except Killed:
            killed = True
        files = found(guest).files
        at = states.index((set(files) - kept, files["OLD", "DATA"].records))
        assert at in (reached, reached + 1)
        reached = at
        if not killed:
            break
        limit += 1
    assert reached == 3 and limit > 100


def test_a_full_disk_is_not_damaged() -> None:
    guest = formatted(512, 1)
    assert guest.write("KEEP", "DATA", "A1", b"k" * 800) == 0
    assert guest.finis() == 0
    written = 0
    while (rc := guest.write("BIG", "DATA", "A1", b"b" * 512 * 20, count=20)) == 0:
        written += 20
    assert rc == 13
    while guest.write("BIG", "DATA", "A1", b"b" * 512) == 0:
        written += 1
    assert guest.finis() == 0
    files = found(guest).files
    assert len(files["BIG", "DATA"].records) == written > 700
    more = 0
    while guest.write(f"M{more}", "DATA", "A1", b"m") == 0:
        assert guest.finis() == 0
        more += 1
    assert guest.finis() in (0, 6)
    assert len(found(guest).files) == 2 + more
    assert guest.command("ERASE", "KEEP", "DATA", "A") == 0
    assert ("KEEP", "DATA") not in found(guest).files
    assert guest.command("ERASE", "*", "DATA", "A") == 0
    assert found(guest).used == 6


@pytest.mark.parametrize("seed", range(4))
def test_random_work_agrees_with_a_model(seed: int) -> None:
    rng = random.Random(seed)
    guest = formatted(SIZES[seed])
    model: dict[tuple[str, str], tuple[str, list[bytes]]] = {}
    for _ in range(120):
        key = f"F{rng.randint(1, 12)}", rng.choice(("DATA", "EXEC"))
        recfm, records = model.get(key, (rng.choice("FV"), []))
        choice = rng.random()
        if choice < 0.6:
            records = list(records)
            for _ in range(rng.randint(1, 5)):
                width = len(records[0]) if records and recfm == "F" else rng.randint(1, 2500)
                item = rng.randint(1, len(records)) if records and rng.random() < 0.3 else len(records) + 1
                if recfm == "V" and item <= len(records):
                    width = len(records[item - 1])
                data = rng.randbytes(width)
                rc = guest.write(*key, "A1", data, item=item, recfm=recfm)
                assert rc in (0, 13)
                if rc == 0:
                    records[item - 1 : item] = [data]
            assert guest.finis() in (0, 6)
            if records:
                model[key] = recfm, records
        elif choice < 0.8 and key in model:
            assert guest.command("ERASE", *key, "A") == 0
            del model[key]
        elif key in model:
            assert guest.read_all(*key) == records
        elif choice > 0.97:
            assert guest.release("A") == 0
            assert guest.access(0x191, "A") == 0
        files = found(guest).files
        assert {name: (f.recfm, f.records) for name, f in files.items()} == model
    assert len(model) > 5


@pytest.mark.parametrize("seed", range(4))
def test_damaged_disks_give_return_codes(seed: int) -> None:
    """Bytes changed at random in label, directory, map and pointer blocks: every call comes back with a code."""
    rng = random.Random(seed)
    sound = formatted(512)
    assert sound.write("F", "DATA", "A1", b"x" * 80 * 1000, count=1000, size=80_000) == 0
    for _ in range(300):
        assert sound.write("V", "DATA", "A1", b"y" * 300, recfm="V") == 0
    for number in range(20):
        assert sound.write(f"N{number}", "DATA", "A1", b"z") == 0
    assert sound.finis() == 0
    structure = [3, 4, 5, *sorted(found_structure(sound))]
    for _ in range(40):
        memory = sound.disks[0x191].copy()
        for _ in range(rng.choice((1, 3, 30))):
            number = rng.choice(structure) - 1
            place, record = divmod(number // 27, 30), number % 27 + 1
            data = bytearray(memory.tracks[place][record])
            data[rng.randrange(rng.choice((20, 64, 192, 512)))] = rng.choice(
                (0, 1, 4, 127, 128, 255, rng.randrange(256))
            )
            memory.tracks[place][record] = bytes(data)
        guest = Guest({0x191: memory})
        guest.access(0x191, "A")
        guest.read("F", "DATA", "A1", size=800, count=5, item=rng.randint(1, 900))
        guest.read("V", "DATA", "A1", item=rng.randint(1, 300))
        guest.finis()
        guest.write("F", "DATA", "A1", b"z" * 80, item=rng.randint(1, 900))
        guest.write("V", "DATA", "A1", b"z" * 60, recfm="V")
        guest.write("N", "DATA", "A1", b"z" * 60, recfm="V")
        guest.finis()
        guest.command("ERASE", "F", "DATA")
        guest.command("ERASE", "V", "DATA")
        guest.release("A")
        assert len(guest.live) <= 2  # the disk tables and the queue of writes: nothing else is left behind


def found_structure(guest: Guest) -> set[int]:
    """Blocks that hold no data of a file."""
    reader = Reader(guest.disks[0x191].track, 30)
    tracked: set[int] = set()
    plain = reader.use

    def use(number: int, what: str) -> bytes:
        if "pointer" in what or what in ("directory", "map"):
            tracked.add(number)
        return plain(number, what)

    reader.use = use  # type: ignore[method-assign]
    reader.read(leaks_allowed=False)
    return tracked


def test_a_variable_file_of_three_levels() -> None:
    rng = random.Random(3)
    guest = formatted(512, 4)
    records = [rng.randbytes(rng.randint(400, 900)) for _ in range(1500)]
    for number, record in enumerate(records):
        assert guest.write("V", "DATA", "A1", record, recfm="V") == 0
        if number in (3, 70, 1200):
            assert guest.finis() == 0
            found(guest)
    assert guest.finis() == 0
    file = found(guest).files["V", "DATA"]
    assert file.records == records and file.fst[0x34] == 3
    assert guest.access(0x191, "A") == 0
    for item in (1500, 1, 900, 901):
        assert guest.read("V", "DATA", "A1", item=item, size=900) == (0, records[item - 1])
    assert guest.finis() == 0
    assert guest.write("V", "DATA", "A1", b"r" * len(records[700]), recfm="V", item=701) == 0
    assert guest.write("V", "DATA", "A1", b"the last", recfm="V", item=1501) == 0
    assert guest.finis() == 0
    records[700] = b"r" * len(records[700])
    assert found(guest).files["V", "DATA"].records == [*records, b"the last"]
