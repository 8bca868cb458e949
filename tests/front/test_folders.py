"""Folders as CMS disks: what is shown, what CMS writes, what the host changes, names that lead astray, kills."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cpvm.front.folders import contents, names
from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.device import MediaError
from tests.cms.cdf_reader import Disk, read_disk

from .folderguest import Guest

BLANK = b"\x40"


def ebcdic(text: str) -> bytes:
    return text.encode("cp037")


def sound(disk: FolderDisk) -> Disk:
    """What the independent reader finds, which must be without fault."""
    found = read_disk(disk.read)
    assert found.problems == []
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Work"
    path.mkdir()
    return path


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[..., FolderDisk]]:
    disks: list[FolderDisk] = []

    def make(read_only: bool = False, **options: str) -> FolderDisk:
        disks.append(FolderDisk(folder, read_only, **options))
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()


# ---- what is shown


def test_files_of_the_folder_are_cms_files(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "profile.exec").write_text("&CONTROL OFF\n")
    (folder / "notes.txt").write_text("one\n\nété\n")
    (folder / "Makefile").write_text("x\r\ny\n")
    (folder / "wide.assemble").write_text("*" * 81 + "\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\0" + bytes(range(97)))
    disk = sound(opened(read_only=True))
    files = disk.files
    assert disk.label == "WORK"
    assert files["PROFILE", "EXEC"].records == [ebcdic("&CONTROL OFF".ljust(80))]
    assert (files["NOTES", "TXT"].recfm, files["NOTES", "TXT"].records) == (
        "V",
        [ebcdic("one"), BLANK, ebcdic("été")],
    )
    assert files["MAKEFILE", "FILE"].records == [ebcdic("x"), ebcdic("y")]
    assert (files["WIDE", "ASSEMBLE"].recfm, files["WIDE", "ASSEMBLE"].lrecl) == ("V", 81)
    assert b"".join(files["PHOTO", "JPG"].records) == (folder / "photo.jpg").read_bytes().ljust(160, b"\0")


def test_1047(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.b").write_text("[x]\n")
    assert sound(opened(read_only=True, page="1047")).files["A", "B"].records == [b"\xad\xa7\xbd"]
    with pytest.raises(MediaError, match="1048 is no code page"):
        opened(read_only=True, page="1048")


def test_what_is_not_shown_is_told(folder: Path, opened: Callable[..., FolderDisk], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("no\n")
    (folder / "link.txt").symlink_to(secret)
    (folder / "arrow.txt").write_text("a → b\nc → ☃\n")
    (folder / "empty.txt").touch()
    (folder / ".hidden").write_text("x\n")
    (folder / "deep").mkdir()
    os.mkfifo(folder / "pipe.txt")
    (folder / "chapter-one.txt").write_text("1\n")
    (folder / "chapter-two.txt").write_text("2\n")
    (folder / "README").write_text("1\n")
    (folder / "readme.file").write_text("2\n")
    disk = opened(read_only=True)
    assert set(sound(disk).files) == {("CHAPTER-", "TXT"), ("README", "FILE")}
    assert sorted(disk.notes) == [
        "README is not shown: readme.file is README FILE already",
        "arrow.txt is not shown: 3 characters are not in code page 037: '→' (U+2192) 2 times, first in line 1; "
        "'☃' (U+2603) once, in line 2",
        "chapter-two.txt is not shown: chapter-one.txt is CHAPTER- TXT already",
        "empty.txt is not shown: it is empty, and a CMS file has at least one record",
        "link.txt is not shown: it is a link",
        "pipe.txt is not shown: it is not a file",
    ]


def test_a_thousand_files_and_large_ones(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    for number in range(1000):
        (folder / f"f{number}.data").write_text(f"{number}\n")
    (folder / "big.text").write_bytes(os.urandom(400_000))
    (folder / "huge.text").write_bytes(bytes(13_000_000))
    disk = opened(read_only=True)
    found = sound(disk)
    assert len(found.files) == 1001
    assert b"".join(found.files["BIG", "TEXT"].records) == (folder / "big.text").read_bytes()
    assert disk.notes == ["huge.text is not shown: it has 162500 records, a CMS file 65535 at most"]


def test_a_folder_larger_than_the_disk(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    for name in "abcde":
        (folder / f"{name}.text").write_bytes(bytes(1_000_000))
    disk = opened(device="2305-1")
    assert [note for note in disk.notes if "no room" in note] == [
        "d.text is not shown: there is no room left on the disk",
        "e.text is not shown: there is no room left on the disk",
    ]
    guest = Guest(disk)
    assert len(guest.fsts) == 3
    guest.erase("A", "TEXT")
    guest.close()
    disk.hold(writing=False)
    assert len(Guest(disk).fsts) == 3
    assert {path.name for path in folder.glob("*.text")} == {"b.text", "c.text", "d.text", "e.text"}


@pytest.mark.parametrize("device", ["2305-2", "2311", "2314", "3330", "3330-11", "3340", "3350", "3380", "3390-9"])
def test_other_disks(folder: Path, opened: Callable[..., FolderDisk], device: str) -> None:
    from cpvm.front.disks import cmsfiles
    from cpvm.front.disks.place import Part

    (folder / "a.b").write_text("x\n")
    disk = opened(read_only=True, device=device)
    assert disk.device_type == device
    assert list(cmsfiles.load(Part(disk, disk.geometry, disk.cylinders, folder)).files) == [("A", "B")]


def test_read_only_disks_follow_the_host_at_access(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.txt").write_text("old\n")
    (folder / "b.txt").write_text("stays\n")
    disk = opened(read_only=True)
    first = Guest(disk)
    chain = first.fsts[first.name("B", "TXT")]
    (folder / "a.txt").write_text("new one\n")
    (folder / "c.txt").write_text("third\n")
    old = int.from_bytes(first.fsts[first.name("A", "TXT")][28:30], "big")
    data = int.from_bytes(first.read(old)[80:82], "big")
    second = Guest(disk)
    assert first.read(data)[2:5] == ebcdic("old")  # who has not accessed it again still reads what was there
    assert second.fsts[second.name("B", "TXT")] == chain
    found = sound(disk).files
    assert found["A", "TXT"].records == [ebcdic("new one")]
    assert ("C", "TXT") in found
    (folder / "a.txt").unlink()
    assert ("A", "TXT") not in sound(disk).files
    with pytest.raises(MediaError, match="read-only"):
        disk.write(0, 1, disk.read(0, 1))


# ---- what CMS writes


def test_what_cms_writes_appears_with_the_directory(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "keep.png").write_bytes(b"\0" * 1000)
    before = (folder / "keep.png").stat()
    guest = Guest(opened(), "B")
    guest.put("NEW", "SCRIPT", "V", 8, [ebcdic("Été"), BLANK, ebcdic("  x  y ")])
    assert not (folder / "new.script").exists()
    guest.close()
    assert (folder / "new.script").read_text() == "Été\n\n  x  y \n"
    assert (folder / "keep.png").stat() == before
    guest.put("NEW", "SCRIPT", "F", 10, [ebcdic("second".ljust(10))])
    guest.put("PROG", "MODULE", "V", 3, [b"\x01\x02\x03", b"\x15"])
    guest.put("ODD", "SCRIPT", "F", 4, [b"\x25\x15\x0d\x05"])
    guest.rename(("KEEP", "PNG"), ("MARK", "PNG"))
    guest.close()
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == [
        *("mark.png", "new.script", "odd.script", "prog.module")
    ]
    assert (folder / "new.script").read_text() == "second\n"
    assert (folder / "mark.png").read_bytes() == b"\0" * 1000
    assert (folder / "prog.module").read_bytes() == b"\0\3\1\2\3\0\1\x15"
    assert (folder / "odd.script").read_bytes() == b"\x25\x15\x0d\x05"
    guest.erase("MARK", "PNG")
    guest.close()
    assert not (folder / "mark.png").exists()


def test_formats_modes_and_dates_are_there_next_time(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    disk = opened()
    guest = Guest(disk)
    guest.put("A", "DATA", "F", 133, [ebcdic("x".ljust(133))], mode="4")
    guest.put("B", "EXEC", "V", 5, [ebcdic("&EXIT")])
    guest.put("C", "DATA", "F", 4, [b"\0\1\2\3", b"\x40\x25\0\0"])
    guest.close()
    disk.close()
    found = sound(opened()).files
    for name, file in found.items():
        assert file.fst[16:20].hex() == "07041945"
        assert file.fst[24:26] == ebcdic("A4" if name == ("A", "DATA") else "A1")
    assert {name: (f.recfm, f.lrecl) for name, f in found.items()} == {
        ("A", "DATA"): ("F", 133),
        ("B", "EXEC"): ("V", 5),
        ("C", "DATA"): ("F", 4),
    }
    assert found["C", "DATA"].records == [b"\0\1\2\3", b"\x40\x25\0\0"]


def test_updates_in_place(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.data").write_text("before\n")
    guest = Guest(opened())
    first = int.from_bytes(guest.fsts[guest.name("A", "DATA")][28:30], "big")
    data = int.from_bytes(guest.read(first)[80:82], "big")
    guest.write(data, b"\0\6" + ebcdic("behind"))
    assert (folder / "a.data").read_text() == "before\n"
    guest.close()
    assert (folder / "a.data").read_text() == "behind\n"


def test_a_file_written_as_it_was_is_not_touched(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.data").write_bytes(b"one\r\ntwo")
    guest = Guest(opened())
    guest.put("A", "DATA", "V", 3, [ebcdic("one"), ebcdic("two")])
    guest.close()
    assert (folder / "a.data").read_bytes() == b"one\r\ntwo"


def test_names_never_leave_the_folder(folder: Path, opened: Callable[..., FolderDisk], tmp_path: Path) -> None:
    guest = Guest(opened())
    hostile = [
        ("../EVIL", "X"),
        ("..", ".."),
        ("/ETC", "PASSWD"),
        ("lower", "case"),
        (".CPVM-", "FILES"),
        ("A\0B", "C"),
    ]
    for fn, ft in hostile:
        guest.put(fn, ft, "V", 4, [ebcdic("evil")])
    guest.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Work"]
    inside = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    assert len(inside) == len(hostile)
    assert all((folder / name).read_text() == "evil\n" for name in inside)
    guest.disk.close()
    again = Guest(opened())
    assert set(again.fsts) == {guest.name(fn, ft) for fn, ft in hostile}


def test_links_are_replaced_and_not_followed(folder: Path, opened: Callable[..., FolderDisk], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("no\n")
    (folder / "a.txt").write_text("a\n")
    guest = Guest(opened())
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(secret)
    (folder / "b.txt").symlink_to(secret)
    guest.put("A", "TXT", "V", 3, [ebcdic("cms")])
    guest.put("B", "TXT", "V", 3, [ebcdic("cms")])
    guest.close()
    assert secret.read_text() == "no\n"
    assert (folder / "a.txt").read_text() == (folder / "b.txt").read_text() == "cms\n"
    assert not (folder / "a.txt").is_symlink()


@pytest.mark.parametrize("damage", ["shared", "outside", "count", "twice", "mfd", "format"])
def test_a_damaged_directory_changes_nothing(folder: Path, opened: Callable[..., FolderDisk], damage: str) -> None:
    (folder / "a.txt").write_text("a\n")
    disk = opened()
    said: list[str] = []
    disk.report = said.append
    before = [disk.read(0, head) for head in range(3)]
    guest = Guest(disk)
    fst = guest.fsts[guest.name("A", "TXT")]
    if damage == "shared":
        guest.fsts[guest.name("B", "TXT")] = guest.name("B", "TXT") + fst[16:]
    elif damage == "outside":
        guest.fsts[guest.name("A", "TXT")] = fst[:28] + b"\xff\xfe" + fst[30:]
    elif damage == "count":
        guest.fsts[guest.name("A", "TXT")] = fst[:26] + b"\xff\xff" + fst[28:]
    elif damage == "twice":
        guest.fsts[b"another key"] = fst
    with pytest.raises(MediaError):
        if damage == "mfd":
            guest.write(4, bytes(800))
        elif damage == "format":
            disk.write(0, 0, disk.read(0, 0)[:5] + bytes(8) + b"\xff" * 8)
            disk.commit()
        else:
            guest.close()
    assert [disk.read(0, head) for head in range(3)] == before
    assert (folder / "a.txt").read_text() == "a\n"
    assert said or damage == "format"
    good = Guest(disk)
    good.put("B", "TXT", "V", 1, [ebcdic("b")])
    good.close()
    assert (folder / "b.txt").read_text() == "b\n"


# ---- two who write


def test_changes_on_both_sides_are_both_kept(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    for name in ("both", "host", "gone", "erased"):
        (folder / f"{name}.txt").write_text("old\n")
    disk = opened()
    said: list[str] = []
    disk.report = said.append
    guest = Guest(disk)
    (folder / "both.txt").write_text("of the host\n")
    (folder / "host.txt").write_text("of the host\n")
    (folder / "erased.txt").write_text("of the host\n")
    (folder / "gone.txt").unlink()
    (folder / "added.txt").write_text("of the host\n")
    guest.put("BOTH", "TXT", "V", 3, [ebcdic("cms")])
    guest.put("ADDED", "TXT", "V", 3, [ebcdic("cms")])
    guest.erase("ERASED", "TXT")
    guest.close()
    assert (folder / "both.txt").read_text() == (folder / "added.txt").read_text() == "cms\n"
    assert (folder / "host.txt").read_text() == (folder / "erased.txt").read_text() == "of the host\n"
    assert not (folder / "gone.txt").exists()
    aside = sorted(folder.glob("*.host-*.txt"))
    assert [path.read_text() for path in aside] == ["of the host\n"] * 2
    assert len(said) == 3
    disk.hold(writing=False)
    assert ("HOST", "TXT") in sound(disk).files


def test_one_process_writes(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    opened()
    with pytest.raises(MediaError, match="in use"):
        opened()
    opened(read_only=True)


def test_what_a_writer_left_open_is_dropped(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    disk = opened()
    guest = Guest(disk)
    guest.put("A", "B", "V", 1, [ebcdic("x")])
    disk.hold(writing=False)
    assert sound(disk).files == {}
    disk.hold(writing=True)
    again = Guest(disk)
    again.put("C", "D", "V", 1, [ebcdic("y")])
    again.close()
    assert (folder / "c.d").read_text() == "y\n"
    assert not (folder / "a.b").exists()


# ---- kills


class Killed(BaseException):
    """The process ends here."""


class Clock:
    """Counts what is asked of the host, until the end."""

    def __init__(self, left: int) -> None:
        self.left = left

    def dying(self, real: Callable[..., object]) -> Callable[..., object]:
        def asked(*words: object, **more: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise Killed
            return real(*words, **more)

        return asked


def test_a_kill_at_any_moment_leaves_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = {"a.txt": "old a\n", "b.txt": "old b\n", "c.txt": "old c\n", "p.bin": "kept\n"}
    new = {"a.txt": "new a\n", "b.txt": "old b\n", "d.txt": "new d\n", "q.bin": "kept\n"}
    seen = set()
    for moment in range(200):
        folder = tmp_path / f"k{moment}"
        folder.mkdir()
        for name, text in old.items():
            (folder / name).write_text(text)
        disk = FolderDisk(folder, False)
        guest = Guest(disk)
        guest.put("A", "TXT", "V", 5, [ebcdic("new a")])
        guest.put("D", "TXT", "V", 5, [ebcdic("new d")])
        guest.erase("C", "TXT")
        guest.rename(("P", "BIN"), ("Q", "BIN"))
        done, clock = False, Clock(moment)
        with monkeypatch.context() as patch:
            for name in ("open", "replace", "unlink", "fsync"):
                patch.setattr(os, name, clock.dying(getattr(os, name)))
            with suppress(Killed):
                guest.close()
                done = True
        disk.close()
        now = FolderDisk(folder, False)
        now.close()
        found = {path.name: path.read_text() for path in folder.iterdir() if path.name[0] != "."}
        assert found in (old, new)
        assert found == new or not done
        assert {path.name for path in folder.iterdir() if path.name[0] == "."} <= {".cpvm-files", ".cpvm-lock"}
        seen.add(found == new)
        if done:
            break
    else:
        pytest.fail("it never ends")
    assert seen == {False, True}


def test_a_host_that_cannot_write(
    folder: Path, opened: Callable[..., FolderDisk], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = opened()
    guest = Guest(disk)
    guest.put("A", "B", "V", 1, [ebcdic("x")])

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(MediaError, match="No space left"):
            guest.close()
    assert not (folder / "a.b").exists()
    assert sound(disk).files == {}
    again = Guest(disk)
    again.put("A", "B", "V", 1, [ebcdic("x")])
    again.close()
    assert (folder / "a.b").read_text() == "x\n"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "label": "", "files": {"../x": {}}, "changes": []}']
)
def test_a_damaged_table_is_told(folder: Path, opened: Callable[..., FolderDisk], text: str) -> None:
    (folder / ".cpvm-files").write_text(text)
    with pytest.raises(MediaError, match="cpvm-files"):
        opened()


def test_a_table_cannot_lead_out_of_the_folder(folder: Path, opened: Callable[..., FolderDisk], tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("x")
    (folder / ".cpvm-files").write_text(
        '{"version": 1, "label": "", "files": {}, "changes": [{"to": "../victim", "temporary": "", "aside": ""}]}'
    )
    with pytest.raises(MediaError, match="no file of the folder"):
        opened()
    assert (tmp_path / "victim").exists()


# ---- names and contents


@pytest.mark.parametrize(
    ("host", "cms"),
    [
        *(("profile.exec", "PROFILE EXEC"), ("README", "README FILE"), ("a.b.c", "A_B C"), ("naïve.txt", "NA_VE TXT")),
        *(("averylongname.assemble", "AVERYLON ASSEMBLE"), ("x.", "X FILE"), ("sp ace.x", "SP_ACE X")),
        *(("=4b=4b.=61", ".. /"), ("$a#@+-_.x", "$A#@+-_ X")),
    ],
)
def test_folding(host: str, cms: str) -> None:
    assert names.shown(names.folded(host)) == cms


def test_every_byte_survives_in_a_name() -> None:
    for code in range(256):
        name = (bytes((0xC1, code, 0xC2)).ljust(8, BLANK), bytes((0xC1,)).ljust(8, BLANK))
        host = names.host_name(name)
        assert names.folded(host) == name
        assert "/" not in host
        assert not host.startswith(".")


def test_every_record_survives() -> None:
    for code in range(256):
        for recfm, records in (("V", (bytes((code,)), b"\xc1" + bytes((code,)))), ("F", (bytes((0xC1, code)),) * 2)):
            form, data = contents.host_bytes(recfm, 2, records, "DATA", "037")
            back = contents.records_of(data, "DATA", "037", (recfm, 2, form))
            assert (back.recfm, back.records) == (recfm, records)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_cms_does_is_there_next_time(folder: Path, opened: Callable[..., FolderDisk], seed: int) -> None:
    """Random files, erased, renamed and written again, some sparse; the host looks on, and other processes read."""
    rng = random.Random(seed)
    model: dict[tuple[str, str], tuple[str, int, list[bytes], str]] = {}
    guest = Guest(opened(), rng.choice("AB"))
    types = ["EXEC", "SCRIPT", "MODULE", "TEXT", "ASSEMBLE", "DATA"]
    for _ in range(20):
        for _ in range(rng.randrange(1, 4)):
            name = (f"F{rng.randrange(12)}", rng.choice(types))
            what = rng.random()
            if what < 0.2 and model:
                name = rng.choice(list(model))
                del model[name]
                guest.erase(*name)
            elif what < 0.4 and model and name not in model:
                old = rng.choice(list(model))
                model[name] = model.pop(old)
                guest.rename(old, name)
            else:
                recfm, lrecl = rng.choice("FV"), rng.choice([1, 2, 80, 133, 1000])
                codes = rng.choice([bytes(range(256)), ebcdic("AB CDÉ [x] "), b"\0\x40\x25\x15\x0d\x05"])
                size = (
                    (lambda lrecl=lrecl: lrecl) if recfm == "F" else (lambda lrecl=lrecl: rng.randrange(1, lrecl + 1))
                )
                records = [bytes(rng.choices(codes, k=size())) for _ in range(rng.randrange(1, 60))]
                lrecl = max(map(len, records))
                mode = rng.choice("0123456")
                model[name] = (recfm, lrecl, records, mode)
                guest.put(*name, recfm, lrecl, records, mode)
        guest.close()
        if rng.random() < 0.2:
            guest.disk.close()
            guest = Guest(opened(), rng.choice("AB"))
        reader = FolderDisk(folder, True)
        found = sound(reader).files
        reader.close()
        assert {name: (f.recfm, f.lrecl, f.records, f.mode[1]) for name, f in found.items()} == model
        assert len([path for path in folder.iterdir() if path.name[0] != "."]) == len(model)
