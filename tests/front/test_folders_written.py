"""Folders that CMS writes: commits, names that lead astray, changes on both sides, damage, kills."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.device import MediaError

from .folderguest import Guest, ebcdic, sound

BLANK = b"\x40"


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
