"""The file system of the nucleus, run instruction by instruction, against disks made and read on the host."""

from __future__ import annotations

import random
from datetime import datetime

from cdf_reader import Disk, read_disk
from disk_guest import Guest, Killed, MemoryDisk

from cms.cmsdisk import CMSDisk

NOW = datetime(2026, 11, 22, 9, 30)


def found(disk: MemoryDisk) -> Disk:
    result = read_disk(disk.track)
    assert result.problems == []
    return result


def a_disk(cylinders: int = 1, label: str = "TEST01") -> CMSDisk:
    return CMSDisk(cylinders, label, now=NOW)


def test_records_written_on_the_host_are_read() -> None:
    rng = random.Random(1)
    disk = a_disk(4)
    fixed = [rng.randbytes(80) for _ in range(700)]
    odd = [rng.randbytes(333) for _ in range(200)]
    varying = [rng.randbytes(rng.randint(1, 1700)) for _ in range(90)]
    disk.write("FIXED", "DATA", "A1", fixed)
    disk.write("ODD", "DATA", "A1", odd)
    disk.write("VARYING", "DATA", "A1", varying, "V")
    guest = Guest({0x191: MemoryDisk(disk)})
    assert guest.access(0x191, "A") == 0
    assert guest.read_all("FIXED", "DATA", "A1") == fixed
    assert guest.read_all("ODD", "DATA") == odd
    assert guest.read_all("VARYING", "DATA", "A1") == varying
    for item in (700, 3, 411, 412, 1):
        assert guest.read("FIXED", "DATA", "A1", item=item) == (0, fixed[item - 1])
    assert guest.read("FIXED", "DATA", "A1", item=701)[0] == 12
    assert guest.read("FIXED", "DATA", "A1", item=690, count=20, size=1600) == (0, b"".join(fixed[689:]))
    for item in (90, 1, 45, 44, 2):
        assert guest.read("VARYING", "DATA", "A1", item=item, size=2000) == (0, varying[item - 1])
    assert guest.finis() == 0
    assert guest.finis() == 6


def test_return_codes_of_rdbuf() -> None:
    disk = a_disk()
    disk.write("F", "DATA", "A1", [b"x" * 80] * 3)
    disk.write("V", "DATA", "A1", [b"x" * 80] * 3, "V")
    guest = Guest({0x191: MemoryDisk(disk)})
    guest.access(0x191, "A")
    assert guest.read("NO", "DATA", "A1")[0] == 1
    assert guest.read("F", "DATA", "B1")[0] == 1
    assert guest.call("DMSBRD", guest.plist("F", "DATA", "A1", size=80)) == 2
    assert guest.read("F", "DATA", "A1", count=0)[0] == 5
    assert guest.read("F", "DATA", "A1", size=10) == (8, b"x" * 10)
    assert guest.read("V", "DATA", "A1", size=10) == (8, b"x" * 10)
    assert guest.read("V", "DATA", "A1", count=2)[0] == 11
    assert guest.read("F*", "DATA", "A1")[0] == 14
    assert guest.read("F", "DA A", "A1")[0] == 15
    assert guest.write("NEW", "DATA", "A1", b"abc") == 0
    assert guest.read("NEW", "DATA", "A1")[0] == 9


def test_files_written_by_the_guest() -> None:
    rng = random.Random(2)
    disk = MemoryDisk(a_disk(3))
    guest = Guest({0x191: disk})
    guest.access(0x191, "A")
    fixed = [rng.randbytes(80) for _ in range(130)]
    varying = [rng.randbytes(rng.randint(1, 1200)) for _ in range(120)]
    many = [rng.randbytes(800) for _ in range(480)]
    for record in fixed:
        assert guest.write("FIXED", "DATA", "A1", record) == 0
    for record in varying:
        assert guest.write("VARYING", "DATA", "A2", record, recfm="V") == 0
    for at in range(0, 480, 16):
        assert guest.write("MANY", "DATA", "A ", b"".join(many[at : at + 16]), count=16) == 0
    assert found(disk).files == {}
    assert guest.finis("FIXED", "DATA", "A1") == 0
    assert set(found(disk).files) == {("FIXED", "DATA")}  # the other two are open: nothing of them on the disk
    assert guest.finis() == 0
    files = found(disk).files
    assert {name: (f.mode, f.recfm, f.lrecl) for name, f in files.items()} == {
        ("FIXED", "DATA"): ("A1", "F", 80),
        ("VARYING", "DATA"): ("A2", "V", max(map(len, varying))),
        ("MANY", "DATA"): ("A1", "F", 800),
    }
    assert files["FIXED", "DATA"].records == fixed
    assert files["VARYING", "DATA"].records == varying
    assert files["MANY", "DATA"].records == many
    assert files["MANY", "DATA"].fst[0x10:0x14].hex() == "11231405"
    assert files["MANY", "DATA"].fst[0x26:] == "26".encode("cp037")
    assert guest.read_all("MANY", "DATA") == many
    assert CMSDisk.load(disk.track, 3).read("VARYING", "DATA").records == tuple(varying)


def test_append_update_and_gap() -> None:
    disk = a_disk()
    records = [bytes([number]) * 100 for number in range(1, 41)]
    disk.write("F", "DATA", "A1", records)
    disk.write("V", "DATA", "A1", [record[:number] for number, record in enumerate(records, 1)], "V")
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    guest.access(0x191, "A")
    assert guest.write("F", "DATA", "A1", b"n" * 100) == 0
    assert guest.write("F", "DATA", "A1", b"u" * 200, item=8, count=2) == 0
    assert guest.write("F", "DATA", "A1", b"g" * 100, item=60) == 0
    assert guest.write("V", "DATA", "A1", b"U" * 20, item=20, recfm="V") == 0
    assert guest.write("V", "DATA", "A1", b"X" * 21, item=20, recfm="V") == 15
    assert guest.write("V", "DATA", "A1", b"N" * 7, item=41, recfm="V") == 0
    assert guest.write("V", "DATA", "A1", b"N" * 7, item=43, recfm="V") == 7
    assert guest.finis() == 0
    files = found(memory).files
    want = [*records, b"n" * 100]
    want[7:9] = [b"u" * 100] * 2
    assert files["F", "DATA"].records == [*want, *[bytes(100)] * 18, b"g" * 100]
    wanted = [record[:number] for number, record in enumerate(records, 1)] + [b"N" * 7]
    wanted[19] = b"U" * 20
    assert files["V", "DATA"].records == wanted


def test_return_codes_of_wrbuf() -> None:
    disk = a_disk()
    disk.write("F", "DATA", "A1", [b"x" * 80] * 3)
    readonly = MemoryDisk(a_disk(label="RO"), read_only=True)
    guest = Guest({0x191: MemoryDisk(disk), 0x192: readonly})
    guest.access(0x191, "A")
    guest.access(0x192, "C")
    assert guest.write("X", "DATA", "11", b"x") == 4
    assert guest.write("X", "DATA", "B1", b"x") == 4
    assert guest.write("X", "DATA", "A7", b"x") == 5
    assert guest.write("X", "DATA", "A1", b"x", size=0) == 8
    assert guest.write("X", "DATA", "A1", b"x", recfm="Q") == 11
    assert guest.write("X", "DATA", "C1", b"x") == 12
    assert guest.write("X", "DATA", "A1", b"xyz", count=2) == 14
    assert guest.write("F", "DATA", "A1", b"xyz") == 15
    assert guest.write("F", "DATA", "A1", b"x" * 80, recfm="V") == 16
    assert guest.write("X", "DATA", "A1", b"x" * 80, item=65535, count=2, size=80) == 6
    assert guest.write("X", "DATA", "A1", b"x", recfm="V", size=65536) == 17
    assert guest.write("X", "DATA", "A1", b"xy", count=2, recfm="V") == 18
    assert guest.finis() == 0
    assert guest.write("X", "DATA", "A1", b"x" * 800, item=16061) == 19
    assert guest.finis() == 0
    assert guest.write("X*", "DATA", "A1", b"x") == 20
    assert guest.write("X", "", "A1", b"x") == 21
    assert guest.read("F", "DATA", "A1")[0] == 0
    assert guest.write("F", "DATA", "A1", b"x" * 80) == 9
    assert guest.finis() == 0
    assert set(found(guest.disks[0x191]).files) == {("F", "DATA")}


def test_a_full_disk_is_not_damaged() -> None:
    disk = a_disk()
    disk.write("KEPT", "DATA", "A1", [b"k" * 800] * 10)
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    guest.access(0x191, "A")
    written = 0
    while (rc := guest.write("BIG", "DATA", "A1", b"%08d" % written * 100)) == 0:
        written += 1
    assert rc == 13
    assert written > 535
    assert guest.write("BIG", "DATA", "A1", b"z" * 800) == 13
    assert guest.finis() == 0
    files = found(memory).files
    assert files["BIG", "DATA"].records == [b"%08d" % number * 100 for number in range(written)]
    while (rc := guest.write("MORE", "DATA", "A1", b"o" * 800)) == 0:
        assert guest.finis() == 0
    assert rc == 13
    assert guest.finis() in (0, 6)
    assert found(memory).used >= 567
    assert guest.command("ERASE", "MORE", "DATA") in (0, 28)
    assert guest.command("ERASE", "BIG", "DATA", "A") == 0
    disk_now = found(memory)
    assert set(disk_now.files) == {("KEPT", "DATA")}
    assert disk_now.used == 4 + 1 + 11
    assert guest.write("OTHER", "DATA", "A1", b"o" * 800) == 0
    assert guest.finis() == 0
    assert set(found(memory).files) == {("KEPT", "DATA"), ("OTHER", "DATA")}


def test_state() -> None:
    disk = a_disk()
    disk.write("T1", "EXEC", "A1", [b"x" * 80] * 3)
    other = a_disk(label="OTHER")
    other.write("T2", "EXEC", "A2", [b"x" * 8], "V")
    guest = Guest({0x191: MemoryDisk(disk), 0x192: MemoryDisk(other, read_only=True)})
    guest.access(0x191, "A")
    guest.access(0x192, "D")

    def state(*words: str) -> tuple[int, list[str]]:
        guest.messages.clear()
        return guest.command(*words), list(guest.messages)

    assert state("STATE") == (24, ["STT054"])
    assert state("STATE", "T1") == (24, ["STT054"])
    assert state("STATE", "T1", "EXEC") == (0, [])
    assert state("STATE", "T1", "EXEC", "A") == (0, [])
    assert state("STATE", "T2", "EXEC") == (0, [])
    assert state("STATE", "NOFILE", "EXEC", "*") == (28, ["STT002"])
    assert state("STATE", "T1", "EXEC", "Q") == (36, ["STT069"])
    assert state("STATE", "T1", "EXEC", "D") == (28, ["STT002"])
    assert state("STATE", "T1", "EXEC", "A9") == (24, ["STT048"])
    assert state("STATE", "T1", "EXEC", "1") == (24, ["STT048"])
    assert state("STATE", "T1", "EXEC", "AA") == (24, ["STT048"])
    assert state("STATE", "T1", "EXEC", "A", "EXTRA") == (24, ["STT070"])
    assert state("STATE", "T?1", "EXEC", "A") == (20, ["STT062"])
    assert state("STATE", "*", "EXEC", "A") == (0, [])
    assert state("STATE", "*", "*", "A") == (0, [])
    assert state("STATEW", "T1", "EXEC") == (0, [])
    assert state("STATEW", "T2", "EXEC") == (28, ["STT002"])
    guest.messages.clear()
    assert guest.call("DMSSTT", guest.plist("T2", "EXEC", "*")) == 0
    copy = guest.machine.storage.read(int.from_bytes(guest.machine.storage.read(0x321C, 4), "big"), 44)
    assert copy[:26].decode("cp037")[0:16] == "T2      EXEC    "
    assert copy[0x18:0x1A].decode("cp037") == "D2"
    assert int.from_bytes(copy[40:], "big") == guest.adt("D")
    assert guest.messages == []
    assert guest.call("DMSSTT", guest.plist("NO", "EXEC", "*")) == 28
    assert guest.messages == []
    assert guest.write("FRESH", "DATA", "A1", b"x" * 70) == 0
    assert guest.call("DMSSTT", guest.plist("FRESH", "DATA", "A1")) == 0
    copy = guest.machine.storage.read(int.from_bytes(guest.machine.storage.read(0x321C, 4), "big"), 44)
    assert copy[0x1A:0x1C] == b"\0\1" and copy[0x20:0x24] == b"\0\0\0\x46"


def test_erase() -> None:
    disk = a_disk()
    for name in ("ONE", "TWO", "THREE"):
        disk.write(name, "DATA", "A1", [b"x" * 80] * 30)
        disk.write(name, "FILE", "A1", [b"x" * 80] * 30)
    memory = MemoryDisk(disk)
    other = a_disk(label="OTHER")
    other.write("ONE", "DATA", "A1", [b"x"])
    guest = Guest({0x191: memory, 0x192: MemoryDisk(other, read_only=True)})
    guest.access(0x191, "A")
    guest.access(0x192, "S")

    def erase(*words: str) -> tuple[int, list[str]]:
        guest.messages.clear()
        return guest.command("ERASE", *words), list(guest.messages)

    assert erase() == (24, ["ERS054"])
    assert erase("NOFILE") == (24, ["ERS054"])
    assert erase("NOFILE", "EXEC", "A") == (28, ["ERS002"])
    assert erase("NOFILE", "EXEC", "Q") == (36, ["ERS069"])
    assert erase("ONE", "FILE", "A", "(", "XYZ") == (24, ["ERS003"])
    assert erase("*", "*", "A") == (24, ["ERS071"])
    assert erase("ONE", "DATA", "S") == (36, ["ERS037"])
    assert erase("NONE", "DATA", "S") == (28, ["ERS002"])
    assert erase("ONE", "DATA", "A", "XX") == (24, ["ERS070"])
    assert erase("NO*", "FILE", "A") == (20, ["STT062"])
    assert erase("ONE", "FILE", "A2") == (28, ["ERS002"])
    assert len(found(memory).files) == 6
    assert erase("ONE", "FILE", "A", "(", "TYPE") == (0, [])
    assert guest.typed == ["ONE      FILE     A1"]
    assert erase("*", "DATA", "(", "TYPE", ")") == (0, [])
    assert [line.split()[0] for line in guest.typed[1:]] == ["ONE", "TWO", "THREE"]
    assert set(found(memory).files) == {("TWO", "FILE"), ("THREE", "FILE")}
    assert guest.call("DMSERS", guest.plist("TWO", "FILE", "A1")) == 0
    assert guest.call("DMSERS", guest.plist("TWO", "FILE", "A1")) == 28
    assert set(found(memory).files) == {("THREE", "FILE")}


def test_access() -> None:
    disk = a_disk()
    disk.write("PRIVATE", "DATA", "A0", [b"x"])
    disk.write("PUBLIC", "DATA", "A1", [b"x"])
    disk.write("PUBLIC", "FILE", "A2", [b"x"])
    unformatted = MemoryDisk()
    guest = Guest({0x191: MemoryDisk(disk), 0x192: MemoryDisk(disk, read_only=True), 0x193: unformatted})
    assert guest.access(0x999, "B") == 1
    assert guest.access(0x193, "B") == 2
    assert guest.access(0x00E, "B") == 2
    assert guest.access(0x191, "A") == 0
    assert guest.adt_word("A", 0x20) == 3
    assert guest.access(0x192, "B") == 0
    assert guest.adt_word("B", 0x20) == 2
    assert guest.access(0x192, "B", flags=0x20) == 0
    assert guest.adt_word("B", 0x20) == 3
    assert guest.access(0x192, "C", fn="PUBLIC") == 0
    assert guest.adt_word("C", 0x20) == 2
    assert guest.access(0x192, "D", ft="DATA") == 0
    assert guest.adt_word("D", 0x20) == 1
    assert guest.access(0x192, "D", fn="NOSUCH") == 4
    assert guest.adt_word("D", 0x20) == 1
    assert guest.access(0x192, "E", fm="*2") == 0
    assert guest.adt_word("E", 0x20) == 1
    live = len(guest.live)
    assert guest.access(0x193, "A") == 2
    assert len(guest.live) == live
    assert guest.command("STATE", "PUBLIC", "DATA", "A") == 0
    assert guest.access(0x191, "A", flags=0x40) == 0  # ERASE: nothing is written until something is
    assert guest.command("STATE", "PUBLIC", "DATA", "A") == 28
    assert len(found(guest.disks[0x191]).files) == 3
    assert guest.write("FIRST", "DATA", "A1", b"x") == 0
    assert guest.finis() == 0
    assert set(found(guest.disks[0x191]).files) == {("FIRST", "DATA")}


def test_access_command() -> None:
    """The answers of a real CMS to the same commands in the same order; message texts are checked by sessions."""
    one, two, help_disk, ro = a_disk(label="ONE"), a_disk(label="TWO"), a_disk(label="HELP"), a_disk(label="RO")
    help_disk.write("X", "HELPCMD", "A1", [b"x"])
    ro.write("X", "FILE", "A1", [b"x"])
    guest = Guest(
        {
            0x191: MemoryDisk(one),
            0x192: MemoryDisk(two),
            0x193: MemoryDisk(),
            0x19D: MemoryDisk(help_disk, read_only=True),
            0x291: MemoryDisk(ro, read_only=True),
        }
    )
    guest.machine.storage.write(0x2DE, b"\2")  # INITDONE

    def access(words: str) -> tuple[int, list[str]]:
        guest.messages.clear()
        rc = guest.command("ACCESS", *words.replace("(", "( ").split())
        return rc, [message.removeprefix("ACC") for message in guest.messages]

    assert access("") == (0, [])
    assert access("192 D") == (0, [])
    assert access("192 D") == (0, ["724"])
    assert access("192") == (24, ["048"])
    assert access("") == (0, ["724"])
    assert access("999 B") == (100, ["113"])
    assert access("193 B") == (100, ["112"])
    assert access("XYZ B") == (24, ["017"])
    assert access("192 1") == (24, ["048"])
    assert access("192 AA") == (24, ["048"])
    assert access("192 B X Y Z W") == (24, ["070"])
    assert access("192 B (FOO") == (24, ["003"])
    assert access("192 B/A") == (36, ["059"])
    assert access("192 C/A * TEXT") == (36, ["059"])
    assert access("192 E (ERASE") == (0, ["726"])
    assert access("19D F") == (0, ["723"])
    assert access("19D F/A * HELPCMD") == (0, ["724", "723"])
    assert access("291 G") == (0, ["723"])
    assert access("291 G NOFILE NOTYPE") == (24, ["070"])
    assert access("291 Z") == (0, ["723", "725"])
    assert access("191 C") == (0, ["726"])
    assert access("192 A") == (0, ["726"])
    assert access("191 A") == (0, ["724", "726"])
    assert access("291 A (NOPROF") == (0, ["724", "723", "725", "725"])
    assert access("191 A/A") == (0, ["724", "723"])
    assert access("190 S") == (24, ["048"])
    assert access("00E B") == (100, ["112"])
    assert access("19D F/A NOSUCH FILE") == (28, ["060"])
    assert guest.command("STATE", "X", "HELPCMD", "A") == 0  # found on the extension


def test_mode_3_is_erased_when_read() -> None:
    disk = a_disk()
    disk.write("ONCE", "DATA", "A3", [b"x" * 80])
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    guest.access(0x191, "A")
    assert guest.read("ONCE", "DATA", "A3")[0] == 0
    assert guest.finis() == 0
    assert found(memory).files == {}


def test_point() -> None:
    disk = a_disk()
    records = [bytes([number]) * 80 for number in range(10)]
    disk.write("F", "DATA", "A1", records)
    memory = MemoryDisk(disk)
    guest = Guest({0x191: memory})
    guest.access(0x191, "A")

    def point(fn: str, write: int, read: int) -> int:
        return guest.call(
            "DMSPNT", guest.plist(fn, "DATA", "A1")[:26] + write.to_bytes(2, "big") + read.to_bytes(2, "big")
        )

    assert point("NO", 1, 1) == 1
    assert point("F", 0, 5) == 0
    assert guest.read("F", "DATA", "A1") == (0, records[4])
    assert guest.read("F", "DATA", "A1") == (0, records[5])
    assert guest.finis() == 0
    assert point("F", 3, 0) == 0
    assert guest.write("F", "DATA", "A1", b"p" * 80) == 0
    assert guest.finis() == 0
    records[2] = b"p" * 80
    assert found(memory).files["F", "DATA"].records == records


def test_the_directory_is_old_or_new_at_any_kill() -> None:
    """The host stops before each of the block writes of a piece of work, one after another."""
    disk = a_disk(4)
    old = [bytes([number]) * 80 for number in range(200)]
    disk.write("OLD", "DATA", "A1", old)
    disk.write("GOES", "DATA", "A1", [b"g" * 800] * 70)
    for number in range(25):
        disk.write(f"F{number}", "FILE", "A1", [b"%d" % number])
    start = MemoryDisk(disk)
    new = [b"N" * 80, *old[1:], b"M" * 80]
    kept = {(f"F{number}", "FILE") for number in range(25)}
    states = [
        ({("OLD", "DATA"), ("GOES", "DATA")}, old),
        ({("OLD", "DATA"), ("GOES", "DATA")}, new),
        ({("OLD", "DATA"), ("GOES", "DATA"), ("BIG", "DATA")}, new),
        ({("OLD", "DATA"), ("BIG", "DATA")}, new),
    ]
    reached = 0
    limit = 0
    seen = set()
    while True:
        memory = start.copy()
        guest = Guest({0x191: memory})
        assert guest.access(0x191, "A") == 0
        guest.write_limit = limit
        killed = False
        try:
            assert guest.write("OLD", "DATA", "A1", b"N" * 80, item=1) == 0
            assert guest.write("OLD", "DATA", "A1", b"M" * 80, item=201) == 0
            assert guest.finis() == 0
            for at in range(70):
                assert guest.write("BIG", "DATA", "A1", bytes([at]) * 800) == 0
            assert guest.finis() == 0
            assert guest.command("ERASE", "GOES", "DATA", "A") == 0
        except Killed:
            killed = True
        files = found(memory).files
        state = (set(files) - kept, files["OLD", "DATA"].records)
        at = states.index(state)
        assert at in (reached, reached + 1)
        reached = at
        seen.add(at)
        if ("BIG", "DATA") in files:
            assert files["BIG", "DATA"].records == [bytes([number]) * 800 for number in range(70)]
        if not killed:
            break
        limit += 1
    assert seen == {0, 1, 2, 3}
    assert limit > 80


def test_random_work_agrees_with_a_model() -> None:
    """Two hundred random operations on a small disk; now and then the disk is accessed anew."""
    rng = random.Random(7)
    memory = MemoryDisk(a_disk())
    guest = Guest({0x191: memory})
    assert guest.access(0x191, "A") == 0
    model: dict[tuple[str, str], tuple[str, list[bytes]]] = {}
    for _ in range(200):
        key = f"F{rng.randint(1, 12)}", rng.choice(("DATA", "EXEC"))
        recfm, records = model.get(key, (rng.choice("FV"), []))
        choice = rng.random()
        if choice < 0.6:
            records = list(records)
            for _ in range(rng.randint(1, 4)):
                width = len(records[0]) if records and recfm == "F" else rng.randint(1, 900)
                data = rng.randbytes(width)
                item = rng.randint(1, len(records)) if records and rng.random() < 0.3 else len(records) + 1
                if recfm == "V" and item <= len(records):
                    data = rng.randbytes(len(records[item - 1]))
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
        files = found(memory).files
        assert {name: (f.recfm, f.records) for name, f in files.items()} == model
    assert len(model) > 5


def test_instructions_for_sequential_reading() -> None:
    """Reading a record takes a bounded number of instructions and a disk read for each block, no more."""
    disk = a_disk(4)
    disk.write("F", "DATA", "A1", [b"x" * 80] * 1000)
    guest = Guest({0x191: MemoryDisk(disk)})
    guest.access(0x191, "A")
    guest.instructions = guest.reads = guest.programs = 0
    for _ in range(1000):
        assert guest.read("F", "DATA", "A1")[0] == 0
    assert guest.reads == 100 + 2  # the chain links
    assert guest.programs <= 100 / 15 + 3
    assert guest.instructions < 1000 * 170
