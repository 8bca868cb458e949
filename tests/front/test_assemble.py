"""`cpvm asm` as its users meet it: messages, options, images, listings."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assembler import maclib
from cpvm import cli
from cpvm.front.complaints import severity_word

GOOD = "GOOD     CSECT\n         USING *,15\n         LA    15,7\n         BR    14\n         END   GOOD\n"
BAD = "BAD      CSECT\n         L     1,NOWHERE\n         DC    FL1'300'\n         END\n"
MACRO = " MACRO\n OUTER &A\n INNER &A\n MEND\n"
INNER = " MACRO\n INNER &A\n L 1,&A\n MNOTE 4,'TAKE CARE'\n MEND\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "200000000")
    return tmp_path


def asm(source: str, *arguments: str, file: str = "prog.assemble") -> int:
    Path(file).write_text(source, encoding="utf-8")
    return cli.main(["asm", file, *arguments])


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_good_program_tells_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asm(GOOD) == 0
    assert capsys.readouterr() == ("", "")
    assert len(Path("prog.text").read_bytes()) == 3 * 80


def test_messages_have_place_text_and_mark(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asm(BAD) == 8
    assert told(capsys) == [
        "prog.assemble:2:18: error: IFO188 NOWHERE IS AN UNDEFINED SYMBOL (statement 2, severity 8)",
        "    2 |          L     1,NOWHERE",
        "      |                  ^",
        "prog.assemble:3:16: warning: IFO203 L, D, E, F, H, OR Y-TYPE CONSTANT TRUNCATED, HIGH ORDER DIGITS LOST - 300"
        " IN 8 BITS (statement 3, severity 4)",
        "    3 |          DC    FL1'300'",
        "      |                ^",
        "prog.assemble: 2 statements flagged, highest severity 8",
    ]


def test_the_record_of_a_continued_statement_is_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "T        CSECT\n" + "         DC    A(T),".ljust(71) + "X\n               A(NOWHERE)\n         END\n"
    assert asm(source) == 8
    assert told(capsys)[:3] == [
        "prog.assemble:3:18: error: IFO188 NOWHERE IS AN UNDEFINED SYMBOL (statement 2, severity 8)",
        "    3 |                A(NOWHERE)",
        "      |                  ^",
    ]


def test_in_macros_the_call_comes_first_then_the_way_to_the_statement(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("macs").mkdir()
    Path("macs/inner.macro").write_text(INNER)
    assert asm(MACRO + "T        CSECT\n         OUTER NOWHERE\n         END\n", "--maclib", "macs") == 8
    assert told(capsys) == [
        "prog.assemble:6:10: error: IFO188 NOWHERE IS AN UNDEFINED SYMBOL (statement 8, severity 8)",
        "    6 |          OUTER NOWHERE",
        "      |          ^",
        "prog.assemble:3:10: note: OUTER calls INNER here (statement 7)",
        "macs/inner.macro:3:18: note: the statement in macro INNER",
        "    3+|          L     1,NOWHERE",
        "      |                  ^",
        "prog.assemble:6:10: warning: MNOTE TAKE CARE (statement 9, severity 4)",
        "    6 |          OUTER NOWHERE",
        "      |          ^",
        "prog.assemble:3:10: note: OUTER calls INNER here (statement 7)",
        "macs/inner.macro:4: note: MNOTE in macro INNER",
        "prog.assemble: 2 statements flagged, highest severity 8",
    ]


def test_a_member_of_a_maclib_has_the_file_and_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.maclib").write_bytes(b"".join(maclib.write({"INNER": INNER.splitlines()})))
    assert asm("T        CSECT\n         INNER NOWHERE\n         END\n", "--maclib", "my.maclib") == 8
    assert "my.maclib(INNER):3:18: note: the statement in macro INNER" in told(capsys)


def test_copied_statements_stand_in_their_member(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("macs").mkdir()
    Path("macs/part.copy").write_text("* PART\n         L     1,NOWHERE\n")
    assert asm("T        CSECT\n         COPY  PART\n         END\n", "--maclib", "macs") == 8
    assert told(capsys)[0].startswith("macs/part.copy:2:18: error: IFO188")


def test_calls_nested_deeply_are_cut_in_the_middle(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    macros = "".join(f" MACRO\n M{n}\n M{n + 1}\n MEND\n" for n in range(12)) + " MACRO\n M12\n BAD\n MEND\n"
    assert asm(macros + "T CSECT\n M0\n END\n") == 8
    lines = told(capsys)
    assert sum("calls" in line for line in lines) == 7
    assert "      ... 6 more calls" in lines


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("T CSECT\nFIELD DC F'1'\n DC A(FEILD)\n END", "did you mean FIELD?"),
        ("T CSECT\n LR R1,R1\n END", "REGEQU defines R0 to R15"),
        ("T CSECT\n MVCX 0(1),0(2)\n END", "did you mean MVC"),
        (" MACRO\n M &COUNT=\n MEND\nT CSECT\n M CUONT=5\n END", "did you mean COUNT?"),
        (" MACRO\n M &COUNT=\n MEND\nT CSECT\n M ZZ=5\n END", "M takes COUNT="),
        ("T CSECT\n COPY NONE\n END", "--maclib names them"),
        ("T CSECT\n L 1,T\n END", "no USING stands before this statement"),
        ("T CSECT\n USING T,15\n L 1,X\nD DSECT\nX DS F\n END", "one for D is needed"),
        ("T CSECT\n USING T,15\n L 1,=F'1'\n DS 5000C\n LTORG\n END", "an LTORG nearer by"),
        ("T CSECT\n USING T,15\n L 1,X\n DS 5000C\nX DS F\n END", "a second register in USING"),
        ("*".ljust(71) + "X\nT CSECT\n END", "column 72 is not blank, so record 2 continues"),
        ("T CSECT\n USING T,15\n MVC T(4),\n END", "column 72 must not be blank"),
    ],
)
def test_advice(here: Path, capsys: pytest.CaptureFixture[str], source: str, hint: str) -> None:
    asm(source)
    advice = [line for line in told(capsys) if line.startswith("      = ")]
    assert hint in "\n".join(advice)


def test_brief_messages_number_and_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asm(BAD, "--brief")
    assert [line[:16] for line in told(capsys)] == ["prog.assemble:2:", "prog.assemble:3:"]
    asm(BAD, "--messages", "1")
    assert told(capsys)[-2:] == [
        "... and 1 messages more; the listing has all",
        "prog.assemble: 2 statements flagged, highest severity 8",
    ]
    assert asm(BAD, "-O", "NOTERM") == 8
    assert told(capsys) == []
    asm(BAD, "--brief", "-O", "NONUM,NOSTMT")
    assert told(capsys)[0] == "prog.assemble: error: IFO188 NOWHERE IS AN UNDEFINED SYMBOL (severity 8)"


def test_flag_counts_for_the_status(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = BAD.replace("         L     1,NOWHERE\n", "")
    assert asm(source) == 4
    assert asm(source, "-O", "FLAG(8)") == 0
    assert "warning" not in "".join(told(capsys)[3:])


def test_words_for_severities() -> None:
    assert [severity_word(one) for one in (0, 1, 4, 8, 12, 16, 255)] == [
        "note", "note", "warning", "error", "error", "fatal error", "fatal error"
    ]  # fmt: skip


def test_blunders_are_warned_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = GOOD.replace("         LA    15,7\n", "         BR    0\n")
    assert asm(source) == 4
    assert "IFO359" in told(capsys)[0]
    assert asm(source, "-O", "FLAG(NOBR0)") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-O", "NOSUCH"], "cpvm asm: --option: NOSUCH: there is no such option"),
        (["--origin", "100"], "cpvm asm: --origin goes with --format image"),
        (["--format", "image", "--origin", "XYZ"], "XYZ is not an address"),
        (["--format", "image", "--origin", "1004"], "1004: programs begin on a doubleword"),
        (["--messages", "-1"], "-1 is not a number of messages"),
        (["-o", "prog.assemble"], "cpvm asm: -o prog.assemble: that is the source"),
        (["--listing", "x", "--html", "./x"], "cpvm asm: --html ./x: that is where --listing goes"),
        (["--listing", "none/x"], "cpvm asm: none/x: No such file"),
        (["--maclib", "prog.assemble"], "prog.assemble: not a"),
        (["--maclib", "cards"], "cpvm asm: cards: not a macro library"),
        (["--maclib", "/dev/zero"], "cpvm asm: /dev/zero: no such folder or macro library"),
        (["--json", "/dev/full"], "cpvm asm: /dev/full: No space left on device"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("cards").write_bytes(bytes(160))
    try:
        status = asm(GOOD, *arguments)
    except SystemExit as error:
        status = int(str(error.code))
    lines = told(capsys)
    assert status == 2
    assert len(lines) == 1 and message in lines[0]
    assert Path("prog.assemble").read_text() == GOOD


def test_a_wrong_date_is_told(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert asm(GOOD) == 2
    assert told(capsys) == ["cpvm asm: SOURCE_DATE_EPOCH=yesterday: not a number of seconds"]


def test_sysparm(here: Path) -> None:
    source = "T        CSECT\n         DC    C'&SYSPARM'\n         END\n"
    assert asm(source, "--sysparm", "A B", "-o", "one") == asm(source, "-O", "SYSPARM(A B)", "-o", "two") == 0
    assert Path("one").read_bytes() == Path("two").read_bytes()
    assert "A B".encode("cp037") in Path("one").read_bytes()


def test_options_of_the_deck(here: Path) -> None:
    assert asm(GOOD, "-O", "NOOBJECT") == 0
    assert not Path("prog.text").exists()
    assert asm(GOOD, "-O", "NOOBJECT,DECK,TEST") == 0
    assert Path("prog.text").read_bytes()[1:4] == "SYM".encode("cp037")


def test_standard_input_and_output(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD))
    assert cli.main(["asm", "-", "--listing", "-", "-O", "NOOBJECT"]) == 0
    assert "SOURCE STATEMENT" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(BAD))
    assert cli.main(["asm", "-", "--json", "-", "--brief"]) == 8
    out, err = capsys.readouterr()
    assert json.loads(out)["source"] == "<stdin>"
    assert err.startswith("<stdin>:2:18: error")


def test_listings(here: Path) -> None:
    assert asm(GOOD, "--listing", "plain") == asm(GOOD, "--listing", "asa", "--asa") == 0
    plain, asa = Path("plain").read_text(), Path("asa").read_text()
    assert "ASM 0201 19.33 05/03/76" in plain  # SOURCE_DATE_EPOCH
    assert plain.count("\f") == sum(line[0] == "1" for line in asa.splitlines()) - 1
    assert max(map(len, plain.splitlines())) <= 120
    assert "DSECT CROSS" not in plain and "USING MAP" in plain
    assert asm(GOOD, "--html", "page") == 0
    assert "<title>PROG: assembler listing</title>" in Path("page").read_text(encoding="utf-8")


# --- images -----------------------------------------------------------------------------------------------------------

ALONE = """\
ALONE    START X'2000'
         BALR  12,0
         USING *,12
         L     15,VSUB
         BALR  14,15
         STC   2,DONE+7
         LPSW  DONE
VSUB     DC    V(SUB)
DONE     DC    0D'0',X'0002000000000000'
SUB      CSECT
         LA    2,21
         AR    2,2
         BR    14
         END   ALONE
"""


@pytest.mark.parametrize("origin", ["", "0", "1000", "3FF8", "F00000"])
def test_an_image_runs_where_it_is_loaded(here: Path, capsys: pytest.CaptureFixture[str], origin: str) -> None:
    where = ["--origin", origin] if origin else []
    assert asm(ALONE, "--format", "image", *where) == 0
    at = int(origin or "2000", 16)
    image = Path("prog.image").read_bytes()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"prog.image: {len(image)} bytes, {at:06X}-{at + len(image) - 1:06X}, entry {at:06X}"
    assert lines[2].split() == ["SUB", "SD", f"{at + 0x20:06X}", "length", "000008"]
    command = lines[-1].removeprefix("run it: cpvm ").split()
    assert cli.main([*command, "--storage", "16M"]) == 42


def test_an_image_with_its_psw_in_front(here: Path) -> None:
    source = """\
T        START 0
         DC    X'00000000',A(GO)
         USING T,0
GO       LPSW  DONE
DONE     DC    0D'0',X'0002000000000009'
         END
"""
    assert asm(source, "--format", "image") == 0
    assert cli.main(["ipl", "--core", "prog.image@0"]) == 9


def test_the_entry_point_is_that_of_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asm("T        CSECT\n         DC    D'0'\nGO       BR    14\n         END   GO\n", "--format", "image")
    out = capsys.readouterr().out
    assert "entry 000008" in out and "--psw 8" in out


@pytest.mark.parametrize(
    ("source", "arguments", "why"),
    [
        (ALONE.replace("V(SUB)", "V(OUT)"), (), "not defined in this assembly: OUT; cpvm link joins it"),
        (" EXTRN A,B\nT CSECT\n DC A(A,B)\n END", (), "not defined in this assembly: A B"),
        (" END", (), "the program has no storage"),
        ("T CSECT\n DC 16X'1'\n END", ("--origin", "FFFFF8"), "virtual storage capacity exceeded"),
    ],
)
def test_what_cannot_be_an_image(
    here: Path, capsys: pytest.CaptureFixture[str], source: str, arguments: tuple[str, ...], why: str
) -> None:
    assert asm(source, "--format", "image", *arguments) == 8
    assert why in told(capsys)[-1]
    assert not Path("prog.image").exists()


def test_a_weak_reference_stays_zero(here: Path) -> None:
    assert asm("T        CSECT\n         WXTRN W\n         DC    A(W)\n         END\n", "--format", "image") == 0
    assert Path("prog.image").read_bytes().rstrip(b"\0") == b""


def test_common_and_pseudo_registers_in_an_image(here: Path) -> None:
    source = "T        CSECT\n         DC    A(C),A(AREA)\n         CXD\n         DC    Q(P)\nP        DXD   D\n"
    assert asm(source + "C        COM\nAREA     DS    F\n         END\n", "--format", "image", "--origin", "800") == 0
    assert Path("prog.image").read_bytes()[:16].hex() == "00000810000008100000000800000000"


# --- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_source_gives_the_same_bytes_in_any_process(here: Path) -> None:
    golden = Path(__file__).parents[1] / "assembler" / "golden"
    found = set()
    for seed in ("0", "1", "4711"):
        arguments = [sys.executable, "-m", "cpvm.cli", "asm", str(golden / "demo.assemble"), "-O", "TEST,NOTERM"]
        arguments += ["--maclib", str(golden), "-o", "deck", "--listing", "lst", "--html", "html", "--json", "json"]
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(golden.parents[2])}
        assert subprocess.run(arguments, env=environment, check=False, timeout=100).returncode == 8
        found.add(b"".join(Path(name).read_bytes() for name in ("deck", "lst", "html", "json")))
    assert len(found) == 1


def test_a_missing_end_is_told_at_the_last_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asm("T        CSECT\n         BR    14\n") == 4
    assert told(capsys)[:2] == [
        "prog.assemble:2: warning: IFO300 END STATEMENT MISSING (statement 3, severity 4)",
        "prog.assemble: 1 statement flagged, highest severity 4",
    ]


def test_a_psw_is_sixteen_digits_or_an_address(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for psw in ("1234567", "X", ""):
        with pytest.raises(SystemExit):
            cli.main(["ipl", "--core", "x@0", "--psw", psw])
        assert "16 hexadecimal digits, or 1 to 6 of an address" in told(capsys)[0]


def test_several_sources(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.assemble").write_text(GOOD)
    Path("Two.assemble").write_text(BAD)
    Path("out").mkdir()
    assert (
        cli.main(["asm", "one.assemble", "Two.assemble", "--brief", "-o", "out", "--listing", "out", "--html", "out"])
        == 8
    )
    assert [line.partition(":")[0] for line in told(capsys)] == ["Two.assemble", "Two.assemble"]
    names = {f"{name}.{suffix}" for name in ("one", "two") for suffix in ("text", "listing", "html")}
    assert {file.name for file in Path("out").iterdir()} == names
    assert cli.main(["asm", "one.assemble", "missing", "Two.assemble", "--brief"]) == 2
    assert Path("two.text").exists()  # the others are assembled all the same
    told(capsys)
    assert cli.main(["asm", "one.assemble", "Two.assemble", "--json", "x.json"]) == 2
    assert told(capsys) == ["cpvm asm: --json x.json: several sources need a folder there"]


def test_one_source_into_a_folder(here: Path) -> None:
    Path("out").mkdir()
    assert asm(GOOD, "--json", "out", "--format", "image", "-o", "out") == 0
    assert {file.name for file in Path("out").iterdir()} == {"prog.image", "prog.json"}


def test_the_mark_in_front_of_a_file_is_no_name(here: Path) -> None:
    Path("mac").mkdir()
    Path("mac/put.macro").write_text(" MACRO\n PUT\n DC X'1'\n MEND\n", encoding="utf-8-sig")
    source = GOOD.replace("         BR ", "         PUT\n         BR ")
    assert asm(f"\ufeff{source}", "--maclib", "mac") == 0


def test_a_file_without_end_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assembler.hostfile.MAX_FILE", 1000)
    assert cli.main(["asm", "/dev/zero"]) == 2
    assert cli.main(["link", "/dev/zero"]) == 2
    assert told(capsys) == ["cpvm asm: /dev/zero: File too large", "cpvm link: /dev/zero: File too large"]
