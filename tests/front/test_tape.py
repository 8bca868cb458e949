"""`cpvm tape`: what it makes, shows, and refuses."""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path

import pytest

from cpvm.cli import main
from cpvm.machine.media.tape.labels import FileLabel, LabelError, data_set_name, file_label, text, volume
from cpvm.machine.media.tape.open import open_tape
from cpvm.machine.media.tape.records import RecordError, RecordFormat

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, and a day that stays."""
    monkeypatch.chdir(tmp_path)

    class Today(date):
        @classmethod
        def today(cls) -> Today:
            return cls(1979, 2, 3)

    monkeypatch.setattr("cpvm.front.tape.date", Today)
    Path("lines.txt").write_text("HELLO\n\nWORLD [X] ÄÖ\n", encoding="utf-8")
    return tmp_path


def tape(*words: str) -> int:
    return main(["tape", *words])


def listed(capsys: Captured, *words: str) -> str:
    capsys.readouterr()
    assert tape("list", *words) == 0
    return capsys.readouterr().out


def blocks(name: str) -> list[bytes]:
    store, at, found = open_tape(name, read_only=True), 0, []
    while (block := store.forward(at)) is not None:
        found.append(block.data)
        at = block.end
    return found


# ---- init, import, list


def test_a_labelled_tape(capsys: Captured) -> None:
    assert tape("init", "a.aws", "--volume", "work01", "--owner", "me") == 0
    assert blocks("a.aws")[1:] == [b"\xc8\xc4\xd9\xf1" + b"\xf0" * 76, b""]
    assert tape("import", "a.aws", "lines.txt", "--recfm", "FB", "--lrecl", "80", "--blksize", "160", "--text") == 0
    assert tape("import", "a.aws", "lines.txt", "lines.txt", "--text", "--recfm", "VB", "--lrecl", "90") == 0
    assert listed(capsys, "a.aws", "--labels") == (
        "a.aws: AWSTAPE\n"
        "FILE   BLOCKS       BYTES SHORTEST  LONGEST\n"
        "   1        3         240       80       80  labels VOL1 HDR1 HDR2, volume WORK01 of ME\n"
        "     VOL1WORK01                               ME\n"
        "     HDR1LINES.TXT        WORK0100010001       79034 000000000000CPVM\n"
        "     HDR2F001600008030                     B\n"
        "   2        2         240       80      160  LINES.TXT FB 80 160\n"
        "   3        2         160       80       80  labels EOF1 EOF2\n"
        "     EOF1LINES.TXT        WORK0100010001       79034 000000000002CPVM\n"
        "     EOF2F001600008030                     B\n"
        "   4        2         160       80       80  labels HDR1 HDR2\n"
        "     HDR1LINES.TXT        WORK0100010002       79034 000000000000CPVM\n"
        "     HDR2V009040009030                     B\n"
        "   5        1          34       34       34  LINES.TXT VB 90 904\n"
        "   6        2         160       80       80  labels EOF1 EOF2\n"
        "     EOF1LINES.TXT        WORK0100010002       79034 000000000001CPVM\n"
        "     EOF2V009040009030                     B\n"
        "   7        2         160       80       80  labels HDR1 HDR2\n"
        "     HDR1LINES.TXT        WORK0100010003       79034 000000000000CPVM\n"
        "     HDR2V009040009030                     B\n"
        "   8        1          34       34       34  LINES.TXT VB 90 904\n"
        "   9        2         160       80       80  labels EOF1 EOF2\n"
        "     EOF1LINES.TXT        WORK0100010003       79034 000000000001CPVM\n"
        "     EOF2V009040009030                     B\n"
        "  10        0           0        0        0  empty\n"
    )
    for wanted in ("2", "5", "8", "lines.txt"):
        assert tape("export", "a.aws", wanted, "back.txt", "--text") == 0
        assert Path("back.txt").read_text(encoding="utf-8") in ("HELLO\n\nWORLD [X] ÄÖ\n", "HELLO\n \nWORLD [X] ÄÖ\n")


def test_a_tape_without_labels(capsys: Captured) -> None:
    Path("a.bin").write_bytes(bytes(range(256)) * 4)
    assert tape("init", "n.tap") == 0
    assert blocks("n.tap") == [b"", b""]
    assert tape("import", "n.tap", "a.bin", "--recfm", "F", "--blksize", "256") == 0
    assert tape("import", "n.tap", "a.bin", "--blksize", "1000") == 0
    a = Path("a.bin").read_bytes()
    assert blocks("n.tap") == [a[:256]] * 4 + [b""] + [a[:1000], a[1000:], b"", b""]
    assert "a.bin" not in listed(capsys, "n.tap")
    assert tape("export", "n.tap", "2", "b.bin") == 0
    assert Path("b.bin").read_bytes() == a
    assert tape("import", "new.het", "a.bin") == 0, "a new tape"
    assert blocks("new.het") == [a, b"", b""]


def test_a_tape_mark_at_the_load_point_is_no_end(here: Path) -> None:
    store = open_tape("dos.aws")
    store.mark(store.write(store.mark(0).end, b"DATA").end)
    store.close()
    Path("a.bin").write_bytes(b"MORE")
    assert tape("import", "dos.aws", "a.bin") == 0
    assert blocks("dos.aws") == [b"", b"DATA", b"", b"MORE", b"", b""]


def test_an_empty_file_between_labels_is_no_end(capsys: Captured) -> None:
    Path("empty").write_bytes(b"")
    tape("init", "a.aws", "--volume", "ABC")
    assert tape("import", "a.aws", "empty", "--recfm", "F") == 0
    assert tape("import", "a.aws", "lines.txt", "--text") == 0
    assert "   5        1         240      240      240  LINES.TXT FB 80 800" in listed(capsys, "a.aws")


def test_what_is_behind_two_marks_is_written_over(here: Path) -> None:
    store, at = open_tape("a.aws"), 0
    for block in (b"ONE", b"", b"", b"OLD", b""):
        at = (store.write(at, block) if block else store.mark(at)).end
    store.close()
    Path("a.bin").write_bytes(b"TWO")
    assert tape("import", "a.aws", "a.bin") == 0
    assert blocks("a.aws") == [b"ONE", b"", b"TWO", b"", b""]


def test_blocks_are_listed(capsys: Captured) -> None:
    tape("import", "a.aws", "lines.txt", "--text", "--recfm", "U")
    assert listed(capsys, "a.aws", "--blocks") == (
        "a.aws: AWSTAPE\n"
        "         0      5  C8C5D3D3D6                        HELLO\n"
        "        11      1  40                                 \n"
        "        18     12  E6D6D9D3C440BAE7BB4063EC          WORLD [X] ÄÖ\n"
        "        36 file 1: tape mark\n"
        "        42 file 2: tape mark\n"
    )


@pytest.mark.parametrize(("code", "bracket"), [("037", b"\xba"), ("1047", b"\xad")])
def test_code_pages(code: str, bracket: bytes, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert tape("import", "a.aws", "lines.txt", "--text", "--recfm", "U", "--code", code) == 0
    assert blocks("a.aws")[2][6:7] == bracket
    capsysbinary.readouterr()
    assert tape("export", "a.aws", "1", "-", "--text", "--code", code) == 0
    assert capsysbinary.readouterr().out.decode() == "HELLO\n\nWORLD [X] ÄÖ\n"


@pytest.mark.parametrize(
    ("recfm", "lrecl", "blksize"), [("F", 7, 7), ("FB", 7, 700), ("V", 50, 54), ("VB", 50, 200), ("U", 0, 33)]
)
def test_binary_files_come_back(recfm: str, lrecl: int, blksize: int) -> None:
    chance = random.Random(recfm)
    if recfm.startswith("V"):
        parts = [chance.randbytes(chance.randint(0, 46)) for _ in range(300)]
        data = b"".join((len(part) + 4).to_bytes(2, "big") + b"\0\0" + part for part in parts)
    else:
        data = chance.randbytes(7 * 300)
    Path("a.bin").write_bytes(data)
    form = ["--recfm", recfm, "--blksize", str(blksize), *(["--lrecl", str(lrecl)] if lrecl else [])]
    assert tape("import", "a.het", "a.bin", *form) == 0
    assert tape("export", "a.het", "1", "b.bin", *form) == 0
    assert Path("b.bin").read_bytes() == data
    assert max(map(len, blocks("a.het"))) <= blksize


# ---- copy


def test_copies_in_every_format(capsys: Captured) -> None:
    tape("init", "a.aws", "--volume", "ABC")
    tape("import", "a.aws", "lines.txt", "--text", "--recfm", "VB")
    for source, target in (("a.aws", "a.het"), ("a.het", "a.tap"), ("a.tap", "a.e11"), ("a.e11", "b.aws")):
        capsys.readouterr()
        assert tape("copy", source, target) == 0
        assert capsys.readouterr().out == "6 blocks, 4 tape marks\n"
        assert blocks(target) == blocks("a.aws")
    assert Path("b.aws").read_bytes() == Path("a.aws").read_bytes()
    assert tape("copy", "a.aws", "x", "--format", "het", "--bzip2") == 0
    assert open_tape("x").FORMAT == "HET"


def test_a_copy_that_fails_leaves_what_was_there() -> None:
    tape("import", "a.aws", "lines.txt", "--text")
    Path("b.aws").write_bytes(b"OLD")
    Path("a.aws").write_bytes(Path("a.aws").read_bytes()[:-6] + b"\3\0\0\0\x40\0")
    assert tape("copy", "a.aws", "b.aws", "--force") == 2
    assert Path("b.aws").read_bytes() == b"OLD"
    assert not list(Path().glob("*.partial"))


# ---- damage


def test_a_tape_that_is_damaged(capsys: Captured) -> None:
    tape("import", "a.aws", "lines.txt", "--text", "--recfm", "U")
    image = Path("a.aws").read_bytes()
    Path("a.aws").write_bytes(image[:15] + b"\0" + image[16:])
    capsys.readouterr()
    assert tape("list", "a.aws") == 1
    assert capsys.readouterr().err == "cpvm tape: a.aws: damaged at byte 11: no header of a block\n"
    assert tape("export", "a.aws", "1", "x") == 2
    assert not Path("x").exists()
    Path("a.het").write_bytes(b"\4\0\0\0\xa1\0junk\0\0\4\0\x40\0")
    assert tape("list", "a.het") == 1
    assert capsys.readouterr().err.endswith(
        "cpvm tape: a.het, file 1, block 1: compressed data that cannot be expanded\n"
    )
    assert tape("list", "a.het", "--blocks") == 1
    assert "compressed data that cannot be expanded" in capsys.readouterr().out
    assert tape("copy", "a.het", "b.het") == 2


def test_a_block_that_was_not_written_to_its_end(capsys: Captured) -> None:
    tape("import", "a.aws", "lines.txt", "--text", "--recfm", "U")
    Path("a.aws").write_bytes(Path("a.aws").read_bytes()[:33])
    assert tape("list", "a.aws") == 0
    told = capsys.readouterr()
    assert (
        told.err == "cpvm tape: a.aws: the last 15 bytes are the beginning of a block that was not written to its end\n"
    )
    assert "   1        2           6        1        5  no tape mark behind it\n" in told.out


# ---- what is refused


REFUSED = """\
list none.aws
    none.aws: no such file
list lines.txt
    lines.txt: no tape in a format known here (AWSTAPE, HET, SIMH, E11, OMA)
list .
    .: a folder, not a tape
init there.aws
    there.aws: exists already; --force replaces it
init no/new.aws
    no/new.aws: no such folder
init new.aws --owner ME
    --owner goes with --volume
init new.aws --volume TOOLONG
    TOOLONG: a volume serial number has 1 to 6 letters and digits
init new.aws --volume A --owner ELEVENCHARS
    ELEVENCHARS: an owner has up to 10 characters
import new.aws none.txt
    none.txt: no such file
import new.aws lines.txt lines.txt --name X
    --name names one file
import new.aws lines.txt --name A_B
    A_B: a file's name in a label has 1 to 44 letters, digits and periods
import new.aws lines.txt --recfm FB --lrecl 80 --blksize 100
    blocks of 100 bytes do not hold whole records of 80
import new.aws lines.txt --recfm F --lrecl 80 --blksize 160
    with record format F, record and block have one length
import new.aws lines.txt --recfm VB --lrecl 80 --blksize 80
    blocks of 80 bytes cannot hold records of 80 and four more
import new.aws lines.txt --recfm U --blksize 65536
    a block of 65536 bytes is not of 1 to 65535
import new.aws lines.txt --lrecl 10 --text
    lines.txt: line 3 has 12 characters, a record 10
import new.aws lines.txt --lrecl 10
    lines.txt: record 3, the last, has 2 bytes, not 10
import new.aws lines.txt --recfm V
    lines.txt: no record descriptor word at byte 0
import new.aws long.txt --text --recfm V --lrecl 20
    record 1 has 30 bytes, more than 16
import new.aws euro.txt --text
    euro.txt, line 1: '€' is not in code page 037
import new.aws latin.txt --text
    latin.txt: not text in UTF-8; --binary takes it as it is
export there.aws 7 x
    there.aws: no file 7 among 2
export there.aws NAME x
    there.aws: no file NAME among 2
export there.aws 1 x --lrecl 7
    there.aws, file 1, block 1: a block of 240 bytes does not hold whole records of 7
export there.aws 1 x --recfm V
    there.aws, file 1, block 1: a block of 240 bytes says that it has 51397
export there.aws 1 no/x
    no/x.partial: No such file or directory
copy there.aws there.aws --force --format het
copy none.aws x.het
    none.aws: no such file
"""


@pytest.mark.parametrize(("words", "message"), re.findall(r"^(\S.*)\n(?:    (.*)\n)?", REFUSED, re.MULTILINE))
def test_refusals(words: str, message: str, capsys: Captured) -> None:
    tape("import", "there.aws", "lines.txt", "--text")
    Path("euro.txt").write_text("€\n", encoding="utf-8")
    Path("latin.txt").write_bytes(b"\xe4\n")
    Path("long.txt").write_text("X" * 30)
    capsys.readouterr()
    status = tape(*words.split())
    told = capsys.readouterr()
    assert (status, told.err) == ((2, f"cpvm tape: {message}\n") if message else (0, ""))
    assert not list(Path().glob("*.partial"))
    assert not Path("new.aws").exists()


def test_a_tape_in_use(capsys: Captured) -> None:
    tape("import", "a.aws", "lines.txt", "--text")
    store = open_tape("a.aws")
    capsys.readouterr()
    assert tape("list", "a.aws") == 2
    assert capsys.readouterr().err == "cpvm tape: a.aws: in use by another machine or program\n"
    assert tape("init", "a.aws", "--force") == 2
    store.close()
    assert tape("init", "a.aws", "--force") == 0


# ---- labels and records by themselves


def test_labels_say_what_they_were_told() -> None:
    label = FileLabel("A.LONG.NAME.THAT.HAS.MORE", "VOL123", 7, "VB", 137, 3200, 12, date(2031, 12, 31))
    first, second = map(text, label.trailers())
    assert first == "EOF1AME.THAT.HAS.MOREVOL12300010007      031365 000000000012CPVM".ljust(80)
    assert second == f"{'EOF2V032000013730':<38}B".ljust(80)
    said = file_label(label.trailers())
    assert said is not None
    assert (said.name, said.serial, said.sequence, said.blocks) == ("AME.THAT.HAS.MORE", "VOL123", 7, 12)
    assert (said.recfm, said.lrecl, said.blksize) == ("VB", 137, 3200)
    assert file_label([volume("ABC")]) is None
    with pytest.raises(LabelError):
        data_set_name("")


def test_spanned_records_are_told_as_such() -> None:
    second = f"{'HDR2V032000013730':<38}R".ljust(80).encode("cp037")
    said = file_label([FileLabel("X").headers()[0], second])
    assert said is not None
    with pytest.raises(RecordError, match="record format VBS is not one of F, FB, V, VB, U"):
        RecordFormat.make(said.recfm, said.lrecl, said.blksize)


def test_variable_blocks_are_filled_as_far_as_they_go() -> None:
    form = RecordFormat("VB", 24, 52)
    made = list(form.blocks([b"A" * 20, b"B" * 20, b"", b"C" * 20]))
    assert [len(block) for block in made] == [52, 32]
    assert [record for block in made for record in form.records(block)] == [b"A" * 20, b"B" * 20, b"", b"C" * 20]
    for wrong in (b"\0\x30\0\0", b"\0\x08\0\0\0\3\0\0", b"\0\x08\0\0\0\x09\0\0", b""):
        with pytest.raises(RecordError):
            list(form.records(wrong))
